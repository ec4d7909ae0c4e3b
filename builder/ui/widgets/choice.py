"""A drop-down list of values with words for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

_MOST_SEEN = 20  # values that need no scrolling: one that is out of sight is not known of


class Choice(QComboBox):
    """One of several values; the mouse wheel is left to the page around it.

    Attributes:
        edited: (value) chosen by the user.
        name_of: what a value is called that is not offered.
    """

    edited = Signal(object)

    def __init__(self, choices: Mapping[Any, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: list[Any] = []
        self.name_of: Callable[[Any], str] = lambda value: f"{value}?"
        self._chosen: Any = None  # what it shows, while the list is open
        self._offer: tuple[str, Callable[[], object]] | None = None
        self.setMaxVisibleItems(_MOST_SEEN)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_choices(choices)
        self.activated.connect(self._activated)

    def set_choices(self, choices: Mapping[Any, str]) -> None:
        """Offer other values; the one shown stays, if it is among them."""
        shown = self.value()
        self.blockSignals(True)
        self.clear()
        self._values = list(choices)
        self.addItems(list(choices.values()))
        if self._offer is not None:
            self.insertSeparator(self.count())
            self.addItem(self._offer[0])
        self.blockSignals(False)
        self.set_value(shown)

    def offer(self, words: str, act: Callable[[], object]) -> None:
        """Offer something below the values that is none: it does `act`, and the value stays."""
        self._offer = (words, act)
        self.insertSeparator(self.count())
        self.addItem(words)

    def _activated(self, index: int) -> None:
        if index < len(self._values):
            self._chosen = self._values[index]
            self.edited.emit(self._chosen)
        elif self._offer is not None:
            self.set_value(self._chosen)
            self._offer[1]()

    def values(self) -> tuple[Any, ...]:
        """The values that it offers."""
        return tuple(self._values)

    def value(self) -> Any:
        """The value shown; None when there is none."""
        index = self.currentIndex()
        return self._values[index] if 0 <= index < len(self._values) else None

    def set_value(self, value: Any) -> None:
        """Show a value without telling anybody; one that is not offered is named in grey."""
        self._chosen = value
        known = value in self._values
        self.setPlaceholderText("" if known or value is None else self.name_of(value))
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Whoever goes through the values of a list that is not open wants one of them.
        last = len(self._values) - 1
        beyond = event.key() == Qt.Key.Key_Down and not event.modifiers() and self.currentIndex() == last
        if self._offer is not None and (beyond or event.key() == Qt.Key.Key_End):
            if self.currentIndex() != last:
                self.setCurrentIndex(last)
                self.activated.emit(last)
            return
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
