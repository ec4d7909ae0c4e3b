"""What the gallery says of the network that is chosen: a larger picture, what it is, its figures, full size or small.

Shows what it is given; makes nothing.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from builder.data.catalogue import find as find_data
from builder.project.templates import Template
from builder.ui.gallery.cards import PICTURE, paint_mark
from builder.ui.gallery.entries import Entry, Facts, Readiness, input_words, template_of
from builder.ui.inspector.panel import Figures, Panel
from builder.ui.theme import theme
from builder.ui.widgets.labels import label


class Pane(Panel):
    """The right side of the gallery.

    Attributes:
        entry: the card that is chosen.
        picture: the larger picture; figures: the numbers below it.
        full, small: the switch between the network of the paper and its small variant, where there is one.
    """

    variant_changed = Signal()  # the user chose the other size; it stays chosen for other cards
    resized = Signal()  # the picture is larger or smaller now

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entry: Entry | None = None
        self.column.setContentsMargins(16, 0, 6, 8)
        self.column.setSpacing(10)
        self.picture = _Picture()
        self.picture.resized.connect(self.resized)
        self._title = label("", "title", wrap=True)
        self._help = label("", wrap=True, select=True)
        self._notes = label("", "note", wrap=True, select=True)
        self._switch = QWidget()
        row = QHBoxLayout(self._switch)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(8)
        self.full, self.small = self._button("As &published"), self._button("S&mall, for a lecture")
        self.full.setToolTip("The network of the paper, in full size")
        self.small.setToolTip("Fewer maps and classes, for the built-in digits: trains within a lecture on a laptop")
        self.full.setChecked(True)
        self._decided = False  # the user has pressed one of them
        group = QButtonGroup(self)
        for button in (self.full, self.small):
            group.addButton(button)
            row.addWidget(button)
        group.buttonClicked.connect(self._decide)
        self._ready = _Ready()
        self.figures = Figures()
        for part in (self.picture, self._title, self._help, self._switch, self._ready, self.figures, self._notes):
            self.column.addWidget(part)
        self.column.addStretch(1)

    @staticmethod
    def _button(text: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setCheckable(True)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return button

    def _decide(self) -> None:
        self._decided = True
        self.variant_changed.emit()

    def suggest(self, *, small: bool) -> None:
        """Which size of a card to begin with, as long as the user has chosen none."""
        if not self._decided:
            (self.small if small else self.full).setChecked(True)

    @property
    def name(self) -> str | None:
        """The network that is shown: the card's own, or its small variant; None without a card."""
        if self.entry is None:
            return None
        return self.entry.small if self.entry.small and self.small.isChecked() else self.entry.name

    def show_entry(self, entry: Entry | None, facts: Facts | None, ready: Readiness | None) -> None:
        """Show a card in the size that is chosen; without `facts`, what is known before the network was made."""
        self.entry = entry
        self.content.setVisible(entry is not None)
        name = self.name
        if entry is None or name is None:
            return
        template = template_of(name)
        self._title.setText(template.title if template is not None else entry.title)
        self._help.setText(entry.help if name == entry.name or template is None else f"{entry.help} {template.help}")
        self._notes.setText(entry.notes)
        self._notes.setVisible(bool(entry.notes))
        self._switch.setVisible(bool(entry.small))
        self._ready.show_words(ready if template is not None else None)
        self.figures.setVisible(template is not None)
        if template is not None:
            self.figures.show_rows(_rows(template, facts))

    def show_picture(self, sharp: QPixmap | None, rough: QPixmap | None) -> None:
        """The picture, or a smaller one in its place until it is there."""
        self.picture.show_picture(sharp, rough)


def _rows(template: Template, facts: Facts | None) -> list[tuple[str, str]]:
    data = find_data(template.data.dataset)
    return [
        ("Input", input_words(facts.input) if facts else "…"),
        ("Layers", f"{facts.layers:,}" if facts else "…"),
        ("Parameters", f"{facts.parameters:,}" if facts else "…"),
        ("Multiply-adds", f"{facts.multiply_adds:,}" if facts else "…"),
        ("Learns from", data.title if data is not None else template.data.dataset),
        ("Epochs", f"{template.training.epochs}"),
    ]


class _Picture(QWidget):
    """A picture in a rounded frame, as wide as its room and in the proportions of those on the cards."""

    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._shown: QPixmap | None = None
        self.setAccessibleName("Picture of the network")
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme().changed.connect(self.update)

    @property
    def inner(self) -> QSize:
        """Room for the picture, in pixels."""
        return QSize(max(1, self.width() - 2), max(1, self.height() - 2))

    def show_picture(self, sharp: QPixmap | None, rough: QPixmap | None) -> None:
        """Show the first of these that there is."""
        self._shown = sharp if sharp is not None else rough
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(width * PICTURE.height() / PICTURE.width()) + 2

    def sizeHint(self) -> QSize:
        return QSize(400, self.heightForWidth(400))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.fillPath(outline, theme().color("canvas"))
        if self._shown is not None:
            painter.setClipPath(outline)
            exact = self._shown.size() == self.inner * self._shown.devicePixelRatio()
            if exact:
                painter.drawPixmap(QPoint(1, 1), self._shown)
            else:
                painter.drawPixmap(QRect(QPoint(1, 1), self.inner), self._shown)
            painter.setClipping(False)
        painter.setPen(QPen(theme().color("line"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(outline)


class _Ready(QWidget):
    """The mark of a card and what it means."""

    def __init__(self) -> None:
        super().__init__()
        self._ready: Readiness | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 0, 0)
        self.words = label("", wrap=True)
        row.addWidget(self.words)
        theme().changed.connect(self.update)

    def show_words(self, ready: Readiness | None) -> None:
        """Say this; take no room without anything to say."""
        self._ready = ready
        self.words.setText(ready.words if ready is not None else "")
        self.setVisible(ready is not None)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._ready is not None:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_mark(painter, QRectF(0, 0, 10, min(self.height(), 18)), self._ready)
