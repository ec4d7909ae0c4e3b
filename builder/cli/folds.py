"""`train --folds K`: a cross-validation, one run a fold, and what they give together."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

import typer

from builder.cli.output import STOPPED, complain, print_json
from builder.cli.progress import Lines, Table, number, percent
from builder.cli.running import as_typed, carry_out, goes_on, say_how_to_go_on
from builder.graph.problems import Problem, ProblemError, Severity
from builder.project.check import check
from builder.project.cross_validation import on_all, project_of_fold
from builder.project.difference import switched_settings
from builder.project.document import Project
from builder.project.job import make_job
from builder.train.folds import Fold, Spread, best_epochs, fold_of, spread
from builder.train.messages import MANY, EpochEnded, Event, Finished, Prepared, Reason

FIGURES = {"loss": "validation_loss", "accuracy": "validation_accuracy", "top5": "validation_top5"}


def cross_validate(project: Project, folds: int, run: Path | None, again: Sequence[str], *, json: bool) -> None:
    """Train once for each fold, in folders of their own below `run`, and print mean and standard deviation.

    Args:
        again: the command that this is, as it goes on when it was stopped.
    """
    jobs = [make_job(project_of_fold(project, folds, fold)) for fold in range(1, folds + 1)]
    complain(problem for problem in check(project) if problem.severity is Severity.WARNING)

    from builder.train.folders import new_run_folder
    from builder.train.reading import load_run

    whole = run if run is not None else new_run_folder(project.name)
    _check(whole)
    found: list[Fold] = []
    for fold, job in enumerate(jobs, 1):
        folder = whole / f"fold {fold}"
        reporter = _FoldLines(project, folder, fold, folds) if json else _FoldRow(project, folder, fold, folds)
        result = carry_out(job, folder, reporter)
        if result.reason is Reason.STOPPED:
            say_how_to_go_on([*again, *["--json"] * json], whole, result.finished, f" in fold {fold} of {folds}")
            raise typer.Exit(STOPPED)
        ended = fold_of(fold, load_run(folder).epochs, result.finished)  # a run that went on has earlier epochs there
        if ended is None:
            message = f"fold {fold} holds no samples: there are fewer than {folds}."
            raise ProblemError(Problem("no-samples", message, where="data.folds", hint="Choose fewer folds."))
        found.append(ended)
        if not json:
            _print_fold(ended)
    together = {name: spread([getattr(fold, name) for fold in found]) for name in FIGURES}
    if json:
        figures = {FIGURES[name]: {"mean": each.mean, "std": each.deviation} for name, each in together.items() if each}
        print_json({"event": "folds", "folds": folds, **figures, "each": list(map(_plain, found)), "run": str(whole)})
        return
    _print_together(together)
    print(f"runs: {whole}")
    epochs = best_epochs(found) if project.training.patience else None
    print(f"To train on all of it: {_on_all(again, project, epochs)}")


def _check(whole: Path) -> None:
    """Raise `ProblemError` when the folder holds something else than folds."""
    if whole.is_dir() and any(not path.name.startswith("fold ") for path in whole.iterdir()):
        message = "this folder holds something else than the folds of a cross-validation."
        raise ProblemError(Problem("not-a-run", message, where=str(whole), hint="Name an empty or a new one."))
    if not whole.is_dir():
        goes_on(whole)


def _plain(fold: Fold) -> dict[str, Any]:
    figures = {FIGURES[name]: value for name in FIGURES if (value := getattr(fold, name)) is not None}
    return {"fold": fold.number, "epoch": fold.epoch, **figures, "run": fold.run}


def _print_fold(fold: Fold) -> None:
    cells = f"{fold.number:4}  {fold.epoch:5}  {number(fold.loss):>11}  {percent(fold.accuracy):>11}"
    print(f"{cells}  {percent(fold.top5):>12}".rstrip(), flush=True)


def _print_together(together: dict[str, Spread | None]) -> None:
    loss, accuracy, top5 = together["loss"], together["accuracy"], together["top5"]
    words = [f"loss {loss.mean:.4f} ± {loss.deviation:.4f}"] if loss else []
    for name, share in (("accuracy", accuracy), ("top-5 accuracy", top5)):
        words += [f"{name} {share.mean:.2%} ± {share.deviation:.2%}"] if share else []
    print(f"validation, mean ± standard deviation: {', '.join(words)}" if words else "no figures in all folds")


def _on_all(again: Sequence[str], project: Project, epochs: int | None) -> str:
    """The command that trains on training and validation part together."""
    chosen = on_all(project, epochs)
    gone = ("--folds", "--epochs") if epochs else ("--folds",)
    words = [word for word, before in zip(again, ("", *again), strict=False) if word not in gone and before not in gone]
    for path in sorted(switched_settings(project, chosen) or ()):
        words += ["--set", f"{path}={attrgetter(path)(chosen)}"]
    return as_typed(words)


class _FoldLines(Lines):
    """The lines of a run, each with the number of its fold."""

    def __init__(self, project: Project, folder: Path, fold: int, folds: int) -> None:
        super().__init__(project, folder)
        self.more = {"fold": fold, "folds": folds}


class _FoldRow(Table):
    """The bar, and nothing of the epochs."""

    HEADER = "fold  epoch  valid. loss  valid. acc."
    TOP5 = "  valid. top-5"

    def __init__(self, project: Project, folder: Path, fold: int, folds: int) -> None:
        super().__init__(project, folder)
        self._fold, self._folds = fold, folds
        self.before = f"fold {fold} of {folds} · "

    def event(self, event: Event) -> None:
        match event:
            case Prepared() if self._fold == 1:
                self.begin(event)
                samples = f"{event.train_samples + event.validation_samples:,} samples in {self._folds} folds"
                print(f"{self._project.name}: {event.parameters:,} parameters, {samples}, on {event.device}")
                print(self.HEADER + self.TOP5 * (len(event.classes) >= MANY), flush=True)
            case Prepared() | EpochEnded():
                pass
            case Finished():
                self.clear()
            case _:
                super().event(event)
