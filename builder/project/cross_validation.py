"""The trainings of a cross-validation as projects, and the one on training and validation part together. Pure."""

from __future__ import annotations

from builder.project.document import Project
from builder.project.edits import set_settings

FEWEST, MOST, USUAL = 2, 20, 5  # folds


def project_of_fold(project: Project, folds: int, fold: int) -> Project:
    """The same training, but validated on one of so many folds, and trained on the others; `fold` from 1."""
    return set_settings(project, [f"data.folds={folds}", f"data.fold={fold}"])


def on_all(project: Project, epochs: int | None = None) -> Project:
    """The same training on training and validation part together, once all choices are made.

    Nothing is validated, so nothing can stop it early.

    Args:
        epochs: that were found to be best; None for as many as the settings say.
    """
    changes = ["data.folds=0", "data.fold=1", "data.validation=0", "training.patience=0"]
    return set_settings(project, [*changes, *([f"training.epochs={epochs}"] if epochs else [])])
