"""Points with the legend of their classes and with words below them. Knows the parts; knows no view."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from builder.ui.views.class_legend import ClassLegend
from builder.ui.views.frame import MARGIN
from builder.ui.views.scatter import TOLD_APART, Plot, Scatter
from builder.ui.widgets.labels import Elided, label

_LEGEND_FROM, _LINE_FROM, _WORDS_FROM = 190, 130, 300  # pixels of height that these begin with
_LINE = 18


class Board(QWidget):
    """Plot, legend and words: what has no room is left out, the words last."""

    def __init__(self, rows: int = 2) -> None:
        super().__init__()
        self._most = rows
        self.plot, self.legend = Plot(), ClassLegend()
        self.line, self.words = Elided(role="note"), label(role="note", wrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        for part in (self.plot, self.legend, self.line, self.words):
            part.setParent(self)

    def show_scatter(self, scatter: Scatter, words: str, more: str, frames: int) -> None:
        """Show this; `more` explains the words."""
        self.plot.show_scatter(scatter, frames)
        names = scatter.names if len(scatter.names) <= TOLD_APART else ()
        self.legend.show_classes(names, scatter.chosen, ring=bool(names) and bool(scatter.wrong.any()))
        self.line.setText(words)
        self.line.setToolTip(more)
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
        for part, height in ((self.words, tall), (self.line, _LINE)):
            if not part.isHidden():
                part.setGeometry(MARGIN, bottom - height, width, height)
                bottom -= height + 2
        rows = round(self.legend.height_for(width)) if self.height() >= _LEGEND_FROM else 0
        fits = 0 < rows <= self._most * _LINE
        self.legend.setVisible(fits)
        if fits:
            self.legend.setGeometry(MARGIN, bottom - rows, width, rows)
            bottom -= rows + 2
        self.plot.setGeometry(0, 0, self.width(), bottom)
