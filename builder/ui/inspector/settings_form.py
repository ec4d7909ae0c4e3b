"""A form for one part of the project's settings, joined to the document. Knows which part, not what it means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from builder.graph.parameters import Parameters
from builder.graph.problems import Problem, ProblemError
from builder.project.edits import set_setting
from builder.ui.document import Document
from builder.ui.inspector.form import Form
from builder.ui.words import sentence


class SettingsForm(QWidget):
    """The form of `document.value.<room>`; commits what the user wants.

    Attributes:
        form: the form itself.
    """

    def __init__(self, document: Document, room: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._room = document, room
        self._problems: tuple[Problem, ...] = ()
        self.form = Form(type(self.settings))
        self.form.edited.connect(self._edit)
        self.form.gesture_ended.connect(document.end_gesture)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form)
        document.changed.connect(self.renew)
        document.path_changed.connect(self._reopened)
        self.renew()

    @property
    def settings(self) -> Parameters:
        """What the document says."""
        settings: Parameters = getattr(self._document.value, self._room)
        return settings

    def renew(self, *_news: object) -> None:
        """Show what the document says."""
        self.form.show_values(self.settings, self._problems)

    def show_problems(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Show this room's problems beside their fields; returns those that need more room: a hint, a fix, no field."""
        paths = set(self.form.paths())
        beside, rest = [], []
        for problem in problems:
            room, _, path = problem.where.partition(".")
            if room != self._room:
                continue
            name = path or problem.field
            if name in paths and problem.fix is None and not problem.hint:
                beside.append(replace(problem, field=name))
            else:
                rest.append(problem)
        self._problems = tuple(beside)
        self.renew()
        return tuple(rest)

    def _reopened(self, *_news: object) -> None:
        self.form.reset()

    def _edit(self, path: str, value: Any, gesture: bool) -> None:
        where = f"{self._room}.{path}"
        title = f"Change {self.form.row(path).label.text().lower()}"
        try:
            project = set_setting(self._document.value, where, value)
        except ProblemError as error:
            self.form.row(path).refuse(sentence(error.problems[0].message))
            return
        self._document.commit(title, project, where if gesture else "")
