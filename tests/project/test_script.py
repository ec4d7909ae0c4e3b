"""The script makes the same run as this program: the same figures, by itself and shared out by `torchrun`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from safetensors.torch import load_file, save_file

from builder.data.settings import DataSettings
from builder.graph import edits
from builder.graph.edits import set_params
from builder.graph.frozen import freeze
from builder.graph.model import Edge, Graph, Network, Node
from builder.graph.problems import ProblemError
from builder.project import templates
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.job import make_job
from builder.project.networks.template import LARGE
from builder.project.script import to_script
from builder.train import headless
from builder.train.settings import TrainingSettings
from tests.train.faraway import faraway

NUMBER = re.compile(r"(?:loss|accuracy) ([0-9.]+)")


def small(shape: tuple[int, ...] = (1, 8, 8), outputs: int = 10) -> Project:
    """A network with batch normalisation and dropout, on the digits."""
    layers = [Node("input", "Input", freeze({"shape": shape}))]
    if len(shape) == 3:
        layers += [Node("conv", "Conv2d", freeze({"filters": 4, "kernel_size": 3})), Node("bn", "BatchNorm2d"),
                   Node("relu", "ReLU"), Node("flatten", "Flatten")]  # fmt: skip
    layers += [Node("drop", "Dropout"), Node("hidden", "Linear", freeze({"features": 16})), Node("tanh", "Tanh")]
    layers += [
        Node("fc", "Linear", freeze({"features": outputs})),
        Node("softmax", "Softmax"),
        Node("output", "Output"),
    ]
    edges = [Edge(a.name, b.name) for a, b in pairwise(layers)]
    project = Project('A "small" one', Network(Graph.of(layers, edges)), DataSettings(limit=150))
    return with_settings(project, "training.epochs=2", "training.device=cpu")


def with_settings(project: Project, *changes: str) -> Project:
    for change in changes:
        path, _, value = change.partition("=")
        project = set_setting(project, path, value)
    return project


def run(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The figures that the script prints, in their order; in this process, because torch takes long to import."""
    monkeypatch.chdir(folder)
    space: dict[str, Any] = {"__name__": "script", "__file__": "script.py"}
    with torch.random.fork_rng():
        exec(text, space)  # our own text
        space["main"]()
    return NUMBER.findall(capsys.readouterr().out)


def expected(project: Project, folder: Path | None = None) -> list[float]:
    result = headless.train(make_job(project), run_folder=folder)
    assert result.problem is None
    found: list[float | None] = []
    for epoch in result.epochs:
        found += [epoch.train_loss, epoch.train_accuracy, epoch.validation_loss, epoch.validation_accuracy]
    found += [result.finished.test_loss, result.finished.test_accuracy]
    return [figure for figure in found if figure is not None]


def with_auxiliary_output(project: Project) -> Project:
    """With a second softmax in the middle of the network, behind dropout of its own."""
    nodes = [
        Node("side_drop", "Dropout"),
        Node("side", "Linear", freeze({"features": 10})),
        Node("side_softmax", "Softmax"),
        Node("auxiliary", "AuxiliaryOutput", freeze({"weight": 0.3})),
    ]
    wires = [Edge("hidden", "side_drop"), *(Edge(a.name, b.name) for a, b in pairwise(nodes))]
    graph = project.graph
    return project.with_graph(Graph.of([*graph.nodes.values(), *nodes], [*graph.edges, *wires]))


def of_template(name: str, *changes: str) -> Project:
    usual = ("data.dataset=digits", "data.limit=70", "training.epochs=1", "training.device=cpu")
    return with_settings(templates.load(name), *usual[name == "denoiser" :], *changes)


def augmented(project: Project, *changes: str) -> Project:
    return with_settings(project, *(f"data.augmentation.{change}" for change in changes))


def kinds(group: str) -> list[str]:
    """The names of all optimisers or schedules."""
    variants = get_args(TrainingSettings.model_fields[group].annotation)
    return [variant.model_fields["kind"].default for variant in variants]


def trained(*changes: str) -> Project:
    """Four epochs with these settings."""
    return with_settings(small(), "training.epochs=4", *changes)


WARM = "training.warmup=0.7"
REGULARISED = ("training.l1=0.001", "training.max_norm=0.8", "training.optimizer.weight_decay=0.01")
# What shows within four epochs.
SHORT = {"step": ("training.schedule.factor=0.5",), "plateau": ("training.schedule.patience=1",)}
HASTY = "training.optimizer.learning_rate=0.5"  # so that the validation loss rises now and then
POINTS = with_settings(small((2,), 2), "data.dataset=moons", "data.limit=0")
CASES = {
    "digits": small(),
    "padded": with_settings(small((3, 13, 12)), "training.optimizer=adam", "data.validation=0"),
    "resized": with_settings(small((1, 12, 12)), "data.fit=resize", "data.normalise=unit", "training.batch_size=37"),
    "flat": with_settings(small((64,)), "training.loss=squared-error", "data.seed=3"),
    "cosine-last": with_settings(small(), "training.schedule=cosine", "training.schedule.last=0.1"),
    "one-cycle-last": with_settings(small(), "training.schedule=one-cycle", "training.schedule.last=0.1"),
    "one-cycle-steady": trained("training.schedule=one-cycle", "training.schedule.cycle_momentum=false"),
    **{
        f"{kind}-cycled": trained(f"training.optimizer={kind}", "training.schedule=one-cycle", WARM)
        for kind in kinds("optimizer")
    },
    "rmsprop-cycled-momentum": trained(
        "training.optimizer=rmsprop", "training.optimizer.momentum=0.5", "training.schedule=one-cycle"
    ),
    **{kind: trained(f"training.optimizer={kind}") for kind in kinds("optimizer")},
    **{f"{kind}-small": trained(f"training.optimizer={kind}", WARM, *REGULARISED) for kind in kinds("optimizer")},
    **{kind: trained(f"training.schedule={kind}", HASTY, *SHORT.get(kind, ())) for kind in kinds("schedule")},
    **{
        f"{kind}-warm": trained(f"training.schedule={kind}", HASTY, WARM, *SHORT.get(kind, ()))
        for kind in kinds("schedule")
    },
    "plateau-long-warm": trained(
        "training.schedule=plateau",
        "training.schedule.patience=1",
        "training.optimizer.learning_rate=2",  # the validation loss rises in the warm-up already
        "training.warmup=3.5",
        "training.epochs=6",
    ),
    "rmsprop-all": trained(
        "training.optimizer=rmsprop", "training.optimizer.centered=true", "training.optimizer.momentum=0.5"
    ),
    "nesterov": trained("training.optimizer.nesterov=true"),
    "eps": trained("training.optimizer=adam", "training.optimizer.eps=0.001"),
    "adamw-no-decay": trained("training.optimizer=adamw", "training.optimizer.weight_decay=0"),
    "late": trained("training.regularise_after=2", *REGULARISED),
    "late-decay": trained("training.regularise_after=1", REGULARISED[-1]),
    "late-l1": with_auxiliary_output(trained("training.regularise_after=1", REGULARISED[0])),
    "late-max-norm": trained("training.regularise_after=1", REGULARISED[1]),
    "l1": with_auxiliary_output(trained(REGULARISED[0])),
    "early": trained("training.epochs=20", "training.patience=2", HASTY, "training.schedule=plateau"),
    "patient": trained("training.patience=4", HASTY),
    "full-set": trained("training.batch_size=1000", "training.schedule=cosine"),
    "absolute": with_settings(small((64,)), "training.loss=absolute-error"),
    "absolute-points": with_settings(POINTS, "training.loss=absolute-error"),
    "auxiliary": with_auxiliary_output(small()),
    "moons": POINTS,
    "xor": with_settings(POINTS, "data.dataset=xor", "data.normalise=unit"),
    "noise": with_settings(small(outputs=1000), "data.dataset=random-pictures", "training.epochs=1"),
    "augmented": augmented(
        small((3, 12, 11)),
        "flip_horizontal=true",
        "shift=0.1",
        "rotation=20",
        "scale=0.2",
        "crop=2",
        "brightness=0.3",
        "contrast=0.4",
        "noise=0.1",
    ),
    "mirrored": augmented(small(), "flip_horizontal=true", "flip_vertical=true", "crop=1"),
    "augmented-flat": augmented(small((64,)), "rotation=30", "contrast=0.2"),
    "augmented-points": augmented(POINTS, "noise=0.1"),
    "recoloured": augmented(
        with_settings(small((3, 20, 18), 1000), "data.dataset=random-pictures", "training.epochs=1"),
        "saturation=0.5",
        "pca=0.3",
        "contrast=0.3",
        "brightness=0.2",
        "flip_vertical=true",
    ),
    "augmented-denoiser": augmented(of_template("denoiser", "training.batch_size=32"), "shift=0.1", "rotation=10"),
    "wrong-labels": with_settings(small(), "data.label_noise=0.4"),
    "folds": with_settings(small(), "data.folds=4", "data.fold=3", "training.patience=4", "data.validation=0"),
    "folds-of-numbers": of_template("denoiser", "training.batch_size=32", "data.folds=3"),
    "rare": with_settings(small(), "data.rare=0.3", "data.limit=0"),
    "weighted": with_settings(small(), "data.rare=0.3", "training.class_weights=balanced"),
    "weighted-wrong": with_auxiliary_output(
        with_settings(small(), "data.label_noise=0.4", "data.validation=0", "training.class_weights=balanced")
    ),
    "weighted-points": of_template(
        "two-stage", "data.dataset=moons", "data.limit=0", "data.rare=0.2", "training.class_weights=balanced"
    ),
    "weights-for-nothing": with_settings(
        small(), "training.class_weights=balanced", "training.loss=squared-error", "data.rare=1"
    ),
    "features": with_settings(small((3, 13, 12)), "data.normalise=features"),
    "features-flat": with_settings(small((64,)), "data.normalise=features"),
    "whitened": augmented(with_settings(small((3, 12, 12)), "data.normalise=whiten"), "shift=0.1"),
    "whitened-flat": with_settings(small((64,)), "data.normalise=whiten"),
    "whitened-points": with_settings(POINTS, "data.normalise=whiten"),
    "lenet5": of_template("lenet5"),
    "googlenet-small": of_template("googlenet-small"),
    "denoiser": of_template("denoiser", "training.batch_size=16", "data.noise=0.3"),
    "denoiser-absolute": of_template(
        "denoiser", "training.batch_size=16", "training.loss=absolute-error", "training.max_norm=0.5"
    ),
    "resnet20-small": of_template("resnet20-small"),
}


@pytest.mark.parametrize("name", ["digits", "padded", "adam-small", "early", "augmented", "auxiliary"])
def test_the_script_runs_on_a_gpu(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = with_settings(CASES[name], "training.device=cuda")
    with faraway("cuda", monkeypatch):
        printed = run(to_script(project), tmp_path, monkeypatch, capsys)
        figures = expected(project)
    assert [float(each) for each in printed] == pytest.approx(figures, abs=6e-5)  # accuracies are printed with 4 digits


@pytest.mark.parametrize("name", CASES)
def test_the_script_makes_the_same_run_to_the_last_digit(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # so that the program takes as many threads as the script
    project = CASES[name]
    printed = run(to_script(project), tmp_path, monkeypatch, capsys)
    figures = expected(project, tmp_path / "run")
    assert printed == [f"{figure:.{len(text) - 2}f}" for figure, text in zip(figures, printed, strict=True)]
    theirs = torch.load(tmp_path / "weights.pt", weights_only=True)
    ours = load_file(max((tmp_path / "run" / "weights").iterdir()))
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in ours)


def test_it_begins_with_the_same_weights_and_leaves_frozen_layers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = headless.train(make_job(small()), run_folder=tmp_path / "run")
    assert first.problem is None
    found = load_file(sorted((tmp_path / "run" / "weights").iterdir())[-1])
    save_file(
        {name: tensor for name, tensor in found.items() if not name.startswith("fc.")}, tmp_path / "old.safetensors"
    )
    project = with_settings(small(), f"training.weights={tmp_path / 'old.safetensors'}")
    node = project.graph.nodes["conv"]
    project = project.with_graph(set_params(project.graph, "conv", {**node.params, "trainable": False}))
    text = to_script(project)
    printed = [float(number) for number in run(text, tmp_path, monkeypatch, capsys)]
    assert printed == pytest.approx(expected(project), rel=1e-3, abs=1e-3)
    assert torch.equal(torch.load(tmp_path / "weights.pt", weights_only=True)["conv.weight"], found["conv.weight"])
    (tmp_path / "other").mkdir()
    (tmp_path / "old.safetensors").rename(tmp_path / "other" / "old.safetensors")
    run(text, tmp_path / "other", monkeypatch, capsys)  # beside the script, it is found too
    (tmp_path / "other" / "old.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"old\.safetensors"):
        run(text, tmp_path / "other", monkeypatch, capsys)


@pytest.mark.parametrize("dataset", ["circles", "spiral", "blobs", "moons", "xor"])
def test_the_points_are_the_same(dataset: str) -> None:
    from builder.data.samples import load

    project = with_settings(POINTS, f"data.dataset={dataset}", "data.points=61", "data.seed=4")
    space: dict[str, object] = {}
    exec(to_script(project), space)  # our own text
    inputs, targets, test = space["load"]()  # type: ignore[operator]
    wanted = load(project.data)
    assert test is None
    assert (inputs == wanted.inputs).all()
    assert (targets == wanted.targets).all()


def test_the_random_pictures_are_the_same() -> None:
    from builder.data.samples import load

    project = templates.load("resnet18")
    space: dict[str, object] = {}
    exec(to_script(project), space)  # our own text
    inputs, targets, test = space["load"]()  # type: ignore[operator]
    wanted = load(project.data)
    assert test is None
    assert (inputs == wanted.inputs).all()
    assert (targets == wanted.targets).all()


def test_torchrun_shares_out_the_same_run(tmp_path: Path) -> None:
    """Without batch normalisation and dropout, two processes make the very steps of one, augmentation and all."""
    project = with_settings(small((64,)), "data.limit=64", "training.batch_size=16", "training.epochs=2")
    project = with_settings(project, "training.schedule=one-cycle", "training.patience=1", *REGULARISED)
    project = with_settings(project, "data.rare=0.2", "training.class_weights=balanced")
    project = augmented(project, "rotation=20", "noise=0.1")
    project = with_auxiliary_output(project)
    project = project.with_graph(edits.remove_nodes(project.graph, ["drop", "side_drop"]))
    (tmp_path / "script.py").write_text(to_script(project))
    # On a busy machine, a process may get no time for so long that torchrun takes it for dead (by itself, 15 seconds).
    patient = "read_timeout=3600,join_timeout=3600,keep_alive_max_attempt=700"
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--rdzv-conf", patient,
         "--nproc-per-node", "2", "script.py"],
        cwd=tmp_path, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    printed = [float(number) for number in NUMBER.findall(done.stdout)]
    assert printed == pytest.approx(expected(project), rel=1e-3, abs=1e-3), done.stdout + done.stderr


def test_the_script_knows_nothing_of_this_program() -> None:
    text = to_script(small())
    assert "builder" not in text
    assert text == to_script(small())
    found = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE))
    assert found <= {"gc", "math", "os", "numpy", "torch", "torchvision", "sklearn"}
    compile(text, "script.py", "exec")
    assert max(map(len, text.splitlines())) <= 130


def test_every_template_has_a_script() -> None:
    for template in templates.templates():
        if template.group != LARGE or template.name in ("googlenet", "inception-cells"):
            compile(to_script(templates.load(template.name)), f"{template.name}.py", "exec")


def test_what_cannot_be_trained_has_no_script() -> None:
    with pytest.raises(ProblemError, match="10 classes"):
        to_script(small(outputs=7))


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
def test_downloaded_data_come_from_torchvision(dataset: str) -> None:
    text = to_script(with_settings(small((1, 28, 28)), f"data.dataset={dataset}"))
    compile(text, "script.py", "exec")
    assert "import torchvision\n" in text


def test_a_script_imports_torchvision_beside_a_torch_for_the_cpu_only() -> None:
    """Here, where the two may not belong together, and in a process that knows nothing of this program."""
    text = to_script(with_settings(small((1, 28, 28)), "data.dataset=mnist"))
    head = text.partition("EPOCHS, BATCH_SIZE")[0]
    words = f"{head}\nprint(torchvision.datasets.MNIST.__name__)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "MNIST"), done.stderr
