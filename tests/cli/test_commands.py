"""The commands that need no training: what they print, and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from builder import app
from builder.cli.settings import every_setting
from builder.graph.edits import set_params
from builder.graph.problems import Problem, ProblemError
from builder.project import templates
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.file import load, save
from builder.project.form import VERSION
from builder.train.reading import load_run


def test_help_needs_no_torch() -> None:
    code = "from builder.app import main; import sys; status = main(['--help']); assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("templates", "new", "check", "summary", "train", "export", "settings", "bench"):
        assert name in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("trian",),
        ("new", "lenet5"),
        ("summary",),
        ("export", "lenet5", "--to", "docx", "-o", "x"),
        ("train", "--epoch"),
    ],
)
def test_wrong_usage_is_2(cli, arguments: tuple[str, ...]) -> None:
    answer = cli(*arguments)
    assert answer.status == 2
    assert "Usage" in answer.err
    assert "Traceback" not in answer.err


def test_templates_lists_all(cli) -> None:
    answer = cli("templates")
    assert answer.status == 0
    listed = [line.split()[0] for line in answer.out.splitlines()[1:]]
    assert listed == [template.name for template in templates.templates()]
    assert {"lenet5", "fashion-cnn", "perceptron", "two-stage"} <= set(listed)


def test_new_then_check(cli, tmp_path: Path) -> None:
    path = tmp_path / "mine.tcanvas"
    assert cli("new", "lenet5", "-o", path).status == 0
    assert load(path) == templates.load("lenet5")
    answer = cli("check", path)
    assert (answer.status, answer.out, answer.err) == (0, "", "")


def test_new_keeps_what_was_there(cli, tmp_path: Path) -> None:
    path = tmp_path / "mine.tcanvas"
    save(Project(name="precious"), path)
    answer = cli("new", "lenet5", "-o", path)
    assert (answer.status, answer.out) == (
        0,
        f"{path}~: the version before of mine.tcanvas; only one is kept\n",
    )
    assert load(tmp_path / "mine.tcanvas~").name == "precious"


def test_new_of_an_unknown_template(cli, tmp_path: Path) -> None:
    answer = cli("new", "lenet6", "-o", tmp_path / "x.tcanvas")
    assert answer.status == 1
    assert answer.lines == ["there is no template called lenet6. Did you mean lenet5?"]


def test_check_prints_a_line_for_each_problem(cli, tmp_path: Path) -> None:
    project = templates.load("lenet5")
    graph = set_params(project.graph, "conv2", {"filters": 16, "kernel_size": 99})
    save(project.with_graph(graph), tmp_path / "broken.tcanvas")
    answer = cli("check", tmp_path / "broken.tcanvas", "--set", "data.dataset=moons")
    assert answer.status == 1
    assert answer.out == ""
    assert len(answer.lines) == 2
    assert answer.lines[0].startswith("conv2")
    assert "Moons" in answer.lines[1]


def test_check_tells_what_becomes_of_a_batch_larger_than_the_data(cli) -> None:
    answer = cli("check", "two-stage", "--set", "training.batch_size=500")
    assert (answer.status, answer.lines) == (
        0,
        [
            "training.batch_size: 500 is more than the 434 training samples: each step takes all of them, one step an "
            "epoch."
        ],
    )
    assert cli("check", "two-stage", "--set", "training.batch_size=434").lines == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "cut off"),
        ("[" * 1_000_000, "nested"),
        ('{"format": "torchcanvas-project", "version": 99}', f"99; this program reads versions up to {VERSION}"),
        ("\0", "not JSON"),
    ],
)
@pytest.mark.parametrize("command", [("check",), ("summary",), ("train",), ("settings",)])
def test_bad_files_are_one_line(cli, tmp_path: Path, command: tuple[str], text: str, words: str) -> None:
    path = tmp_path / "bad.tcanvas"
    path.write_text(text)
    answer = cli(*command, path)
    assert answer.status == 1
    (line,) = answer.lines
    assert line.startswith(f"{path}: ")
    assert words in line


def test_a_network_of_10_to_the_12_units_is_refused_at_once(cli, tmp_path: Path) -> None:
    project = templates.load("lenet5")
    graph = set_params(project.graph, "fc1", {"features": 10**12})
    path = tmp_path / "huge.tcanvas"
    save(project.with_graph(graph), path)
    assert cli("summary", path).status == 0  # sizes of any network can be told
    for command in ("check", "train"):
        answer = cli(command, path)
        assert answer.status == 1
        assert len(answer.lines) == 1
        assert answer.lines[0].startswith("fc1")


def test_a_cycle_is_told(cli, tmp_path: Path) -> None:
    path = tmp_path / "circle.tcanvas"
    nodes = [{"name": name, "kind": "ReLU"} for name in "ab"]
    network = {"nodes": nodes, "edges": [["a", "b"], ["b", "a"]]}
    path.write_text(json.dumps({"format": "torchcanvas-project", "version": 1, "network": network}))
    answer = cli("check", path)
    assert answer.status == 1
    assert any("circle" in line for line in answer.lines)


def test_summary_of_lenet(cli) -> None:
    answer = cli("summary", "lenet5", "--json")
    assert answer.status == 0
    (table,) = answer.objects
    assert table["input"] == [1, 32, 32]
    assert table["total"]["parameters"] == 61_706
    assert [layer["parameters"] for layer in table["layers"] if layer["parameters"]] == [
        156,
        2_416,
        48_120,
        10_164,
        850,
    ]
    first = table["layers"][0]
    assert first == {
        "name": "conv1",
        "kind": "Conv2d",
        "inputs": ["input"],
        "output_shape": [6, 28, 28],
        "neurons": 4_704,
        "weights": 150,
        "biases": 6,
        "parameters": 156,
        "trainable": 156,
        "multiply_adds": 117_600,
        "activation_bytes": 18_816,
        "receptive_field": {"size": [5, 5], "stride": [1, 1], "offset": [0, 0]},
    }
    assert set(table["total"]) == {"parameters", "trainable", "multiply_adds", "activation_bytes"}


def test_summary_for_people(cli) -> None:
    answer = cli("summary", "lenet5")
    assert "61,706 parameters" in answer.out
    assert "6×28×28" in answer.out


def test_summary_for_another_input(cli) -> None:
    (table,) = cli("summary", "lenet5", "--json", "--input", "3x64x64").objects
    assert table["input"] == [3, 64, 64]
    assert table["layers"][0]["weights"] == 450
    answer = cli("summary", "lenet5", "--input", "1x4x4")
    assert answer.status == 1
    assert answer.lines[0].startswith("conv1")
    assert cli("summary", "lenet5", "--input", "big").status == 2


def test_settings_can_be_set_again(cli) -> None:
    """Every line of the list is something that --set takes."""
    (found,) = cli("settings", "lenet5", "--json").objects
    project = templates.load("lenet5")
    assert {"data.dataset", "training.epochs", "training.optimizer.learning_rate"} <= {entry["path"] for entry in found}
    for entry in found:
        assert set_setting(project, entry["path"], str(entry["value"])) == project
        assert entry["help"]


def test_settings_tell_the_range(cli) -> None:
    found = {setting.path: setting for setting in every_setting(templates.load("two-stage"))}
    assert found["training.epochs"].range == ">= 1, <= 100000"
    assert found["training.optimizer"].range.split(" | ")[:2] == ["sgd", "adam"]
    assert "digits" in found["data.dataset"].range
    assert cli("settings", "lenet5").out.count("\n") == len(found_for("lenet5")) + 1


def test_augmentation_is_set_and_listed_by_its_parts(cli) -> None:
    listed = cli("settings", "lenet5", "--json", "--set", "data.augmentation.rotation=15").objects[0]
    values = {entry["path"]: entry["value"] for entry in listed}
    assert values["data.augmentation.rotation"] == 15.0
    assert values["data.augmentation.flip_horizontal"] is False
    assert "data.augmentation" not in values
    assert cli("check", "lenet5", "--set", "data.augmentation.rotation=15").status == 0


def found_for(name: str) -> list[object]:
    return list(every_setting(templates.load(name)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("training.epochs=0", "training.epochs: '0' is out of range: it must be at least 1."),
        ("training.epochz=1", "training.epochz: there is no such setting. Do you mean training.epochs?"),
        ("epochs=1", "epochs: there is no such setting. Do you mean training.epochs?"),
        ("Training.Epochs=1", "Training.Epochs: there is no such setting. Do you mean training.epochs?"),
        ("data.epochs=1", "data.epochs: there is no such setting. Do you mean training.epochs?"),
        ("seed=1", "seed: there is no such setting. Do you mean data.seed or training.seed?"),
        ("training.optimiser=adam", "training.optimiser: there is no such setting. Do you mean training.optimizer?"),
        ("training.learning-rate=1", "training.learning-rate: there is no such setting. Do you mean training.optim"),
        ("training.epochs.x=1", "training.epochs.x: epochs is one value and has no part x."),
        ("training.zzz=1", "training.zzz: there is no such setting. See `torchcanvas settings`."),
        (
            "training.optimizer.beta1=0.5",
            "training.optimizer.beta1: there is no such setting. It needs training.optimizer=adam or "
            "training.optimizer=adamw: set that before it.",
        ),
        (
            "training.optimizer=foo",
            "training.optimizer: 'foo' does not fit here: it must be 'sgd', 'adam', 'adamw' or 'rmsprop'.",
        ),
        ("training.optimizer.alpha=1", "training.optimizer.alpha: there is no such setting. It needs training.optimiz"),
        ("training.schedule=foo", "training.schedule: 'foo' does not fit here: it must be 'constant', 'cosine', 'step"),
        (
            "training.schedule.every=2",
            "training.schedule.every: there is no such setting. It needs training.schedule",
        ),
        (
            "training.loss=foo",
            "training.loss: 'foo' does not fit here: it must be 'cross-entropy', 'binary-cross",
        ),
        ("training.warmup=-1", "training.warmup: '-1' is out of range: it must be at least 0."),
        ("training.patience=1.5", "training.patience: '1.5' does not fit here: a whole number is needed."),
        ("training.l1=100", "training.l1: '100' is out of range: it must be at most 10."),
        ("training.max_norm=nan", "training.max_norm: 'nan' does not fit here: a finite number is needed."),
        ("training.regularise_after=-1", "training.regularise_after: '-1' is out of range: it must be at least 0."),
        (
            "data.augmentation=15",
            "data.augmentation: augmentation is a group of settings: each is set by itself. Write",
        ),
        ("data.rotation=15", "data.rotation: there is no such setting. Do you mean data.augmentation.rotation?"),
        ("data.augmentation.shift=0.7", "data.augmentation.shift: '0.7' is out of range: it must be at most 0.5."),
        ("data.augmentation.pca=0.1", "data.augmentation.pca: Digits has grey pictures: colour jitter can do nothing"),
        ("training.device=gpu", "training.device: 'gpu' is no device: it must be auto, cpu, cuda, cuda:1 or mps."),
    ],
)
def test_a_bad_set_names_the_setting(cli, change: str, words: str) -> None:
    answer = cli("check", "lenet5", "--set", change)
    assert answer.status == 1
    assert answer.lines[0].startswith(words)
    assert len(answer.lines) == 1


def test_who_sets_the_kind_of_a_group_to_what_there_is_none_of_is_told_which_there_are(cli) -> None:
    for path in ("training.optimizer.kind", "training.optimizer"):
        answer = cli("check", "lenet5", "--set", f"{path}=foo")
        (line,) = answer.lines
        assert line.startswith("training.optimizer: 'foo' does not fit here: it must be ")
        assert "'sgd'" in line
        assert "'adam'" in line
    assert cli("check", "lenet5", "--set", "training.optimizer.kind=sgd").status == 0


def test_who_sets_the_kind_of_a_group_is_told_how(cli) -> None:
    answer = cli("check", "lenet5", "--set", "training.optimizer.kind=adam")
    assert (answer.status, len(answer.lines)) == (1, 1)
    meant = "training.optimizer=adam"
    assert answer.err.strip().endswith(meant)
    assert cli("check", "lenet5", "--set", meant).status == 0


def test_early_stopping_without_validation_is_one_line(cli) -> None:
    asked = ("--set", "data.validation=0", "--set", "training.patience=3")
    for command in ("check", "train"):
        answer = cli(command, "lenet5", *asked)
        assert (answer.status, len(answer.lines)) == (1, 1)
        assert answer.err.startswith(
            "training.patience: the validation loss decides when training stops, but no samples are"
        )


def test_sets_apply_in_order(cli) -> None:
    (found,) = cli(
        "settings", "lenet5", "--json", "--set", "training.optimizer=adam", "--set", "training.optimizer.beta1=0.5"
    ).objects
    assert next(entry["value"] for entry in found if entry["path"] == "training.optimizer.beta1") == 0.5


def test_export_runs_without_this_program(cli, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    assert cli("export", "lenet5", "--to", "python", "-o", path).status == 0
    text = path.read_text()
    assert "class Net(nn.Module):" in text
    assert "builder" not in text
    assert cli("export", "lenet5", "--to", "python", "-o", "-").out == text


def test_export_into_a_place_that_cannot_be_written(cli, tmp_path: Path) -> None:
    path = tmp_path / "absent" / "net.py"
    answer = cli("export", "lenet5", "--to", "python", "-o", path)
    assert answer.status == 1
    assert answer.lines == [f"{path}: there is no folder {path.parent}, so it was not saved."]


def test_bench_runs_the_one_that_is_named(cli) -> None:
    from builder.train.benchmarks import Measurement

    def measure() -> Measurement:
        return Measurement("twice", 2.0, 1.9, 2.1, 2.5, "how much faster")

    answer = cli("bench", "twice", suites=[lambda: {"twice": measure, "never": lambda: pytest.fail("not asked for")}])
    assert answer.status == 0
    assert answer.out.splitlines()[1].split() == [
        "twice",
        "2.00",
        "1.90",
        "2.10",
        ">=",
        "2.50",
        "MISSED",
        *["how", "much", "faster"],
    ]


def test_bench_goes_on_without_the_window(cli) -> None:
    def no_window() -> dict[str, object]:
        raise ProblemError(Problem("no-qt", "the window needs Qt."))

    answer = cli("bench", "nothing", suites=[no_window])
    assert answer.status == 1
    assert answer.lines[0] == "the window needs Qt."
    assert answer.lines[1].startswith("there is no benchmark called nothing; there are ")


def test_a_broken_plug_in_is_told_of_and_the_work_is_done(cli, install_plugin) -> None:
    install_plugin("plugin_broken", "raise ValueError('of no use')")
    answer = cli("check", "lenet5")
    assert (answer.status, answer.out) == (0, "")
    (line,) = answer.lines
    assert "plugin_broken" in line
    assert "of no use" in line


def test_a_layer_of_a_plug_in_is_one_like_any_other(cli, install_plugin, tmp_path: Path) -> None:
    project = templates.load("lenet5")
    nodes = project.graph.nodes
    other = replace(project.graph, nodes=nodes.update({"flatten1": replace(nodes["flatten1"], kind="Flat")}))
    save(project.with_graph(other), tmp_path / "mine.tcanvas")
    assert "Flat" in cli("check", tmp_path / "mine.tcanvas").err
    text = (
        "from builder.layers.registry import register\n"
        "from builder.layers.structure import Flatten\n"
        "@register\n"
        "class Flat(Flatten): pass\n"
    )
    install_plugin("plugin_good", text)
    assert cli("check", tmp_path / "mine.tcanvas").status == 0


def test_a_misspelt_built_in_network_is_named(cli) -> None:
    answer = cli("check", "lenet")
    assert (answer.status, answer.lines) == (
        1,
        ["lenet: there is no such file, and no built-in network is called so. Did you mean lenet5?"],
    )


def test_a_folder_is_no_project(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = cli("check", ".")
    assert (answer.status, answer.lines) == (1, [".: this is a folder, not a project file."])


def piped(*arguments: str, buffered: bool) -> subprocess.CompletedProcess[str]:
    """A command whose output goes into a pipe of which nobody reads anything."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as out:
        return program_in_a_process(*arguments, out=out, buffered=buffered)


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("buffered", [False, True])
@pytest.mark.parametrize("arguments", [("templates",), ("summary", "lenet5"), ("--help",), ("train", "--help")])
def test_output_that_nobody_reads_ends_quietly_as_that_of_other_tools(
    arguments: tuple[str, ...], buffered: bool
) -> None:
    done = piped(*arguments, buffered=buffered)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lenet5"], ["built-in network", "torchcanvas train lenet5", "torchcanvas new lenet5 -o lenet5.tcanvas"]),
        (
            ["mine.tcanvas", "train"],
            ["is a project file", "torchcanvas train mine.tcanvas", "torchcanvas mine.tcanvas"],
        ),
    ],
)
def test_a_network_in_the_place_of_a_command_is_told_what_to_write(cli, arguments: list[str], words: list[str]) -> None:
    answer = cli(*arguments)
    assert answer.status == 2
    told = " ".join(answer.err.replace("│", " ").split())
    assert "No such command" not in told
    for word in words:
        assert word in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
@pytest.mark.parametrize(
    "arguments", [("templates",), ("train", "perceptron", "--set", "data.limit=64", "--epochs", "2", "--run", "RUN")]
)
def test_output_that_cannot_be_written_is_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = program_in_a_process(*(str(tmp_path / "run") if word == "RUN" else word for word in arguments), out=full)
    lines = done.stderr.splitlines()
    assert "the output could not be written (no space left on device)." in lines
    assert "Traceback" not in done.stderr
    assert done.returncode in (1, 130)


def test_a_run_that_nobody_listens_to_stops_and_can_go_on(tmp_path: Path) -> None:
    arguments = ["train", "perceptron", "--epochs", "100000", "--run", str(tmp_path / "run"), "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "builder", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert '"start"' in process.stdout.readline()
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 130
    assert told.startswith("Stopped at step ")
    assert load_run(tmp_path / "run").end["reason"] == "stopped"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_early_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("builder.train.threads.prepare_environment", interrupted)
    assert app.main(["templates"]) == 130


def program_in_a_process(*arguments: str, out: IO[bytes], buffered: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "builder", *arguments]
    environment = os.environ | {"PYTHONUNBUFFERED": "" if buffered else "1"}
    return subprocess.run(
        command, stdout=out, stderr=subprocess.PIPE, text=True, check=False, timeout=120, env=environment
    )


def test_runs_are_listed_with_their_folders(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = tmp_path / "runs"
    monkeypatch.setenv("TORCHCANVAS_RUNS", str(runs))
    assert cli("runs").out.splitlines() == ["WHEN  NETWORK  DATA  EPOCHS  VALIDATION  TEST  END  FOLDER"]
    cli("train", "perceptron", "--epochs", "1", "--run", str(runs / "first"))
    (line,) = cli("runs").out.splitlines()[1:]
    assert line.split()[2:5] == ["Perceptron", "Blobs", "1"]
    assert line.endswith(f"%  done  {runs / 'first'}")
    told = json.loads(cli("runs", str(runs), "--json").out)
    assert (told["name"], told["epochs"], told["reason"]) == ("Perceptron", 1, "completed")
    assert load_run(Path(told["folder"])).end is not None
