"""The panel of lessons: their list, or the one that was chosen."""

from __future__ import annotations

from PySide6.QtCore import QSize, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from builder.project.lessons import LINK, Lesson, find, lessons
from builder.ui.lessons.listing import Listing
from builder.ui.lessons.page import Page


class LessonsPanel(QWidget):
    """Chooses a lesson and shows it; what its set-ups do is the guide's.

    Attributes:
        opened: a lesson was opened, left: it was left. A lesson follows another without this one.
        listing, page: the list, and what is chosen.
    """

    opened = Signal(object)  # Lesson
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._steps: dict[str, int] = {}  # where each lesson was left
        every = lessons()
        self.listing, self.page = Listing(every), Page(every)
        self.listing.chosen.connect(self.open_lesson)
        self.page.lesson_asked.connect(self.open_lesson)
        self.page.list_asked.connect(self.leave)
        self.page.link_asked.connect(self.follow)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.listing)
        self._stack.addWidget(self.page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    def sizeHint(self) -> QSize:
        return QSize(320, 600)

    def minimumSizeHint(self) -> QSize:
        return QSize(280, 200)

    @property
    def lesson(self) -> Lesson | None:
        """The lesson that is open; None while the list is shown."""
        return self.page.lesson if self._stack.currentWidget() is self.page else None

    def open_lesson(self, lesson: Lesson) -> None:
        """Show a lesson, at the step where it was left."""
        self._note()
        self.page.show_lesson(lesson, self._steps.get(lesson.key, 0))
        self._stack.setCurrentWidget(self.page)
        self.opened.emit(lesson)
        self.page.turned.emit()

    def leave(self) -> None:
        """Go back to the list."""
        self._note()
        self._stack.setCurrentWidget(self.listing)
        self.left.emit()

    def _note(self) -> None:
        lesson = self.lesson
        if lesson is not None:
            done = self.page.step == len(lesson.steps) - 1
            self._steps[lesson.key] = 0 if done else self.page.step

    def go(self, by: int) -> None:
        """Turn to another step of the lesson that is open."""
        if self.lesson is not None:
            self.page.go(by)

    def follow(self, link: str) -> None:
        """Open what a text links to: another lesson here, an address in the browser."""
        lesson = find(link.removeprefix(LINK)) if link.startswith(LINK) else None
        if lesson is not None:
            self.open_lesson(lesson)
        elif link.startswith("https://"):
            QDesktopServices.openUrl(QUrl(link))
