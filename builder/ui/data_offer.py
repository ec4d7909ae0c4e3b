"""What is said of data that are not on this computer, or that teach nothing: one sentence and a way on.

Said when a project opens, and again when the data were to be fetched and did not come. Only speaks; what the buttons do
is the document's and the training's.
"""

from __future__ import annotations

import html
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from builder.compile.limits import size
from builder.data.catalogue import DataSet, find
from builder.data.download import WHERE
from builder.data.folders import data_folder
from builder.graph.problems import Problem, ProblemError
from builder.project.learn_from import learn_from
from builder.train.messages import State
from builder.ui import choosers
from builder.ui.banner import Banner, Offer
from builder.ui.document import Document
from builder.ui.live import Live
from builder.ui.words import told

SUBJECT = "data"
_DIGITS = "digits"


class DataOffer(QObject):
    """Looks at the data of what was opened.

    Attributes:
        ask_folder: asks for a folder of pictures; None when nobody chose one.
    """

    def __init__(self, document: Document, banner: Banner, live: Live, parent: QWidget) -> None:
        super().__init__(parent)
        self._document, self._banner, self._live, self._window = document, banner, live, parent
        self._fetching = False  # the data were missing, and somebody waits for them
        self.ask_folder = self._ask_folder
        document.changed.connect(lambda old, new: self._changed(old.data.dataset != new.data.dataset))
        live.state_changed.connect(self._state_changed)
        live.scout.ended.connect(self._ended)

    def speak(self) -> None:
        """Say what the document's data need."""
        chosen = find(self._document.value.data.dataset)
        if chosen is None:
            return
        name = html.escape(chosen.title)
        if not chosen.at_hand(data_folder()):
            text = f"This network learns from <b>{name}</b>, which is not on this computer yet."
            offers = (self._fetch(chosen), self._digits())
            self._banner.offer(SUBJECT, text, "accent", offers)
        elif chosen.caution:
            folder = Offer("Choose a folder of pictures…", self._from_folder)
            self._banner.offer(SUBJECT, html.escape(chosen.caution), "accent", (folder, self._digits()))

    def offers(self, problem: Problem) -> tuple[Offer, ...]:
        """The button against data that are missing for a run that is shown; nothing against other problems."""
        missing = self._missing() if problem.code == "no-data" else None
        return (self._fetch(missing),) if missing is not None else ()

    def tell_failure(self, problem: Problem) -> bool:
        """Say why missing data did not come, with another try beside it; False when this is for others to say."""
        fetching, self._fetching = self._fetching, False
        missing = self._missing() if fetching else None
        if missing is None:
            return False
        if problem.where != WHERE:  # nothing was fetched, since something else is in the way: that first
            self.speak()
            return False
        offers = (self._fetch(missing, "Download again"), self._digits())
        self._banner.show_message(SUBJECT, html.escape(told(problem)), "bad", offers, lasting=True)
        return True

    def _missing(self) -> DataSet | None:
        """The data set that is chosen, where it has to be downloaded first."""
        chosen = find(self._document.value.data.dataset)
        return chosen if chosen is not None and not chosen.at_hand(data_folder()) else None

    def _digits(self) -> Offer:
        return Offer("Use the built-in digits", lambda: self._learn_from(_DIGITS))

    def _fetch(self, missing: DataSet, words: str = "Download") -> Offer:
        return Offer(f"{words} ({size(missing.download_size)})", self._download)

    def _download(self) -> None:
        self._fetching = True
        self._banner.withdraw(SUBJECT)  # while a run is shown, it is told of another one
        self._live.prepare()

    def _state_changed(self, state: State) -> None:
        """Whoever began it, a download needs no offer; one that was stopped or dropped does again."""
        if state is State.PREPARING:
            self._fetching = self._missing() is not None
            if self._fetching:
                self._banner.withdraw(SUBJECT)
        else:
            self._ended()

    def _ended(self) -> None:
        if self._fetching:
            self._fetching = False
            if self._missing() is not None:
                self.speak()

    def _changed(self, other_data: bool) -> None:
        if other_data:
            self._fetching = False
            self._banner.withdraw(SUBJECT)

    def choose_folder(self) -> bool:
        """Ask for a folder of pictures to learn from; whether one was chosen."""
        folder = self.ask_folder()
        if folder is not None:
            self._learn_from(f"folder:{folder}")
        return folder is not None

    def _from_folder(self) -> None:
        if not self.choose_folder():
            self.speak()

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
