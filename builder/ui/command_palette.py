"""Find a command by typing: a small list over the window with every action of the menus."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from builder.project.search import rank
from builder.ui.theme import font, theme

WIDTH, HEIGHT = 460, 340
KEYS = Qt.ItemDataRole.UserRole + 1


class CommandPalette(QFrame):
    """A popup: type words, choose with the arrow keys, Enter carries it out, Escape closes.

    Of an action it reads these properties: `group`, what it belongs to, before its own words; `about`, more words that
    find it; `reason`, why it cannot be had now.
    """

    def __init__(self, window: QWidget, actions: Callable[[], Sequence[QAction]]) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self._window = window
        self.setObjectName("popup")
        self._actions = actions
        self.search = QLineEdit()
        self.search.setPlaceholderText("Type a command")
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setItemDelegate(_Row(self.list))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.list)
        self._none = QLabel("No command is called that.")
        self._none.setProperty("role", "muted")
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._none, 1)
        self.resize(WIDTH, HEIGHT)
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._act)
        self.search.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self._act())

    def open(self) -> None:
        """Show it in the upper middle of the window, empty."""
        window = self._window
        place = window.mapToGlobal(QPoint((window.width() - WIDTH) // 2, min(80, window.height() // 8)))
        self.move(place)
        self.search.clear()
        self._fill("")
        self.show()
        self.search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {int(Qt.Key.Key_Down): 1, int(Qt.Key.Key_Up): -1}.get(event.key())
            if step is not None and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
                return True
        return super().eventFilter(watched, event)

    def _fill(self, text: str) -> None:
        offered = (x for x in self._actions() if x.isEnabled() or x.property("reason"))  # it says why it cannot be had
        found = [(place, action) for action in offered if (place := _rank(text, action)) is not None]
        self.list.clear()
        for _place, action in sorted(found, key=lambda entry: entry[0]):
            name = _name(action)
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            item = QListWidgetItem(name)
            item.setData(Qt.ItemDataRole.UserRole, action)
            item.setData(KEYS, keys)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name}, {keys}" if keys else name)
            if not action.isEnabled():
                item.setFlags(Qt.ItemFlag.ItemIsSelectable)
            self.list.addItem(item)
        self.list.setVisible(self.list.count() > 0)
        self._none.setVisible(not self.list.count())
        self.list.setCurrentRow(0)
        rows = max(1, self.list.count()) * max(self.list.sizeHintForRow(0), 24)
        self.resize(WIDTH, min(HEIGHT, self.search.sizeHint().height() + rows + 32))

    def _act(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        action = item.data(Qt.ItemDataRole.UserRole)
        if not action.isEnabled():
            return
        self.hide()
        action.trigger()


def _name(action: QAction) -> str:
    group, words = action.property("group"), action.text().replace("&", "")
    return f"{group}: {words}" if group else words


def _rank(words: str, action: QAction) -> int | None:
    """What is called so before what belongs to something called so, and that before what only mentions it."""
    return rank(words, action.text().replace("&", ""), action.property("group") or "", action.property("about") or "")


class _Row(QStyledItemDelegate):
    """A command, with its keys at the right."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        keys = index.data(KEYS)
        if keys:
            place: QRect = option.rect.adjusted(0, 0, -12, 0)
            painter.setFont(font(11))
            painter.setPen(theme().color("muted"))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, keys)
