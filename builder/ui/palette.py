"""The list of layers: search, categories, and rows that are dragged onto the canvas or taken with Enter.

Knows the catalogue, not the canvas: what is chosen leaves by signal or as dragged data.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QDrag, QFontMetrics, QIcon, QKeyEvent, QKeySequence, QPainter, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from builder.graph.model import Block
from builder.layers.base import Category, Layer
from builder.layers.registry import find, offered, search
from builder.ui.theme import font, theme

MIME = "application/x-torchcanvas-layer"
"""The kind of a dragged layer, as UTF-8."""

OWN_BLOCK, KEPT_BLOCK = "block:", "library:"
"""How the kind of a block begins: a definition of the project, or one of the library."""

_KIND, _CATEGORY = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_ROW, _HEADING = 23, 27


def square(category: Category) -> QIcon:
    """The coloured square that stands for a category."""
    return _square(theme().category(category).name())


@lru_cache(maxsize=32)
def _square(colour: str) -> QIcon:
    made = QIcon()
    for ratio in (1, 2, 3):
        drawn = QPixmap(12 * ratio, 12 * ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(QRectF(2 * ratio, 2 * ratio, 8 * ratio, 8 * ratio), 2 * ratio, 2 * ratio)
        painter.end()
        drawn.setDevicePixelRatio(ratio)
        made.addPixmap(drawn)
    return made


def layer_data(kind: str) -> QMimeData:
    """A layer kind, ready to be dragged."""
    data = QMimeData()
    data.setData(MIME, kind.encode())
    return data


def dragged_kind(data: QMimeData) -> str | None:
    """The layer kind in dragged data; None when it holds none that this program knows."""
    if not data.hasFormat(MIME):
        return None
    kind = bytes(data.data(MIME).data()).decode("utf-8", "replace")
    return kind if find(kind) is not None or kind.startswith((OWN_BLOCK, KEPT_BLOCK)) else None


class Palette(QWidget):
    """All layers by category, with a search field.

    Attributes:
        chosen: a layer kind was taken with Enter or a double click.
        forget_asked: the block of this name is to leave the library.
    """

    chosen = Signal(str)
    forget_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(150)
        self.search_field = QLineEdit(self)
        self.search_field.setPlaceholderText("Search layers   /")
        self.search_field.setAccessibleName("Search layers")
        self.search_field.setToolTip("Find a layer by its name or what it is for. Press / from anywhere.")
        self.search_field.setClearButtonEnabled(True)
        self.list = _Rows(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 0, 0)
        layout.setSpacing(6)
        top = QVBoxLayout()
        top.setContentsMargins(0, 0, 10, 0)
        top.addWidget(self.search_field)
        layout.addLayout(top)
        layout.addWidget(self.list)
        self.setFocusProxy(self.search_field)
        self.search_field.textChanged.connect(self.fill)
        self.search_field.installEventFilter(self)
        self.list.itemActivated.connect(self._take)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.delete_pressed.connect(self._forget_current)
        shortcut = QShortcut(QKeySequence("/"), self)
        shortcut.activated.connect(self._search)
        theme().changed.connect(self._restyle)
        self._restyle()
        self._blocks: tuple[tuple[str, Block], ...] = ()
        self.fill("")

    def set_blocks(self, own: Iterable[Block], library: Iterable[Block]) -> None:
        """Offer these definitions: the project's, and of the library those that the project does not have."""
        mine = tuple((OWN_BLOCK + block.name, block) for block in own)
        names = {block.name for _, block in mine}
        fresh = (*mine, *((KEPT_BLOCK + block.name, block) for block in library if block.name not in names))
        if [(kind, block.help) for kind, block in fresh] != [(kind, block.help) for kind, block in self._blocks]:
            self._blocks = fresh
            self.fill(self.search_field.text())
        self._blocks = fresh

    def fill(self, words: str) -> None:
        """Show the layers that match; all of them, by category, when nothing is typed."""
        self.list.clear()
        if words.strip():
            for layer in search(words):
                self.list.addItem(_row(layer))
            for kind, block in self._blocks:
                if all(word in f"{block.name} {block.help}".casefold() for word in words.casefold().split()):
                    self.list.addItem(_block_row(kind, block))
            if not self.list.count():
                self.list.addItem(_heading("Nothing found"))
        else:
            order = list(Category)
            every = sorted(offered(), key=lambda layer: order.index(layer.category))
            for category, layers in groupby(every, key=lambda layer: layer.category):
                self.list.addItem(_heading(category.value))
                for layer in layers:
                    self.list.addItem(_row(layer))
            if self._blocks:
                self.list.addItem(_heading(Category.BLOCK.value))
                for kind, block in self._blocks:
                    self.list.addItem(_block_row(kind, block))
        self._first()

    def _first(self) -> None:
        """Have the best match ready to be taken with Enter; none before something is typed."""
        if self.search_field.text().strip() and self.list.count() and self.list.item(0).data(_KIND):
            self.list.setCurrentRow(0)

    def _take(self, item: QListWidgetItem) -> None:
        kind = item.data(_KIND)
        if kind:
            self.chosen.emit(kind)

    def _menu(self, place: QPoint) -> None:
        item = self.list.itemAt(place)
        if item is None or not item.data(_KIND):
            return
        self.menu_of(str(item.data(_KIND))).popup(self.list.viewport().mapToGlobal(place))

    def menu_of(self, kind: str) -> QMenu:
        """What can be done with a row. The list may be filled anew while the menu is open."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Add to the network", lambda: self.chosen.emit(kind))
        if kind.startswith(KEPT_BLOCK):
            menu.addAction("Remove from the library", QKeySequence(Qt.Key.Key_Delete), lambda: self._forget(kind))
        return menu

    def _forget_current(self) -> None:
        item = self.list.currentItem()
        self._forget(str(item.data(_KIND)) if item is not None else "")

    def _forget(self, kind: str) -> None:
        if kind.startswith(KEPT_BLOCK):
            self.forget_asked.emit(kind.removeprefix(KEPT_BLOCK))

    def _search(self) -> None:
        self.search_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search_field.selectAll()

    def _restyle(self) -> None:
        self.list.setStyleSheet("QListWidget { background: transparent; border: none; }")
        self.list.viewport().update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys and Enter in the search field move in the list and take from it."""
        if watched is self.search_field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self.list.step(1 if key == Qt.Key.Key_Down else -1)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                item = self.list.currentItem()
                if item is not None:
                    self._take(item)
                return True
            if key == Qt.Key.Key_Escape and self.search_field.text():
                self.search_field.clear()
                return True
        return super().eventFilter(watched, event)


def _heading(text: str) -> QListWidgetItem:
    item = QListWidgetItem(text)
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item


def _row(layer: type[Layer]) -> QListWidgetItem:
    item = QListWidgetItem(layer.title)
    item.setData(_KIND, layer.kind())
    item.setData(_CATEGORY, layer.category.name)
    tip = f"<b>{layer.title}</b><br>{layer.help()}"
    if layer.use:
        tip += f"<br><i>{layer.use}</i>"
    item.setToolTip(tip)
    return item


def _block_row(kind: str, block: Block) -> QListWidgetItem:
    item = QListWidgetItem(block.name)
    item.setData(_KIND, kind)
    item.setData(_CATEGORY, Category.BLOCK.name)
    where = "A block of this project." if kind.startswith(OWN_BLOCK) else "A block of the library."
    item.setToolTip(f"<b>{html.escape(block.name)}</b><br>{html.escape(block.help or where)}")
    return item


class _Rows(QListWidget):
    """The list itself: rows that can be dragged away, headings that cannot be chosen."""

    delete_pressed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setDragEnabled(True)
        self.setDragDropMode(QListWidget.DragDropMode.DragOnly)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(_Painter(self))
        self.setMouseTracking(True)
        self.setAccessibleName("Layers")

    def step(self, by: int) -> None:
        """Go to the next row that is a layer."""
        row = self.currentRow() + by
        while 0 <= row < self.count():
            if self.item(row).data(_KIND):
                self.setCurrentRow(row)
                return
            row += by

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)

    def startDrag(self, actions: Qt.DropAction) -> None:
        item = self.currentItem()
        kind = item.data(_KIND) if item is not None else None
        if not kind:
            return
        drag = QDrag(self)
        drag.setMimeData(layer_data(kind))
        drag.setPixmap(_chip(item.text(), Category[item.data(_CATEGORY)], self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(-10, 10))
        drag.exec(Qt.DropAction.CopyAction)


def _chip(text: str, category: Category, ratio: float) -> QPixmap:
    """What hangs on the mouse while a layer is dragged."""
    size = QSize(QFontMetrics(font(12)).horizontalAdvance(text) + 40, 28)
    drawn = QPixmap(size * ratio)
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(theme().color("line"))
    painter.setBrush(theme().color("raised"))
    painter.drawRoundedRect(QRectF(0.5, 0.5, size.width() - 1, size.height() - 1), 6, 6)
    square(category).paint(painter, 10, 8, 12, 12)
    painter.setPen(theme().color("text"))
    painter.setFont(font(12))
    painter.drawText(QRectF(28, 0, size.width() - 28, size.height()), Qt.AlignmentFlag.AlignVCenter, text)
    painter.end()
    return drawn


class _Painter(QStyledItemDelegate):
    """Paints headings and rows in the theme's colours."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, _ROW if index.data(_KIND) else _HEADING)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = index.data(Qt.ItemDataRole.DisplayRole)
        if not index.data(_KIND):
            painter.setPen(theme().color("muted"))
            painter.setFont(font(11, bold=True))
            painter.drawText(rect.adjusted(2, 6, -4, 0), Qt.AlignmentFlag.AlignVCenter, text)
        else:
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            if chosen or state & QStyle.StateFlag.State_MouseOver:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().color("accent", 0.2) if chosen else theme().color("text", 0.07))
                painter.drawRoundedRect(rect.adjusted(0, 1, -10, -1), 5, 5)
            icon = square(Category[index.data(_CATEGORY)])
            icon.paint(painter, int(rect.x()) + 5, int(rect.y()) + (_ROW - 12) // 2, 12, 12)
            painter.setPen(theme().color("text"))
            painter.setFont(font(12))
            painter.drawText(rect.adjusted(23, 0, -12, 0), Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()
