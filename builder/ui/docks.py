"""How a panel becomes a dock: movable, floatable, closable, with its own head where it has one. Knows no panel."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt
from PySide6.QtGui import QAction, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QWidget

from builder.ui.theme import theme
from builder.ui.widgets.buttons import small_button
from builder.ui.widgets.labels import label

FIRST_WIDTH = "first_width"  # a dock's property: how wide it is in a window that nobody has arranged, in pixels


class Grip(QWidget):
    """A thin strip to drag a dock by, where the content needs no title; its dots show under the pointer."""

    def __init__(self) -> None:
        super().__init__()
        self.setToolTip("Drag to move this panel, double-click to let it float")
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(40, 8)

    minimumSizeHint = sizeHint

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("panel"))
        if not self.underMouse():
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("muted"))
        for step in range(-2, 3):
            painter.drawEllipse(QPointF(self.width() / 2 + 6 * step, self.height() / 2), 1.3, 1.3)


class _Edge(QWidget):
    """A line around a dock that floats: with a head of its own it gets no frame from the desktop."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        dock.topLevelChanged.connect(self._float)
        dock.installEventFilter(self)
        theme().changed.connect(self.update)

    def _float(self, floating: bool) -> None:
        self.setVisible(floating)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:  # hidden or not: a dock may float before it is shown
            self.setGeometry(self._dock.rect())
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(theme().color("wire"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class _TitleBar(QWidget):
    """What a dock is dragged by. A floating one has what a window has: a title where it shows none, a close button.

    One that comes when it is asked for has both at its place too.
    """

    def __init__(self, dock: QDockWidget, head: QWidget | None, asked: bool) -> None:
        super().__init__(dock)
        self._asked, self._bare = asked, head is None
        theme().changed.connect(self.update)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        close = small_button("close", f"Close {dock.windowTitle()}", dock.close)
        self._extra: list[QWidget] = [close]
        if head is None:
            title = label(dock.windowTitle(), "heading")
            title.setContentsMargins(12, 0, 0, 0)
            self._extra.append(title)
            self._row.addWidget(title)
        self._row.addWidget(head if head is not None else Grip(), 1)
        self._row.addWidget(close)
        self._float(False)
        dock.topLevelChanged.connect(self._float)

    def _float(self, floating: bool) -> None:
        whole = floating or self._asked
        for widget in self._extra:
            widget.setVisible(whole)
        above, below = (6, 2) if whole and self._bare else (0, 0)  # as in the heads that the views have
        self._row.setContentsMargins(0, above, 6 if whole else 0, below)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().color("panel"))


def add_dock(
    window: QMainWindow,
    key: str,
    title: str,
    content: QWidget,
    area: Qt.DockWidgetArea,
    head: QWidget | None = None,
    *,
    asked: bool = False,
) -> QDockWidget:
    """Put `content` into a dock of the window.

    Args:
        key: stable name, under which the layout is remembered.
        title: in the View menu, and of the floating window.
        head: what to drag it by: a title line of the content itself, or (None) a thin strip.
        asked: it is not there from the start but comes when it is asked for, and can be sent away where it stands.
    """
    dock = QDockWidget(title, window)
    dock.setObjectName(f"dock-{key}")
    fill_dock(dock, content, head, asked=asked)
    _Edge(dock)
    window.addDockWidget(area, dock)
    return dock


def fill_dock(dock: QDockWidget, content: QWidget, head: QWidget | None = None, *, asked: bool = False) -> None:
    """Put `content` into a dock in place of what is there; see `add_dock`."""
    before = dock.widget(), dock.titleBarWidget()
    content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)  # the style sheet paints the panel behind it
    dock.setWidget(content)
    dock.setTitleBarWidget(_TitleBar(dock, head, asked))
    for widget in before:
        if widget is not None:
            widget.deleteLater()


def view_action(dock: QDockWidget, show: Callable[[], object]) -> QAction:
    """A command that brings a dock into sight by `show`, and hides one that is in sight; checked while it is.

    Qt's own (`toggleViewAction`) closes a dock that stands behind the tab of another, which nobody means.
    """

    def act() -> None:
        if in_sight(dock):
            dock.close()
        else:
            show()

    action = QAction(dock.windowTitle(), dock, checkable=True)
    action.triggered.connect(lambda _checked: act())
    dock.visibilityChanged.connect(action.setChecked)  # also told when another tab comes to the front
    return action


def in_sight(dock: QDockWidget) -> bool:
    """Whether any of a dock can be seen: one that stands behind the tab of another is not hidden, for Qt."""
    return dock.isVisible() and not dock.visibleRegion().isEmpty()
