"""From settings to batches: equal to a plain reference, measured on the training part only, the same everywhere."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from builder.data import prepare as room
from builder.data.catalogue import CancelledError, DataSet, Samples, Task
from builder.data.prepare import Prepared, prepare
from builder.data.resident import ResidentPart
from builder.data.samples import load
from builder.data.settings import DataSettings
from builder.graph.model import Shape
from builder.graph.problems import ProblemError

DIGITS = DataSettings()


def rows(part: Any) -> np.ndarray:
    assert isinstance(part, ResidentPart)
    return part.rows


def all_of(part: Any) -> tuple[torch.Tensor, torch.Tensor]:
    return part.batch(part.order())


def test_the_parts_hold_every_sample_once() -> None:
    found = prepare(DIGITS, (1, 8, 8), "cpu")
    parts = (found.train, found.validation, found.test)
    assert sorted(np.concatenate([rows(part) for part in parts])) == list(range(1797))
    assert [len(part) for part in parts] == [1298, 229, 270]
    assert (found.classes, found.task, found.shape) == (tuple("0123456789"), Task.CLASSIFICATION, (1, 8, 8))


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 32, 32), (3, 20, 24), (64,)])
@pytest.mark.parametrize("fit", ["pad", "resize"])
@pytest.mark.parametrize("channels_last", [True, False])
def test_batches_equal_a_plain_reference(shape: Shape, fit: str, channels_last: bool) -> None:
    settings = DIGITS.changed(fit=fit)
    found = prepare(settings, shape, "cpu", channels_last=channels_last)
    pictures = torch.from_numpy(load(settings).inputs.copy())
    if len(shape) == 1:
        fitted = pictures.flatten(1).float()
    elif fit == "resize":
        fitted = functional.interpolate(pictures.float(), shape[1:], mode="bilinear", antialias=True).round()
    else:
        factor, high, wide = {(8, 8): (1, 0, 0), (32, 32): (3, 4, 4), (20, 24): (2, 2, 4)}[shape[1:]]
        enlarged = pictures.float().numpy().repeat(factor, 2).repeat(factor, 3)
        fitted = torch.from_numpy(np.pad(enlarged, ((0, 0), (0, 0), (high, high), (wide, wide))))
    train = fitted[rows(found.train)].double()
    deviation, mean = train.std(correction=0), train.mean()
    for part in (found.train, found.validation, found.test):
        wanted = (fitted[rows(part)].double() - mean) / deviation
        inputs, targets = all_of(part)
        assert inputs.dtype == torch.float32
        assert inputs.shape == (len(part), *shape)
        torch.testing.assert_close(inputs.double(), wanted.expand_as(inputs), rtol=0, atol=1e-5)
        assert np.array_equal(targets.numpy(), load(settings).targets[rows(part)])


@pytest.mark.cuda
@pytest.mark.parametrize("shape", [(1, 32, 32), (3, 20, 24), (64,)])
def test_batches_on_a_gpu_are_those_of_the_cpu(shape: Shape) -> None:
    here, there = (prepare(DIGITS, shape, device) for device in ("cpu", "cuda"))
    positions = here.train.order(torch.Generator().manual_seed(0))
    assert torch.equal(there.train.order(torch.Generator().manual_seed(0)).cpu(), positions)
    inputs, targets = there.train.batch(positions.cuda())
    assert inputs.is_cuda
    assert inputs.stride() == here.train.batch(positions)[0].stride()
    torch.testing.assert_close(inputs.cpu(), here.train.batch(positions)[0], rtol=0, atol=1e-5)
    assert torch.equal(targets.cpu(), here.train.batch(positions)[1])


def test_layout_follows_the_wish() -> None:
    for last in (True, False):
        inputs, _ = prepare(DIGITS, (3, 16, 16), "cpu", channels_last=last).train.sample(0)
        assert inputs.is_contiguous(memory_format=torch.channels_last) == last
        assert inputs.is_contiguous() != last


@pytest.mark.parametrize("shape", [(1, 32, 32), (3, 24, 24)])
@pytest.mark.parametrize("fit", ["pad", "resize"])
def test_fitting_batch_by_batch_gives_the_same(shape: Shape, fit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = DIGITS.changed(fit=fit)
    early = prepare(settings, shape, "cpu")
    room.forget()
    monkeypatch.setattr(room, "FITTED_LIMIT", 1000)
    late = prepare(settings, shape, "cpu")
    assert late.bytes < early.bytes / 4
    for one, other in ((early.train, late.train), (early.test, late.test)):
        assert all(torch.equal(a, b) for a, b in zip(all_of(one), all_of(other), strict=True))


def test_statistics_come_from_the_training_part_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load(DIGITS)
    before = prepare(DIGITS, (1, 8, 8), "cpu")
    spoilt = whole.inputs.copy()
    spoilt[rows(before.validation)] = 255
    spoilt[rows(before.test)] = 255
    room.forget()
    monkeypatch.setattr(room, "load", lambda *_: Samples(spoilt, whole.targets))
    after = prepare(DIGITS, (1, 8, 8), "cpu")
    assert after.normalisation == before.normalisation
    inputs, _ = all_of(after.train)
    assert abs(float(inputs.double().mean())) < 1e-4
    assert abs(float(inputs.double().std()) - 1) < 1e-3


def test_each_channel_is_measured_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    levels = np.array([10, 100, 200]).reshape(1, 3, 1, 1)
    colour = (levels + rng.integers(0, 40, (60, 3, 4, 4))).astype(np.uint8)

    class Colours(DataSet):
        key, title, help, source, licence = "colours", "Colours", "", "", ""
        shape, classes = (3, 4, 4), ("a", "b")

        def load(self, *_: Any) -> Samples:
            return Samples(colour, np.arange(60) % 2)

    monkeypatch.setattr(room, "data_set", lambda _: Colours())
    monkeypatch.setattr(room, "load", lambda *_: Colours().load())
    for last in (True, False):
        for shape in ((3, 4, 4), (48,)):
            found = prepare(DIGITS, shape, "cpu", channels_last=last)
            inputs = all_of(found.train)[0].reshape(-1, 3, 16).double()
            torch.testing.assert_close(inputs.mean((0, 2)), torch.zeros(3).double(), rtol=0, atol=1e-5)
            torch.testing.assert_close(inputs.std((0, 2), correction=0), torch.ones(3).double(), rtol=0, atol=1e-5)
            plain = (colour[rows(found.train)] - np.reshape(found.normalisation.shift, (3, 1, 1))) / np.reshape(
                found.normalisation.scale, (3, 1, 1)
            )
            assert np.allclose(inputs.numpy(), plain.reshape(-1, 3, 16), atol=1e-5)


@pytest.mark.parametrize(("how", "low", "high"), [("unit", 0, 1), ("none", 0, 255)])
def test_other_scales_of_pictures(how: str, low: float, high: float) -> None:
    inputs, _ = all_of(prepare(DIGITS.changed(normalise=how), (1, 8, 8), "cpu").train)
    assert (float(inputs.min()), float(inputs.max())) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize("how", ["standardise", "unit", "none"])
def test_scales_of_points(how: str) -> None:
    settings = DataSettings(dataset="moons", normalise=how)
    found = prepare(settings, (2,), "cpu")
    inputs = all_of(found.train)[0].double()
    plain = torch.from_numpy(load(settings).inputs[rows(found.train)]).double()
    if how == "standardise":
        plain = (plain - plain.mean(0)) / plain.std(0, correction=0)
    elif how == "unit":
        plain = (plain - plain.min(0).values) / (plain.max(0).values - plain.min(0).values)
    torch.testing.assert_close(inputs, plain, rtol=0, atol=1e-5)


def test_values_that_never_change_do_not_divide_by_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    black = Samples(np.zeros((20, 1, 8, 8), np.uint8), np.arange(20) % 10)
    monkeypatch.setattr(room, "load", lambda *_: black)
    assert all_of(prepare(DIGITS, (1, 8, 8), "cpu").train)[0].abs().max() == 0


def test_the_order_is_a_fresh_reproducible_permutation() -> None:
    part = prepare(DIGITS, (1, 8, 8), "cpu").train
    generator = torch.Generator().manual_seed(3)
    first, second = part.order(generator), part.order(generator)
    assert torch.equal(first, part.order(torch.Generator().manual_seed(3)))
    assert not torch.equal(first, second)
    for order in (first, second, part.order()):
        assert torch.equal(order.sort().values, torch.arange(len(part)))


def test_one_sample_is_the_same_everywhere() -> None:
    found = prepare(DIGITS, (1, 32, 32), "cpu")
    for part in (found.train, found.validation, found.test):
        inputs, targets = part.sample(5)
        assert torch.equal(inputs, part.batch(torch.tensor([5]))[0])
        assert torch.equal(inputs, found.encode(part.raw(5)[np.newaxis]))
        assert part.target(5) == int(targets)
        assert (part.raw(5).shape, part.raw(5).dtype) == ((1, 8, 8), np.uint8)
        with pytest.raises(IndexError):
            part.sample(len(part))


def test_an_own_test_part_is_kept(filled: Path) -> None:
    found = prepare(DataSettings(dataset="mnist", validation=0.1, limit=60), (1, 28, 28), "cpu", folder=filled)
    assert [len(part) for part in (found.train, found.validation, found.test)] == [60, 20, 50]
    own = load(DataSettings(dataset="mnist"), folder=filled).test
    assert own is not None
    assert np.array_equal(found.test.raw(7), own.inputs[7])
    torch.testing.assert_close(found.encode(own.inputs), all_of(found.test)[0])


def test_parts_may_be_empty() -> None:
    found = prepare(DIGITS.changed(validation=0, test=0), (1, 32, 32), "cpu")
    inputs, targets = all_of(found.validation)
    assert (inputs.shape, targets.shape) == ((0, 1, 32, 32), (0,))
    assert len(found.train) == 1797


def test_the_same_settings_are_prepared_once() -> None:
    first = prepare(DIGITS, (1, 32, 32), "cpu")
    assert prepare(DataSettings(), (1, 32, 32), torch.device("cpu")) is first
    assert prepare(DIGITS, (1, 28, 28), "cpu") is not first
    assert prepare(DIGITS.changed(seed=1), (1, 32, 32), "cpu") is not first
    assert load(DIGITS) is load(DIGITS.changed(seed=1))  # the digits are the same for every seed
    assert load(DataSettings(dataset="xor")) is not load(DataSettings(dataset="xor", seed=1))


def test_cancelling_while_fitting_keeps_nothing() -> None:
    told: list[str] = []
    with pytest.raises(CancelledError):
        prepare(DIGITS, (1, 8, 8), "cpu", lambda m, _: told.append(m), lambda: "Measuring the training samples" in told)
    assert len(prepare(DIGITS, (1, 8, 8), "cpu").train) == 1298


def test_progress_rises_to_the_end() -> None:
    shares: dict[str, list[float | None]] = {}
    prepare(DIGITS, (1, 227, 227), "cpu", lambda m, share: shares.setdefault(m, []).append(share))
    fitting = shares["Fitting the samples to the input"]
    assert len(fitting) > 2
    assert fitting == sorted(fitting, key=lambda share: share or 0)
    assert fitting[-1] == 1


def test_data_that_does_not_fit_the_input_is_refused() -> None:
    with pytest.raises(ProblemError) as caught:
        prepare(DIGITS, (2,), "cpu")
    assert caught.value.problems[0].code == "data-misfit"


@pytest.mark.parametrize(
    "error",
    [MemoryError(), torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("can't allocate memory: 9 bytes")],
)
def test_too_little_memory_is_one_problem(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(room._Store, "prepared", refuse)
    with pytest.raises(ProblemError) as caught:
        prepare(DIGITS, (1, 8, 8), "cpu")
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == ("data-too-large", "data.limit")


def fingerprint(prepared: Prepared) -> str:
    digest = hashlib.sha256()
    for part in (prepared.train, prepared.validation, prepared.test):
        inputs, targets = part.batch(part.order(torch.Generator().manual_seed(0)))
        digest.update(inputs.contiguous().numpy().tobytes() + targets.numpy().tobytes())
    return digest.hexdigest()


def test_another_process_prepares_the_same() -> None:
    code = (
        "import hashlib, torch\n"
        "from builder.data.prepare import prepare\n"
        "from builder.data.settings import DataSettings\n"
        "for key, shape in (('digits', (1, 16, 16)), ('moons', (2,)), ('xor', (2,))):\n"
        "    prepared = prepare(DataSettings(dataset=key, limit=99), shape, 'cpu')\n"
        "    digest = hashlib.sha256()\n"
        "    for part in (prepared.train, prepared.validation, prepared.test):\n"
        "        inputs, targets = part.batch(part.order(torch.Generator().manual_seed(0)))\n"
        "        digest.update(inputs.contiguous().numpy().tobytes() + targets.numpy().tobytes())\n"
        "    print(digest.hexdigest())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    cases: list[tuple[str, Shape]] = [("digits", (1, 16, 16)), ("moons", (2,)), ("xor", (2,))]
    here = [fingerprint(prepare(DataSettings(dataset=key, limit=99), shape, "cpu")) for key, shape in cases]
    assert done.stdout.split() == here


def test_settings_import_neither_torch_nor_scikit_learn() -> None:
    code = (
        "import sys\n"
        "import builder.data.settings, builder.data.fit, builder.data.samples\n"
        "print([name for name in ('torch', 'sklearn', 'scipy', 'torchvision') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
