"""Puts the curves of runs that were made before behind those that are seen. Knows run folders and plots; no trainer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from builder.graph.problems import ProblemError
from builder.project.runs import project_of
from builder.train.reading import load_run
from builder.ui.views.base import View
from builder.ui.views.curves import LONGEST, CurveView, measure_of
from builder.ui.views.kept import Kept


def compare(folders: Iterable[Path], kept: Kept, views: Mapping[str, View], say: Callable[[str], object]) -> None:
    """Keep the curves of the runs in these folders by the names of their projects; `say` tells what came of it."""
    curves = [shown for shown in views.values() if isinstance(shown, CurveView)]
    seen = next((shown.seen_measure for shown in curves if shown.seen_measure), "")
    names, others = [], []
    for folder in folders:
        try:
            run, project = load_run(folder), project_of(folder)
        except ProblemError as error:
            others.append(str(error).rstrip("."))
            continue
        name = project.name[: LONGEST - 3].strip()
        measure = measure_of(project.data.dataset, project.training.loss)
        if seen not in ("", measure):
            others.append(f"{name} learned from other data or by another loss, so its curves do not compare")
            continue
        names.append(kept.add(name, measure, {shown.key: shown.curves_of(run) for shown in curves}, str(folder)))
        seen = measure
    words = [f"Kept to compare: {', '.join(names)}"] if names else []
    say(". ".join([*words, *others]) + ".")
