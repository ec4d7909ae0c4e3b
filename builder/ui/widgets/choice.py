"""A drop-down list of values with words for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QStylePainter, QWidget


class Choice(QComboBox):
    """One of several values; the mouse wheel is left to the page around it.

    Attributes:
        edited: (value) chosen by the user.
    """

    edited = Signal(object)

    def __init__(self, choices: Mapping[Any, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: list[Any] = []
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_choices(choices)
        self.activated.connect(lambda index: self.edited.emit(self._values[index]))

    def set_choices(self, choices: Mapping[Any, str]) -> None:
        """Offer other values; the one shown stays, if it is among them."""
        shown = self.value()
        self.blockSignals(True)
        self.clear()
        self._values = list(choices)
        self.addItems(list(choices.values()))
        self.blockSignals(False)
        self.set_value(shown)

    def values(self) -> tuple[Any, ...]:
        """The values that it offers."""
        return tuple(self._values)

    def value(self) -> Any:
        """The value shown; None when there is none."""
        index = self.currentIndex()
        return self._values[index] if 0 <= index < len(self._values) else None

    def set_value(self, value: Any) -> None:
        """Show a value without telling anybody; one that is not offered is named in grey."""
        known = value in self._values
        self.setPlaceholderText("" if known or value is None else f"{value}?")
        self.setCurrentIndex(self._values.index(value) if known else -1)
        # A long list opens as wide as its words, not as narrow as the panel.
        self.view().setMinimumWidth(min(420, self.view().sizeHintForColumn(0) + 36))

    def paintEvent(self, event: QPaintEvent) -> None:
        # As stock, but a text that is too long ends in … instead of being cut.
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self).width() - 4
        text = option.currentText or self.placeholderText()
        option.currentText = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
