"""What a model takes from a file of weights, and what it makes of files that are none."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from builder.compile.module import build
from builder.compile.plan import Plan
from builder.compile.stored import file_of, fit_problem, sizes_in
from builder.compile.weights import carry, trained
from builder.graph.problems import Problem, ProblemError
from tests.compile.networks import chain, plan_of


def plan(classes: int = 10, channels: int = 4) -> Plan:
    return plan_of(
        chain(
            ("conv1", "Conv2d", {"filters": channels, "kernel_size": 3}),
            ("bn1", "BatchNorm2d", {}),
            ("flatten1", "Flatten", {}),
            ("fc1", "Linear", {"features": classes}),
            shape=(1, 6, 6),
        )
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Weights of `plan()`, averages of its normalisation included."""
    path = tmp_path / "old.safetensors"
    save_file(
        {name: torch.rand_like(t) if t.dim() else t + 7 for name, t in trained(plan()).state_dict().items()}, path
    )
    return path


def refused(work: Any) -> Problem:
    with pytest.raises(ProblemError) as raised:
        work()
    (problem,) = raised.value.problems
    return problem


def test_all_that_fits_is_taken_averages_included(file: Path) -> None:
    from safetensors.torch import load_file

    model = build(plan())
    carried = carry(model, plan(), file)
    assert (carried.taken, carried.total, carried.fresh) == (9, 9, ())
    assert carried.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    stored = load_file(file)
    assert all(torch.equal(tensor, stored[name]) for name, tensor in model.state_dict().items())
    assert "bn1.running_mean" in stored
    assert int(stored["bn1.num_batches_tracked"]) == 7


def test_what_does_not_fit_keeps_its_initial_values(file: Path) -> None:
    model = build(plan(classes=3))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    carried = carry(model, plan(classes=3), file)
    assert (carried.taken, carried.total, carried.fresh) == (7, 9, ("fc1",))
    assert carried.words() == "taken from old.safetensors: 7 of 9 tensors; fresh: fc1"
    after = model.state_dict()
    assert torch.equal(after["fc1.weight"], before["fc1.weight"])
    assert not torch.equal(after["conv1.weight"], before["conv1.weight"])


def test_numbers_of_another_precision_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    save_file({"conv1.weight": torch.full((4, 1, 3, 3), 0.5, dtype=torch.float16)}, path)
    model = build(plan())
    assert carry(model, plan(), path).taken == 1
    assert model.get_parameter("conv1.weight").dtype == torch.float32
    assert bool((model.get_parameter("conv1.weight") == 0.5).all())


def test_whole_numbers_are_no_weights(tmp_path: Path) -> None:
    path = tmp_path / "whole.safetensors"
    save_file({"conv1.weight": torch.ones(4, 1, 3, 3, dtype=torch.int64), "conv1.bias": torch.ones(4)}, path)
    assert carry(build(plan()), plan(), path).taken == 1


def test_a_file_of_another_network_is_refused(file: Path) -> None:
    other = plan_of(chain(("layer", "Linear", {"features": 2}), shape=(3,)))
    found = fit_problem(other, file)
    assert found is not None
    assert found.code == "bad-weights"
    assert "layer.weight" in found.message
    assert refused(lambda: carry(build(other), other, file)) == found
    assert fit_problem(plan(classes=3), file) is None


@pytest.mark.parametrize(
    ("name", "contents", "code", "words"),
    [
        ("absent", None, "no-weights", "no such file"),
        ("cut", b"\x10\x00\x00\x00\x00\x00\x00\x00{", "bad-weights", "damaged"),
        ("empty", b"", "bad-weights", "damaged"),
        ("model.pt", b"PK\x03\x04" + bytes(100), "bad-weights", "pickle"),
    ],
)
def test_what_is_no_file_of_weights(tmp_path: Path, name: str, contents: bytes | None, code: str, words: str) -> None:
    path = tmp_path / name
    if contents is not None:
        path.write_bytes(contents)
    for work in (lambda: sizes_in(path), lambda: carry(build(plan()), plan(), path), lambda: trained(plan(), path)):
        problem = refused(work)
        assert problem.code == code
        assert words in problem.message
        assert name in problem.message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refused(lambda: sizes_in(tmp_path / "pipe")).code == "no-weights"
    assert refused(lambda: trained(plan(), tmp_path / "pipe")).code == "no-weights"


def test_a_run_means_its_newest_weights(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    assert refused(lambda: file_of(tmp_path)).code == "no-weights"
    for step in (0, 40, 200):
        (tmp_path / "weights" / f"{step:08d}.safetensors").touch()
    (tmp_path / "weights" / "²³.safetensors").touch()  # digits, but no number
    newest = tmp_path / "weights" / "00000200.safetensors"
    assert file_of(tmp_path) == file_of(tmp_path / "run.json") == newest
    assert file_of(newest) == newest
