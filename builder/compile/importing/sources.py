"""Where models come from: torchvision, a Python file, an archive of `torch.export`.

`torchvision:resnet50`, `path/to/model.py:ClassName`, `model.pt2`. A Python file is run: whoever calls `load` with one
has been asked.
"""

from __future__ import annotations

import difflib
import warnings
from pathlib import Path

import torch
from torch import nn

from builder.compile import own_code
from builder.compile.importing.archive import from_archive
from builder.compile.importing.convert import ImportResult, convert
from builder.compile.importing.drawing import Origin
from builder.compile.importing.refusal import Refusal
from builder.compile.importing.trace import BATCH, follow, trace
from builder.graph.model import Shape
from builder.graph.problems import Problem, ProblemError
from builder.vision import import_torchvision

TORCHVISION = "torchvision:"
SIZES = (224, 32, 28, 299, 64, 96, 384)  # of a picture, tried in turn where nothing tells what a model was made for
GREY_SIZES = (28, 32, 224, 299, 64, 96, 384)  # a model of one channel that takes any size reads digits, as a rule


def runs_code(source: str) -> bool:
    """Whether importing this runs a file of the user's: then ask first."""
    return not source.startswith(TORCHVISION) and Path(source.rpartition(":")[0]).suffix == ".py"


def load(source: str, shape: Shape | None = None, *, pretrained: bool = False) -> ImportResult:
    """The network that a source names, with its weights.

    Args:
        shape: of one input; None for what the source says or, in a Python file, for what works.
        pretrained: take torchvision's trained weights; they must be on this machine already.

    Raises:
        ProblemError: there is no such model, it cannot be built, or not be drawn as a graph.
    """
    if source.startswith(TORCHVISION):
        model, usual = _torchvision(source.removeprefix(TORCHVISION), pretrained)
        return import_model(model, shape or usual)
    if runs_code(source):
        model, origin = _from_file(source)
        return import_model(model, shape, origin) if shape else _any_size(model, origin)
    if Path(source).suffix == ".pt2":
        return from_archive(Path(source))
    if Path(source).suffix == ".py":
        message = f"name a class of the file as well: {source}:ClassName."
        raise ProblemError(Problem("bad-source", message))
    message = f"{source or 'nothing'} is no source: write torchvision:NAME, path/to/model.py:ClassName or model.pt2."
    raise ProblemError(Problem("bad-source", message))


def import_model(model: nn.Module, shape: Shape, origin: Origin | None = None) -> ImportResult:
    """The network that does what a model does at inference, for inputs of this shape.

    Args:
        origin: the Python file that the model comes from. With one, a part of the model that cannot be followed or
            drawn becomes one node that runs that part of the file.

    Raises:
        ProblemError: it cannot be drawn; the problem names the place.
    """
    whole: frozenset[str] = frozenset()
    first: Refusal | None = None
    while True:
        try:
            graph = follow(model, shape, whole) if origin else trace(model, shape, whole)
            return convert(model, graph, BATCH, {path: origin for path in whole if origin})
        except Refusal as refusal:
            first, path = first or refusal, refusal.path
            while path in whole:  # it can neither be followed nor stand alone: then what is around it
                path = path.rpartition(".")[0]
            if origin is None or not path:
                raise first from None
            whole |= {path}


def _any_size(model: nn.Module, origin: Origin | None) -> ImportResult:
    """The same for the first input size that the model takes."""
    first = next((m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))), None)
    if isinstance(first, nn.Linear):
        shapes: list[Shape] = [(first.in_features,), (1, 28, 28), (3, 32, 32)]
    else:
        channels = first.in_channels if first else 3
        shapes = [(channels, size, size) for size in (GREY_SIZES if channels == 1 else SIZES)]
    problem: ProblemError | None = None
    for shape in shapes:
        try:
            return import_model(model, shape, origin)
        except ProblemError as error:
            problem = problem or error
    assert problem is not None
    raise problem


# torchvision ---------------------------------------------------------------------------------------------------------


def torchvision_names() -> tuple[str, ...]:
    """The classification models that the installed torchvision lists."""
    models = import_torchvision("torchvision.models")
    return tuple(models.list_models(module=models))


def trained_here() -> frozenset[str]:
    """The models of torchvision whose trained weights are on this machine."""
    models = import_torchvision("torchvision.models")
    every = {name: models.get_model_weights(name).DEFAULT.url for name in torchvision_names()}
    return frozenset(name for name, url in every.items() if _downloaded(url).is_file())


def _torchvision(name: str, pretrained: bool) -> tuple[nn.Module, Shape]:
    """A model of torchvision, and the size of picture that it was made for."""
    models = import_torchvision("torchvision.models")
    names = torchvision_names()
    if name not in names:
        close = difflib.get_close_matches(name, names, 3)
        hint = f"Perhaps {' or '.join(close)}?" if close else "For example resnet50, vgg16 or vit_b_16."
        message = f"torchvision has no classification model {name}." if name else "name a model of torchvision."
        raise ProblemError(Problem("no-such-model", message, hint=hint))
    trained = models.get_model_weights(name).DEFAULT
    size = trained.transforms.keywords["crop_size"]
    with warnings.catch_warnings(action="ignore"):  # of changes to come in torchvision
        model = models.get_model(name, weights=None)
    if pretrained:
        model.load_state_dict(_trained(trained.url))
    return model, (3, size, size)


def _downloaded(url: str) -> Path:
    """Where torchvision puts the weights at an address."""
    return Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]


def _trained(url: str) -> dict[str, torch.Tensor]:
    """Weights that torchvision has downloaded before."""
    path = _downloaded(url)
    if not path.is_file():
        message = f"the trained weights are not on this machine: there is no {path}."
        raise ProblemError(Problem("no-weights", message, hint=f"Put the file there; it is at {url}."))
    try:
        state: dict[str, torch.Tensor] = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # a damaged file fails in many ways
        raise ProblemError(Problem("bad-weights", "this file of weights is damaged.", where=str(path))) from error
    return state


# A Python file -------------------------------------------------------------------------------------------------------


def _from_file(source: str) -> tuple[nn.Module, Origin | None]:
    """Run the file and build the class. Raises `ProblemError` that names file and line."""
    text, _, name = source.rpartition(":")
    path = Path(text)
    if not path.is_file():
        raise ProblemError(Problem("no-such-file", "there is no such file.", where=text))
    digest = own_code.allow(path)  # whoever imports it has agreed
    model: nn.Module = own_code.model_of(text, digest, name)
    return model, Origin(path.name, digest, name) if own_code.is_defined(digest, name) else None
