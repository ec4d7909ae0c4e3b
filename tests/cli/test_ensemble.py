"""`ensemble`: several runs, their mean answer, and what keeps them apart."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from builder.compile.network import infer_flat
from builder.compile.plan import make_plan
from builder.compile.weights import trained
from builder.data.prepare import prepare
from builder.project import templates
from builder.project.document import Project
from builder.project.edits import set_settings
from builder.project.job import make_job
from builder.train import headless
from builder.train.reading import load_run

QUICK = ("training.device=cpu", "training.epochs=1", "data.limit=200")


def made(folder: Path, *changes: str, template: str = "mlp") -> tuple[Path, Project, float]:
    """A run: its folder, what was trained, and its test accuracy."""
    project = set_settings(templates.load(template), [*QUICK, *changes])
    result = headless.train(make_job(project), run_folder=folder)
    assert result.problem is None
    return folder, project, result.finished.test_accuracy or 0.0


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Project, float]]:
    """Digits by two seeds and two networks; the last sees pictures of another size, whitened."""
    folder = tmp_path_factory.mktemp("runs")
    return [
        made(folder / "one", "training.seed=1"),
        made(folder / "two", "training.seed=2", "data.folds=3"),
        made(folder / "three", "data.validation=0", template="lenet5"),
    ]


def probabilities(folder: Path, project: Project) -> tuple[torch.Tensor, torch.Tensor]:
    plan = make_plan(infer_flat(project.network))
    part = prepare(project.data, plan.input_shape, "cpu").test
    x, y = part.batch(part.order())
    run = load_run(folder)
    with torch.no_grad():
        return trained(plan, run.weights[max(run.weights)])(x), y  # these networks end with a softmax


def test_it_averages_the_probabilities_of_all(cli, three: list[tuple[Path, Project, float]]) -> None:
    answer = cli("ensemble", *(folder for folder, _, _ in three), "--json")
    assert (answer.status, answer.err) == (0, "")
    (found,) = answer.objects
    every = [probabilities(folder, project) for folder, project, _ in three]
    mean, y = torch.stack([each for each, _ in every]).mean(0), every[0][1]
    assert found["test_accuracy"] == pytest.approx((mean.argmax(1) == y).float().mean().item())
    alone = [(each.argmax(1) == y).float().mean().item() for each, _ in every]
    assert [each["test_accuracy"] for each in found["each"]] == pytest.approx(alone)
    assert [each["test_accuracy"] for each in found["each"]][::2] == pytest.approx([three[0][2], three[2][2]])
    assert found["mean"] == pytest.approx(sum(alone) / 3)
    assert found["test_accuracy"] <= found["test_top5"] <= 1
    assert found["samples"] == len(y)


def test_a_table_for_people_and_a_folder_that_holds_runs(cli, three: list[tuple[Path, Project, float]]) -> None:
    folder = three[0][0].parent
    lines = cli("ensemble", folder).out.splitlines()
    assert lines[0].split() == ["RUN", "ACCURACY"]
    assert [line.split()[0] for line in lines[1:4]] == [str(folder / name) for name in ("one", "three", "two")]
    assert [line.split()[0] for line in lines[4:6]] == ["mean", "together"]
    assert lines[6].startswith("on the 270 samples of the test part, top-5 accuracy ")


def test_one_output_for_two_classes_and_data_of_points(cli, tmp_path: Path) -> None:
    points = ("data.dataset=moons", "data.limit=0", "training.epochs=5")
    one, _, first = made(tmp_path / "one", *points, template="two-stage")
    two, _, second = made(tmp_path / "two", *points, "training.seed=5", template="two-stage")
    (found,) = cli("ensemble", one, two, "--json").objects
    assert [each["test_accuracy"] for each in found["each"]] == pytest.approx([first, second])
    assert "test_top5" not in found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (("data.seed=3",), "their seed of the data (3 and 0)"),
        (("data.test=0.2",), "their test share (0.2 and 0.15)"),
        (("training.loss=squared-error",), "its answers are no probabilities"),
        (("data.test=0",), "test share (0.0 and 0.15)"),
    ],
)
def test_runs_that_do_not_belong_together_say_what_differs(
    cli, three: list[tuple[Path, Project, float]], tmp_path: Path, changes: tuple[str, ...], words: str
) -> None:
    other, _, _ = made(tmp_path / "other", *changes)
    answer = cli("ensemble", three[0][0], other)
    assert (answer.status, answer.out) == (1, "")
    assert words in answer.err
    assert answer.err.startswith(f"{other}: ")


def test_other_data_and_answers_that_are_no_classes(
    cli, three: list[tuple[Path, Project, float]], tmp_path: Path
) -> None:
    points, _, _ = made(tmp_path / "points", "data.limit=0", template="two-stage")
    assert "they differ in their data (" in cli("ensemble", three[0][0], points).err
    pictures, _, _ = made(tmp_path / "pictures", template="denoiser")
    assert "its answers are no classes" in cli("ensemble", three[0][0], pictures).err


def test_a_run_alone_and_what_is_no_run(cli, three: list[tuple[Path, Project, float]], tmp_path: Path) -> None:
    assert "needs two runs" in cli("ensemble", three[0][0]).err
    assert "not the folder of a run" in cli("ensemble", three[0][0], tmp_path).err
    assert cli("ensemble").status == 2


def test_no_test_part(cli, tmp_path: Path) -> None:
    runs = [made(tmp_path / name, "data.test=0", f"training.seed={n}")[0] for n, name in enumerate(("one", "two"))]
    assert "kept no samples for the test" in cli("ensemble", *runs).err
