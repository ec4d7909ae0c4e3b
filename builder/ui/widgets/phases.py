"""Where a run stands inside a step: its five phases in a row, with what the last one brought. Knows no trainer."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.train.messages import Inside, Phase
from builder.ui.theme import font, theme
from builder.ui.views.paint import figure

_HELP = {
    Phase.BATCH: "takes the next samples",
    Phase.FORWARD: "lets them through the network, layer by layer",
    Phase.LOSS: "measures how wrong the answers are, as one number",
    Phase.BACKWARD: "works out how each weight changes the loss: its gradient",
    Phase.UPDATE: "moves each weight a little against its gradient",
}
_PAD, _GAP = 8.0, 14.0  # pixels beside a word, and between two


def words(inside: Inside) -> str:
    """What the phase before the one that comes next has brought: "step 7 · loss of these 32 samples: 2.31"."""
    return f"step {inside.step:,} · {brought(inside)}"


def brought(inside: Inside) -> str:
    """The same without the number of the step, for where there is little room."""
    batch = f"{inside.samples:,} sample{'s' if inside.samples != 1 else ''}"
    match inside.phase:
        case Phase.FORWARD:
            return f"{batch} taken: {inside.sample}" if inside.sample else f"{batch} taken"
        case Phase.LOSS:
            return f"{batch} went through the network"
        case Phase.BACKWARD:
            these = "this sample" if inside.samples == 1 else f"these {batch}"
            return f"loss of {these}: {figure(inside.loss)}" if inside.loss is not None else "loss measured"
        case Phase.UPDATE:
            known = inside.gradient is not None
            return f"gradient of length {figure(inside.gradient)}" if known else "gradients known"  # type: ignore[arg-type]
    return ""


class PhaseStrip(QWidget):
    """The phases of a step in a row: those done are filled, the next one has a ring."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._next: Phase | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        lines = [f"<b>{phase.value}</b>: {text}" for phase, text in _HELP.items()]
        self.setToolTip("The phases of a training step:<br>" + "<br>".join(lines))
        theme().changed.connect(self.update)

    @property
    def next(self) -> Phase | None:
        """The phase that comes next; None while no step is under way."""
        return self._next

    def set_next(self, phase: Phase | None) -> None:
        """Which phase comes next."""
        if phase is not self._next:
            self._next = phase
            self.setAccessibleName(f"Next phase of the step: {phase.value}" if phase is not None else "")
            self.update()

    def sizeHint(self) -> QSize:
        places = self._places()
        return QSize(round(places[-1].right()) + 2, 24)

    def _places(self) -> list[QRectF]:
        metrics = QFontMetricsF(font(11))
        places: list[QRectF] = []
        left = 1.0
        for phase in Phase:
            wide = metrics.horizontalAdvance(phase.value) + 2 * _PAD
            places.append(QRectF(left, 2.0, wide, 20.0))
            left += wide + _GAP
        return places

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._next is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(11))
        phases = list(Phase)
        coming = phases.index(self._next)
        for number, (phase, place) in enumerate(zip(phases, self._places(), strict=True)):
            done = number < coming
            if number:
                y = place.center().y()
                painter.setPen(QPen(theme().color("accent" if number <= coming else "wire"), 1.5))
                painter.drawLine(QPointF(place.left() - _GAP + 3, y), QPointF(place.left() - 3, y))
            painter.setPen(QPen(theme().color("accent" if number <= coming else "line"), 1.2))
            painter.setBrush(theme().color("accent") if done else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 10, 10)
            painter.setPen(theme().color("on_accent" if done else "text" if number == coming else "muted"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, phase.value)
