"""Random numbers that nothing else disturbs."""

from __future__ import annotations

import threading

import torch

from builder.compile.chance import Chance
from builder.compile.infer import infer
from builder.compile.plan import make_plan
from builder.compile.weights import trained
from builder.project import templates

CPU = torch.device("cpu")


def test_what_is_built_meanwhile_for_an_export_changes_no_number_of_a_step() -> None:
    def draw() -> list[float]:
        return [float(torch.rand(())) for _ in range(2000)]

    with Chance(3, CPU):
        expected = draw()
    plan = make_plan(infer(templates.load("lenet5").network.graph))
    outside = torch.random.get_rng_state()
    built = []
    building = threading.Thread(target=lambda: built.append([trained(plan) for _ in range(5)]))
    with Chance(3, CPU):
        building.start()
        found = draw()
    building.join()
    assert found == expected
    assert torch.equal(torch.random.get_rng_state(), outside)
    models = built[0]
    assert all(
        torch.equal(one, other) for one, other in zip(models[0].parameters(), models[-1].parameters(), strict=True)
    )
