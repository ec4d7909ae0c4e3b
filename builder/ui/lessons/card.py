"""A set-up in the text of a lesson: its name, its buttons, and how its last run went."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from builder.project.lessons import SetUp
from builder.ui.icons import dress
from builder.ui.theme import theme
from builder.ui.widgets.buttons import PushButton
from builder.ui.widgets.labels import label

NO_RUN = "not run yet"
ROOM = 270  # pixels: in a narrower one the buttons stand below the name
DOT = 10  # pixels: the colour in which the run stands among the curves


class SetUpCard(QWidget):
    """Opens a set-up, or opens and runs it.

    Attributes:
        set_up: what is opened.
        opening, running: the buttons; a set-up with nothing to train has only the first.
    """

    set_up_asked = Signal(object)  # SetUp
    run_asked = Signal(object)  # SetUp

    def __init__(self, set_up: SetUp) -> None:
        super().__init__()
        self.set_up = set_up
        self._open = False
        self._role = ""
        self.opening = self._button("Set up" if set_up.run else "Open it", "eye")
        self.opening.setToolTip("Open this network with its settings, and train it yourself")
        self.opening.clicked.connect(lambda: self.set_up_asked.emit(set_up))
        self.running = self._button("Run", "play", "on_accent")
        self.running.setProperty("kind", "primary")
        self.running.setToolTip("Open this network with its settings, and train it")
        self.running.clicked.connect(lambda: self.run_asked.emit(set_up))
        self.running.setVisible(set_up.run)
        self.opening.setAccessibleName(f"{self.opening.text()}: {set_up.name}")
        self.running.setAccessibleName(f"Run: {set_up.name}")
        self._name = label(set_up.name, "heading", wrap=True)
        self._note = label(set_up.note, "note", wrap=True)
        self._note.setVisible(bool(set_up.note))
        self._result = label(NO_RUN, "note", wrap=True)  # always there, so that hardly a button moves when a run ends
        self._result.setVisible(set_up.run)
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(28, 8, 8, 8)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self._note, 2, 0, 1, 3)
        grid.addWidget(self._result, 3, 0, 1, 3)
        self._narrow: bool | None = None
        self._arrange(narrow=False)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)  # texts are broken in a narrow panel
        self.setSizePolicy(policy)
        theme().changed.connect(self.update)

    def _arrange(self, *, narrow: bool) -> None:
        """Put the buttons beside the name, or below it where a word of that would be cut."""
        if narrow is self._narrow:
            return
        self._narrow = narrow
        self._grid.addWidget(self._name, 0, 0, 1, 3 if narrow else 1)
        for column, button in ((1, self.opening), (2, self.running)):
            self._grid.addWidget(button, 1 if narrow else 0, column, Qt.AlignmentFlag.AlignTop)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(narrow=event.size().width() < ROOM)

    def _button(self, text: str, icon: str, role: str = "text") -> QPushButton:
        button = PushButton(text)
        dress(button, icon, role)
        button.setIconSize(QSize(14, 14))
        return button

    def show_state(self, *, open_now: bool, role: str, result: str) -> None:
        """Whether it is what stands on the canvas, in which colour its run is kept ("" for none), how that ended."""
        self._open, self._role = open_now, role
        self._result.setText(result or NO_RUN)
        self.update()

    @property
    def result(self) -> str:
        """How its last run ended; "" while there was none."""
        text = self._result.text()
        return text if text != NO_RUN else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("accent" if self._open else "line"), 1.4 if self._open else 1))
        painter.setBrush(theme().color("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.7, 0.7, -0.7, -0.7), 8, 8)
        dot = QRectF(10, 12, DOT, DOT)
        if self._role:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color(self._role))
        else:
            painter.setPen(QPen(theme().color("wire"), 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(dot)
