"""The gallery: all built-in networks as pictures, to be looked through, searched, and opened.

Puts cards, pane and pictures together; what opening means is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from builder.data.folders import data_folder
from builder.ui.gallery.cards import PICTURE, Cards
from builder.ui.gallery.entries import EMPTY, Readiness, best, entries, matching, readiness, small_first, template_of
from builder.ui.gallery.pane import Pane
from builder.ui.gallery.pictures import Pictures, Wish
from builder.ui.theme import theme
from builder.ui.widgets.empty import Empty
from builder.ui.widgets.labels import label

_SIZE = QSize(1360, 840)
_NARROW, _WIDE, _SHARE = 280, 460, 0.38  # of the pane, in pixels; and its share of the dialog


class Gallery(QDialog):
    """Chooses what to begin with.

    Attributes:
        search: what is typed filters the cards; cards: what is left; pane: what is chosen.
        pictures: makes figures and pictures while the dialog can be seen.
        open_button: opens what is chosen, as Enter and a double click do.
        lessons_asked: rather a lesson than a network.
    """

    lessons_asked = Signal()

    def __init__(self, open_network: Callable[[str], bool], parent: QWidget | None = None) -> None:
        """`open_network` takes the name of a template or `EMPTY`; it answers whether that was opened."""
        super().__init__(parent)
        self._open_network = open_network
        self._ready: dict[str, Readiness] = {}
        self.setWindowTitle("New network")
        self.pictures = Pictures(self)
        self.pictures.wishes = self._wishes
        self.pictures.made.connect(self._made)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: a name, a word, a kind of layer")
        self.search.setAccessibleName("Search networks")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._typed)
        self.search.installEventFilter(self)
        self.cards = Cards()
        self.cards.picture_of = self._small_picture
        self.cards.facts_of = self.pictures.facts.get
        self.cards.currentItemChanged.connect(lambda _now, _before: self._chosen())
        self.cards.itemDoubleClicked.connect(lambda _item: self.accept())
        self.cards.typed.connect(self._type)
        self.cards.turned.connect(self._look)
        self.pane = Pane()
        self.pane.variant_changed.connect(self._chosen)
        self.pane.resized.connect(self._renew_picture)
        self._nothing = Empty("search", "No network is like that.", "Fewer words find more.", "Show all")
        self._nothing.asked.connect(self.search.clear)
        self._place()
        self.resize(_SIZE)
        self.cards.fill(entries())
        self.cards.choose(next(entry for entry in entries() if entry.name == "lenet5"))
        theme().changed.connect(self._renew_picture)

    def _place(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 14, 16)
        column.setSpacing(12)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 6, 0)
        head.addWidget(label("New network", "title"), 1)
        self.search.setMaximumWidth(360)
        head.addWidget(self.search, 1)
        column.addLayout(head)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.cards)
        self._stack.addWidget(self._nothing)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._stack, 1)
        middle.addWidget(self.pane)
        column.addLayout(middle, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(0, 0, 6, 0)
        foot.setSpacing(8)
        lessons = QPushButton("Lessons: experiments that run at a click")
        lessons.setProperty("kind", "link")
        lessons.setAutoDefault(False)
        lessons.clicked.connect(self._ask_lessons)
        foot.addWidget(lessons)
        foot.addStretch(1)
        cancel = QPushButton("Cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self.open_button = QPushButton("Open")
        self.open_button.setProperty("kind", "primary")
        self.open_button.setDefault(True)
        self.open_button.clicked.connect(self.accept)
        foot.addWidget(cancel)
        foot.addWidget(self.open_button)
        column.addLayout(foot)

    def _ask_lessons(self) -> None:
        self.reject()
        self.lessons_asked.emit()

    # What others ask ------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Show all networks, the one chosen last still chosen."""
        room = self.screen().availableGeometry().size() * 0.94
        self.resize(_SIZE.boundedTo(room))
        self.search.clear()
        self.open()
        self.search.setFocus()

    @property
    def chosen(self) -> str | None:
        """The name of the network that would be opened; None when nothing is found."""
        return self.pane.name

    def accept(self) -> None:
        """Open what is chosen; stays when that did not happen (unsaved changes are to be kept)."""
        name = self.chosen
        if name is not None and self._open_network(name):
            super().accept()

    # Search and choice ----------------------------------------------------------------------------------------------

    def _typed(self, text: str) -> None:
        found = matching(text, self.pictures.facts)
        before = self.cards.entry()
        self.cards.fill(found)
        if text.strip():
            self.cards.choose(best(text, found))
        elif before is not None:
            self.cards.choose(before)
        self._stack.setCurrentWidget(self.cards if found else self._nothing)
        self._chosen()

    def _chosen(self) -> None:
        entry = self.cards.entry()
        name = entry.name if entry is not None else EMPTY
        if entry is not None:
            self.pane.suggest(small=small_first(entry, self._ready))
        self.pane.show_entry(entry, None, None)  # which of its sizes it is then says
        name = self.pane.name or EMPTY
        self.pane.show_entry(entry, self.pictures.facts.get(name), self._ready.get(name))
        self.open_button.setEnabled(entry is not None)
        self._renew_picture()
        self._look()

    def _type(self, event: QKeyEvent) -> None:
        """A letter pressed on the cards belongs to the search."""
        self.search.setFocus()
        QApplication.sendEvent(self.search, event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys in the search field go to the cards; left and right only while nothing is typed."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            keys = {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}
            if not self.search.text():
                keys |= {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End}
            if event.key() in keys and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.cards.setFocus()
                QApplication.sendEvent(self.cards, event)
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
            self.search.setFocus()
        else:
            super().keyPressEvent(event)

    # Pictures -------------------------------------------------------------------------------------------------------

    def _wishes(self) -> Iterator[Wish]:
        """The chosen network first, then what can be seen, then the rest: its layers are what the search looks for."""
        if self.chosen is not None:
            yield Wish(self.chosen)
            yield self._large(self.chosen)
        for name in self.cards.in_sight():
            yield self._small(name)
        for entry in entries():
            yield self._small(entry.name)

    def _small(self, name: str) -> Wish:
        return Wish(name, PICTURE, self.devicePixelRatioF())

    def _large(self, name: str) -> Wish:
        return Wish(name, self.pane.picture.inner, self.devicePixelRatioF())

    def _small_picture(self, name: str) -> QPixmap | None:
        return self.pictures.find(self._small(name))

    def _renew_picture(self) -> None:
        name, entry = self.chosen, self.pane.entry
        if name is None or entry is None:
            return
        rough = self._small_picture(entry.name)
        self.pane.show_picture(self.pictures.find(self._large(name)), rough)
        self._look()

    def _made(self, name: str) -> None:
        self.cards.renew(name)
        if name == self.chosen:
            self.pane.show_entry(self.pane.entry, self.pictures.facts.get(name), self._ready.get(name))
            self._renew_picture()
        typed = self.search.text()
        if typed.strip() and matching(typed, self.pictures.facts) != self.cards.shown():
            kept = self.cards.entry()
            self._typed(typed)
            if kept is not None and kept in self.cards.shown():
                self.cards.choose(kept)

    def _look(self) -> None:
        """Something else is wanted now, perhaps."""
        if self.isVisible():
            self.pictures.start()

    # Events ---------------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        folder = data_folder()
        names = [name for entry in entries() for name in entry.names]
        for name in names:
            template = template_of(name)
            if template is not None:
                self._ready[name] = readiness(template.data, folder)  # something may have been downloaded
        self.cards.ready = self._ready
        super().showEvent(event)
        self._chosen()
        self.pictures.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self.pictures.stop()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.pane.setFixedWidth(round(min(_WIDE, max(_NARROW, self.width() * _SHARE))))
        super().resizeEvent(event)
