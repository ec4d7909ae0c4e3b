"""Offers on the banner what programs that did not end as they should have left behind. Knows no canvas."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QObject

from builder.project.autosave import Recovered
from builder.ui.banner import Banner, Offer
from builder.ui.files import Files


class RecoveryOffer(QObject):
    """One offer at a time, the newest first; waits while the banner says something else."""

    def __init__(self, banner: Banner, files: Files, parent: QObject) -> None:
        super().__init__(parent)
        self._banner, self._files = banner, files
        self._waiting: Sequence[Recovered] = ()
        banner.closed.connect(self._closed)

    def make(self, found: Sequence[Recovered]) -> None:
        """Offer these."""
        self._waiting = found
        if not found or self._banner.subject not in ("", "recovery"):
            return  # what is said now comes first; the offer follows when it is closed
        newest, rest = found[0], found[1:]

        def take() -> None:
            self._waiting = ()
            self._files.recover(newest)
            newest.discard()

        def drop() -> None:
            newest.discard()
            self.make(rest)

        when = datetime.fromtimestamp(newest.saved).strftime("%d %B, %H:%M")
        name = newest.path.stem if newest.path else newest.project.name
        text = f"<b>{html.escape(name)}</b> was not saved when the program last ended (autosaved {when})."
        self._banner.show_message("recovery", text, "accent", (Offer("Open it", take), Offer("Drop it", drop)))

    def _closed(self, subject: str) -> None:
        if subject == "recovery":
            self._waiting = ()
        else:
            self.make(self._waiting)
