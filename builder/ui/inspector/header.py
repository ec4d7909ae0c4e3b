"""The head of the layer panel: colour, name (edited in place) and kind."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from builder.layers.base import Layer
from builder.ui.theme import theme
from builder.ui.widgets.labels import Elided, label
from builder.ui.widgets.number import Entry


class Swatch(QWidget):
    """A small square of colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.color = QColor()
        self.setFixedSize(QSize(10, 10))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.color)
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)


class Header(QWidget):
    """Colour, name and kind of one layer.

    Attributes:
        rename_asked: (name) the user has typed another name.
        name: the entry that shows the name.
    """

    rename_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(6)
        self._swatch = Swatch()
        self.name = Entry()
        self.name.setProperty("role", "title")
        self.name.setAccessibleName("Name of the layer")
        self.name.setToolTip("The layer's name, also in the code; click to change it")
        self.name.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.name.entered.connect(self.rename_asked)
        self.name.returnPressed.connect(self.name.clearFocus)
        self.name.textChanged.connect(self._fit)
        self.kind = Elided("", "muted")
        row.addWidget(self._swatch)
        row.addWidget(self.name)
        row.addWidget(self.kind, 1)
        column.addLayout(row)
        self.error = label("", "bad", wrap=True)
        self.error.hide()
        column.addWidget(self.error)

    def show_node(self, name: str, kind: str, layer: type[Layer] | None, *, fresh: bool) -> None:
        """Show a layer; a refused name stays unless it is `fresh`."""
        self._swatch.color = theme().category(layer.category) if layer is not None else theme().color("muted")
        self._swatch.update()
        if fresh:
            self.name.show_text(name)
            self.show_error("")
        self.kind.setText(kind)

    def show_error(self, message: str) -> None:
        """Say why the name cannot be; empty when it can."""
        self.error.setText(message)
        self.error.setVisible(bool(message))

    def _fit(self, text: str) -> None:
        # As wide as its text, so that the kind follows right behind the name.
        self.name.ensurePolished()
        width = self.name.fontMetrics().horizontalAdvance(text or "name")
        self.name.setFixedWidth(min(max(24, width + 14), 180))
