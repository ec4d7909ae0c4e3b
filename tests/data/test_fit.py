"""Whether a data set goes with a network: every mismatch is one problem, and what it offers mends it."""

from __future__ import annotations

import itertools

import pytest

from builder.data import catalogue
from builder.data.fit import Ends, check_fit, input_problem
from builder.data.settings import DataSettings
from builder.graph.model import Shape
from builder.graph.problems import Fix, SetParams, SetSetting

ENDS = Ends("input1", "fc1", "features")
LOSSES = ("cross-entropy", "binary-cross-entropy", "squared-error", "absolute-error")


@pytest.mark.parametrize(
    ("dataset", "shape", "output", "loss"),
    [
        ("digits", (1, 32, 32), (10,), "cross-entropy"),
        ("digits", (64,), (10,), "cross-entropy"),
        ("mnist", (3, 227, 227), (10,), "cross-entropy"),
        ("mnist", (784,), (10,), "squared-error"),
        ("mnist", (784,), (10,), "absolute-error"),
        ("moons", (2,), (1,), "absolute-error"),
        ("moons", (2,), (1,), "binary-cross-entropy"),
        ("moons", (2,), (2,), "cross-entropy"),
        ("moons", (2,), (1,), "squared-error"),
        ("moons", (2,), (2,), "squared-error"),
        ("mnist", None, None, "cross-entropy"),
    ],
)
def test_what_goes_together(dataset: str, shape: Shape | None, output: Shape | None, loss: str) -> None:
    assert check_fit(DataSettings(dataset=dataset), shape, output, loss, ENDS) == ()


def mend(fix: Fix, dataset: str, shape: Shape, output: Shape, loss: str) -> tuple[str, Shape, Shape, str]:
    for edit in fix.edits:
        match edit:
            case SetSetting("data.dataset", value):
                dataset = value
            case SetSetting("training.loss", value):
                loss = value
            case SetParams("input1", params):
                shape = params["shape"]
            case SetParams("fc1", params):
                output = (params["features"],)
            case _:
                pytest.fail(f"an edit that nobody can make: {edit}")
    return dataset, shape, output, loss


SHAPES: list[Shape] = [(2,), (3,), (64,), (784,), (1, 32, 32), (3, 32, 32), (7, 32, 32), (8, 8), (1, 1, 8, 8)]


OUTPUTS: list[Shape] = [(1,), (2,), (7,), (10,), (4, 5, 5)]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dataset", ["digits", "mnist", "moons"])
def test_the_offered_fixes_mend_everything(dataset: str, loss: str) -> None:
    for shape, output in itertools.product(SHAPES, OUTPUTS):
        case = (dataset, shape, output, loss)
        for _ in range(5):
            problems = check_fit(DataSettings(dataset=case[0]), *case[1:], ENDS)
            fixes = [problem.fix for problem in problems if problem.fix is not None]
            if not fixes:
                break
            case = mend(fixes[0], *case)
        # Only a picture as an answer is left to the user.
        left = ["output-misfit"] if len(output) == 3 else []
        assert [problem.code for problem in problems] == left, (dataset, shape, output, loss)


@pytest.mark.parametrize(
    ("dataset", "shape", "output", "loss", "where", "field", "message"),
    [
        (
            "mnist",
            (2,),
            (10,),
            "cross-entropy",
            "input1",
            "shape",
            "MNIST has pictures of 1×28×28, 784 values each, but the input takes 2 numbers.",
        ),
        (
            "moons",
            (1, 32, 32),
            (2,),
            "cross-entropy",
            "input1",
            "shape",
            "Moons gives 2 numbers a sample, but the input is 1×32×32.",
        ),
        (
            "digits",
            (64,),
            (7,),
            "cross-entropy",
            "fc1",
            "features",
            "Digits has 10 classes, so cross-entropy needs 10 outputs, but the network gives 7.",
        ),
        (
            "digits",
            (64,),
            (1,),
            "binary-cross-entropy",
            "training.loss",
            "",
            "binary cross-entropy tells two classes apart, but Digits has 10.",
        ),
        (
            "moons",
            (2,),
            (3,),
            "binary-cross-entropy",
            "fc1",
            "features",
            "Moons has 2 classes, so binary cross-entropy needs 1 output, but the network gives 3.",
        ),
        (
            "digits",
            (64,),
            (16, 5, 5),
            "cross-entropy",
            "fc1",
            "",
            "the network answers with 16×5×5, but Digits needs a list of numbers.",
        ),
    ],
)
def test_a_mismatch_is_one_problem_in_its_place(
    dataset: str, shape: Shape, output: Shape, loss: str, where: str, field: str, message: str
) -> None:
    (problem,) = check_fit(DataSettings(dataset=dataset), shape, output, loss, ENDS)
    assert (problem.where, problem.field, problem.message) == (where, field, message)


def test_without_names_problems_stand_at_the_settings() -> None:
    problems = check_fit(DataSettings(dataset="mnist"), (2,), (7,), "cross-entropy")
    assert [(problem.where, problem.field, problem.fix) for problem in problems] == [
        ("data.dataset", "", None),
        ("training.loss", "", None),
    ]


def test_a_data_set_that_nobody_knows() -> None:
    unknown = DataSettings.model_construct(dataset="imagenet")
    (problem,) = check_fit(unknown, (2,), (2,), "cross-entropy")
    assert "imagenet" in problem.message
    assert problem.fix == Fix("Use the built-in digits", (SetSetting("data.dataset", "digits"),))


def test_data_that_fit_the_network_are_offered_too() -> None:
    hundred = check_fit(DataSettings(dataset="cifar100"), (1, 32, 32), (10,), "cross-entropy", ENDS)
    assert [[fix.title for fix in problem.fixes] for problem in hundred] == [
        ["Give fc1 100 outputs", "Use the built-in digits"]
    ]
    points = check_fit(DataSettings(dataset="moons"), (1, 32, 32), (1, 32, 32), "squared-error", ENDS)
    assert [problem.fixes[0].edits for problem in points if problem.code == "data-misfit"] == [
        (SetSetting("data.dataset", "noisy-digits"),)
    ]


def test_a_refused_input_is_refused_by_preparing_too() -> None:
    assert input_problem(catalogue.data_sets()["digits"], (2,)) is not None


def test_a_picture_asked_for_must_have_its_size_and_be_compared_by_squared_error() -> None:
    settings = DataSettings(dataset="noisy-digits")
    assert check_fit(settings, (1, 32, 32), (1, 32, 32), "squared-error") == ()
    assert check_fit(settings, (1, 32, 32), (1, 32, 32), "absolute-error") == ()
    wrong = check_fit(settings, (1, 28, 28), (1, 28, 28), "cross-entropy")
    assert [problem.code for problem in wrong] == ["output-misfit", "loss-misfit"]
    assert "pictures of 1×32×32" in wrong[0].message
    assert wrong[1].fix is not None
