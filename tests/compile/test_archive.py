"""ONNX and `.pt2`: written, run by what others run them with, and compared with the model that was trained."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from builder.compile import onnx
from builder.compile.archive import to_archive
from builder.compile.onnx import to_onnx
from builder.compile.plan import Plan
from builder.compile.weights import load_weights, trained
from builder.graph.problems import ProblemError
from tests.compile.networks import chain, lenet5, plan_of


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of LeNet-5 that are not the initial ones."""
    path = tmp_path_factory.mktemp("weights") / "lenet5.safetensors"
    torch.manual_seed(7)
    save_file({name: torch.randn_like(t) / 4 for name, t in trained(plan_of(lenet5())).state_dict().items()}, path)
    return path


def test_onnx_gives_the_models_answers_for_batches_of_any_size(weights: Path) -> None:
    import onnxruntime

    plan = plan_of(lenet5())
    session = onnxruntime.InferenceSession(to_onnx(plan, weights))
    assert [(value.name, value.shape) for value in session.get_inputs()] == [("input", ["batch", 1, 32, 32])]
    assert [(value.name, value.shape) for value in session.get_outputs()] == [("output", ["batch", 10])]
    model = trained(plan, weights)
    for batch in (1, 2, 5):
        x = torch.randn(batch, 1, 32, 32)
        (found,) = session.run(None, {"input": x.numpy()})
        torch.testing.assert_close(torch.from_numpy(found), model(x).detach())
        assert found.sum(1) == pytest.approx([1.0] * batch)  # the softmax on the canvas belongs to the network


@pytest.mark.parametrize("ceil", [False, True])
def test_sums_over_windows_are_right_or_refused(ceil: bool) -> None:
    """PyTorch's exporter overlooks the divisor of an average."""
    import onnxruntime

    params = {"kernel_size": [2, 3], "padding": [0, 1], "ceil_mode": ceil}
    plan = plan_of(chain(("pool", "L2Pool2d", params), shape=(2, 8, 9)))
    if ceil:
        with pytest.raises(ProblemError, match="cannot be written as ONNX"):
            to_onnx(plan)
        return
    x = torch.randn(3, 2, 8, 9)
    (found,) = onnxruntime.InferenceSession(to_onnx(plan)).run(None, {"input": x.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), trained(plan)(x))


def test_an_archive_gives_the_models_answers_for_batches_of_any_size(weights: Path) -> None:
    plan = plan_of(lenet5())
    loaded = torch.export.load(io.BytesIO(to_archive(plan, weights))).module()
    model = trained(plan, weights)
    for batch in (1, 2, 5):
        x = torch.randn(batch, 1, 32, 32)
        torch.testing.assert_close(loaded(x), model(x), rtol=0, atol=0)


def test_the_same_network_is_the_same_file() -> None:
    plan = plan_of(lenet5())
    state = torch.random.get_rng_state()
    assert to_archive(plan) == to_archive(plan)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_what_is_random_in_training_is_not_in_an_archive() -> None:
    plan = plan_of(chain(("bn", "BatchNorm2d", {}), ("drop", "Dropout", {"p": 0.5}), shape=(2, 4, 4)))
    loaded = torch.export.load(io.BytesIO(to_archive(plan))).module()
    x = torch.randn(3, 2, 4, 4)
    torch.testing.assert_close(loaded(x), x / (1 + 1e-5) ** 0.5)


def test_without_the_packages_the_problem_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "NEEDED", ("onnx", "no_such_package"))
    with pytest.raises(ProblemError) as caught:
        to_onnx(plan_of(lenet5()))
    (problem,) = caught.value.problems
    assert problem.code == "no-onnx"
    assert "pip install 'torchcanvas[onnx]'" in str(problem)


@pytest.mark.parametrize("content", [None, b"", b"\x80\x04pickle", b"\xff" * 64])
def test_weights_that_are_none_are_one_problem(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ProblemError) as caught:
        trained(plan_of(lenet5()), path)
    (problem,) = caught.value.problems
    assert problem.where == str(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"units": 5}, "fc.weight differs in size (6×4 and 5×4)"), ({"name": "other"}, "fc.bias is only in")],
)
def test_weights_of_another_network_are_one_problem(tmp_path: Path, change: dict[str, object], words: str) -> None:
    def plan(name: str = "fc", units: int = 6) -> Plan:
        return plan_of(chain((name, "Linear", {"features": units}), shape=(4,)))

    path = tmp_path / "w.safetensors"
    save_file(trained(plan()).state_dict(), path)
    load_weights(trained(plan()), path)
    with pytest.raises(ProblemError) as caught:
        trained(plan(**change), path)  # type: ignore[arg-type]
    assert words in str(caught.value)


def test_a_network_beyond_the_memory_is_refused_before_it_is_built() -> None:
    with pytest.raises(ProblemError) as caught:
        to_archive(plan_of(chain(("fc", "Linear", {"features": 10**12}), shape=(100,))))
    assert [problem.code for problem in caught.value.problems] == ["too-large"]
