"""Of an unfinished network, the part that works: it can be compiled, and looked into by the same names."""

from __future__ import annotations

import pytest

from builder.compile.network import infer_network
from builder.compile.plan import make_plan
from builder.graph import edits
from builder.layers.base import Role
from builder.project import templates
from builder.project.document import Project, new_project
from builder.project.edits import set_setting
from builder.project.job import make_job
from builder.project.sound_part import sound_part


def sound(project: Project) -> Project | None:
    return sound_part(project, infer_network(project.network))


@pytest.mark.parametrize("name", ["lenet5", "resnet18-small", "googlenet-small", "two-stage"])
def test_wherever_a_wire_is_missing_what_still_gives_something_can_be_looked_into(name: str) -> None:
    whole = templates.load(name)
    for wire in whole.graph.edges[:: max(1, len(whole.graph.edges) // 6)]:
        project = whole.with_graph(edits.disconnect(whole.graph, wire))
        known = infer_network(project.network)
        part = sound_part(project, known)
        assert part is not None
        plan = make_plan(infer_network(part.network).flat)
        make_job(part)
        gives = {
            name
            for name, info in known.flat.nodes.items()
            if info.layer is not None and info.layer.role is Role.LAYER and info.output is not None
        }
        steps = {step.name: step for step in plan.steps}
        assert gives <= steps.keys()
        assert all(steps[name].output_shape == known.flat.shape(name) for name in gives)
        assert not (steps.keys() - gives) & known.flat.graph.nodes.keys()


def test_where_there_is_nothing_to_show_there_is_none() -> None:
    lenet = templates.load("lenet5")
    assert sound(new_project()) is None
    assert sound(lenet.with_graph(edits.remove_nodes(lenet.graph, ["input"], heal=False))) is None
    assert sound(templates.load("denoiser")) is None  # its answers are pictures
    assert sound(set_setting(lenet, "training.weights", "elsewhere.safetensors")) is None
