"""What the views share whose content can be taken out of the window: enlarged, copied, saved, by one menu."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QMenu, QVBoxLayout, QWidget

from builder.ui.placement import resize_within_screen
from builder.ui.theme import theme
from builder.ui.views import export
from builder.ui.views.base import View
from builder.ui.views.frame import ViewFrame

Entry = tuple[str, Callable[[], object]]


class TakeawayView(View):
    """Base of the views with a menu to enlarge, copy and save. Subclasses say what there is to take.

    Attributes:
        frame: head and content.
        ask_path: asks where to save; a test puts its own here.
    """

    frame: ViewFrame

    def __init__(self) -> None:
        super().__init__()
        self.ask_path: export.Ask = export.ask_path

    # For subclasses -------------------------------------------------------------------------------------------------

    @property
    def filled(self) -> bool:
        """Whether anything is shown."""
        raise NotImplementedError

    def whole_title(self) -> str:
        """What heads a picture and names a file."""
        return self.title

    def image(self) -> QImage | None:
        """What is shown, with its title and large enough for a slide; None while there is nothing."""
        raise NotImplementedError

    def table(self) -> str:
        """The figures as comma-separated values."""
        raise NotImplementedError

    def enlarge(self) -> None:
        """Show it in a large window of its own that goes on following the run."""
        raise NotImplementedError

    def entries(self) -> list[Entry]:
        """What the menu offers while anything is shown."""
        return [
            ("Enlarge", self.enlarge),
            ("Copy picture", self.copy_picture),
            ("Save picture…", self.save_picture),
            ("Save figures…", self.save_table),
        ]

    # The rest -------------------------------------------------------------------------------------------------------

    def head(self) -> QWidget:
        return self.frame.head

    def copy_picture(self) -> None:
        """Put what is shown onto the clipboard."""
        image = self.image()
        if image is not None:
            self.said.emit(export.copy_picture(image))

    def save_picture(self) -> None:
        """Ask for a file and write what is shown there."""
        image = self.image()
        if image is not None:
            self.said.emit(export.save_picture(self, image, self.whole_title(), self.ask_path))

    def save_table(self) -> None:
        """Ask for a file and write the figures there."""
        self.said.emit(export.save_text(self, self.table(), self.whole_title(), self.ask_path))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.actions_menu().popup(event.globalPos())

    def actions_menu(self) -> QMenu:
        """What can be done with what is shown, and what the head has no room for; a menu that dies when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for words, act in self.entries():
            menu.addAction(words, act).setEnabled(self.filled)
        self.frame.head.offer_hidden(menu)
        return menu


class LargeWindow(QDialog):
    """A large window for a second copy of what a view shows; it dies when it closes.

    Attributes:
        column: holds the copy; what explains it may stand above.
    """

    def __init__(self, view: QWidget, title: str, content: QWidget, width: int, height: int) -> None:
        super().__init__(view)
        self.setWindowTitle(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(8, 12, 8, 8)
        self.column.addWidget(content, 1)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        resize_within_screen(self, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().color("panel"))
