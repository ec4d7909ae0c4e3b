"""Views that draw only what somebody sees, and catch up as soon as somebody does."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from builder.ui.views.takeaway import TakeawayView


class SeenView(TakeawayView):
    """Base of the views that are drawn as a whole when something changes. Subclasses say how.

    Attributes:
        enlarged: the large window that shows the same, while there is one.
    """

    enlarged: QWidget | None = None

    def __init__(self) -> None:
        super().__init__()
        self._stale = True
        self._soon = QTimer(self, interval=0, singleShot=True)
        self._soon.timeout.connect(self.refresh)

    # For subclasses -------------------------------------------------------------------------------------------------

    def make_enlarged(self) -> QWidget:
        """The large window, which dies when it closes."""
        raise NotImplementedError

    def draw_anew(self) -> None:
        """Draw anew at once, in the large window too."""
        self._stale = False
        self._soon.stop()

    # The rest -------------------------------------------------------------------------------------------------------

    def enlarge(self) -> None:
        if not self.filled:
            return
        if self.enlarged is None:
            self.enlarged = self.make_enlarged()
            self.enlarged.destroyed.connect(self.forget_enlarged)
        self.enlarged.show()
        self.enlarged.activateWindow()
        self.refresh()

    def forget_enlarged(self) -> None:
        """The large window is gone, and nobody looks there any more."""
        self.enlarged = None
        self.attention_changed.emit()

    @property
    def watched(self) -> bool:
        return self.on_screen or (self.enlarged is not None and self.enlarged.isVisible())

    def set_sound(self, sound: bool) -> None:
        if sound is not self.sound:
            super().set_sound(sound)
            self.refresh()

    def refresh(self) -> None:
        """Draw anew, as soon as somebody can see it."""
        if self.watched:
            self.draw_anew()
        else:
            self._stale = True

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale and self.on_screen:  # not behind another tab, where Qt shows it too
            self.draw_anew()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._stale:  # the tab was chosen: Qt moves the dock into sight and shows nothing that was hidden
            self._soon.start()
