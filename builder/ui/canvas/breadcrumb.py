"""The path back out of an opened block, above the canvas, and how many instances an edit in there changes.

Shows what the document says; takes no room while the network itself is shown.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from builder.ui.document import Document
from builder.ui.theme import theme
from builder.ui.widgets.labels import Elided, label


class Breadcrumb(QFrame):
    """One button for each graph on the way, the last one being shown.

    Attributes:
        crumbs: the buttons, from the network inwards.
        note: what an edit here does elsewhere.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.crumbs: list[QPushButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 5, 12, 5)
        self._row.setSpacing(4)
        self._way = QHBoxLayout()
        self._way.setSpacing(2)
        self._row.addLayout(self._way)
        self._row.addSpacing(10)
        self.note = Elided("", "muted")
        self._row.addWidget(self.note, 1)
        self._back = QPushButton("Back")
        self._back.setToolTip("Back to where the block stands (Esc, Alt+Up)")
        self._back.clicked.connect(document.close_block)
        self._row.addWidget(self._back)
        self.setAccessibleName("Path of opened blocks")
        self.setFixedHeight(38)
        document.page_changed.connect(self._renew)
        document.changed.connect(self._renew)
        theme().changed.connect(self._restyle)
        self._restyle()
        self._renew()

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 38)

    def _renew(self, *_news: object) -> None:
        opened, definition = self._document.opened, self._document.definition
        self.setVisible(bool(opened))
        if definition is None:
            return
        count = self._document.instances_of(definition.name)
        where = "this one place" if count == 1 else f"all {count} places where it is used"
        self.note.setText(f"{definition.name}: what you change here changes in {where}.")
        titles = (self._document.value.name, *opened)
        if titles == tuple(crumb.text() for crumb in self.crumbs):
            return
        while (item := self._way.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.crumbs = []
        for depth, title in enumerate(titles):
            if depth:
                self._way.addWidget(self._arrow())
            crumb = QPushButton(title)
            crumb.setProperty("role", "crumb")
            crumb.setFlat(True)
            crumb.setCursor(Qt.CursorShape.PointingHandCursor)
            crumb.setEnabled(depth < len(opened))
            path = opened[:depth]
            crumb.clicked.connect(lambda _checked=False, path=path: self._document.show_page(path))
            self._way.addWidget(crumb)
            self.crumbs.append(crumb)
        self._restyle()

    @staticmethod
    def _arrow() -> QLabel:
        return label("›", "muted")

    def _restyle(self) -> None:
        ground, line = theme().color("panel").name(), theme().color("line").name()
        text, muted, accent = (theme().color(name).name() for name in ("text", "muted", "accent"))
        self.setStyleSheet(
            f"Breadcrumb {{ background: {ground}; border: none; border-bottom: 1px solid {line}; }}"
            f"QPushButton[role=crumb] {{ background: transparent; border: none; padding: 3px 6px; color: {accent}; }}"
            f"QPushButton[role=crumb]:disabled {{ color: {text}; font-weight: 600; }}"
            f"QPushButton[role=crumb]:hover:enabled {{ text-decoration: underline; color: {accent}; }}"
            f"QLabel {{ color: {muted}; }}"
        )
