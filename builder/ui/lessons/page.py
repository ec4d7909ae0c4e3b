"""A lesson, step by step: its text with the cards of its set-ups, and the way forward and back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from builder.project.lessons import Lesson, SetUp
from builder.ui.icons import dress
from builder.ui.lessons.card import SetUpCard
from builder.ui.lessons.prose import Prose
from builder.ui.widgets.buttons import PushButton, small_button
from builder.ui.widgets.labels import Elided, label


class Page(QWidget):
    """Shows one lesson.

    Attributes:
        lesson: what is shown; step: which of its steps, from 0.
        cards: of the set-ups in this step, in their order.
        back, forward: the buttons below the text.
        returning: leads back to the network that stood there before the set-ups.
    """

    list_asked = Signal()
    lesson_asked = Signal(object)  # Lesson: the next one
    link_asked = Signal(str)
    set_up_asked = Signal(object)  # SetUp
    run_asked = Signal(object)  # SetUp
    return_asked = Signal()  # to the user's own network
    turned = Signal()  # another step is shown

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        super().__init__()
        self._lessons = tuple(lessons)
        self.lesson: Lesson | None = None
        self.step = 0
        self.cards: list[SetUpCard] = []
        self._title = label("", "lesson-title", wrap=True)
        self._aim = label("", "muted", wrap=True)
        self._place = Elided(role="muted")
        self._text = QWidget()
        self._column = QVBoxLayout(self._text)
        self._column.setContentsMargins(14, 4, 12, 12)
        self._column.setSpacing(10)
        self.view = QScrollArea()
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setWidgetResizable(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setWidget(self._text)
        self.back = PushButton("Back")
        self.back.setToolTip("The step before (Ctrl+Page Up)")
        self.back.clicked.connect(lambda: self.go(-1))
        self.forward = PushButton("Next")
        self.forward.clicked.connect(lambda: self.go(1))
        dress(self.back, "chevron-left", "text")
        dress(self.forward, "chevron-right", "text")
        self.returning = QPushButton("Back to your network")
        self.returning.setProperty("kind", "link")
        self.returning.clicked.connect(lambda: self.return_asked.emit())
        self.returning.hide()
        head = QHBoxLayout()
        head.setContentsMargins(8, 6, 12, 0)
        head.setSpacing(6)
        head.addWidget(small_button("chevron-left", "Leave this lesson: all lessons", self.list_asked.emit))
        head.addWidget(self._place, 1)
        head.addWidget(self.returning)
        foot = QHBoxLayout()
        foot.setContentsMargins(14, 6, 12, 10)
        foot.setSpacing(8)
        foot.addWidget(self.back)
        foot.addStretch(1)
        foot.addWidget(self.forward)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        titles = QVBoxLayout()
        titles.setContentsMargins(14, 4, 12, 4)
        titles.setSpacing(4)
        titles.addWidget(self._title)
        titles.addWidget(self._aim)
        column.addLayout(titles)
        column.addWidget(self.view, 1)
        column.addLayout(foot)

    def show_lesson(self, lesson: Lesson, step: int = 0) -> None:
        """Begin with this step of a lesson."""
        self.lesson = lesson
        self._title.setText(lesson.title)
        self._aim.setText(f"{lesson.aim} About {lesson.minutes} minutes.")
        self.show_step(step)

    def offer_return(self, title: str) -> None:
        """Offer the way back to the user's own network, which is called so; "" for no such offer."""
        self.returning.setVisible(bool(title))
        self.returning.setToolTip(f"Open {title} again, as it stood before this lesson opened its own networks")

    @property
    def next_lesson(self) -> Lesson | None:
        """The one behind this in the list."""
        if self.lesson not in self._lessons:
            return None
        place = self._lessons.index(self.lesson) + 1
        return self._lessons[place] if place < len(self._lessons) else None

    def go(self, by: int) -> None:
        """Turn over; behind the last step comes the next lesson."""
        if self.lesson is None:
            return
        step = self.step + by
        if 0 <= step < len(self.lesson.steps):
            self.show_step(step)
        elif step >= len(self.lesson.steps) and self.next_lesson is not None:
            self.lesson_asked.emit(self.next_lesson)

    def show_step(self, step: int) -> None:
        """Show this step of the lesson."""
        lesson = self.lesson
        assert lesson is not None
        self.step = step
        self._clear()
        self._aim.setVisible(step == 0)
        shown = lesson.steps[step]
        if shown.title:
            self._column.addWidget(label(shown.title, "lesson-heading", wrap=True))
        for part in shown.parts:
            self._column.addWidget(self._card(part) if isinstance(part, SetUp) else self._prose(part))
        self._column.addStretch(1)
        self.view.verticalScrollBar().setValue(0)
        self._place.setText(f"Step {step + 1} of {len(lesson.steps)}")
        self.back.setEnabled(step > 0)
        last = step == len(lesson.steps) - 1
        following = self.next_lesson
        self.forward.setEnabled(not last or following is not None)
        self.forward.setText("Next lesson" if last and following is not None else "Next")
        tip = following.title if last and following is not None else "The next step"
        self.forward.setToolTip(f"{tip} (Ctrl+Page Down)")
        self.turned.emit()

    def _clear(self) -> None:
        self.cards = []
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _card(self, set_up: SetUp) -> SetUpCard:
        card = SetUpCard(set_up)
        card.set_up_asked.connect(self.set_up_asked)
        card.run_asked.connect(self.run_asked)
        self.cards.append(card)
        return card

    def _prose(self, markdown: str) -> Prose:
        prose = Prose(markdown)
        prose.linkActivated.connect(self.link_asked)
        return prose
