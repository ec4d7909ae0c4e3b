"""Offers on the banner what programs that did not end as they should have left behind. Knows no canvas."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime

from builder.project.autosave import Recovered
from builder.ui.banner import Banner, Offer
from builder.ui.files import Files

SUBJECT = "recovery"


class RecoveryOffer:
    """One offer at a time, the newest first. What is neither opened nor dropped is offered at the next start."""

    def __init__(self, banner: Banner, files: Files) -> None:
        self._banner, self._files = banner, files

    def make(self, found: Sequence[Recovered]) -> None:
        """Offer these."""
        if not found:
            return
        newest, rest = found[0], found[1:]

        def take() -> None:
            if not self._files.recover(newest):
                self.make(found)

        def drop() -> None:
            newest.discard()
            self.make(rest)

        when = datetime.fromtimestamp(newest.saved).strftime("%d %B, %H:%M")
        name = newest.path.stem if newest.path else newest.project.name
        text = f"<b>{html.escape(name)}</b> was not saved when the program last ended (autosaved {when})."
        self._banner.offer(SUBJECT, text, "accent", (Offer("Open it", take), Offer("Drop it", drop)))
