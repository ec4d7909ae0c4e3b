"""The command `export` and the runs that it takes weights from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from builder import app
from builder.cli.export import PICTURES
from builder.compile.infer import infer
from builder.compile.plan import make_plan
from builder.compile.weights import trained
from builder.graph.problems import Problem, ProblemError
from builder.project import templates
from builder.project.document import Project

START = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run of `perceptron` with two snapshots; the newer one has other weights."""
    plan = make_plan(infer(templates.load("perceptron").graph))
    folder = tmp_path / "run"
    (folder / "weights").mkdir(parents=True)
    (folder / "run.json").write_text('{"format": "torchcanvas-run", "version": 1}')
    for step, value in ((0, 0.0), (30, 0.25)):
        tensors = {name: torch.full_like(t, value) for name, t in trained(plan).state_dict().items()}
        save_file(tensors, folder / "weights" / f"{step:08d}.safetensors")
    return folder


def test_an_archive_takes_the_newest_weights_of_a_run(cli, run_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    answer = cli("export", "perceptron", "--to", "pt2", "--weights", run_folder, "-o", path)
    assert (answer.status, answer.out, answer.err) == (0, "", "")
    assert {float(value.detach().mean()) for value in torch.export.load(path).state_dict.values()} == {0.25}


def test_onnx_is_written_with_its_weights(cli, run_folder: Path, tmp_path: Path) -> None:
    import onnx

    path = tmp_path / "net.onnx"
    assert cli("export", "perceptron", "--to", "onnx", "--weights", run_folder, "-o", path).status == 0
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.graph.initializer


@pytest.mark.parametrize("wanted", ["python", "svg"])
def test_weights_for_what_holds_none_are_wrong_usage(cli, wanted: str) -> None:
    answer = cli("export", "perceptron", "--to", wanted, "--weights", "x", "-o", "-")
    assert answer.status == 2
    assert "holds no weights" in answer.err


def test_weights_of_no_run_are_one_line(cli, tmp_path: Path) -> None:
    answer = cli("export", "perceptron", "--to", "pt2", "--weights", tmp_path, "-o", "-")
    assert answer.status == 1
    assert len(answer.lines) == 1
    assert answer.lines[0].startswith(f"{tmp_path}: there are no weights of a run in the folder {tmp_path.name}.")


@pytest.mark.parametrize("wanted", PICTURES)
def test_the_diagram_is_drawn_by_whoever_can(cli, tmp_path: Path, wanted: str, qapp: object) -> None:
    path = tmp_path / f"net.{wanted}"
    assert cli("export", "perceptron", "--to", wanted, "-o", path, draw=app._draw).status == 0
    assert path.read_bytes().startswith(START[wanted])


def test_what_a_picture_is_to_look_like_is_passed_on(cli) -> None:
    asked: list[tuple[str, str, str, float | None]] = []

    def draw(project: Project, wanted: str, look: str, scale: float | None) -> bytes:
        asked.append((project.name, wanted, look, scale))
        return b""

    title = templates.load("lenet5").name
    cli("export", "lenet5", "--to", "svg", "-o", "-", draw=draw)
    cli("export", "lenet5", "--to", "png", "-o", "-", "--theme", "dark", "--scale", "3", draw=draw)
    assert asked == [(title, "svg", "light", None), (title, "png", "dark", 3.0)]


def test_without_qt_a_picture_is_one_clear_line() -> None:
    code = (
        "import sys\nsys.modules['PySide6'] = None\n"
        "from builder import app; app.window_problem = lambda without: None\n"
        "sys.exit(app.main(['export', 'lenet5', '--to', 'svg', '-o', '-']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("pictures need PySide6")
    assert "not installed" in line


def test_a_machine_that_cannot_draw_is_one_line(cli) -> None:
    def draw(*_: object) -> bytes:
        raise ProblemError(Problem("no-qt", "pictures need Qt."))

    answer = cli("export", "lenet5", "--to", "svg", "-o", "-", draw=draw)
    assert (answer.status, answer.lines) == (1, ["pictures need Qt."])


def test_the_weights_of_a_run_are_taken_out_and_begun_with(cli, tmp_path: Path) -> None:
    run, path = tmp_path / "run", tmp_path / "mine.safetensors"
    quick = ("--set", "data.limit=64", "--epochs", "1")
    assert cli("train", "perceptron", *quick, "--run", run).status == 0
    assert (cli("export", run, "--to", "weights", "-o", path).status, path.exists()) == (0, True)
    last = max((run / "weights").iterdir())
    assert path.read_bytes() == last.read_bytes()
    again = tmp_path / "again"
    assert cli("train", "perceptron", *quick, "--set", f"training.weights={path}", "--run", again).status == 0
    begun, stored = load_file(again / "weights" / "00000000.safetensors"), load_file(path)
    assert all(torch.equal(begun[name], stored[name]) for name in stored)


def test_a_run_is_exported_with_what_it_learned(cli, tmp_path: Path) -> None:
    run, path = tmp_path / "run", tmp_path / "net.pt2"
    assert cli("train", "perceptron", "--set", "data.limit=64", "--epochs", "1", "--run", run).status == 0
    assert cli("export", run, "--to", "pt2", "-o", path).status == 0
    stored = load_file(max((run / "weights").iterdir()))
    found = torch.export.load(path).state_dict
    assert all(torch.equal(found[name], stored[name]) for name in stored)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("perceptron",), "a project holds no weights that were trained. Name the folder of a run instead"),
        (("lenet5", "--weights", "RUN"), "fits this network"),
        (("EMPTY",), "this is not the folder of a run"),
    ],
)
def test_weights_that_are_not_there_are_one_line(
    cli, run_folder: Path, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"RUN": run_folder, "EMPTY": tmp_path / "empty"}
    answer = cli("export", *(places.get(word, word) for word in arguments), "--to", "weights", "-o", tmp_path / "x")
    assert (answer.status, len(answer.lines)) == (1, 1)
    assert words in answer.err
    assert not (tmp_path / "x").exists()
