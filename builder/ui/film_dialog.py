"""The dialog that saves the run which is looked back at as a film: what is seen, how large, how fast; its progress.

While it is made the dialog stays, so that nobody changes what is filmed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from builder.graph.problems import Problem
from builder.ui import choosers
from builder.ui.film import LAST, Film
from builder.ui.film_file import Frame, Raw
from builder.ui.shot import Shot
from builder.ui.theme import font, theme
from builder.ui.timeline import FRAME
from builder.ui.widgets.choice import Choice
from builder.ui.widgets.labels import label

if TYPE_CHECKING:
    from builder.ui.window import MainWindow

WHOLE, CANVAS = "window", "canvas"  # what can be filmed besides the views, by their keys
AS_SEEN, TWICE = 0, -2
WIDTHS = (1920, 1280, 960, 640)  # pixels
_USUAL = 1280  # the widest that is proposed
_SMALL = 640  # what is no wider than this can be drawn twice as large
PACES = {150: "0.15 seconds", FRAME: "0.3 seconds", 600: "0.6 seconds", 1200: "1.2 seconds"}  # milliseconds
FORMATS = {".gif": "GIF, for slides and pages", ".webp": "WebP, with all colours"}
_BEGIN = 150  # milliseconds until a view that was brought to the front is seen
_STRIP = 24.0  # height of the line below the picture, at the scale of the window


class FilmDialog(QDialog):
    """Asks, films, and closes when the film is written or could not be.

    Attributes:
        film: what does the work.
        what, width_choice, pace, kind: the choices; bar, message, save_button, stop_button: as they stand.
        ask_path: asks for the file; a test puts its own here.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.setWindowTitle("Save the run as a film")
        self.film = Film(window.live, _Seen(window), self)
        self.film.taken.connect(self._show_progress)
        self.film.waits.connect(self._show_wait)
        self.film.ended.connect(self._ended)
        self.film.given_up.connect(self.reject)
        self.ask_path: Callable[[str, str], Path | None] = partial(choosers.save_file, self, "Save the film")
        self._path = Path()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(14)
        column.addWidget(label("Save the run as a film", "title"))
        steps = window.live.moments.steps
        words = (
            f"One picture for each of the {len(steps)} moments of which the weights were kept, as they are seen here."
        )
        column.addWidget(label(words, "muted", wrap=True))
        self.what = Choice(scenes(window))
        self.width_choice = Choice({})
        self.pace = Choice(PACES)
        self.kind = Choice(FORMATS)
        for choice, first in ((self.what, WHOLE), (self.pace, FRAME), (self.kind, ".gif")):
            choice.set_value(first)
        self._form = QWidget()
        form = QFormLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(8)
        for title, field in (
            ("What is seen", self.what),
            ("Width", self.width_choice),
            ("Each moment stands", self.pace),
            ("Format", self.kind),
        ):
            field.setAccessibleName(title)
            form.addRow(title, field)
        column.addWidget(self._form)
        self.bar = QProgressBar()
        self.bar.setRange(0, len(steps))
        self.bar.setTextVisible(False)
        self.message = label("", "muted", wrap=True)
        column.addWidget(self.message)
        column.addWidget(self.bar)
        row = QHBoxLayout()
        row.addStretch(1)
        self.stop_button = QPushButton("Cancel")
        self.stop_button.clicked.connect(self.reject)
        self.save_button = QPushButton("Save…")
        self.save_button.setProperty("kind", "primary")
        self.save_button.setDefault(True)
        self.save_button.clicked.connect(self._save)
        row.addWidget(self.stop_button)
        row.addWidget(self.save_button)
        column.addLayout(row)
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # the dialog stays as it stands when filming begins
        self.bar.setSizePolicy(policy)
        self.bar.hide()
        self.setMinimumWidth(420)
        self.what.edited.connect(self._choose)
        self.pace.edited.connect(lambda _pace: self._renew())
        self._renew()

    def _choose(self, key: str) -> None:
        """This is to be seen: it comes to the front, since only what is seen can be filmed."""
        self._bring_up(key)
        self._renew()
        QTimer.singleShot(_BEGIN, self, self._renew)  # where it stood behind another one it had no size of its own

    def _bring_up(self, key: str) -> None:
        if key not in (WHOLE, CANVAS):
            self._window.show_dock(key)

    def _renew(self) -> None:
        natural = round(area(self._window, self.what.value()).width() * self.devicePixelRatioF())
        sizes = {TWICE: f"{2 * natural:,} pixels, twice as large"} if natural <= _SMALL else {}
        sizes |= {AS_SEEN: f"{natural:,} pixels, as seen"}
        sizes |= {width: f"{width:,} pixels" for width in WIDTHS if width < natural}
        self.width_choice.set_choices(sizes)
        if self.width_choice.value() is None:
            self.width_choice.set_value(next((size for size in sizes if 0 < size <= _USUAL), next(iter(sizes))))
        pace, count = self.pace.value(), len(self._window.live.moments.steps)
        seconds = ((count - 1) * pace + max(LAST, 2 * pace)) / 1000
        words = f"It lasts about {seconds:.0f} seconds, and begins anew at its end."
        self.message.setText(f"{words} {self._window.viewing.at_each_moment}".strip())

    def _save(self) -> None:
        ending = self.kind.value()
        name = choosers.plain_name(self._window.document.value.name) + ending
        title = FORMATS[ending].partition(",")[0]
        path = self.ask_path(name, f"{title} (*{ending})")
        if path is None:
            return
        self._path = path
        self._form.setEnabled(False)
        self.save_button.hide()
        self.stop_button.setText("Stop")
        self.bar.show()
        self._show_progress(0)
        self._bring_up(self.what.value())
        QTimer.singleShot(_BEGIN, self, self._begin)

    def _begin(self) -> None:
        if self.isVisible() and len(self._window.live.moments.steps) > 1:
            size = area(self._window, self.what.value()).size()
            self.film.start(
                self._path, self.pace.value(), partial(self._take, QRect(0, 0, size.width(), size.height()))
            )
        else:
            self.reject()

    def _take(self, asked: QRect, step: int) -> _Picture:
        """What is seen now, with the moment's name below it; all pictures are of one size, whatever happens."""
        window, key, choice = self._window, self.what.value(), self.width_choice.value()
        ratio = self.devicePixelRatioF() * (2 if choice == TWICE else 1)
        shot = Shot(window if key == WHOLE else _widget(window, key), area(window, key), ratio)
        width = choice if choice > 0 else round(asked.width() * ratio)
        scale = width / asked.width()
        below = _strip(width, round(_STRIP * max(scale, 0.7)), window.document.title, window.timeline.named(step))
        return _Picture(shot, (width, round(asked.height() * scale)), below)

    def _show_wait(self, words: str) -> None:
        self._show_progress(self.bar.value(), words)

    def _show_progress(self, taken: int, waits: str = "") -> None:
        steps = self._window.live.moments.steps
        self.bar.setValue(taken)
        words = f"Moment {taken + 1} of {len(steps)}" if taken < len(steps) else f"Writing {self._path.name} …"
        self.message.setText(f"{words}: {waits}" if waits else words)

    def _ended(self, problem: Problem | None) -> None:
        self.accept()
        if problem is not None:
            self._window.say_problem(problem, "files")
        else:
            self._window.status.hint(f"Written: {self._path}")

    def reject(self) -> None:
        """Close; a film that is under way is given up."""
        self.film.stop()
        super().reject()


class _Seen:
    """What is seen in a window of a run."""

    def __init__(self, window: MainWindow) -> None:
        self._window, self.follow = window, window.viewing.follow

    @property
    def wanted(self) -> bool:
        """Whether any of it needs a look inside the network."""
        return self._window.attention().wanted

    @property
    def under_way(self) -> str:
        """What of it is still being worked out."""
        return self._window.viewing.under_way


class _Picture:
    """A picture that is being taken."""

    def __init__(self, shot: Shot, size: tuple[int, int], below: QImage) -> None:
        self._shot, self._size, self._below = shot, size, below

    def go_on(self) -> Frame | None:
        """Take some more of it; the whole when it is complete."""
        return Frame(_raw(self._shot.image), self._size, _raw(self._below)) if self._shot.go_on() else None


def _raw(image: QImage) -> Raw:
    return Raw(image.width(), image.height(), image.constBits(), image)


def _strip(width: int, height: int, left: str, right: str) -> QImage:
    """The line below a picture: what is seen, and which moment."""
    made = QImage(width, height, QImage.Format.Format_RGB32)
    made.fill(theme().color("panel"))
    painter = QPainter(made)
    painter.setFont(font(round(height / 2)))
    room = QRectF(height / 2, 0, width - height, height)
    painter.setPen(theme().color("muted"))
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, left)
    wide = painter.fontMetrics().horizontalAdvance(right) + height / 2
    painter.fillRect(QRectF(width - wide - height / 2, 0, wide + height / 2, height), theme().color("panel"))
    painter.setPen(theme().color("text"))
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, right)
    painter.end()
    return made


def scenes(window: MainWindow) -> dict[str, str]:
    """What can be filmed, by key: the whole, the canvas, and each view that stands somewhere in the window."""
    views = {key: shown.title for key, shown in window.views.items() if not window.docks[key].isHidden()}
    return {WHOLE: "The whole window", CANVAS: "The network"} | views


def area(window: MainWindow, key: str) -> QRect:
    """The part of a widget that is seen in the film: of the window, all between its menus and its status line."""
    if key != WHOLE:
        return _widget(window, key).rect()
    top, bottom = window.topbar.geometry().bottom() + 1, window.statusBar().geometry().top()
    return QRect(0, top, window.width(), bottom - top)


def _widget(window: MainWindow, key: str) -> QWidget:
    return window.canvas if key == CANVAS else window.docks[key]
