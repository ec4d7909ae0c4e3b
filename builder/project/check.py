"""Everything that is wrong with a project: the network, its size, its weights, and whether data and loss belong to it.

Quick enough to run behind every edit: shapes come from the declared rules, nothing is loaded and nothing allocated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from builder.compile import own_code
from builder.compile.infer import Inference
from builder.compile.limits import live_limits, machine_memory
from builder.compile.network import NetworkInference, infer_network
from builder.compile.plan import make_plan
from builder.compile.stored import file_of, fit_problem, in_setting, sizes_in
from builder.data.catalogue import Task, find
from builder.data.fit import Ends, check_fit
from builder.graph.edits import set_params
from builder.graph.frozen import FrozenDict
from builder.graph.model import Shape
from builder.graph.problems import Problem, ProblemError
from builder.layers.base import Category, Shapes
from builder.project.alike import alike_problems
from builder.project.document import Project
from builder.project.edits import definition_at
from builder.project.ending import End, ending_problem
from builder.train.requirements import requirements

FILTERS = "filters"  # the parameter of a convolution that sets how many maps it gives


def check(project: Project, known: NetworkInference | None = None) -> tuple[Problem, ...]:
    """All problems, errors and warnings, the network's first. What is the same in all copies of a block is told once.

    Args:
        project: with the place of its weights known; see `project.weights.located`.
        known: what is known of the project's network, where the caller has it already.
    """
    if known is None:
        known = infer_network(project.network)
    inference = known.flat
    size = live_limits(inference, project.training.batch_size, _memory())
    code = own_code.not_allowed(inference.graph.nodes)
    weights = _weights(project.training.weights, inference)
    alike = alike_problems(inference) if not project.training.weights else ()
    training = requirements(project.training, project.data)
    return (*_told_once(known, alike), *code, *size, *_fit(project, inference), *weights, *training)


def _told_once(known: NetworkInference, further: tuple[Problem, ...]) -> Iterator[Problem]:
    """The problems of the network, and further ones, each once for all copies of a block."""
    alike: dict[tuple[str, str, Problem], list[Problem]] = {}
    for problem in (*known.problems(), *further):
        path, name = known.expansion.locate(problem.where) if problem.where else ((), "")
        definition = definition_at(known.network, path) or ""
        place = name if definition else problem.where
        # What mends it names the copy, though it would mend them all.
        alike.setdefault((definition, place, problem.unfixed(where="")), []).append(problem)
    for (definition, _, _), found in alike.items():
        first = found[0]
        if len(found) > 1 and definition:
            words = f"{first.message.removesuffix('.')} (the same in {len(found)} copies of {definition})."
            first = replace(first, message=words)
        yield first


@lru_cache(maxsize=1)
def _memory() -> int:
    return machine_memory()


def _weights(named: str, inference: Inference) -> tuple[Problem, ...]:
    """Whether the network can begin with the weights that its settings name; only names and sizes are read."""
    if not named:
        return ()
    try:
        path = file_of(Path(named))
        if inference.errors:
            sizes_in(path)
            return ()
        problem = fit_problem(make_plan(inference), path)
    except ProblemError as error:
        problem = error.problems[0]
    return (in_setting(problem),) if problem is not None else ()


def _fit(project: Project, inference: Inference) -> tuple[Problem, ...]:
    source = next(iter(inference.inputs), "")
    output = next((name for name in inference.outputs if not _auxiliary(inference, name)), "")
    end = End.of(inference, output)
    deciding, units = _deciding(inference, output)

    def answers(shape: Shape) -> Shape | None:
        if source not in project.graph.nodes:
            return None
        changed = set_params(project.graph, source, FrozenDict({"shape": shape}))
        other = infer_network(project.network.with_graph(changed)).flat
        return None if other.errors else _shape(other, output)

    loss = project.training.loss
    shapes = _shape(inference, source), _shape(inference, output)
    found = check_fit(project.data, *shapes, loss, Ends(source, deciding, units, end.asks, end.behind), answers)
    if found or shapes[1] is None:
        return found
    squeezed = ending_problem(end, loss, _two_classes(project), (deciding, units))
    return (squeezed,) if squeezed is not None else ()


def _two_classes(project: Project) -> bool:
    info = find(project.data.dataset)
    return info is not None and info.task is Task.BINARY


def _auxiliary(inference: Inference, name: str) -> bool:
    layer = inference.nodes[name].layer
    return layer is not None and layer.auxiliary


def _shape(inference: Inference, name: str) -> Shape | None:
    return inference.shape(name) if name else None


def _deciding(inference: Inference, name: str) -> tuple[str, str]:
    """The node that decides how many numbers reach `name`, and its parameter that does.

    What keeps the shape is passed, and what makes one number of each map, as a global average and a flattening do.
    The first is the last node seen, and the parameter is empty, where no single parameter decides.
    """
    maps = False
    while name and (wires := inference.graph.incoming[name]):
        name = wires[0].source
        info = inference.nodes[name]
        if info.layer is None or info.output is None:
            return name, ""
        if info.layer.units:
            return name, info.layer.units
        if maps and info.layer.category is Category.CONVOLUTION:
            free = getattr(info.layer, FILTERS, 0) == info.output[0] and getattr(info.layer, "groups", 1) == 1
            return name, FILTERS if free else ""
        if info.known_inputs != (info.output,) and not _one_of_each(info.known_inputs, info.output):
            return name, ""
        maps = maps or _one_of_each(info.known_inputs, info.output)
    return name, ""


def _one_of_each(inputs: Shapes, output: Shape) -> bool:
    """Whether there is just one number for each map of the only input."""
    return len(inputs) == 1 and len(inputs[0]) == 3 and math.prod(output) == output[0] == inputs[0][0]
