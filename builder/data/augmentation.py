"""How training samples may be changed at random, as settings; and which of that applies to which data. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.data.catalogue import DataSet
from builder.graph.model import Shape
from builder.graph.parameters import Parameters, parameter
from builder.graph.problems import Fix, Problem, SetSetting

if TYPE_CHECKING:
    from builder.data.settings import DataSettings


class Augmentation(Parameters):
    """Random changes of the training samples, other ones in each epoch. Validation and test stay as they are."""

    flip_horizontal: bool = parameter(
        False, "Flip left–right", "Half of the pictures, drawn at random, are mirrored left to right."
    )
    flip_vertical: bool = parameter(
        False, "Flip upside down", "Half of the pictures, drawn at random, are turned upside down as in a mirror."
    )
    shift: float = parameter(
        0.0,
        "Shift",
        "Pictures are moved in any direction by up to this share of their size: 0.1 is a tenth.",
        ge=0,
        le=0.5,
        slider=(0, 0.5),
    )
    rotation: float = parameter(
        0.0,
        "Rotation",
        "Pictures are turned by up to so many degrees, one way or the other.",
        unit="°",
        ge=0,
        le=180,
        slider=(0, 180),
    )
    scale: float = parameter(
        0.0,
        "Scale",
        "Pictures are shrunk or enlarged by up to this share: 0.2 means 0.8 to 1.2 times.",
        ge=0,
        le=0.9,
        slider=(0, 0.5),
    )
    noise: float = parameter(
        0.0,
        "Added noise",
        "Standard deviation of the Gaussian noise on each value, as a share of the full range (black to white).",
        ge=0,
        le=1,
        slider=(0, 0.5),
    )
    crop: int = parameter(
        0,
        "Crop",
        "Pictures get a margin of so many pixels, and out of that a part of the old size is cut at a random place.",
        unit="px",
        ge=0,
        le=100_000,
        slider=(0, 16),
        advanced=True,
    )
    brightness: float = parameter(
        0.0,
        "Brightness",
        "Pictures are made darker or brighter by up to this share: 0.2 means 0.8 to 1.2 times.",
        ge=0,
        le=1,
        slider=(0, 1),
        advanced=True,
    )
    contrast: float = parameter(
        0.0,
        "Contrast",
        "Differences from a picture's mean are made smaller or larger by up to this share.",
        ge=0,
        le=1,
        slider=(0, 1),
        advanced=True,
    )
    saturation: float = parameter(
        0.0,
        "Saturation",
        "Colours are made paler or stronger by up to this share; of colour pictures only.",
        ge=0,
        le=1,
        slider=(0, 1),
        advanced=True,
    )
    pca: float = parameter(
        0.0,
        "Colour jitter",
        "All of a picture is tinted along the main directions in which the colours of the data vary, as for AlexNet: "
        "standard deviation of the step, as a share of that variation; of colour pictures only.",
        ge=0,
        le=10,
        slider=(0, 1),
        advanced=True,
    )

    @property
    def on(self) -> bool:
        """Whether anything is changed at all."""
        return bool(self.changes)

    @property
    def changes(self) -> tuple[str, ...]:
        """The names of what is not off."""
        return tuple(name for name in type(self).model_fields if getattr(self, name))


GEOMETRY = frozenset({"flip_horizontal", "flip_vertical", "shift", "rotation", "scale", "crop"})
"""What moves pixels: where the answer is a picture, it moves with the question."""

COLOURS = 1 << 25  # pixels that tell at most in which directions colours vary: those of every so manieth sample

_COLOUR = frozenset({"saturation", "pca"})
_NUMBERS = frozenset({"noise"})


def possible(info: DataSet, input_shape: Shape | None = None) -> frozenset[str]:
    """The changes that make sense for samples of a data set.

    Args:
        input_shape: of the network, where it is known: a grey input leaves no colour.
    """
    if not info.pictures:
        return _NUMBERS
    colour = info.shape[0] == 3 and (input_shape is None or len(input_shape) != 3 or input_shape[0] == 3)
    every = frozenset(Augmentation.model_fields)
    return every if colour else every - _COLOUR


def augmentation_problems(
    settings: DataSettings, info: DataSet, input_shape: Shape | None = None
) -> tuple[Problem, ...]:
    """What is asked of the training samples that cannot be done to them."""
    chosen = settings.augmentation
    found = []
    fields, can = Augmentation.model_fields, possible(info, input_shape)
    vain = [name for name in chosen.changes if name not in can]
    if vain:
        if not info.pictures:
            message = f"{info.title} are no pictures: {_list(vain)} can do nothing to them."
        elif info.shape[0] == 3:
            message = f"the input of the network is grey: {_list(vain)} can do nothing there."
        else:
            message = f"{info.title} has grey pictures: {_list(vain)} can do nothing to them."
        edits = tuple(SetSetting(f"data.augmentation.{name}", fields[name].default) for name in vain)
        fix = Fix("Switch it off" if len(vain) == 1 else "Switch them off", edits)
        found.append(Problem("augmentation-misfit", message, where=f"data.augmentation.{vain[0]}", fix=fix))
    shape = input_shape if input_shape is not None and len(input_shape) == 3 else info.shape
    if info.pictures and chosen.crop >= min(shape[1:]):
        message = f"a crop of {chosen.crop:,} pixels can miss a picture of {shape[1]}×{shape[2]} as a whole."
        wanted = min(4, max(0, min(shape[1:]) - 1))
        fix = Fix(f"Crop by {wanted}", (SetSetting("data.augmentation.crop", wanted),))
        found.append(Problem("augmentation-misfit", message, where="data.augmentation.crop", fix=fix))
    if settings.label_noise and not info.classes:
        message = f"{info.title} has no labels that could be replaced."
        fix = Fix("Replace none", (SetSetting("data.label_noise", 0.0),))
        found.append(Problem("label-noise-misfit", message, where="data.label_noise", fix=fix))
    return tuple(found)


def _list(names: list[str]) -> str:
    words = [str(Augmentation.model_fields[name].title).lower() for name in names]
    return " and ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} and {words[-1]}"
