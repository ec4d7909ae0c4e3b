"""The command `predict`: a run, pictures, answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from sklearn.datasets import load_digits

from builder.project import templates
from builder.project.edits import set_setting
from builder.project.form import from_json
from builder.project.job import make_job
from builder.train import headless
from builder.train.learner import make_learner
from builder.train.reading import load_run


@pytest.fixture(scope="module")
def trained_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits, learned well enough to be told apart."""
    project = templates.load("mlp")
    for path, value in (("training.epochs", 4), ("training.device", "cpu"), ("training.batch_size", 32)):
        project = set_setting(project, path, value)
    folder = tmp_path_factory.mktemp("runs") / "run"
    assert headless.train(make_job(project), run_folder=folder).problem is None
    return folder


@pytest.fixture
def digits(tmp_path: Path) -> list[Path]:
    """Twenty digits as picture files, two of each in order."""
    known = load_digits()
    paths = []
    for place in range(20):
        pixels = np.rint(known.images[place] * (255 / 16)).astype(np.uint8)
        paths.append(tmp_path / f"{place:02}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


def test_digits_are_recognised(cli, trained_run: Path, digits: list[Path]) -> None:
    answer = cli("predict", trained_run, *digits, "--json")
    assert (answer.status, answer.err) == (0, "")
    assert [found["image"] for found in answer.objects] == [str(path) for path in digits]
    right = [found["class"] == str(place % 10) for place, found in enumerate(answer.objects)]
    assert sum(right) >= 16
    for found in answer.objects:
        assert sum(found["all"].values()) == pytest.approx(1)
        assert found["probability"] == max(found["all"].values()) == found["all"][found["class"]]


def test_pictures_are_fitted_and_normalised_as_the_runs_own(cli, trained_run: Path, digits: list[Path]) -> None:
    run = load_run(trained_run)
    learner = make_learner(make_job(from_json(run.description["document"])), lambda *_: None, lambda: False)
    learner.root.load_state_dict(load_file(run.weights[max(run.weights)]))
    grey = np.rint(load_digits().images[:20] * (255 / 16)).astype(np.uint8)
    with torch.inference_mode():
        wanted = learner.model.eval()(learner.data.encode(grey[:, None])).softmax(1)
    found = [row["all"] for row in cli("predict", trained_run, *digits, "--json").objects]
    torch.testing.assert_close(torch.tensor([[row[str(name)] for name in range(10)] for row in found]), wanted)


@pytest.mark.parametrize("how", ["features", "whiten"])
def test_pictures_normalised_by_pixel_or_whitened_are_so_again(
    cli, digits: list[Path], tmp_path: Path, how: str
) -> None:
    project = set_setting(templates.load("lenet5"), "data.normalise", how)
    for path, value in (("data.limit", 200), ("training.epochs", 2), ("training.device", "cpu")):
        project = set_setting(project, path, value)
    result = headless.train(make_job(project), run_folder=tmp_path / "run")
    assert result.problem is None
    test_pictures_are_fitted_and_normalised_as_the_runs_own(cli, tmp_path / "run", digits)
    file = tmp_path / "run" / "whitening.safetensors"
    assert file.exists() == (how == "whiten")
    if file.exists():
        for damage in (lambda: file.write_bytes(b"x"), file.unlink):
            damage()
            answer = cli("predict", tmp_path / "run", digits[0])
            assert answer.status == 1
            assert "whitened" in answer.err


def test_a_scan_is_read_as_the_data_and_said_to_be(cli, trained_run: Path, digits: list[Path], tmp_path: Path) -> None:
    scans = []
    for path in digits:
        page = Image.new("L", (400, 400), 240)
        digit = Image.open(path).resize((240, 240), Image.Resampling.BICUBIC)
        page.paste(Image.new("L", digit.size, 20), (100, 60), digit)
        scans.append(tmp_path / f"scan{path.name}")
        page.save(scans[-1])
    found = cli("predict", trained_run, *scans, "--json").objects
    assert all(row["inverted"] for row in found)
    assert sum(row["class"] == str(place % 10) for place, row in enumerate(found)) >= 14
    assert not any(row["inverted"] for row in cli("predict", trained_run, *digits, "--json").objects)
    lines = cli("predict", trained_run, digits[0], scans[0]).out.splitlines()
    assert [line for line in lines if "inverted" in line] == [lines[-1]]
    assert lines[-1].startswith(f"{scans[0]}: ")


def test_the_table_names_class_and_probability(cli, trained_run: Path, digits: list[Path]) -> None:
    lines = cli("predict", trained_run, digits[0]).out.splitlines()
    assert lines[0].split() == ["PICTURE", "CLASS", "PROBABILITY"]
    assert lines[1].split()[:2] == [str(digits[0]), "0"]
    assert lines[1].endswith("%")


def test_a_folder_is_no_picture(cli, trained_run: Path, tmp_path: Path) -> None:
    answer = cli("predict", trained_run, tmp_path)
    assert answer.lines == [f"{tmp_path}: this is a folder, not a picture. Name the pictures in it."]


def test_a_bad_picture_is_one_line_and_the_others_are_told(
    cli, trained_run: Path, digits: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_bytes(digits[0].read_bytes()[:40])
    answer = cli("predict", trained_run, tmp_path / "none.png", digits[1], tmp_path / "broken.png", "--json")
    assert answer.status == 1
    assert [found["class"] for found in answer.objects] == ["1"]
    assert answer.lines == [
        f"{tmp_path / 'none.png'}: there is no such file.",
        f"{tmp_path / 'broken.png'}: this cannot be read as a picture.",
    ]


def test_what_is_no_run_is_one_line(cli, tmp_path: Path, digits: list[Path]) -> None:
    answer = cli("predict", tmp_path, digits[0])
    assert (answer.status, len(answer.lines)) == (1, 1)
    assert "not the folder of a run" in answer.lines[0]
