"""What is said when a project opens whose data are not on this computer, or teach nothing: one sentence and a way on.

Only speaks; what the buttons do is the document's and the trainer's.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from builder.compile.limits import size
from builder.data.catalogue import find
from builder.data.folders import data_folder
from builder.graph.problems import ProblemError
from builder.project.learn_from import learn_from
from builder.ui import choosers
from builder.ui.banner import Banner, Offer
from builder.ui.document import Document

SUBJECT = "data"
_DIGITS = "digits"


class DataOffer(QObject):
    """Looks at the data of what was opened.

    Attributes:
        ask_folder: asks for a folder of pictures; None when nobody chose one.
    """

    def __init__(self, document: Document, banner: Banner, download: Callable[[], object], parent: QWidget) -> None:
        super().__init__(parent)
        self._document, self._banner, self._download, self._window = document, banner, download, parent
        self.ask_folder = self._ask_folder
        document.changed.connect(lambda old, new: self._changed(old.data.dataset != new.data.dataset))

    def speak(self) -> None:
        """Say what the document's data need."""
        chosen = find(self._document.value.data.dataset)
        if chosen is None:
            return
        digits = Offer("Use the built-in digits", lambda: self._learn_from(_DIGITS))
        name = html.escape(chosen.title)
        if not chosen.at_hand(data_folder()):
            text = f"This network learns from <b>{name}</b>, which is not on this computer yet."
            offers = (Offer(f"Download ({size(chosen.download_size)})", self._download), digits)
            self._banner.offer(SUBJECT, text, "accent", offers)
        elif chosen.caution:
            folder = Offer("Choose a folder of pictures…", self._from_folder)
            self._banner.offer(SUBJECT, html.escape(chosen.caution), "accent", (folder, digits))

    def _changed(self, other_data: bool) -> None:
        if other_data:
            self._banner.withdraw(SUBJECT)

    def _from_folder(self) -> None:
        folder = self.ask_folder()
        if folder is None:
            self.speak()
        else:
            self._learn_from(f"folder:{folder}")

    def _learn_from(self, dataset: str) -> None:
        try:
            value = learn_from(self._document.value, dataset)
        except ProblemError as error:
            self._document.refused.emit(error.problems[0])
            self.speak()
            return
        chosen = find(dataset)
        self._document.commit(f"Learn from {chosen.title if chosen is not None else dataset}", value)

    def _ask_folder(self) -> Path | None:
        words = "A folder that holds one folder of pictures for each class"
        return choosers.folder(self._window, words)
