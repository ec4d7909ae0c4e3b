"""A strip above the canvas that says one thing and offers what to do about it. Never modal, never in the way.

News is said at once, unless it matters less than what is said already. An offer waits its turn, and comes back behind
the news that took its place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QLabel, QPushButton, QSizePolicy, QWidget

from builder.ui.icons import icon
from builder.ui.theme import theme
from builder.ui.widgets.buttons import PushButton, small_button

TEXT_ROOM = 280  # pixels; with less beside the buttons, the text stands above them

_SPACING = 8


@dataclass(frozen=True)
class Offer:
    """A button on the banner."""

    text: str
    act: Callable[[], object]


@dataclass(frozen=True)
class _Message:
    subject: str
    text: str
    role: str
    offers: tuple[Offer, ...]
    lasting: bool = True

    @property
    def mends(self) -> bool:
        return self.role != "accent" and bool(self.offers)


class Banner(QWidget):
    """One message at a time, with its offers.

    Attributes:
        subject: what the present message is about ("failed", "stale", ...); empty when nothing is shown.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._message: _Message | None = None
        self._waiting: dict[str, _Message] = {}  # by subject
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.RichText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._buttons.setSpacing(_SPACING)
        self._shown: list[QPushButton] = []
        self._close = small_button("close", "Close this message", self.dismiss)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 8, 8, 8)
        self._grid.setSpacing(_SPACING)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(self._icon, 0, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(self._text, 0, 1)
        self._grid.addLayout(self._buttons, 0, 2)
        self._grid.addWidget(self._close, 0, 3)
        theme().changed.connect(self._recolour)
        self.hide()

    @property
    def subject(self) -> str:
        return self._message.subject if self._message is not None else ""

    def show_message(
        self,
        subject: str,
        text: str,
        role: str = "accent",
        offers: tuple[Offer, ...] = (),
        *,
        lasting: bool = False,
        waits: bool = False,
    ) -> None:
        """Say something now.

        Args:
            role: "accent" (a note), "warn" or "bad".
            lasting: it comes back behind other news, until it is closed or withdrawn.
            waits: nobody has asked for it. Without anything to offer, it waits behind a warning that offers a mend.
        """
        before = self._message
        if waits and not offers and before is not None and before.subject != subject and before.mends:
            self._waiting[subject] = _Message(subject, text, role, offers, lasting)
            return
        if before is not None and before.lasting and before.subject != subject:
            self._waiting = {before.subject: before, **self._waiting}
        self._show(_Message(subject, text, role, offers, lasting))

    def offer(self, subject: str, text: str, role: str = "accent", offers: tuple[Offer, ...] = ()) -> None:
        """Say something that can wait, when nothing else is being said; it replaces what was offered on the subject."""
        message = _Message(subject, text, role, offers)
        if self.subject in ("", subject):
            self._show(message)
        else:
            self._waiting[subject] = message

    def _show(self, message: _Message) -> None:
        self._waiting.pop(message.subject, None)
        self._message = message
        self._text.setText(message.text)
        self._clear_buttons()
        for offer in message.offers:
            button = PushButton(offer.text)
            button.clicked.connect(lambda _checked=False, act=offer.act: self._take(act))
            self._buttons.addWidget(button)
            self._shown.append(button)
        self._arrange()
        self._recolour()
        self.show()

    def minimumSizeHint(self) -> QSize:
        # What stands beside the text now must not keep the strip from becoming as narrow as it may be below it.
        widest = max((button.sizeHint().width() for button in self._shown), default=0)
        return QSize(widest + self._around(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _around(self) -> int:
        """Pixels of the width that are neither text nor buttons."""
        margins = self._grid.contentsMargins()
        fixed = self._icon.sizeHint().width() + self._close.width()
        return margins.left() + margins.right() + fixed + 3 * _SPACING

    def _arrange(self) -> None:
        """The buttons beside the text, or below it where that would squeeze it."""
        room = self.width() - self._around()
        widths = [button.sizeHint().width() for button in self._shown]
        needed = sum(widths) + _SPACING * max(0, len(widths) - 1)
        below = bool(widths) and room - needed < TEXT_ROOM
        stacked = below and needed > room
        self._buttons.setDirection(QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight)
        self._grid.removeItem(self._buttons)
        if below:
            self._grid.addLayout(self._buttons, 1, 1, 1, 2, Qt.AlignmentFlag.AlignLeft)
        else:
            self._grid.addLayout(self._buttons, 0, 2)

    def dismiss(self) -> None:
        """The message was read: what waits is said."""
        self._message = None
        self._go_on()

    def withdraw(self, subject: str) -> None:
        """This does not hold any more, whether it is being said or waits."""
        self._waiting.pop(subject, None)
        if self.subject == subject:
            self.dismiss()

    def clear(self, keep: Collection[str] = ()) -> None:
        """Nothing holds any more but what is said of some subjects."""
        self._waiting = {subject: message for subject, message in self._waiting.items() if subject in keep}
        if self.subject not in keep:
            self.dismiss()

    def _go_on(self) -> None:
        if self._message is None and self._waiting:
            self._show(next(iter(self._waiting.values())))
        self.setVisible(self._message is not None)

    @property
    def text(self) -> str:
        """What it says now; empty when hidden."""
        return self._text.text() if self.subject else ""

    def buttons(self) -> list[QPushButton]:
        """The offers as they stand."""
        return list(self._shown)

    def _take(self, act: Callable[[], object]) -> None:
        self._message = None
        self.hide()
        act()
        self._go_on()

    def _clear_buttons(self) -> None:
        for button in self._shown:
            self._buttons.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._shown.clear()

    def _recolour(self) -> None:
        role = self._message.role if self._message is not None else "accent"
        name = {"accent": "info", "warn": "warning", "bad": "error"}[role]
        self._icon.setPixmap(icon(name, role).pixmap(QSize(16, 16)))
        edge, ground = theme().hex(role), theme().hex("raised")
        self.setStyleSheet(f"#banner {{ background: {ground}; border: 0; border-left: 3px solid {edge}; }}")
