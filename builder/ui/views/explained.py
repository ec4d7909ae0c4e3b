"""Maps with what they show in words below them, and the base of the views that have them so."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from builder.ui.views.frame import MARGIN
from builder.ui.views.grid import GridView, Look, MapsPanel
from builder.ui.widgets.labels import Elided, label

_LINE, _LINE_FROM = 18, 150  # pixels: the line in panels that are high enough


class Explained(QWidget):
    """The maps, and below them what they show: in as many lines as it takes, or in one where there is no room."""

    def __init__(self, maps: MapsPanel) -> None:
        super().__init__()
        self.maps, self.line, self.words = maps, Elided(role="note"), label(role="note", wrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        for part in (maps, self.line, self.words):
            part.setParent(self)

    def explain(self, text: str, more: str = "") -> None:
        """Say this; `more` stands in the tool tip, too."""
        for part in (self.line, self.words):
            part.setText(text)
            part.setToolTip(f"{text}\n{more}".strip() if part is self.words else more)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.arrange()

    def arrange(self) -> None:
        """Place the parts for the picture that is shown now."""
        width, height = self.width() - 2 * MARGIN, self.height()
        line = _LINE if height >= _LINE_FROM else 0
        self.maps.setGeometry(0, 0, self.width(), height - line - 2)
        shown = self.maps.bar if not self.maps.bar.isHidden() else None
        top = shown.geometry().bottom() if shown is not None else round(self.maps.mosaic.shown().bottom())
        top += 4
        whole = line > 0 and self.words.heightForWidth(width) <= height - top - 2
        self.words.setVisible(whole)
        self.line.setVisible(line > 0 and not whole)
        self.words.setGeometry(MARGIN, top, width, height - top)
        self.line.setGeometry(MARGIN, height - line - 2, width, _LINE)


class ExplainedView(GridView):
    """Base of the views of maps with words below them.

    Attributes:
        content: the maps and the words.
    """

    def make_content(self) -> QWidget:
        self.content = Explained(self.panel)
        return self.content

    def title_of(self, look: Look) -> str:
        # The tab below says what is shown, and the controls need the room.
        return look.title.partition(" · ")[0]

    def draw_anew(self) -> None:
        super().draw_anew()
        self.content.arrange()
