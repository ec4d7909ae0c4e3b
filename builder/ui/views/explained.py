"""Maps with what they show in words below them, and the base of the views that have them so."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from builder.ui.views.frame import MARGIN
from builder.ui.views.grid import GridView, Look, MapsPanel
from builder.ui.widgets.labels import label, shortened

_LINE, _LINE_FROM = 18, 150  # pixels: the line in panels that are high enough


class Explained(QWidget):
    """The maps, and below them what they show: in as many lines as there is room for, one at least.

    Attributes:
        text: what they show, in words.
    """

    def __init__(self, maps: MapsPanel) -> None:
        super().__init__()
        self.text = ""
        self._fitted: tuple[str, int, int] = ("", 0, 0)  # text, width and lines that `words` show
        self.maps, self.words = maps, label(role="note", wrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        for part in (maps, self.words):
            part.setParent(self)

    def explain(self, text: str, more: str = "") -> None:
        """Say this; `more` stands in the tool tip, too."""
        self.text = text
        self.words.setToolTip(f"{text}\n{more}".strip())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.arrange()

    def arrange(self) -> None:
        """Place the parts for the picture that is shown now."""
        width, height = self.width() - 2 * MARGIN, self.height()
        said = height >= _LINE_FROM
        line = _LINE if said else 0
        self.maps.setGeometry(0, 0, self.width(), height - line - 2)
        shown = self.maps.bar if not self.maps.bar.isHidden() else None
        top = shown.geometry().bottom() if shown is not None else round(self.maps.mosaic.shown().bottom())
        top = min(top + 4, height - line)
        self.words.ensurePolished()
        metrics = self.words.fontMetrics()
        lines = max(1, (height - top - 2) // metrics.lineSpacing())
        if said and self._fitted != (self.text, width, lines):  # asked with every picture, and seldom another
            self._fitted = self.text, width, lines
            self.words.setText(shortened(self.text, metrics, width, lines))
        self.words.setVisible(said)
        self.words.setGeometry(MARGIN, top, width, height - top)


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
