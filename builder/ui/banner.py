"""A strip above the canvas that says one thing and offers what to do about it. Never modal, never in the way.

News is said at once, unless it matters less than what is said already. An offer waits its turn, and comes back behind
the news that took its place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from builder.ui.icons import icon
from builder.ui.theme import theme
from builder.ui.widgets.buttons import small_button


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
        self._buttons = QHBoxLayout()
        self._shown: list[QPushButton] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._text, 1)
        row.addLayout(self._buttons)
        row.addWidget(small_button("close", "Close this message", self.dismiss))
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
            button = QPushButton(offer.text)
            button.clicked.connect(lambda _checked=False, act=offer.act: self._take(act))
            self._buttons.addWidget(button)
            self._shown.append(button)
        self._recolour()
        self.show()

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
