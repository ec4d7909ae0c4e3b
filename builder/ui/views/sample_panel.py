"""The parts of the view of the pinned sample, and where they stand: picture or pad, verdict, bars. Knows no run."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from builder.ui.views.frame import MARGIN
from builder.ui.views.grid import MapsPanel
from builder.ui.views.pad import Pad
from builder.ui.views.shares import ROW, Bars, Verdict

ROOM = 36  # pixels below the rest or beside it, with which the drawing as the network gets it need not lie on the pad
_GAP = 12
_BARS = 120  # pixels that the bars need
_SHARE, _SHARE_DRAWN = 0.46, 0.54  # of the width, for the picture beside the bars: a hand needs more than an eye
_LEAST_SIDE = 80  # pixels of a picture beside the bars


class SamplePanel(QWidget):
    """Picture, verdict and bars: beside each other, or below each other where that gives more room."""

    def __init__(self, maps: MapsPanel) -> None:
        super().__init__()
        self.maps = maps
        self.pad = Pad()
        self.verdict = Verdict()
        self.bars = Bars()
        self._wide = False  # there are several pictures and no bars
        for part in (maps, self.pad, self.verdict, self.bars):
            part.setParent(self)
        self.pad.hide()

    def show_pad(self, shown: bool) -> None:
        """Let the pad stand in place of the picture, or the picture again."""
        self.maps.setVisible(not shown)
        if not shown and self.pad.hasFocus():
            self.maps.mosaic.setFocus()  # what is hidden would hand it to some button
        self.pad.setVisible(shown)
        self.pad.inset.setVisible(shown)
        self.arrange()

    def show_wide(self, wide: bool) -> None:
        """Give the whole width to what is in place of the picture, and none to the bars; or as usual again."""
        if wide != self._wide:
            self._wide = wide
            self.arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.arrange()

    def show_verdict(self, text: str, right: bool | None) -> None:
        """Say what the network says; see `Verdict`."""
        self.verdict.set_verdict(text, right)
        if self.verdict.height() != self.verdict.heightForWidth(self.verdict.width()):
            self.arrange()

    def arrange(self) -> None:
        """Place the parts."""
        self._place_parts()
        if self.pad.isVisible():
            self._place_inset()

    def _place_parts(self) -> None:
        inside = self.rect().adjusted(MARGIN, 2, -MARGIN, -8)
        width, height = inside.width(), inside.height()
        line = self.verdict.heightForWidth(width)
        every = self.bars.sizeHint().height()
        if self._wide:
            self._place(QRect(inside.left(), inside.top(), width, max(40, height - line - 4)))
            self.verdict.setGeometry(inside.left(), inside.bottom() + 1 - line, width, line)
            return
        side = self._side_beside(width, height - line - 4)
        if side and side >= min(width, height - line - every - 10):
            self._place(QRect(inside.left(), inside.top(), side, side))
            left = inside.left() + side + _GAP
            room = inside.right() + 1 - left
            rows = min(height - line - 4, max(side, self.bars.tall(room)))
            self.bars.setGeometry(left, inside.top(), room, rows)
            self.verdict.setGeometry(inside.left(), inside.top() + max(side, rows) + 4, width, line)
        else:
            # All classes, where that leaves the picture enough; else half of the height.
            wanted = every if every <= 0.62 * height else max(3 * ROW, int(height * 0.5))
            side = max(40, min(width, height - line - wanted - 10))
            self._place(QRect(inside.left(), inside.top(), side, side))
            self.verdict.setGeometry(inside.left(), inside.top() + side + 4, width, line)
            top = inside.top() + side + line + 10
            self.bars.setGeometry(inside.left(), top, width, max(ROW, inside.bottom() + 1 - top))

    def _side_beside(self, width: int, height: int) -> int:
        """How large the picture is beside the bars; 0 where they have no room there.

        A drawing hand may have more of the width than the bars would like, but not what their names need.
        """
        share = _SHARE if self.pad.isHidden() else _SHARE_DRAWN
        side = int(width * share)
        wanted, least = (width - _GAP - need for need in (self.bars.wanted_width(), self.bars.least_width()))
        if wanted < side:  # a little less, if that leaves the bars beside their names; else these lie below them
            side = wanted if wanted >= 0.8 * side else min(side, least)
        return min(height, side) if side >= _LEAST_SIDE else 0

    def _place_inset(self) -> None:
        """Below all, or beside the pad, where there is room; else in a corner of the pad, while nobody draws."""
        inset, pad = self.pad.inset, self.pad.geometry()
        place = self._below(pad) or self._after_verdict(pad) or self._beside(pad)
        if (inset.parentWidget() is self) is not bool(place):
            inset.setParent(self if place else self.pad)
            inset.show()
        if not place:
            side = round(0.28 * pad.width())
            place = QRect(pad.width() - side - 2, pad.height() - side - 2, side, side)
        inset.setGeometry(place)

    def _below(self, pad: QRect) -> QRect:
        taken = max(self.verdict.geometry().bottom(), self.bars.geometry().bottom()) + 7
        height = min(self.height() - taken - 8, pad.width() // 2)
        return QRect(pad.left(), taken, self.width() - 2 * pad.left(), height) if height >= ROOM else QRect()

    def _after_verdict(self, pad: QRect) -> QRect:
        """Right of the verdict, where that is below the others and keeps its line."""
        words, top = self.verdict.geometry(), max(pad.bottom(), self.bars.geometry().bottom()) + 5
        side = min(self.height() - top - 6, pad.width() // 2)
        width = words.width() - side - _GAP
        if self._wide or side < ROOM or words.top() < top - 2 or self.verdict.heightForWidth(width) > words.height():
            return QRect()
        self.verdict.setGeometry(words.left(), words.top(), width, words.height())
        return QRect(words.left() + width + _GAP, top, side, side)

    def _beside(self, pad: QRect) -> QRect:
        """Between pad and bars, where these keep what they need; right of the pad, where the bars are below it."""
        bars, left = self.bars.geometry(), pad.right() + 1 + _GAP
        stacked = bars.top() > pad.bottom()
        spare = self.width() - MARGIN - left if stacked else bars.width() - _BARS
        side = min(spare - (0 if stacked else _GAP), pad.width() // 2)
        if self._wide or side < ROOM:
            return QRect()
        if not stacked:
            self.bars.setGeometry(bars.adjusted(side + _GAP, 0, 0, 0))
        return QRect(left, pad.bottom() + 1 - side, side, side)

    def _place(self, square: QRect) -> None:
        self.maps.setGeometry(square)
        self.pad.setGeometry(square)
