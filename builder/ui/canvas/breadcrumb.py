"""The path back out of an opened block, above the canvas: which copy is shown, and how many an edit in there changes.

Shows what the document says; takes no room while the network itself is shown.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSpinBox, QWidget

from builder.graph.steps import block_names, split_step
from builder.ui.document import Document
from builder.ui.theme import theme
from builder.ui.widgets.buttons import PushButton
from builder.ui.widgets.labels import Elided, label

_COPY = "copy "  # before the number
_APART = 10  # pixels between path and note
_LEAST_NOTE = 90


class Breadcrumb(QFrame):
    """One button for each graph on the way, the last one being shown.

    Attributes:
        crumbs: the buttons, from the network inwards.
        steppers: behind a block that is repeated, which copy is looked into; by its place among the opened blocks.
        note: what an edit here does elsewhere.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.crumbs: list[QPushButton] = []
        self.steppers: dict[int, QSpinBox] = {}
        self._outer: list[QWidget] = []  # what stands before the last graph
        self._shown: tuple[tuple[str, int], ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 5, 12, 5)
        self._row.setSpacing(4)
        self._way = QHBoxLayout()
        self._way.setSpacing(2)
        self._dots = label("…", "muted")
        self._dots.setToolTip("The graphs around this one")
        self._way.addWidget(self._dots)
        self._row.addLayout(self._way)
        self._row.addSpacing(_APART)
        self.note = Elided("", "muted")
        self._row.addWidget(self.note, 1)
        self._row.addStretch()
        self._back = PushButton("Back")
        self._back.setToolTip("Back to where the block stands (Esc, Alt+Up)")
        self._back.clicked.connect(document.close_block)
        self._row.addWidget(self._back)
        self.setAccessibleName("Path of opened blocks")
        self.setFixedHeight(38)
        document.page_changed.connect(self._renew)
        document.changed.connect(self._renew)
        theme().changed.connect(self._restyle)
        self._restyle()
        self._renew()

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 38)

    def _renew(self, *_news: object) -> None:
        opened, definition = self._document.opened, self._document.definition
        self.setVisible(bool(opened))
        if definition is None:
            return
        count = self._document.copies_of(definition.name)
        self.note.setText(changes(definition.name, count))
        copies = tuple(self._document.known.expansion.copies(opened[: depth + 1]) for depth in range(len(opened)))
        shown = ((self._document.value.name, 1), *zip(block_names(opened), copies, strict=True))
        if shown != self._shown:
            self._shown = shown
            self._rebuild(shown)
            self._make_room()
        for depth, stepper in self.steppers.items():
            number = split_step(opened[depth])[1] + 1
            if number != stepper.value():  # set again, it is painted again
                with QSignalBlocker(stepper):
                    stepper.setValue(number)

    def _rebuild(self, shown: tuple[tuple[str, int], ...]) -> None:
        while (item := self._way.takeAt(1)) is not None:  # all but the dots
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.crumbs, self.steppers, self._outer = [], {}, []
        last = len(shown) - 1
        for depth, (title, copies) in enumerate(shown):
            crumb = PushButton(title)
            crumb.setProperty("role", "crumb")
            crumb.setFlat(True)
            crumb.setCursor(Qt.CursorShape.PointingHandCursor)
            crumb.setEnabled(depth < last)
            crumb.clicked.connect(partial(self._go, depth))
            parts: list[QWidget] = [*([self._arrow()] if depth else []), crumb]
            self.crumbs.append(crumb)
            if copies > 1 and depth:
                self.steppers[depth - 1] = stepper = self._stepper(depth - 1, title, copies)
                parts.append(stepper)
            for part in parts:
                self._way.addWidget(part)
            if depth < last:
                self._outer += parts
        self._restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Cut no word: where the path is too long, the word "copy" goes, then the outer graphs, then the note."""
        margins = self._row.contentsMargins()
        room = self.width() - margins.left() - margins.right() - self._back.sizeHint().width() - 2 * _APART
        for words, outer in ((True, True), (False, True), (False, False)):
            for stepper in self.steppers.values():
                stepper.setPrefix(_COPY if words else "")
            for widget in self._outer:
                widget.setVisible(outer)
            self._dots.setVisible(not outer)
            wide = self._way.sizeHint().width()
            if wide <= room:
                break
        self.note.setVisible(room - wide >= _LEAST_NOTE)

    def _go(self, depth: int) -> None:
        self._document.show_page(self._document.opened[:depth])

    def _stepper(self, depth: int, name: str, copies: int) -> QSpinBox:
        """Which copy of a repeated block one looks into."""
        made = _Stepper()
        made.setRange(1, copies)
        made.setPrefix(_COPY)
        made.setSuffix(f" of {copies:,}")
        made.lineEdit().setTextMargins(4, 0, 0, 0)
        made.setKeyboardTracking(False)
        made.setFixedHeight(24)
        made.setAccessibleName(f"Copy of {name} that is shown")
        made.setToolTip(
            f"{name} stands {copies:,} times in a row. The layers are the same in each copy, but each has weights, "
            "values and health of its own: choose the one to look into (Alt+Left, Alt+Right). "
            "In code and tables they count from 0."
        )
        made.valueChanged.connect(lambda number: self._document.show_copy(depth, number - 1))
        return made

    @staticmethod
    def _arrow() -> QLabel:
        return label("›", "muted")

    def _restyle(self) -> None:
        ground, line = theme().color("panel").name(), theme().color("line").name()
        text, muted, accent = (theme().color(name).name() for name in ("text", "muted", "accent"))
        self.setStyleSheet(
            f"Breadcrumb {{ background: {ground}; border: none; border-bottom: 1px solid {line}; }}"
            f"QPushButton[role=crumb] {{ background: transparent; border: none; padding: 3px 6px; color: {accent}; }}"
            f"QPushButton[role=crumb]:disabled {{ color: {text}; font-weight: 600; }}"
            f"QPushButton[role=crumb]:hover:enabled {{ text-decoration: underline; color: {accent}; }}"
            f"QLabel {{ color: {muted}; }}"
        )


def changes(definition: str, count: int) -> str:
    """How far an edit of a definition reaches, in words; what matters stands first, where little room is left."""
    if count == 0:
        return f"{definition} is used nowhere in the network now."
    if count == 1:
        return f"{definition} is used once in the network."
    return f"All {count:,} copies of {definition} change with what you change here."


class _Stepper(QSpinBox):
    """A number that is no part of the document: undo, unless of something half typed, means the document's."""

    def event(self, event: QEvent) -> bool:
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self.text() == f"{self.prefix()}{self.textFromValue(self.value())}{self.suffix()}"
            and (event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo))
        ):
            event.ignore()
            return True
        return super().event(event)
