"""What a project says about its data. No torch, so that the window can show the form before torch is there."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from builder.data import catalogue
from builder.data.augmentation import Augmentation
from builder.graph.parameters import Parameters, parameter

WHITENED = 3072  # values of a sample that are whitened at most: a matrix with so many rows takes ten seconds and more
WHITENED_FROM = 10_000  # samples that whitening is measured on at most
# Added to the variance along each direction, as a share of the mean of all: directions in which hardly anything varies
# would otherwise be nothing but noise, made as loud as the rest.
WHITENED_FLOOR = 0.01

Normalise = Literal["standardise", "features", "whiten", "unit", "none"]


class DataSettings(Parameters):
    """Which data set a network is trained on, how it is split and how it is fitted to the input."""

    dataset: str = parameter(
        "digits",
        "Data set",
        "What the network is trained on.",
        choices={key: known.title for key, known in catalogue.data_sets().items()},
    )
    validation: float = parameter(
        0.15, "Validation share", "Share of the training samples kept for validation.", ge=0, le=0.9, slider=(0, 0.5)
    )
    test: float = parameter(
        0.15,
        "Test share",
        "Share of all samples kept for the test, where the data set has no test part of its own.",
        ge=0,
        le=0.9,
        slider=(0, 0.5),
    )
    limit: int = parameter(
        0,
        "Use at most",
        "Train on so many samples only; 0 means all of them.",
        ge=0,
        le=2**31 - 1,
        slider=(0, 60000),
        advanced=True,
    )
    fit: Literal["pad", "resize"] = parameter(
        "pad",
        "Fit to the input",
        "Smaller pictures are enlarged by whole steps and padded, or stretched to the size of the input.",
        choices={"pad": "whole steps, padded", "resize": "stretched"},
    )
    normalise: Normalise = parameter(
        "standardise",
        "Normalise",
        "How values are scaled before the network sees them: all of a channel alike, each pixel by its own mean and "
        "deviation, or whitened (ZCA), so that neighbouring pixels no longer say the same.",
        choices={
            "standardise": "mean 0, variance 1",
            "features": "each pixel by its own",
            "whiten": "whitened (ZCA)",
            "unit": "0 to 1",
            "none": "as they are",
        },
    )
    augmentation: Augmentation = parameter(
        Augmentation(),
        "Augmentation",
        "Random changes of the training samples, other ones in each epoch; validation and test stay as they are.",
    )
    noise: float = parameter(
        0.15,
        "Noise",
        "Spread of the points of 2-D toy data, and of the noise on pictures.",
        ge=0,
        le=1,
        slider=(0, 0.5),
        advanced=True,
    )
    points: int = parameter(
        600, "Points", "Number of points of 2-D toy data.", ge=20, le=100_000, slider=(50, 2000), advanced=True
    )
    label_noise: float = parameter(
        0.0,
        "Wrong labels",
        "Share of the training samples whose label is replaced by one drawn at random: a network can learn those only "
        "by heart.",
        ge=0,
        le=1,
        slider=(0, 1),
        advanced=True,
    )
    folds: int = parameter(
        0,
        "Folds",
        "Cross-validation: training and validation part together are divided into so many folds, each with the same "
        "share of every class. One fold is the validation part, the others are trained on; the validation share does "
        "not count then, and the test part is not looked at. 0 for none.",
        ge=0,
        le=100,
        slider=(0, 10),
        advanced=True,
    )
    fold: int = parameter(
        1, "Fold", "Which of the folds is the validation part.", ge=1, le=100, slider=(1, 10), advanced=True
    )
    rare: float = parameter(
        1.0,
        "Keep of the last class",
        "Share of the training samples of the last class that is kept, at least one; the rest is left out, so that "
        "this class becomes rare. Validation and test stay as they are.",
        ge=0.001,
        le=1,
        slider=(0.005, 1),
        log=True,
        advanced=True,
    )
    seed: int = parameter(
        0,
        "Seed",
        "Chooses the split, the toy points, the wrong labels and what is left out.",
        ge=0,
        le=2**31 - 1,
        advanced=True,
    )

    @property
    def in_folds(self) -> bool:
        """Whether the validation part is a fold of a cross-validation."""
        return self.folds > 1

    @property
    def validates(self) -> bool:
        """Whether there is to be a validation part."""
        return self.in_folds or self.validation > 0

    @field_validator("dataset")
    @classmethod
    def _known(cls, value: str) -> str:
        if catalogue.find(value) is None:
            known = ", ".join(catalogue.data_sets())
            raise ValueError(
                f"there is no data set called {value}; there are {known}, and folder:PATH for pictures of your own"
            )
        return value
