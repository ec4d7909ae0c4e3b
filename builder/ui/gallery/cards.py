"""The cards of the gallery below their headings: a list that fills its width, painted in the theme's colours.

Knows what a card says, not what it is chosen for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from builder.ui import icons
from builder.ui.gallery.entries import EMPTY, Entry, Facts, Readiness, by_group, input_words
from builder.ui.theme import font, theme

PICTURE = QSize(196, 108)
"""Of a card, in pixels."""

_GAP, _PAD, _WORDS, _HEADING = 12, 8, 104, 34
_LEAST = PICTURE.width() + 2  # width of a card
_ENTRY = Qt.ItemDataRole.UserRole
_CENTRED = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class Cards(QListWidget):
    """All that can be chosen; one card is the current one.

    Attributes:
        picture_of, facts_of, ready: what a card shows, by the name of its network; None or nothing while unknown.
        typed: a key was pressed that belongs into the search field.
    """

    typed = Signal(object)  # QKeyEvent
    turned = Signal()  # other cards can be seen now

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture_of: Callable[[str], QPixmap | None] = lambda _name: None
        self.facts_of: Callable[[str], Facts | None] = lambda _name: None
        self.ready: dict[str, Readiness] = {}
        self.setAccessibleName("Networks")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(40)
        self.verticalScrollBar().valueChanged.connect(self.turned)
        self.setItemDelegate(_Painter(self))
        self.setMouseTracking(True)
        theme().changed.connect(self.viewport().update)

    # What is shown --------------------------------------------------------------------------------------------------

    def fill(self, shown: Iterable[Entry]) -> None:
        """Show these cards below their headings; the current one stays, if it is among them."""
        kept = self.entry()
        self.blockSignals(True)
        self.clear()
        for group, cards in by_group(shown):
            heading = QListWidgetItem(group)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            self.addItem(heading)
            for entry in cards:
                item = QListWidgetItem(entry.title)
                item.setData(_ENTRY, entry)
                item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, entry.help)
                item.setToolTip(entry.help)  # the card may have room for a part only
                self.addItem(item)
        self.blockSignals(False)
        self.choose(kept)

    def shown(self) -> tuple[Entry, ...]:
        """The cards that there are, in order."""
        found = (self.item(row).data(_ENTRY) for row in range(self.count()))
        return tuple(entry for entry in found if entry is not None)

    def entry(self) -> Entry | None:
        """The current card."""
        item = self.currentItem()
        entry: Entry | None = item.data(_ENTRY) if item is not None else None
        return entry

    def choose(self, entry: Entry | None) -> None:
        """Make this card the current one; the first, where it is not there."""
        rows = [row for row in range(self.count()) if self.item(row).data(_ENTRY) is not None]
        row = next((row for row in rows if self.item(row).data(_ENTRY) == entry), rows[0] if rows else -1)
        self.setCurrentRow(row)

    def in_sight(self) -> list[str]:
        """Names of the networks whose cards can be seen now, even in part."""
        room = self.viewport().rect()
        rows = range(self.count())
        seen = [self.item(row) for row in rows if self.visualItemRect(self.item(row)).intersects(room)]
        return [item.data(_ENTRY).name for item in seen if item.data(_ENTRY) is not None]

    def renew(self, name: str) -> None:
        """What the card of this network shows is another now."""
        for row in range(self.count()):
            entry = self.item(row).data(_ENTRY)
            if entry is not None and entry.name == name:
                self.viewport().update(self.visualItemRect(self.item(row)))

    # Where cards stand ----------------------------------------------------------------------------------------------

    def card_width(self) -> int:
        """So wide is a card, its gap included: as many stand in a row as have room, and they fill it."""
        room = self.width() - self.verticalScrollBar().sizeHint().width() - 2
        return room // max(1, room // (_LEAST + _GAP))

    def row_width(self) -> int:
        """So wide is a heading."""
        return self.width() - self.verticalScrollBar().sizeHint().width() - 2

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()
        self.turned.emit()

    def scrollTo(
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        # A card right below its heading takes the heading along.
        heading = index.row() - 1
        while heading > 0 and self.item(heading).data(_ENTRY) is not None:
            heading -= 1
        if heading >= 0:
            above = self.indexFromItem(self.item(heading))
            if self.visualRect(index).top() - self.visualRect(above).top() <= _HEADING:
                super().scrollTo(above, hint)
        super().scrollTo(index, hint)

    # Keyboard -------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if plain and ((event.text().isprintable() and event.text().strip()) or event.key() == Qt.Key.Key_Backspace):
            self.typed.emit(event)
        else:
            super().keyPressEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, _modifiers: Qt.KeyboardModifier) -> QModelIndex:
        # Qt looks straight below the card and would leave out a row that ends before it.
        move = QAbstractItemView.CursorAction
        cards = [item for row in range(self.count()) if (item := self.item(row)).data(_ENTRY) is not None]
        current = self.currentItem()
        if not cards:
            return QModelIndex()
        if current is None or action is move.MoveHome:
            return self.indexFromItem(cards[0])
        if action is move.MoveEnd:
            return self.indexFromItem(cards[-1])
        along = {move.MoveLeft: -1, move.MovePrevious: -1, move.MoveRight: 1, move.MoveNext: 1}.get(action)
        at = cards.index(current)
        if along is not None:
            return self.indexFromItem(cards[min(max(at + along, 0), len(cards) - 1)])
        rows = sorted({self.visualItemRect(item).top() for item in cards})
        here = self.visualItemRect(current)
        down = {move.MoveDown: 1, move.MoveUp: -1, move.MovePageDown: 2, move.MovePageUp: -2}[action]
        top = rows[min(max(rows.index(here.top()) + down, 0), len(rows) - 1)]
        beside = [item for item in cards if self.visualItemRect(item).top() == top]
        return self.indexFromItem(min(beside, key=lambda item: abs(self.visualItemRect(item).left() - here.left())))


class _Painter(QStyledItemDelegate):
    """Paints headings and cards."""

    def __init__(self, cards: Cards) -> None:
        super().__init__(cards)
        self._cards = cards

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        if index.data(_ENTRY) is None:
            return QSize(self._cards.row_width(), _HEADING)
        return QSize(self._cards.card_width(), PICTURE.height() + _WORDS + _GAP)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry = index.data(_ENTRY)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if entry is None:
            painter.setPen(theme().color("muted"))
            painter.setFont(font(11, bold=True))
            painter.drawText(QRectF(option.rect).adjusted(2, 6, 0, 0), _CENTRED, index.data())
        else:
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
            self._paint_card(painter, option.rect.adjusted(0, 0, -_GAP, -_GAP), entry, chosen, hovered)
        painter.restore()

    def _paint_card(self, painter: QPainter, rect: QRect, entry: Entry, chosen: bool, hovered: bool) -> None:
        box = QRectF(rect).adjusted(1, 1, -1, -1)
        outline = QPainterPath()
        outline.addRoundedRect(box, 8, 8)
        painter.fillPath(outline, theme().color("raised"))
        picture = QRectF(box.x(), box.y(), box.width(), PICTURE.height())
        painter.setClipPath(outline)
        painter.fillRect(picture, theme().color("canvas"))
        drawn = self._cards.picture_of(entry.name)
        if drawn is not None:
            ratio = drawn.devicePixelRatio()
            left = rect.x() + round((rect.width() - drawn.width() / ratio) / 2)
            painter.drawPixmap(QPoint(left, rect.y() + 1), drawn)
        if entry.name == EMPTY:
            icons.icon("plus", "muted").paint(
                painter, QRect(picture.center().toPoint() - QPoint(12, 12), QSize(24, 24))
            )
        painter.setPen(theme().color("line"))
        painter.drawLine(picture.bottomLeft(), picture.bottomRight())
        painter.setClipping(False)
        self._paint_words(painter, box.adjusted(_PAD, PICTURE.height() + 6, -_PAD, -6), entry)
        edge = theme().color("accent") if chosen else theme().color("wire" if hovered else "line")
        painter.setPen(QPen(edge, 2 if chosen else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(outline)

    def _paint_words(self, painter: QPainter, area: QRectF, entry: Entry) -> None:
        bold, small = font(12, bold=True), font(11)
        painter.setFont(bold)
        painter.setPen(theme().color("text"))
        title = QRectF(area.x(), area.y(), area.width(), 18)
        if entry.small:
            title.setRight(title.right() - _paint_chip(painter, title, "+ small"))
            painter.setFont(bold)
            painter.setPen(theme().color("text"))
        words = QFontMetricsF(bold).elidedText(entry.title, Qt.TextElideMode.ElideRight, title.width())
        painter.drawText(title, _CENTRED, words)
        painter.setFont(small)
        painter.setPen(theme().color("muted"))
        y = title.bottom() + 2
        for line in _lines(entry.help, area.width(), 3):
            painter.drawText(QRectF(area.x(), y, area.width(), 15), _CENTRED, line)
            y += 15
        self._paint_figures(painter, QRectF(area.x(), area.bottom() - 17, area.width(), 17), entry)

    def _paint_figures(self, painter: QPainter, area: QRectF, entry: Entry) -> None:
        """Whether it trains at once as a mark, the size of the input, and how many parameters."""
        facts, ready = self._cards.facts_of(entry.name), self._cards.ready.get(entry.name)
        if entry.name == EMPTY or facts is None:
            return
        if ready is not None:
            paint_mark(painter, QRectF(area.x(), area.y(), 10, area.height()), ready)
        area.setLeft(area.x() + 14)
        painter.setPen(theme().color("text"))
        painter.drawText(area, _CENTRED, input_words(facts.input))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, _count(facts.parameters))


def _count(parameters: int) -> str:
    """So many parameters, in few letters: the pane has the exact number."""
    if parameters >= 1_000_000:
        return f"{parameters / 1e6:.3g} M parameters"
    return f"{parameters:,} parameter{'' if parameters == 1 else 's'}"


def paint_mark(painter: QPainter, area: QRectF, ready: Readiness) -> None:
    """A full spot for what trains at once, an arrow down for what must be fetched, a ring for what learns nothing."""
    spot = QRectF(0, 0, 7, 7)
    spot.moveCenter(area.center())
    if ready.role == "warn":
        icons.icon("download", "warn").paint(painter, spot.adjusted(-2.5, -2.5, 2.5, 2.5).toRect())
        return
    painter.setPen(QPen(theme().color(ready.role), 1.4))
    painter.setBrush(theme().color(ready.role) if ready.role == "good" else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(spot)


def _paint_chip(painter: QPainter, room: QRectF, text: str) -> float:
    """A word in a rounded frame at the right end; returns the width that it takes."""
    face = font(10)
    wide = round(QFontMetricsF(face).horizontalAdvance(text)) + 12.0
    chip = QRectF(room.right() - wide, room.y() + 1.5, wide, 15)
    painter.setPen(QPen(theme().color("line"), 1))
    painter.setBrush(theme().color("panel"))
    painter.drawRoundedRect(chip, 7.5, 7.5)
    painter.setFont(face)
    painter.setPen(theme().color("muted"))
    painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)
    return wide + 6


def _lines(text: str, width: float, most: int) -> list[str]:
    """The text broken into at most so many lines; the last ends in … where there is more."""
    face = font(11)
    layout = QTextLayout(text, face)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    layout.setTextOption(option)
    found: list[str] = []
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        start = line.textStart()
        if len(found) == most - 1:
            found.append(QFontMetricsF(face).elidedText(text[start:], Qt.TextElideMode.ElideRight, width))
            break
        found.append(text[start : start + line.textLength()].rstrip())
    layout.endLayout()
    return found
