"""The panel of lessons: their list, or the one that was chosen. Its content is made when somebody looks at it."""

from __future__ import annotations

from PySide6.QtCore import QSize, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from builder.project.lessons import LINK, Lesson, find, lessons
from builder.ui.lessons.card import SetUpCard
from builder.ui.lessons.listing import Listing
from builder.ui.lessons.page import Page


class LessonsPanel(QWidget):
    """Chooses a lesson and shows it; what its set-ups do is the guide's.

    Attributes:
        opened: a lesson was opened, left: it was left. A lesson follows another without this one.
    """

    opened = Signal(object)  # Lesson
    left = Signal()
    turned = Signal()  # another step is shown
    set_up_asked = Signal(object)  # SetUp
    run_asked = Signal(object)  # SetUp
    return_asked = Signal()  # to the user's own network

    def __init__(self) -> None:
        super().__init__()
        self._steps: dict[str, int] = {}  # where each lesson was left
        self._parts: tuple[Listing, Page] | None = None
        self._own = ""  # what can be gone back to
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    def _made(self) -> tuple[Listing, Page]:
        if self._parts is None:
            every = lessons()
            listing, page = self._parts = Listing(every), Page(every)
            listing.chosen.connect(self.open_lesson)
            page.lesson_asked.connect(self.open_lesson)
            page.list_asked.connect(self.leave)
            page.link_asked.connect(self.follow)
            page.turned.connect(self.turned)
            page.set_up_asked.connect(self.set_up_asked)
            page.run_asked.connect(self.run_asked)
            page.return_asked.connect(self.return_asked)
            page.offer_return(self._own)
            self._stack.addWidget(listing)
            self._stack.addWidget(page)
        return self._parts

    @property
    def listing(self) -> Listing:
        """The list."""
        return self._made()[0]

    @property
    def page(self) -> Page:
        """What is chosen in it."""
        return self._made()[1]

    @property
    def cards(self) -> list[SetUpCard]:
        """The cards of the step that is shown."""
        return self.page.cards if self.lesson is not None else []

    @property
    def lesson(self) -> Lesson | None:
        """The lesson that is open; None while the list is shown."""
        if self._parts is None or self._stack.currentWidget() is not self.page:
            return None
        return self.page.lesson

    def sizeHint(self) -> QSize:
        return QSize(320, 600)

    def minimumSizeHint(self) -> QSize:
        return QSize(248, 200)

    def showEvent(self, event: QShowEvent) -> None:
        self._made()
        super().showEvent(event)

    def open_lesson(self, lesson: Lesson) -> None:
        """Show a lesson, at the step where it was left."""
        self._note()
        self.page.show_lesson(lesson, self._steps.get(lesson.key, 0))
        self._show(self.page, self.page.forward)
        self.opened.emit(lesson)

    def offer_return(self, title: str) -> None:
        """Offer the way back to the user's own network, which is called so; "" for no such offer."""
        self._own = title
        if self._parts is not None:
            self._parts[1].offer_return(title)

    def leave(self) -> None:
        """Go back to the list."""
        self._note()
        lesson = self.lesson
        self._show(self.listing, self.listing.cards)
        if lesson is not None:
            self.listing.show_at(lesson)
        self.left.emit()

    def _show(self, part: QWidget, focus: QWidget) -> None:
        """Bring one of the two up; the keyboard goes along. Else it would end in whatever field comes next."""
        focused = QApplication.focusWidget()
        within = focused is not None and self._stack.isAncestorOf(focused)
        self._stack.setCurrentWidget(part)
        if within:
            focus.setFocus()

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
