"""The learning rate over a run: as the settings plan it, and as the run has had it so far. Knows no trainer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.train.messages import Progress, State
from builder.train.settings import TrainingSettings
from builder.ui.theme import font, theme
from builder.ui.views.paint import figure, paint_note

HEIGHT = 84
HEAD, FOOT = 18, 16  # pixels for the figures above and below
USUAL = 100  # steps an epoch, where they are not known
MOST = 150  # points kept of a run


def letter_of_momentum(settings: TrainingSettings) -> str:
    """What formulas call that which the optimiser carries on of its last steps."""
    return "β₁" if "betas" in settings.cycled(0, 1) else "μ"


class RateCurve(QWidget):
    """A small plot: the plan thin, behind it the run thick, with a dot where it stands."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = TrainingSettings()
        self._per_epoch = USUAL
        self._steps = 0
        self._under_way = False
        self.trace: list[tuple[int, float]] = []  # (step, rate) of the run
        self._plan: tuple[object, list[float], list[float]] | None = None
        self._pointer: QPointF | None = None
        self.setMouseTracking(True)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Learning rate over the run")
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def show_plan(self, settings: TrainingSettings, per_epoch: int) -> None:
        """Show what these settings plan; `per_epoch` is the steps of an epoch, 0 where they are not known."""
        self._settings, self._per_epoch = settings, per_epoch or USUAL
        self.setAccessibleDescription(settings.schedule.formula())
        self.update()

    def follow(self, progress: Progress) -> None:
        """The run stands here now; a step before that of the last call means that it is another run."""
        if self.trace and progress.step < self.trace[-1][0]:
            self.trace.clear()
        self._steps = progress.steps
        if (under_way := progress.state is not State.FINISHED) != self._under_way:
            self._under_way = under_way
            self.update()
        if not under_way or not progress.step or (self.trace and progress.step == self.trace[-1][0]):
            return
        # As fine as can be seen: a long run keeps no more points than a short one.
        if len(self.trace) > 1 and progress.step - self.trace[-2][0] < progress.steps / MOST:
            self.trace.pop()
        self.trace.append((progress.step, progress.rate))
        self.update()

    def forget(self) -> None:
        """No run is shown."""
        self.trace.clear()
        self._under_way = False
        self.update()

    def rate_at(self, share: float) -> float:
        """The planned rate where this share of the run is done."""
        step = round(share * self._settings.epochs * self._per_epoch)
        return self._settings.optimizer.learning_rate * self._settings.rate_share(step, self._per_epoch)

    def momentum_at(self, share: float) -> float | None:
        """What the optimiser carries on of its last steps there; None where the schedule leaves that to it."""
        step = round(share * self._settings.epochs * self._per_epoch)
        given = self._settings.cycled(step, self._per_epoch)
        momentum: float | None = given["betas"][0] if "betas" in given else given.get("momentum")
        return momentum

    # Painting -------------------------------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        return QRectF(4, HEAD, max(8, self.width() - 8), HEIGHT - HEAD - FOOT)

    def _planned(self, width: int) -> tuple[list[float], list[float]]:
        """Rate and momentum at each pixel; of the momentum nothing where it stays the same."""
        key = (self._settings, self._per_epoch, width)
        if self._plan is None or self._plan[0] != key:
            shares = [place / width for place in range(width + 1)]
            carried = [momentum for share in shares if (momentum := self.momentum_at(share)) is not None]
            self._plan = key, [self.rate_at(share) for share in shares], carried
        return self._plan[1:]

    def paintEvent(self, event: QPaintEvent) -> None:
        area = self._area()
        width = max(1, int(area.width()))
        plan, carried = self._planned(width)
        top = max([*plan, *(rate for _, rate in self.trace)])
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

        def point(share: float, rate: float) -> QPointF:
            return QPointF(area.left() + share * area.width(), area.bottom() - rate / top * area.height())

        painter.setPen(QPen(theme().color("line"), 1))
        for y in (area.top(), area.bottom()):
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        if carried:  # by a scale of its own
            low, high = min(carried), max(carried)
            heights = [top * (value - low) / (high - low or 1.0) for value in carried]
            painter.setPen(QPen(theme().color("muted"), 1.2, Qt.PenStyle.DotLine))
            painter.drawPolyline(QPolygonF([point(place / width, height) for place, height in enumerate(heights)]))
        painter.setPen(QPen(theme().color("muted"), 1.2))
        painter.drawPolyline(QPolygonF([point(place / width, rate) for place, rate in enumerate(plan)]))
        if self.trace and self._steps:
            painter.setPen(QPen(theme().color("accent"), 2.2))
            points = [point(min(1.0, step / self._steps), rate) for step, rate in self.trace]
            painter.drawPolyline(QPolygonF(points))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("accent"))
            painter.drawEllipse(points[-1], 3.5, 3.5)
        painter.setPen(theme().color("muted"))
        painter.setFont(font(10, mono=True))
        middle = Qt.AlignmentFlag.AlignVCenter
        head, foot = QRectF(area.left(), 0, area.width(), HEAD), QRectF(area.left(), HEIGHT - FOOT, area.width(), FOOT)
        painter.drawText(head, middle | Qt.AlignmentFlag.AlignLeft, f"η up to {figure(top)}")
        if self.trace and self._under_way:
            painter.drawText(head, middle | Qt.AlignmentFlag.AlignRight, f"now {figure(self.trace[-1][1])}")
        painter.drawText(foot, middle | Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(foot, middle | Qt.AlignmentFlag.AlignRight, f"epoch {self._settings.epochs:,}")
        if self._pointer is not None:
            share = min(1.0, max(0.0, (self._pointer.x() - area.left()) / area.width()))
            words = f"epoch {share * self._settings.epochs:.3g}\nη {figure(self.rate_at(share))}"
            if (momentum := self.momentum_at(share)) is not None:
                words += f"\n{letter_of_momentum(self._settings)} {figure(momentum)}"
            paint_note(painter, QRectF(self.rect()), self._pointer, words)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()
