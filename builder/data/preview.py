"""What augmentation makes of a sample, to be looked at: the picture as the network would get it, but not normalised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from builder.data.augmentation import Augmentation, possible
from builder.data.augmenter import Augmenter, principal_colours
from builder.data.catalogue import Array, find
from builder.data.fit import input_problem
from builder.data.pictures import Fitter
from builder.data.settings import DataSettings
from builder.graph.model import Shape


def augmented(
    settings: DataSettings, input_shape: Shape | None, raw: Array, others: Sequence[Array], count: int, roll: int
) -> tuple[Array, Array]:
    """A sample before, and several times after random changes: uint8 (channels, height, width), and (count, ...).

    What does not apply to the data is not done.

    Args:
        input_shape: of the network; None where it is unknown.
        raw: uint8 (channels, height, width), of the data set's shape.
        others: more samples, which tell how colours vary.
        roll: another number gives other changes.
    """
    info = find(settings.dataset)
    fits = info is not None and input_shape is not None and len(input_shape) == 3
    fits = fits and info is not None and input_problem(info, input_shape or ()) is None
    shape = input_shape if fits and input_shape is not None else raw.shape
    fitted = Fitter(raw.shape, shape, settings.fit)(torch.from_numpy(raw.copy())[None])
    can = possible(info, shape) if info is not None else frozenset[str]()
    chosen = Augmentation(**{name: getattr(settings.augmentation, name) for name in can})
    colours = None
    if chosen.pca:
        colours = principal_colours(torch.from_numpy(np.stack([raw, *others])))
    augmenter = Augmenter(chosen, roll, shape, torch.device("cpu"), colours=colours)
    changed, _ = augmenter(fitted.float().expand(count, -1, -1, -1), torch.zeros(count), 0)
    return fitted[0].numpy(), changed.round().clamp(0, 255).to(torch.uint8).numpy()
