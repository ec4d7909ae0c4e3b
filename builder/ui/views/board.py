"""Points with the legend of their classes and with words below them. Knows the parts; knows no view."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from builder.ui.views.class_legend import ClassLegend
from builder.ui.views.frame import MARGIN
from builder.ui.views.scatter import TOLD_APART, Plot, Scatter
from builder.ui.widgets.labels import Elided, label

_LEGEND_FROM, _LINE_FROM, _WORDS_FROM = 190, 130, 300  # pixels of height that these begin with
_LINE = 18
_BESIDE_FROM, _SHARE, _ROWS = 240, 0.34, (12.0, 18.0)  # a legend beside the points: from this width, at most so much of
# it, rows no lower and no higher than that


class Board(QWidget):
    """Plot, legend and words: what has no room is left out, the words last. A low legend stands beside the points."""

    def __init__(self, rows: int = 2, zoom: float = 1.0) -> None:
        """A legend of at most so many rows stands below; all words are `zoom` times their usual size."""
        super().__init__()
        self._zoom = zoom
        self._most = rows
        self._said = "", ""  # the line, and what explains it
        self.plot, self.legend = Plot(zoom), ClassLegend(zoom)
        self.line, self.words = Elided(role="note"), label(role="note", wrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        if zoom != 1.0:
            for text in (self.line, self.words):
                text.setStyleSheet(f"font-size: {round(11 * zoom)}px;")
        for part in (self.plot, self.legend, self.line, self.words):
            part.setParent(self)

    def show_scatter(self, scatter: Scatter, words: str, more: str, frames: int) -> None:
        """Show this; `more` explains the words."""
        self.plot.show_scatter(scatter, frames)
        names = scatter.names if len(scatter.names) <= TOLD_APART else ()
        self.legend.show_classes(names, scatter.chosen, ring=bool(names) and bool(scatter.wrong.any()))
        self._said = words, more
        self.words.setText(f"{words}\n{more}")
        self.arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.arrange()

    def arrange(self) -> None:
        """Place the parts."""
        width, bottom = self.width() - 2 * MARGIN, self.height() - 4
        tall = self.words.heightForWidth(width) if self.height() >= _WORDS_FROM else 0
        spoken = 0 < tall <= self.height() // 4
        self.words.setVisible(spoken)
        self.line.setVisible(not spoken and self.height() >= _LINE_FROM)
        line_height = round(_LINE * self._zoom)
        for part, height in ((self.words, tall), (self.line, line_height)):
            if not part.isHidden():
                part.setGeometry(MARGIN, bottom - height, width, height)
                bottom -= height + 2
        line, more = self._said
        fitting = (text for text in shorter(line) if self.line.fontMetrics().horizontalAdvance(text) <= width)
        self.line.setText(next(fitting, line))
        self.line.setToolTip(more if self.line.text() == line else f"{line}\n{more}")
        self.legend.row = 0.0
        rows = round(self.legend.height_for(width)) if self.height() >= _LEGEND_FROM else 0
        least, most = (row * self._zoom for row in _ROWS)
        below, beside = 0 < rows <= self._most * line_height, 0
        if below:
            self.legend.setGeometry(MARGIN, bottom - rows, width, rows)
            bottom -= rows + 2
        elif self.legend.names and self.width() >= _BESIDE_FROM and bottom >= least * len(self.legend.names):
            self.legend.row = min(bottom / len(self.legend.names), most)
            beside = round(min(self.legend.column_width(), _SHARE * self.width())) + 4
            tall = round(self.legend.row * len(self.legend.names))
            self.legend.setGeometry(self.width() - beside, (bottom - tall) // 2, beside - 4, tall)
        self.legend.setVisible(bool(below or beside))
        self.plot.setGeometry(0, 0, self.width() - beside, bottom)


def shorter(line: str) -> Iterator[str]:
    """The line, then without what stands in brackets, then without more and more of its last parts."""
    yield line
    parts = re.sub(r" \([^)]*\)", "", line).split(" · ")
    for count in range(len(parts), 0, -1):
        yield " · ".join(parts[:count])
