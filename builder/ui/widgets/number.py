"""Entries for numbers and for pairs of them: a slider for the usual range, and a field for any value.

They parse and print; whether a value is allowed is for whoever listens.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QSlider, QStyle, QStyleOptionSlider, QWidget

from builder.ui.theme import font
from builder.ui.widgets.scale import Scale

ENTRY_WIDTH, MOST_WIDTH = 60, 150
_BESIDE = 24  # pixels of an entry beside its text: frame, padding, Qt's own margin, and the cursor


class Slider(QSlider):
    """A horizontal slider that jumps to where it is clicked and leaves the mouse wheel to the page around it.

    Attributes:
        dragged: (position) moved by the user, by mouse or keyboard.
        let_go: the mouse button or the key is up again.
    """

    dragged = Signal(int)
    let_go = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setMinimumWidth(40)
        self.sliderMoved.connect(self.dragged)
        self.sliderReleased.connect(self.let_go)

    def sizeHint(self) -> QSize:
        return QSize(80, 20)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            position = self._position_at(event.position().x())
            if position != self.value():
                self.setValue(position)
                self.dragged.emit(position)
        super().mousePressEvent(event)

    def _position_at(self, x: float) -> int:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style, control = self.style(), QStyle.ComplexControl.CC_Slider
        groove = style.subControlRect(control, option, QStyle.SubControl.SC_SliderGroove, self)
        handle = style.subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
        offset = round(x) - groove.x() - handle.width() // 2
        return QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), offset, groove.width() - handle.width())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        before = self.value()
        super().keyPressEvent(event)
        if self.value() != before:
            self.dragged.emit(self.value())

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        super().keyReleaseEvent(event)
        if not event.isAutoRepeat():
            self.let_go.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Entry(QLineEdit):
    """One line of text that is done at Enter or when the focus leaves; Escape brings the old text back.

    Attributes:
        entered: (text) the user has finished, and the text is another one than before.
        stepped: (+1 or -1) arrow up or down was pressed.
    """

    entered = Signal(str)
    stepped = Signal(int)
    step_ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._good = ""  # what holds
        self._seen = ""  # what listeners were told last, good or not
        self.editingFinished.connect(self._finish)

    def show_text(self, text: str) -> None:
        """Show what holds now; what the user has typed is replaced, a cursor in equal text stays."""
        self._good = self._seen = text
        if self.text() != text:
            self.setText(text)
            self.setCursorPosition(0)

    def _finish(self) -> None:
        if self.text() != self._seen:
            self._seen = self.text()
            self.entered.emit(self._seen)

    def event(self, event: QEvent) -> bool:
        """Undo of what is half typed is the field's own; once it was entered, it is an edit of the document."""
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self.text() == self._seen
            and (event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo))
        ):
            event.ignore()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take a number as one word: Qt would stop at the point of 0.05."""
        if self.text()[:1].isalpha():
            super().mouseDoubleClickEvent(event)
        else:
            self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape if self.text() != self._good:
                self.setText(self._good)
                self._finish()
            case Qt.Key.Key_Up:
                self.stepped.emit(1)
            case Qt.Key.Key_Down:
                self.stepped.emit(-1)
            case _:
                super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        super().keyReleaseEvent(event)
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not event.isAutoRepeat():
            self.step_ended.emit()


class NumberEdit(QWidget):
    """A number with, where a usual range is known, a slider.

    Attributes:
        edited: (value, gesture) a new value; with `gesture`, more may follow that belong to the same act.
        finished: the act is over (slider let go, key up).
        misread: (message) what was typed is no number.
        expressed: (expression) `=2*channels` was typed, where `takes_expressions` allows it.
    """

    edited = Signal(object, bool)
    finished = Signal()
    misread = Signal(str)
    expressed = Signal(str)
    entry_width = ENTRY_WIDTH

    def __init__(self, scale: Scale | None = None, *, whole: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = whole
        self._scale = scale
        self._value: Any = None
        self.takes_expressions = False
        self.entry = Entry()
        self.entry.setFont(font(mono=True))
        self.entry.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._least = self.entry_width
        self._fit(self.entry.text())
        self.slider: Slider | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        if scale is not None:
            self.slider = Slider()
            self.slider.setRange(0, len(scale.stops) - 1)
            self.slider.setPageStep(max(1, len(scale.stops) // 10))
            self.slider.dragged.connect(self._dragged)
            self.slider.let_go.connect(self.finished)
            row.addWidget(self.slider, 1)
        else:
            row.addStretch(1)
        row.addWidget(self.entry)
        self.entry.textChanged.connect(self._fit)
        self.entry.entered.connect(self._entered)
        self.entry.stepped.connect(self._stepped)
        self.entry.step_ended.connect(self.finished)
        self.setFocusProxy(self.entry)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def value(self) -> Any:
        """What it shows."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Show a value without telling anybody."""
        self._value = value
        self._least = self.entry_width
        self.entry.show_text(self.text_of(value))
        self._fit(self.entry.text())
        if self.slider is not None and self._scale is not None and not self.slider.isSliderDown():
            self.slider.setValue(self._scale.position(self.number_of(value)))

    def _fit(self, text: str) -> None:
        """Give the entry the room that a long number needs, at the cost of the slider."""
        needed = self.entry.fontMetrics().horizontalAdvance(text) + _BESIDE
        self.entry.setFixedWidth(min(max(self._least, needed), MOST_WIDTH))

    # What a pair does differently -----------------------------------------------------------------------------------

    def text_of(self, value: Any) -> str:
        """The value as it is typed."""
        return number_text(value)

    def number_of(self, value: Any) -> float:
        """Where the slider stands for a value."""
        return float(value) if isinstance(value, int | float) else 0.0

    def value_of(self, number: float) -> Any:
        """The value for a number that the slider or the arrow keys give."""
        return round(number) if self._whole else float(number)

    def read(self, text: str) -> Any:
        """The value that was typed. Raises `ValueError` with words for the user."""
        return read_number(text, whole=self._whole)

    # What the user does ---------------------------------------------------------------------------------------------

    def _dragged(self, position: int) -> None:
        if self._scale is not None:
            self._give(self.value_of(self._scale.at(position)), gesture=True)

    def _stepped(self, direction: int) -> None:
        number = self.number_of(self._value)
        if self._whole or self._scale is None:
            self._give(self.value_of(number + direction), gesture=True)
            return
        here = self._scale.position(number)
        there = self._scale.at(here + direction)
        if (there - number) * direction > 0:
            self._give(self.value_of(there), gesture=True)

    def show_expression(self, text: str) -> None:
        """Show, in the place of the value, the expression that it comes from."""
        self._least = 2 * ENTRY_WIDTH
        self.entry.show_text(f"={text}")
        self._fit(self.entry.text())

    def _entered(self, text: str) -> None:
        if self.takes_expressions and text.lstrip().startswith("="):
            self.expressed.emit(text.strip().removeprefix("=").strip())
            return
        try:
            value = self.read(text)
        except ValueError as error:
            self.misread.emit(str(error))
            return
        self._value = value
        self.edited.emit(value, False)

    def _give(self, value: Any, *, gesture: bool) -> None:
        if value != self._value:
            self._value = value
            self.entry.show_text(self.text_of(value))
            self.edited.emit(value, gesture)


class SizeEdit(NumberEdit):
    """Height and width: typed as `5` or `5x3`; the slider makes a square.

    Args:
        spelled: print a square as `5 × 5` (a kernel) rather than `5` (a stride).
    """

    def __init__(self, scale: Scale | None = None, *, spelled: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(scale, whole=True, parent=parent)
        self._spelled = spelled

    def text_of(self, value: Any) -> str:
        if not isinstance(value, tuple | list):
            return str(value)
        if not self._spelled and len(set(value)) == 1:
            return str(value[0])
        return " × ".join(str(part) for part in value)

    def number_of(self, value: Any) -> float:
        if isinstance(value, tuple | list) and value and all(isinstance(part, int) for part in value):
            return float(max(value))
        return super().number_of(value)

    def value_of(self, number: float) -> Any:
        return (round(number), round(number))

    def read(self, text: str) -> Any:
        parts = read_sizes(text)
        if len(parts) > 2:
            raise ValueError("write one or two whole numbers, such as 5 or 5x3.")
        return (parts[0], parts[-1])


class ShapeEdit(NumberEdit):
    """A shape of one to four numbers, typed as `1x32x32`; no slider, a wider entry.

    Args:
        between: what stands between them.
    """

    entry_width = 2 * ENTRY_WIDTH

    def __init__(self, between: str = " × ", parent: QWidget | None = None) -> None:
        super().__init__(whole=True, parent=parent)
        self._between = between

    def text_of(self, value: Any) -> str:
        return self._between.join(str(part) for part in value) if isinstance(value, tuple | list) else str(value)

    def read(self, text: str) -> Any:
        return read_sizes(text)

    def _stepped(self, direction: int) -> None:
        """Arrow keys do nothing: which of the numbers would they change?"""


def number_text(value: Any) -> str:
    """A number as short as it can be without losing a digit; anything else as it is."""
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return "" if value is None else str(value)


def read_number(text: str, *, whole: bool) -> int | float:
    """The number in a text, with `1,000` and `0,05` understood. Raises `ValueError` with words for the user."""
    plain = text.strip().replace("−", "-").replace(" ", "").replace("\u202f", "").replace("_", "")
    try:
        if whole:
            number = float(plain.replace(",", ""))
            if number != int(number):
                raise ValueError
            return int(plain.replace(",", "")) if "e" not in plain.lower() and "." not in plain else int(number)
        return float(plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain.replace(",", ""))
    except (ValueError, OverflowError):
        raise ValueError("write a whole number." if whole else "write a number, such as 0.05 or 1e-3.") from None


def read_sizes(text: str) -> tuple[int, ...]:
    """The whole numbers in `5x3`, `5 × 3`, `5, 3` or `5 3`. Raises `ValueError` with words for the user."""
    parts = text.lower().replace("×", " ").replace("x", " ").replace("*", " ").replace(",", " ").split()
    try:
        found = tuple(int(part) for part in parts)
    except ValueError:
        found = ()
    if not found:
        raise ValueError("write whole numbers, such as 5 or 5x3.")
    return found
