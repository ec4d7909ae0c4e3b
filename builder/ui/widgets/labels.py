"""Labels by role, and two that shorten their text rather than being clipped: one styled, one painted in any colour."""

from __future__ import annotations

from bisect import bisect_left

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from builder.ui.theme import font, theme


def label(text: str = "", role: str = "", *, wrap: bool = False, select: bool = False) -> QLabel:
    """A label; roles are those of the style sheet: title, heading, muted, note, bad, figure."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    if wrap:
        made.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)  # else the last line is cut where the words need more of them than usual
        made.setSizePolicy(policy)
    if select:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def line() -> QFrame:
    """A thin rule across."""
    made = QFrame()
    made.setProperty("role", "line")
    return made


def shortened(text: str, metrics: QFontMetrics, width: int, lines: int) -> str:
    """So many words of a text as stand in some lines of a width, with … behind the last where it is not all of them."""
    room = lines * metrics.lineSpacing()

    def fits(part: str) -> bool:
        box = metrics.boundingRect(QRect(0, 0, max(1, width), 10_000), Qt.TextFlag.TextWordWrap, part)
        return box.height() <= room

    if fits(text):
        return text
    words = text.split(" ")
    count = bisect_left(range(1, len(words)), True, key=lambda number: not fits(" ".join(words[:number]) + "…"))
    return " ".join(words[:count]).rstrip(",:;. ") + "…"


class Elided(QLabel):
    """One line that ends in … where the room ends; its tool tip begins with the whole text then.

    Where its width is not asked for (a size policy that ignores it), another text has nothing laid out anew: a QLabel's
    would go up to the whole window, several times a second while training.
    """

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(" ", parent)  # for the height of a line
        self._whole = self._tip = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        if role:
            self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def text(self) -> str:
        return self._whole

    def setText(self, text: str) -> None:
        if text != self._whole:
            self._whole = text
            self.setAccessibleName(text)
            if self.sizePolicy().horizontalPolicy() is not QSizePolicy.Policy.Ignored:
                self.updateGeometry()
            self.update()

    def setToolTip(self, text: str) -> None:
        if text != self._tip:
            self._tip = text
            super().setToolTip(text)

    def sizeHint(self) -> QSize:
        margins = self.contentsMargins()
        wide = self.fontMetrics().horizontalAdvance(self._whole) + margins.left() + margins.right() + 1
        return QSize(wide, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(16, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        room = self.contentsRect()
        short = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), short)
        tip = self._tip if short == self._whole else "\n".join(filter(None, (self._whole, self._tip)))
        if tip != self.toolTip():
            super().setToolTip(tip)


class Text(QWidget):
    """One line of painted text that is cut with an ellipsis rather than clipped."""

    def __init__(
        self,
        text: str = "",
        *,
        role: str = "text",
        size: int = 12,
        bold: bool = False,
        mono: bool = False,
        short: tuple[str, str] | None = None,
    ) -> None:
        """`short` has words with which the text may begin, and fewer for them where the whole has no room."""
        super().__init__()
        self._text, self._role, self._short = text, role, short
        self._font = font(size, bold=bold, mono=mono)
        self.alignment = Qt.AlignmentFlag.AlignLeft
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    @property
    def text(self) -> str:
        """The whole text."""
        return self._text

    def set_text(self, text: str, role: str | None = None) -> None:
        """Show another text, in the colour of another role if one is named."""
        if text != self._text or (role is not None and role != self._role):
            self._text, self._role = text, role or self._role
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self._font)
        return QSize(metrics.horizontalAdvance(self._text) + 1, metrics.height() + 2)

    @property
    def shown(self) -> str:
        """What of it has room."""
        metrics, text = QFontMetrics(self._font), self._text
        if self._short is not None and metrics.horizontalAdvance(text) > self.width():
            whole, fewer = self._short
            first, dot, rest = text.partition(" · ")
            if dot and first == whole:
                text = fewer + dot + rest
        return _cut(text, metrics, self.width())

    @property
    def first_width(self) -> int:
        """The width of what stands before the first dot."""
        return QFontMetrics(self._font).horizontalAdvance(self._text.partition(" · ")[0]) + 1

    def minimumSizeHint(self) -> QSize:
        return QSize(min(24, self.sizeHint().width()), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setPen(theme().color(self._role))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | self.alignment, self.shown)


def _cut(text: str, metrics: QFontMetrics, width: int) -> str:
    """The text in so many pixels. What stands before a dot is kept whole as long as it fits; of a layer in blocks, its
    own name rather than those of the blocks."""
    first, dot, rest = text.partition(" · ")
    if dot and metrics.horizontalAdvance(text) > width:
        mode = Qt.TextElideMode.ElideLeft if "." in rest and " " not in rest else Qt.TextElideMode.ElideRight
        short = metrics.elidedText(rest, mode, width - metrics.horizontalAdvance(first + dot))
        if short not in ("", "…"):
            return first + dot + short
        text = first
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
