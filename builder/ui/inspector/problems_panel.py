"""The list of everything that is wrong: each with its place, a hint and the button that mends it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedLayout, QWidget

from builder.graph.problems import Problem
from builder.ui.document import Document
from builder.ui.inspector.panel import Panel, ProblemColumn
from builder.ui.widgets.empty import Empty

MOST = 100  # rows; beyond them nobody reads


class ProblemsPanel(QWidget):
    """All problems of the project.

    Attributes:
        setting_activated: (path) the user wants to see the setting that a problem names.
        list: the cards.
    """

    setting_activated = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.list = ProblemColumn(place=True)
        self.list.activated.connect(self._go)
        self.list.fix_asked.connect(document.apply_fix)
        self._panel = Panel()
        self._panel.column.addWidget(self.list)
        self._panel.column.addStretch(1)
        self._empty = Empty("good", "No problems", "The network can be trained.", role="good")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._panel)
        self.set_problems(tuple(document.flat.problems()))

    def set_problems(self, problems: Iterable[Problem]) -> None:
        """Show these instead of the ones before."""
        found = tuple(problems)
        self.list.show_problems(found[:MOST])
        self._stack.setCurrentWidget(self._panel if found else self._empty)

    def _go(self, problem: Problem) -> None:
        if problem.where and self._document.go_to(problem.where):
            return
        if problem.where.partition(".")[0] in ("data", "training"):
            self.setting_activated.emit(problem.where)
