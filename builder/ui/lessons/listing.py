"""The list of all lessons, by topic, with a search above it. Knows what a lesson says of itself, not what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from builder.project.lessons import TOPICS, Lesson
from builder.ui.theme import font, theme
from builder.ui.widgets.empty import Empty
from builder.ui.widgets.labels import label

_LESSON = Qt.ItemDataRole.UserRole
_PAD = 10
_WRAP = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


class Listing(QWidget):
    """Chooses a lesson.

    Attributes:
        chosen: a lesson was clicked, or Enter was pressed on it.
        search: what is typed filters the list; cards: what is left.
    """

    chosen = Signal(object)  # Lesson

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        super().__init__()
        self._lessons = tuple(lessons)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: a word of the lesson")
        self.search.setAccessibleName("Search lessons")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._fill)
        self.search.installEventFilter(self)
        self.cards = QListWidget()
        self.cards.setAccessibleName("Lessons")
        self.cards.setFrameShape(QFrame.Shape.NoFrame)
        self.cards.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.cards.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.cards.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.cards.setMouseTracking(True)
        self.cards.setItemDelegate(_Painter(self.cards, self._room))
        self.cards.itemClicked.connect(self._open)
        self.cards.itemActivated.connect(self._open)
        theme().changed.connect(self.cards.viewport().update)
        self._nothing = Empty("search", "No lesson is like that.", "Fewer words find more.", "Show all")
        self._nothing.asked.connect(self.search.clear)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.cards)
        self._stack.addWidget(self._nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 4, 8)
        column.setSpacing(8)
        column.addWidget(label("Lessons", "title"))
        column.addWidget(self.search)
        column.addWidget(self._stack, 1)
        self._fill()

    def shown(self) -> tuple[Lesson, ...]:
        """The lessons that are left, in order."""
        found = (self.cards.item(row).data(_LESSON) for row in range(self.cards.count()))
        return tuple(lesson for lesson in found if lesson is not None)

    def _fill(self) -> None:
        """Show what the words find, by topic. What is called so comes first, and so do the topics with such lessons."""
        words = self.search.text()
        ranks = {x.key: x.rank(words) for x in self._lessons}
        found = sorted((x for x in self._lessons if ranks[x.key] is not None), key=lambda x: ranks[x.key] or 0)
        topics = dict.fromkeys(x.topics[0] for x in found) if words.strip() else TOPICS
        self.cards.clear()
        for topic in topics:
            left = [x for x in found if x.topics[0] == topic]
            if left:
                heading = QListWidgetItem(topic)
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
                self.cards.addItem(heading)
            for lesson in left:
                item = QListWidgetItem(lesson.title)
                item.setData(_LESSON, lesson)
                item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, lesson.aim)
                self.cards.addItem(item)
        self._stack.setCurrentWidget(self.cards if self.shown() else self._nothing)
        self.cards.setCurrentRow(1 if words.strip() and self.shown() else -1)  # what Enter opens, below its heading

    def ask(self) -> None:
        """Wait for words; those of the last search go as soon as one types."""
        self.search.setFocus()
        self.search.selectAll()

    def show_at(self, lesson: Lesson) -> None:
        """Stand at a lesson, where it is in the list."""
        rows = (row for row in range(self.cards.count()) if self.cards.item(row).data(_LESSON) is lesson)
        self.cards.setCurrentRow(next(rows, -1))

    def _room(self) -> int:
        """Width of a row. A scroll bar comes only when the rows are laid out, too late for their height."""
        return self.cards.width() - self.cards.verticalScrollBar().sizeHint().width()

    def _open(self, item: QListWidgetItem) -> None:
        lesson = item.data(_LESSON)
        # Enter and a click may both tell of one choice; the second finds the lesson open.
        if lesson is not None and self.isVisible():
            self.chosen.emit(lesson)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                QApplication.sendEvent(self.cards, event)
                return True
            item = self.cards.currentItem()
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
                self._open(item)
                return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.cards.scheduleDelayedItemsLayout()  # the aims wrap at another width


class _Painter(QStyledItemDelegate):
    """Headings, and lessons with title, aim and minutes."""

    def __init__(self, parent: QObject, width: Callable[[], int]) -> None:
        super().__init__(parent)
        self._width = width

    def _parts(self, lesson: Lesson, width: int) -> tuple[int, int]:
        room = QRect(0, 0, max(40, width - 2 * _PAD), 1000)
        title = QFontMetrics(font(13, bold=True)).boundingRect(room, _WRAP, lesson.title).height()
        aim = QFontMetrics(font(12)).boundingRect(room, _WRAP, _aim(lesson)).height()
        return title, aim

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        lesson, width = index.data(_LESSON), self._width()
        if lesson is None:
            return QSize(width, 34 if index.row() else 24)
        return QSize(width, sum(self._parts(lesson, width)) + 2 + 2 * 8)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, lesson = option.rect, index.data(_LESSON)
        if lesson is None:
            painter.setFont(font(11, bold=True))
            painter.setPen(theme().color("muted"))
            words = box.adjusted(0, 0, 0, -6)
            painter.drawText(words, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, index.data())
            painter.restore()
            return
        state = option.state
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("accent", 0.22 if state & QStyle.StateFlag.State_Selected else 0.1))
            painter.drawRoundedRect(box.adjusted(0, 1, -2, -1), 6, 6)
        title, aim = self._parts(lesson, self._width())
        room = box.adjusted(_PAD, 8, -_PAD, 0)
        painter.setFont(font(13, bold=True))
        painter.setPen(theme().color("text"))
        painter.drawText(QRect(room.left(), room.top(), room.width(), title), _WRAP, lesson.title)
        painter.setFont(font(12))
        painter.setPen(theme().color("muted"))
        painter.drawText(QRect(room.left(), room.top() + title + 2, room.width(), aim), _WRAP, _aim(lesson))
        painter.restore()


def _aim(lesson: Lesson) -> str:
    return f"{lesson.aim} {lesson.minutes}\N{NO-BREAK SPACE}minutes."
