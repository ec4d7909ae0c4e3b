"""The benchmarks compare like with like; how fast this machine is, is not tested."""

from __future__ import annotations

import pytest
import torch

from builder.compile.infer import infer
from builder.compile.module import build
from builder.compile.plan import make_plan
from builder.train import benchmarks
from builder.train.benchmarks import lenet5, small_resnet
from builder.train.rivals import PlainLeNet5, PlainResNet


@pytest.mark.parametrize(("graph", "rival"), [(lenet5(), PlainLeNet5), (small_resnet(), PlainResNet)])
def test_the_rival_has_the_same_network(graph: object, rival: type[torch.nn.Module]) -> None:
    ours = build(make_plan(infer(graph)))  # type: ignore[arg-type]
    shapes = sorted(tuple(p.shape) for p in ours.parameters())
    assert shapes == sorted(tuple(p.shape) for p in rival().parameters())
    assert rival()(torch.zeros(2, 1, 32, 32)).shape == (2, 10)


@pytest.mark.parametrize("name", ["loop-lenet5", "dataloader", "augmentation", "busy-machine"])
def test_each_gives_a_ratio(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = benchmarks._compare
    monkeypatch.setattr(benchmarks, "_compare", lambda *arguments, **_: real(*arguments, rounds=2, seconds=0.05))
    threads = torch.get_num_threads()
    found = benchmarks.benchmarks()[name]()
    assert found.name == name
    assert 0 < found.ratio < 100
    assert found.budget is not None
    assert "images/s" in found.detail
    assert torch.get_num_threads() == threads
