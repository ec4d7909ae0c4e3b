"""A project as one Python script: model, data and training, without this program. Knows no torch.

It makes the same run: initial weights, split, order of batches and figures, and `torchrun` starts it on many processes.
Its pieces say in few lines what `data` and `train` do; tests compare the two.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from builder.compile.network import infer_network
from builder.compile.plan import Plan, make_plan
from builder.compile.source import write
from builder.data.augmentation import GEOMETRY
from builder.data.catalogue import DataSet
from builder.data.cifar import CifarPictures
from builder.data.idx import IdxPictures
from builder.data.samples import data_set
from builder.data.settings import DataSettings
from builder.project.document import Project
from builder.project.job import make_job
from builder.project.script import augment, data, schedule, training
from builder.train.settings import Plateau, TrainingSettings
from builder.vision import STATEMENT


def to_script(project: Project) -> str:
    """The script. The same project always gives the same text.

    Raises:
        ProblemError: the project cannot be trained as it stands, or its data cannot be had outside this program.
    """
    weights = make_job(project).weights  # whatever keeps it from training keeps the script from it
    known = infer_network(project.network)
    plan = _to_scores(make_plan(known.flat), project.training.loss)
    info = data_set(project.data)
    _, _, classes = write(plan, "Net", known.expansion).text.partition("from torch import nn\n")
    _, vision, rest = classes.partition(STATEMENT)
    parts = [
        _HEAD.format(
            title=" ".join(project.name.replace("\\", "/").replace('"', "'").split()) or "A network",
            imports=_imports(info, project, bool(vision), weights is not None),
        ),
        _settings(project, info, plan, weights),
        (rest if vision else classes).strip("\n") + "\n\n\n",
        data.samples(info),
        data.divide(info, project.data),
        data.fit(info.shape, plan.input_shape, project.data.fit),
        data.MISLABEL.format(classes=len(info.classes)) if project.data.label_noise else "",
        data.measure(info, plan.input_shape, project.data.normalise),
        augment.augment(project.data.augmentation, info, plan.input_shape),
        training.objective(info, project.training, plan.shape(plan.outputs[0][1])),
        training.weighing(info) if project.training.weighs_classes else "",
        training.BEGIN if weights is not None else "",
        schedule.schedule(project.training),
        training.regularisation(project.training),
        training.loop(info, project.training, plan, project.data, stored=weights is not None),
    ]
    return "".join(parts)


def _to_scores(plan: Plan, loss: str) -> Plan:
    """The plan without last softmaxes and sigmoids that the loss contains."""
    outputs = tuple((name, plan.before_loss(loss, number)) for number, (name, _) in enumerate(plan.outputs))
    needed = plan.needed_for(*(source for _, source in outputs))
    return replace(plan, steps=tuple(step for step in plan.steps if step.name in needed), outputs=outputs)


_MAKERS = {
    "digits": "load_digits",
    "noisy-digits": "load_digits",
    "moons": "make_moons",
    "circles": "make_circles",
    "blobs": "make_blobs",
}
_HEAD = '''"""{title}: the model, its data and its training. Written by TorchCanvas.

    python SCRIPT.py                           one process
    torchrun --nproc-per-node 4 SCRIPT.py      four, each with a share of every batch (also on several hosts)
"""

{imports}

'''


def _imports(info: DataSet, project: Project, vision: bool, stored: bool) -> str:
    measured = info.pictures and project.data.normalise == "standardise"
    measured = measured or any(name in GEOMETRY for name in project.data.augmentation.changes)
    lines = [
        "import gc",
        *["import math"] * (measured or schedule.needs_math(project.training)),
        "import os",
        *["import tarfile"] * isinstance(info, CifarPictures),
        "",
        "import numpy as np",
        "import torch",
        "import torch.distributed as dist",
    ]
    lines += ["from PIL import Image, ImageOps"] * info.key.startswith("folder:")
    lines += ["from safetensors.torch import load_file"] * stored
    if info.key in _MAKERS:
        lines.append(f"from sklearn.datasets import {_MAKERS[info.key]}")
    lines += ["from torch import nn", "from torch.nn import functional"]
    lines += ["from torch.nn.parallel import DistributedDataParallel"]
    text = "\n".join(lines) + "\n"
    return f"{text}\n{STATEMENT}" if vision or isinstance(info, IdxPictures | CifarPictures) else text


def _settings(project: Project, info: DataSet, plan: Plan, weights: Path | None) -> str:
    learned, samples = project.training, project.data
    rows = [
        (f"EPOCHS, BATCH_SIZE = {learned.epochs}, {learned.batch_size}", ""),
        (f"SEED = {learned.seed}", "of the initial weights and of the order of samples"),
        *_shares(samples),
        (f"LIMIT = {samples.limit}", "train on so many samples; 0: all of them"),
        (f"DATA_SEED = {samples.seed}", "of the split"),
    ]
    if "points" in info.options:
        rows.append((f"POINTS, NOISE = {samples.points}, {samples.noise}", ""))
    elif "noise" in info.options:
        rows.append((f"NOISE = {samples.noise}", "spread of the noise on the pictures"))
    if samples.label_noise:
        rows.append((f"LABEL_NOISE = {samples.label_noise}", "share of the training labels that are drawn anew"))
    if samples.rare < 1 and info.classes:
        rows.append((f"RARE = {samples.rare}", "share of the training samples of the last class that is kept"))
    rows += augment.constants(samples.augmentation)
    if weights is not None:
        rows.append((f"WEIGHTS = {weights.name!r}", "to begin with; beside this file, or else in the folder"))
        rows.append((f"WEIGHTS_FOLDER = {str(weights.parent)!r}", ""))
    rows += _training_settings(project.training)
    if plan.weights[1:]:
        words = "how much the loss of each auxiliary output counts"
        rows.append((f"AUXILIARY = [{', '.join(map(repr, plan.weights[1:]))}]", words))
    return "".join(f"{code}  # {words}\n" if words else f"{code}\n" for code, words in rows) + "\n\n"


def _shares(samples: DataSettings) -> list[tuple[str, str]]:
    if not samples.in_folds:
        words = "shares of the samples that are kept back"
        return [(f"TEST, VALIDATION = {samples.test}, {samples.validation}", words)]
    words = "the rest is in so many folds; this one is for validation, and the test part is not looked at"
    return [(f"TEST = {samples.test}", "share of the samples that is kept back"),
            (f"FOLDS, FOLD = {samples.folds}, {samples.fold}", words)]  # fmt: skip


def _training_settings(learned: TrainingSettings) -> list[tuple[str, str]]:
    """What many scripts do without."""
    rows: list[tuple[str, str]] = []
    if learned.l1:
        rows.append((f"L1 = {learned.l1!r}", "how much the sum of all weights' sizes counts"))
    if learned.max_norm:
        rows.append((f"MAX_NORM = {learned.max_norm!r}", "length that the weights into a unit may have"))
    if learned.regularise_after:
        rows.append((f"REGULARISE_AFTER = {learned.regularise_after}", "epochs"))
    if isinstance(learned.schedule, Plateau):
        words = "epochs without a better validation loss until the learning rate falls"
        rows.append((f"PLATEAU = {learned.schedule.patience}", words))
    if learned.patience:
        rows.append((f"PATIENCE = {learned.patience}", "epochs without a better validation loss until training stops"))
    return rows
