"""What all views look like around their content: a head with title and controls, and words where there is nothing yet.

A dock may take the head as its title bar (`QDockWidget.setTitleBarWidget`); the rest goes on working.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from builder.ui.theme import font, theme
from builder.ui.widgets.labels import Text
from builder.ui.words import sentence

MARGIN = 12
_GAP = 8  # between a title and the controls beside it


class Legend(QWidget):
    """Names of curves with their colours, each a theme role."""

    def __init__(self, entries: Sequence[tuple[str, str]], size: int = 11) -> None:
        super().__init__()
        self._entries = tuple(entries)
        self._font = font(size)
        self.setAccessibleName(", ".join(name for name, _ in entries))
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self._font)
        return QSize(sum(metrics.horizontalAdvance(name) + 32 for name, _ in self._entries) - 4, metrics.height() + 2)

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.translate(0, (self.height() - self.sizeHint().height()) / 2)
        self.paint(painter)

    def paint(self, painter: QPainter) -> None:
        """Paint the legend at the painter's origin."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        metrics, left, height = QFontMetrics(self._font), 0, self.sizeHint().height()
        middle = height / 2
        for name, role in self._entries:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color(role))
            painter.drawRoundedRect(QRectF(left, middle - 1.5, 14, 3), 1.5, 1.5)
            painter.setPen(theme().color("muted"))
            width = metrics.horizontalAdvance(name)
            painter.drawText(QRectF(left + 20, 0, width + 2, height), Qt.AlignmentFlag.AlignVCenter, name)
            left += width + 32


class Choice(QToolButton):
    """A quiet word with a triangle: one of a few ways to show something.

    Attributes:
        value: number of the chosen way.
        short: show the first word only, since there is no room.
    """

    short = False
    value = 0

    def __init__(self, names: Sequence[str], tip: str, chosen: Callable[[int], None]) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self._chosen = chosen
        self._font = font(11)
        self.setToolTip(tip)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setMenu(QMenu(self))
        self.set_names(names)

    def set_names(self, names: Sequence[str]) -> None:
        """Let these be the ways; where they are others than before, the first is taken, without telling anybody."""
        if tuple(names) == self._names:
            return
        self._names = tuple(names)
        menu = self.menu()
        menu.clear()
        for before in menu.findChildren(QActionGroup):
            before.deleteLater()
        group = QActionGroup(menu)
        for number, name in enumerate(names):
            action = QAction(sentence(name), menu, checkable=True)
            action.triggered.connect(lambda _checked, number=number: self.choose(number))
            group.addAction(action)
            menu.addAction(action)
        self.show_value(0)

    def choose(self, number: int) -> None:
        """Take this way, as if it were picked from the menu."""
        self.show_value(number)
        self._chosen(number)

    def show_value(self, number: int) -> None:
        """Show that this way was taken, without telling anybody."""
        actions = self.menu().actions()
        if number == self.value and actions[number].isChecked():
            return
        self.value = number
        actions[number].setChecked(True)
        self.setAccessibleName(f"{self.toolTip()}: {self._names[number]}")
        self.updateGeometry()
        self.update()

    @property
    def words(self) -> str:
        """What stands on the button."""
        name = self._names[self.value]
        return name.split()[0] if self.short else name

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(self._font).horizontalAdvance(self.words) + 20, 22)

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = self.underMouse() or self.hasFocus()
        colour: QColor = theme().color("text" if lit else "muted")
        painter.setFont(self._font)
        painter.setPen(colour)
        painter.drawText(self.rect().adjusted(2, 0, -16, 0), Qt.AlignmentFlag.AlignVCenter, self.words)
        painter.setPen(QPen(colour, 1.4))
        x, y = self.width() - 9.0, self.height() / 2.0
        painter.drawPolyline([QRectF(x - 3.5, y - 1.5, 0, 0).topLeft(), QRectF(x, y + 2, 0, 0).topLeft(),
                              QRectF(x + 3.5, y - 1.5, 0, 0).topLeft()])  # fmt: skip
        if self.hasFocus():
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


class Head(QWidget):
    """The first line of a view: its title, then controls. What does not fit is hidden, the most dispensable first."""

    def __init__(self, title: str, short: str = "") -> None:
        super().__init__()
        self.title = Text(title, bold=True, short=(title, short) if short else None)
        self._controls: list[tuple[int, QWidget]] = []
        self._pairs: dict[QWidget, QWidget] = {}  # the second of two that make sense only together, and the first
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(MARGIN, 6, MARGIN - 4, 2)
        self._row.setSpacing(2)
        self._row.addWidget(self.title, 1)
        self._row.addSpacing(_GAP)
        self.setFixedHeight(32)
        self.setAutoFillBackground(False)
        theme().changed.connect(self.update)

    def add(self, control: QWidget, spare: int = 0, in_menu: bool = False) -> None:
        """Add a control at the right; those with a larger `spare` are hidden first when space runs out.

        One that is `in_menu` is the view's menu, or does what an entry of it does anyway.
        """
        self._controls.append((spare, control))
        self._row.addWidget(control)
        if in_menu:
            control.setProperty("inMenu", True)

    def add_pair(self, first: QWidget, second: QWidget, spare: int = 0) -> None:
        """Add two controls that are hidden together, as there and back."""
        self.add(first, spare)
        self.add(second, spare)
        self._pairs[second] = first

    def offer_hidden(self, menu: QMenu) -> None:
        """Add what does not fit into the head to the view's menu, so that no width takes it away."""
        missing = [control for _, control in self._controls
                   if isinstance(control, QToolButton) and control.isHidden()
                   and not (control.property("absent") or control.property("inMenu"))]  # fmt: skip
        if missing:
            menu.addSeparator()
        for control in missing:
            # What a tip explains behind its first words would make the menu as wide as the screen.
            words = re.split(r"[:;] |\n", control.toolTip())[0]
            if isinstance(control, Choice):
                control.menu().setTitle(words)
                menu.addMenu(control.menu())
            else:
                action = menu.addAction(words, control.click)
                action.setCheckable(control.isCheckable())
                action.setChecked(control.isChecked())
                action.setEnabled(control.isEnabled())

    def arrange(self) -> None:
        """Hide what does not fit beside the title, show what does."""
        margins = self._row.contentsMargins()
        whole = self.width() - margins.left() - margins.right() - _GAP
        entries = [entry for entry in self._controls if not entry[1].property("absent")]
        wanted = [control for _, control in sorted(entries, key=lambda entry: entry[0])]

        def left_beside(title: int) -> int:
            return whole - title - sum(control.sizeHint().width() + self._row.spacing() for control in wanted)

        choices = self.findChildren(Choice)
        before = [choice.short for choice in choices]
        for choice in choices:
            choice.short = False
        if left_beside(self.title.sizeHint().width()) < 0:
            for choice in choices:
                choice.short = True
        changed = [choice for choice, short in zip(choices, before, strict=True) if choice.short is not short]
        space = whole - min(self.title.sizeHint().width(), max(self.title.first_width, whole // 3))
        seconds = {first: second for second, first in self._pairs.items()}
        shown: dict[QWidget, bool] = {}
        for control in wanted:
            if control not in self._pairs:
                both = [control, *filter(None, [seconds.get(control)])]
                space -= sum(each.sizeHint().width() + self._row.spacing() for each in both)
            shown[control] = shown[self._pairs[control]] if control in self._pairs else space >= 0
            # Asked with every picture, and seldom of consequence.
            if control.isHidden() is shown[control] or control in changed:
                control.setVisible(shown[control])
                control.updateGeometry()
                control.update()

    def set_present(self, control: QWidget, present: bool) -> None:
        """Whether a control makes sense now at all."""
        if bool(control.property("absent")) == present:
            control.setProperty("absent", not present)
            control.setVisible(present)
            self.arrange()

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 32)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().color("panel"))


class Nothing(QWidget):
    """Says in words why there is nothing to see yet."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        theme().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(font(12))
        painter.setPen(theme().color("muted"))
        space = self.rect().adjusted(MARGIN, 4, -MARGIN, -MARGIN)
        painter.drawText(space, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.text)


class ViewFrame(QWidget):
    """Head, content, and the words that stand there while there is no content.

    Attributes:
        head: title and controls.
        content: goes below the head.
    """

    def __init__(self, title: str, content: QWidget, short: str = "") -> None:
        """`short` stands in place of the title where this is followed by more than there is room for."""
        super().__init__()
        self.head = Head(title, short)
        self.content = content
        self._nothing = Nothing()
        self._stack = QStackedLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addLayout(self._stack, 1)
        # Behind that: a stack shows its first widget at once, and what belongs to nothing becomes a window, which takes
        # time and the focus.
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(content)
        theme().changed.connect(self.update)

    @property
    def empty(self) -> str:
        """The words shown instead of the content; "" while the content is shown."""
        return self._nothing.text if self._stack.currentWidget() is self._nothing else ""

    def set_empty(self, words: str) -> None:
        """Show these words instead of the content; "" shows the content."""
        if words and words != self._nothing.text:  # said behind every edit, and mostly the same
            self._nothing.text = words
            self._nothing.setAccessibleName(words)
            self._nothing.update()
        self._stack.setCurrentWidget(self._nothing if words else self.content)

    def minimumSizeHint(self) -> QSize:
        return QSize(144, 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().color("panel"))
