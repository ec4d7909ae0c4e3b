"""The network as Python source, following each edit; the selected layer's lines stand out.

The text is made behind the edit and only while it is seen. While something is wrong, the last good text stays, greyed.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import (
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QTextEdit, QToolButton, QVBoxLayout, QWidget

from builder.compile.infer import Inference
from builder.compile.plan import make_plan
from builder.compile.source import Source, write
from builder.graph.problems import ProblemError
from builder.ui import icons
from builder.ui.document import Document
from builder.ui.inspector.highlight import PythonHighlighter
from builder.ui.inspector.panel import ProblemColumn
from builder.ui.theme import font, theme
from builder.ui.widgets.labels import label

_FEW = 20  # lines that are mended one by one
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class CodeView(QPlainTextEdit):
    """Python text that cannot be changed, with line numbers.

    Attributes:
        stale: whether the text is an old one, and drawn faintly.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "code")
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setUndoRedoEnabled(False)
        self.setFont(font(11, mono=True))
        self.setAccessibleName("Python source")
        self.stale = False
        self._lines = [""]
        self._mending = False
        self.marked: tuple[int, ...] = ()
        self._highlighter = PythonHighlighter(self.document())
        self._numbers = _Numbers(self)
        self.blockCountChanged.connect(lambda _count: self._make_room())
        self.updateRequest.connect(self._scrolled)
        theme().changed.connect(self._recolour)
        self._make_room()

    def show_text(self, text: str) -> None:
        """Show a text; only what differs from the one shown is replaced."""
        old, new = self._lines, text.split("\n")
        if old == new:
            return
        self._lines = new
        place = self.verticalScrollBar().value()
        same, tail = _alike(old, new)
        others = [n for n in range(same, len(new) - tail) if old[n] != new[n]] if len(old) == len(new) else []
        if 0 < len(others) <= _FEW:
            self._mend(others, old, new)
        else:
            # A layer that comes or goes has lines here and there: most of those in between stay.
            found = SequenceMatcher(None, old[same : len(old) - tail], new[same : len(new) - tail], autojunk=False)
            for tag, first, end, begin, until in reversed(found.get_opcodes()):
                if tag != "equal":
                    self._replace(same + first, same + end, new[same + begin : same + until], of=len(old))
        self.verticalScrollBar().setValue(place)

    def _mend(self, numbers: Sequence[int], old: list[str], new: list[str]) -> None:
        """Replace what differs within some lines, counted from 0, and paint only these.

        Where a line gets other colours, Qt paints all the lines: that took longer than all else that is seen of it.
        """
        cursor, port = QTextCursor(self.document()), self.viewport()
        port.setAttribute(Qt.WidgetAttribute.WA_UpdatesDisabled)
        self._mending = True
        for number in numbers:
            before, after = old[number], new[number]
            same, tail = _alike(before, after)
            begin = self.document().findBlockByNumber(number).position()
            cursor.setPosition(begin + same)
            cursor.setPosition(begin + len(before) - tail, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(after[same : len(after) - tail])
        self._mending = False
        port.setAttribute(Qt.WidgetAttribute.WA_UpdatesDisabled, on=False)
        for number in numbers:
            block = self.document().findBlockByNumber(number)
            area = self.blockBoundingGeometry(block).translated(self.contentOffset()).toAlignedRect()
            port.update(0, area.top(), port.width(), area.height())

    def _replace(self, first: int, end: int, lines: list[str], *, of: int) -> None:
        """Put `lines` in place of those from `first` up to `end`, counted from 0, of so many; those below are done."""
        document = self.document()
        if not first and end == of:
            self.setPlainText("\n".join(lines))
            return
        cursor = QTextCursor(document)
        if end == of:  # the line before is unchanged and stays; its line break goes along with what follows
            cursor.setPosition(document.findBlockByNumber(first - 1).position())
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText("".join(f"\n{line}" for line in lines))
            return
        cursor.setPosition(document.findBlockByNumber(first).position())
        cursor.setPosition(document.findBlockByNumber(end).position(), QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText("".join(f"{line}\n" for line in lines))

    def mark(self, lines: tuple[int, ...]) -> None:
        """Lay a tint under these lines, counted from 1."""
        self.marked = lines
        self._numbers.update()
        if lines and tuple(tint.cursor.blockNumber() + 1 for tint in self.extraSelections()) == lines:
            return  # tints move along with their lines
        self._tint()

    def _tint(self) -> None:
        found = []
        for number in self.marked:
            block = self.document().findBlockByNumber(number - 1)
            if block.isValid():
                tint = QTextEdit.ExtraSelection()
                tint.cursor = QTextCursor(block)
                tint.format.setBackground(theme().color("accent", 0.18))
                tint.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
                found.append(tint)
        self.setExtraSelections(found)

    def _recolour(self) -> None:
        self._tint()

    def reveal(self, line: int) -> None:
        """Scroll until a line, counted from 1, is seen."""
        bar = self.verticalScrollBar()
        top, seen = bar.value(), bar.pageStep()
        if not top <= line - 1 < top + seen:
            bar.setValue(max(0, line - 1 - seen // 3))

    def set_stale(self, stale: bool) -> None:
        """Draw the text faintly, or not any more."""
        if stale != self.stale:
            self.stale = stale
            self.viewport().update()

    # Line numbers ---------------------------------------------------------------------------------------------------

    def numbers_width(self) -> int:
        """Room for the line numbers, in pixels."""
        digits = max(2, len(str(self.blockCount())))
        return 20 + digits * self._numbers.fontMetrics().horizontalAdvance("0")

    def _make_room(self) -> None:
        self.setViewportMargins(self.numbers_width(), 0, 0, 0)
        self._place_numbers()

    def _place_numbers(self) -> None:
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), self.numbers_width(), inside.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_numbers()

    def _scrolled(self, rect: QRect, dy: int) -> None:
        if dy:
            self._numbers.scroll(0, dy)
        elif not self._mending:  # the numbers stay
            self._numbers.update(0, rect.y(), self._numbers.width(), rect.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.stale:
            painter = QPainter(self.viewport())
            painter.fillRect(event.rect(), theme().color("panel", 0.6))

    def paint_numbers(self, event: QPaintEvent) -> None:
        """Paint the numbers of the lines seen."""
        painter = QPainter(self._numbers)
        painter.setFont(self._numbers.font())
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        height = self.blockBoundingRect(block).height()  # of every line: none is wrapped
        rect, wide = event.rect(), self._numbers.width() - 12
        plain, accent, marked = theme().color("wire"), theme().color("accent"), set(self.marked)
        for number in range(block.blockNumber() + 1, self.blockCount() + 1):
            if top > rect.bottom():
                break
            if top + height >= rect.top():
                painter.setPen(accent if number in marked else plain)
                painter.drawText(QRect(0, round(top), wide, round(height)), _RIGHT, str(number))
            top += height


def _alike(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many of two lists, or letters of two lines, are the same at the beginning, and how many more at the end."""
    most = min(len(old), len(new))
    same = next((place for place in range(most) if old[place] != new[place]), most)
    rest = most - same
    return same, next((place for place in range(rest) if old[-1 - place] != new[-1 - place]), rest)


class _Numbers(QWidget):
    """The strip of line numbers at the left of a `CodeView`."""

    def __init__(self, view: CodeView) -> None:
        super().__init__(view)
        self._view = view
        self.setFont(font(10, mono=True))

    def sizeHint(self) -> QSize:
        return QSize(self._view.numbers_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._view.paint_numbers(event)


class CodePanel(QWidget):
    """The source of the network.

    Attributes:
        view: the text.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._made_of: Inference | None = None
        self._source: Source | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 8, 6)
        self.view = CodeView()
        self._note = label("", "note")
        self.copy = QToolButton()
        self.copy.setProperty("kind", "quiet")
        self.copy.setToolTip("Copy all of it")
        self.copy.setAccessibleName("Copy the source")
        icons.dress(self.copy, "copy", "muted")
        self.copy.clicked.connect(self._copy)
        head.addWidget(self._note, 1)
        head.addWidget(self.copy)
        column.addLayout(head)
        self.problems = ProblemColumn(place=True)
        self.problems.setContentsMargins(12, 0, 12, 8)
        self.problems.fix_asked.connect(document.apply_fix)
        self.problems.activated.connect(lambda problem: document.go_to(problem.where))
        column.addWidget(self.problems)
        column.addWidget(self.view, 1)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._renew)
        document.inferred.connect(self._renew_soon)
        document.selected.connect(self._renew_soon)
        self._later.start()

    @property
    def source(self) -> Source | None:
        """The last good source; None before there was one."""
        return self._source

    def _copy(self) -> None:
        if self._source is not None:
            QGuiApplication.clipboard().setText(self._source.text)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._later.start()

    def _renew_soon(self, *_news: object) -> None:
        self._later.start()

    def _renew(self) -> None:
        if not self.isVisible():
            return
        inference = self._document.flat
        if inference is not self._made_of:
            self._made_of = inference
            self._write(inference)
        self._mark()

    def _write(self, inference: Inference) -> None:
        try:
            self._source = write(make_plan(inference), expansion=self._document.known.expansion)
        except ProblemError as error:
            self.problems.show_problems(error.problems[:1])
            self.view.set_stale(True)
            self._note.setText("The last network that worked" if self._source else "No source yet")
            return
        self.problems.show_problems(())
        self.view.set_stale(False)
        self.view.show_text(self._source.text.rstrip("\n"))
        self._note.setText(f"Python, {self.view.blockCount():,} lines")

    def _mark(self) -> None:
        lines: list[int] = []
        if self._source is not None and not self.view.stale:
            known, opened = self._document.known, self._document.opened
            for name in self._document.selection:
                for full in known.inside(opened, name):
                    lines += self._source.lines.get(full, ())
        fresh = tuple(sorted(lines))
        if fresh != self.view.marked:
            self.view.mark(fresh)
            if fresh:
                self.view.reveal(fresh[0])
