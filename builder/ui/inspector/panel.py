"""What the panels share: a scrolling column, a row for one problem, a table of figures. Knows no panel."""

from __future__ import annotations

import html
from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from builder.data.settings import DataSettings
from builder.graph.parameters import Parameters
from builder.graph.problems import Problem, Severity
from builder.train.settings import TrainingSettings
from builder.ui import icons
from builder.ui.terms import TERMS
from builder.ui.theme import theme
from builder.ui.widgets.buttons import PushButton
from builder.ui.widgets.labels import label
from builder.ui.words import sentence


class Panel(QScrollArea):
    """A column that scrolls up and down and is always as wide as its room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.content = QWidget()
        self.column = QVBoxLayout(self.content)
        self.column.setContentsMargins(12, 12, 12, 16)
        self.column.setSpacing(12)
        self.setWidget(self.content)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 120)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.content.setMaximumWidth(max(240, self.viewport().width()))


def place_words(problem: Problem) -> str:
    """Where a problem is, for a reader: "conv1, kernel size", or what the form calls a setting: "Data set"."""
    room, _, path = problem.where.partition(".")
    rooms: dict[str, type[Parameters]] = {"data": DataSettings, "training": TrainingSettings}
    settings = rooms.get(room)
    if settings is None or not path:
        return ", ".join(part for part in (problem.where, problem.field.replace("_", " ")) if part)
    first, *inner = path.split(".")
    known = settings.model_fields.get(first)
    words = [known.title if known is not None and known.title else first, *(name.replace("_", " ") for name in inner)]
    return ", ".join(words)


class FixButton(PushButton):
    """As wide as its words where there is room; in a narrower place they are cut, and told whole by the tip."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(80, self.sizeHint().width()), self.sizeHint().height())

    @property
    def shown(self) -> str:
        """What of the words fits."""
        metrics = self.fontMetrics()
        less = max(0, self.sizeHint().width() - self.width())
        room = metrics.horizontalAdvance(self.text()) - less
        return metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room) if less else self.text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setToolTip("" if self.shown == self.text() else self.text())

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self.shown
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


class ProblemCard(QFrame):
    """One problem: badge, place, message, hint and the buttons that mend it.

    Attributes:
        buttons: one for each fix, the most likely first.
        activated: (problem) clicked, or Enter pressed: the user wants to go there.
        fix_asked: (fix) a button was pressed.
    """

    activated = Signal(object)
    fix_asked = Signal(object)

    def __init__(self, problem: Problem, *, place: bool = True, parent: QWidget | None = None) -> None:
        """Build the card; without `place` it does not say where, because it stands there."""
        super().__init__(parent)
        self.problem = problem
        self.setProperty("role", "card")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if place else Qt.FocusPolicy.NoFocus)
        if place and problem.where:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(8)
        self._badge = QLabel()
        self._badge.setFixedSize(QSize(16, 16))
        row.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(3)
        message = html.escape(sentence(problem.message))
        spot = place_words(problem)
        text = label("", wrap=True, select=not place)
        text.setTextFormat(Qt.TextFormat.RichText)
        text.setText(f"<b>{html.escape(spot)}</b>: {html.escape(problem.message)}" if place and spot else message)
        words.addWidget(text)
        if problem.hint:
            words.addWidget(label(problem.hint, "note", wrap=True))
        self.buttons: list[FixButton] = []
        for fix in problem.fixes:
            button = FixButton(fix.title)
            # Clicked, it goes at once, and Qt would hand the focus that it took to whatever comes next in the window.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, fix=fix: self.fix_asked.emit(fix))
            words.addSpacing(2)
            words.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            self.buttons.append(button)
        row.addLayout(words, 1)
        theme().changed.connect(self._recolour)
        self._recolour()

    def _recolour(self) -> None:
        name, role = ("error", "bad") if self.problem.severity is Severity.ERROR else ("warning", "warn")
        self._badge.setPixmap(icons.icon(name, role).pixmap(QSize(16, 16), self.devicePixelRatioF()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.activated.emit(self.problem)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.activated.emit(self.problem)
        else:
            super().keyPressEvent(event)


class ProblemColumn(QWidget):
    """The problems of one thing, one card below the other; takes no room without any.

    Attributes:
        activated, fix_asked: see `ProblemCard`.
    """

    activated = Signal(object)
    fix_asked = Signal(object)

    def __init__(self, *, place: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place = place
        self.cards: list[ProblemCard] = []
        self._shown: tuple[Problem, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.hide()

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Show these; nothing happens when they are shown already."""
        wanted = tuple(problems)
        if wanted == self._shown:
            return
        self._shown = wanted
        for card in self.cards:
            card.hide()
            card.deleteLater()
        self.cards = [ProblemCard(problem, place=self._place) for problem in wanted]
        for card in self.cards:
            card.activated.connect(self.activated)
            card.fix_asked.connect(self.fix_asked)
            self._column.addWidget(card)
        self.setVisible(bool(wanted))


class Figures(QWidget):
    """Names and their values in two columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)
        self._cells: list[tuple[QLabel, QLabel]] = []

    def texts(self) -> dict[str, str]:
        """What is shown: the values by their names."""
        return {name.text(): value.text() for name, value in self._cells if name.text()}

    def show_rows(self, rows: Iterable[tuple[str, str]]) -> None:
        """Show these pairs, reusing the labels that are there."""
        wanted = list(rows)
        while len(self._cells) < len(wanted):
            name, value = label("", "muted"), label("", "figure", select=True)
            value.setWordWrap(True)  # words (a task) may be longer than the room beside the name
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(name, len(self._cells), 0)
            self._grid.addWidget(value, len(self._cells), 1)
            self._cells.append((name, value))
        for index, cells in enumerate(self._cells):
            row = wanted[index] if index < len(wanted) else ("", "")
            for cell, text in zip(cells, row, strict=True):
                cell.setText(text)
                cell.setToolTip(TERMS.get(row[0], ""))
                cell.setVisible(index < len(wanted))
            role = "figure" if cells[1].text()[:1].isdigit() else "value"
            if cells[1].property("role") != role:
                cells[1].setProperty("role", role)
                cells[1].style().polish(cells[1])
