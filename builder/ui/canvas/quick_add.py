"""Small fields over the canvas: type to find and add a layer, and rename a node in place."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from builder.layers.registry import offered, search
from builder.ui.palette import square
from builder.ui.theme import theme

_ROWS = 7


class QuickAdd(QFrame):
    """Type a few letters, take the layer with Enter. Closes on Escape and when the focus goes elsewhere.

    Attributes:
        chosen: a layer kind was taken.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._above = parent
        self.setObjectName("quickAdd")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.field = QLineEdit(self)
        self.field.setPlaceholderText("Add a layer: type its name")
        self.field.setClearButtonEnabled(False)
        self.list = QListWidget(self)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(4)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(self._take)
        self.hide()

    def ask(self, spot: QPoint, text: str = "", accept: Callable[[str], bool] | None = None) -> None:
        """Open at a point of the parent.

        Args:
            text: typed already.
            accept: which kinds to offer; all of them when None.
        """
        self._accept = accept
        colours = theme()
        self.setStyleSheet(
            f"#quickAdd {{ background: {colours.hex('raised')}; border: 1px solid {colours.hex('line')};"
            f" border-radius: 8px; }} #quickAdd QListWidget {{ background: transparent; border: none; }}"
        )
        self.field.setText(text)
        self._fill(text)
        self.resize(232, 52 + _ROWS * 24)
        area = self._above.rect()
        x = min(max(8, spot.x()), max(8, area.width() - self.width() - 8))
        y = min(max(8, spot.y()), max(8, area.height() - self.height() - 8))
        self.move(x, y)
        self.show()
        self.raise_()
        self.field.setFocus()

    def _fill(self, words: str) -> None:
        self.list.clear()
        for layer in search(words) if words.strip() else offered():
            if self._accept is not None and not self._accept(layer.kind()):
                continue
            item = QListWidgetItem(square(layer.category), layer.title)
            item.setData(Qt.ItemDataRole.UserRole, layer.kind())
            item.setToolTip(layer.help())
            self.list.addItem(item)
        if not self.list.count():
            none = QListWidgetItem("No layer is called that" if self._accept is None else "No such layer fits here")
            none.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(none)
        self.list.setCurrentRow(0)

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is None or item.flags() == Qt.ItemFlag.NoItemFlags:
            return
        kind = item.data(Qt.ItemDataRole.UserRole)
        self.close_up()
        self.chosen.emit(kind)

    def close_up(self) -> None:
        """Close, and give the focus back to the canvas."""
        if self.isVisible():
            self.hide()
            self._above.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self.field:
            return False
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            if key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                step = -1 if key in (Qt.Key.Key_Up, Qt.Key.Key_Backtab) else 1
                self.list.setCurrentRow(min(max(self.list.currentRow() + step, 0), self.list.count() - 1))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take(self.list.currentItem())
                return True
            if key == Qt.Key.Key_Escape:
                self.close_up()
                return True
        return False


class NameField(QLineEdit):
    """A node's name, being edited over its card. A name that cannot be is explained below and not taken.

    Attributes:
        closed: editing ended, whether or not a name was taken.
    """

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._above = parent
        self._rename: Callable[[str], str] = lambda _name: ""
        self._why = QLabel(parent)
        self._why.setWordWrap(True)
        self._why.hide()
        self.textEdited.connect(lambda _text: self._complain(""))
        self.hide()

    def ask(self, name: str, area: QRect, rename: Callable[[str], str]) -> None:
        """Edit `name` in an area of the parent. `rename` takes the new name and returns why it cannot be, or ""."""
        self._rename = rename
        self.setText(name)
        self.setGeometry(area)
        self._complain("")
        self.show()
        self.raise_()
        self.setFocus()
        self.selectAll()

    @property
    def complaint(self) -> str:
        """Why the name typed cannot be; empty when nothing is wrong."""
        return self._why.text() if self._why.isVisibleTo(self._above) else ""

    def _complain(self, why: str) -> None:
        self._why.setText(why)
        colours = theme()
        edge = colours.hex("bad" if why else "accent")
        self.setStyleSheet(
            f"QLineEdit {{ background: {colours.hex('raised')}; color: {colours.hex('text')};"
            f" border: 1px solid {edge}; border-radius: 4px; padding: 0 4px; font-size: 13px; }}"
        )
        self._why.setStyleSheet(
            f"background: {colours.hex('raised')}; color: {colours.hex('bad')}; padding: 4px 6px;"
            f" border: 1px solid {edge}; border-radius: 4px; font-size: 11px;"
        )
        if why:
            self._why.setFixedWidth(max(self.width(), 200))
            self._why.adjustSize()
            self._why.move(self.x(), self.geometry().bottom() + 3)
            self._why.show()
            self._why.raise_()
        else:
            self._why.hide()

    def accept(self) -> None:
        """Take the name, or say why not."""
        why = self._rename(self.text().strip())
        if why:
            self._complain(why)
        else:
            self.give_up()

    def give_up(self) -> None:
        """Close without another word."""
        if self.isVisible():
            had_focus = self.hasFocus()
            self._complain("")
            self.hide()
            if had_focus:
                self._above.setFocus()
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
        elif event.key() == Qt.Key.Key_Escape:
            self.give_up()
        else:
            super().keyPressEvent(event)

    def finish(self) -> None:
        """Take the name and close; one that cannot be is dropped."""
        if self.isVisible():
            self._rename(self.text().strip())
            self.give_up()

    def focusOutEvent(self, event: object) -> None:
        super().focusOutEvent(event)  # type: ignore[arg-type]
        self.finish()  # clicking elsewhere means "done"
