"""A project with other data: the data set, and the number of outputs and the loss that go with it. No torch, no Qt."""

from __future__ import annotations

from builder.graph.problems import Edit, SetSetting
from builder.project.check import check
from builder.project.document import Project
from builder.project.edits import apply_fix, set_setting

_MENDED = ("output-misfit", "loss-misfit")  # what another data set brings with it, and its fix settles


def learn_from(project: Project, dataset: str) -> Project:
    """The project, to be trained on this data set.

    What does not fit then and is mended by a fix that the check offers (ten outputs instead of a thousand) is mended.
    Raises `ProblemError` when there is no such data set.
    """
    project = set_setting(project, "data.dataset", dataset)
    for _ in _MENDED:
        fixes = (fix for problem in check(project) if problem.code in _MENDED for fix in problem.fixes[:1])
        fix = next((fix for fix in fixes if not any(_other_data(edit) for edit in fix.edits)), None)
        if fix is None:
            break
        project = apply_fix(project, fix)
    return project


def _other_data(edit: Edit) -> bool:
    return isinstance(edit, SetSetting) and edit.path == "data.dataset"
