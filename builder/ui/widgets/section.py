"""A heading with what belongs under it, foldable where it is not always wanted."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from builder.ui import icons
from builder.ui.widgets.labels import label


class Section(QWidget):
    """A heading and a column of widgets.

    Attributes:
        body: the column; add to it with `add`.
        folded_changed: (folded) the user has opened or closed it.
    """

    folded_changed = Signal(bool)

    def __init__(
        self, title: str = "", *, foldable: bool = False, folded: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.folded: bool = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.body = QWidget()
        self._inner = QVBoxLayout(self.body)
        self._inner.setContentsMargins(0, 0, 0, 0)
        self._inner.setSpacing(6)
        self.head: QToolButton | None = None
        if foldable:
            self.head = QToolButton()
            self.head.setProperty("kind", "fold")
            self.head.setText(title)
            self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            self.head.setIconSize(QSize(12, 12))
            self.head.clicked.connect(lambda: self.fold(not self.folded, tell=True))
            self._column.addWidget(self.head)
        elif title:
            self._column.addWidget(label(title, "heading"))
        self._column.addWidget(self.body)
        self.fold(foldable and folded)

    def add(self, widget: QWidget, place: int = -1) -> QWidget:
        """Put a widget at a place in the column, counted from 0, or at its end; returns it."""
        self._inner.insertWidget(place, widget)
        return widget

    def set_title(self, title: str) -> None:
        """Let a foldable section have another heading."""
        if self.head is not None and self.head.text() != title:
            self.head.setText(title)

    def fold(self, folded: bool, *, tell: bool = False) -> None:
        """Hide or show what is under the heading."""
        self.folded = folded
        self.body.setVisible(not folded)
        if self.head is not None:
            icons.dress(self.head, "chevron-right" if folded else "chevron-down", "muted")
            self.head.setToolTip("Show what belongs here" if folded else "Fold this away")
        if tell:
            self.folded_changed.emit(folded)

    def clear(self) -> None:
        """Take everything out from under the heading."""
        while (item := self._inner.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
