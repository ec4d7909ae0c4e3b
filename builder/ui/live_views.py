"""The live views together: what they look at, what they see of a run, and what they ask of each other.

Knows every view only as a `View`; where they stand on the screen is the window's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from builder.graph.model import Shape
from builder.inspect.cloud import Gathering
from builder.inspect.picture import Attention, Own, Part, Picture, Pin
from builder.inspect.preferred import Seeking
from builder.inspect.question import Question
from builder.train.messages import FindMistake, MistakeFound, Prepared, Way
from builder.ui.comparing import compare
from builder.ui.document import Document
from builder.ui.live import Live
from builder.ui.views.base import Subject, View, kind_of
from builder.ui.views.kept import Kept
from builder.ui.views.listing import LISTED
from builder.ui.views.own import own_shape

NONE_WRONG = "There is no wrong answer in the {} part."
NO_CLASSES = "This network tells no classes apart, so no answer is simply right or wrong."
NO_SAMPLES = "There are no samples in the {} part."
PINNED = "{} is the pinned input now. Escape in that view goes back to the data."
NONE_OF_THE_KIND = "By now, there is no such wrong answer in the {} part."


class LiveViews(QObject):
    """Makes the views, and passes the news of document and training to all of them.

    One that is made late missed the news before: all are made before there is a run.

    Attributes:
        views: those that were made, by key, in the order of the window.
        kept: the runs to compare with.
        pin: what all pictures are made of; set by `pin_sample` and `pin_own`.
    """

    attention_changed = Signal()  # something else is wanted now

    def __init__(
        self, document: Document, live: Live, say: Callable[[str], object], parent: QObject | None = None
    ) -> None:
        """Let `say` put a sentence into the status line."""
        super().__init__(parent)
        self._document, self._live, self._say = document, live, say
        self.pin = Pin()
        self._pinned_with = document.value.data  # the data when a picture was put in the place of a sample
        self._classes: tuple[str, ...] = ()
        self._of_a_kind = False  # of which wrong answer was asked for last
        self.kept = Kept()
        self.kept.said.connect(say)
        self.views: dict[str, View] = {}
        self._subject = Subject(document.flat)
        self._sound = True
        document.changed.connect(lambda _old, _new: self.renew_subject())
        document.replaced.connect(self._unpin)
        document.selected.connect(lambda _names: self.renew_subject())
        document.page_changed.connect(lambda _path: self.renew_subject())
        live.prepared_changed.connect(self._prepared)
        live.picture_taken.connect(self._show_picture)
        live.mistake_found.connect(self._found)
        live.inside_changed.connect(lambda _inside: self.attention_changed.emit())
        live.finished.connect(lambda event: self.kept.note_end(event.run))
        self.renew_subject()

    def make(self, key: str) -> View:
        """The view of this key; made now if nobody has asked for it before."""
        if key not in self.views:
            shown = kind_of(key)()
            made = self.views | {key: shown}
            self.views = {each: made[each] for each in LISTED if each in made}
            self._connect(shown)
            shown.set_subject(self._subject)
            shown.set_sound(self._sound)
        return self.views[key]

    def _connect(self, shown: View) -> None:
        live = self._live
        shown.set_kept(self.kept)
        live.scalars_added.connect(shown.add_scalars)
        live.epoch_ended.connect(shown.add_epoch)
        live.rate_changed.connect(shown.add_rate)
        live.finished.connect(shown.set_finished)
        live.cleared.connect(shown.clear)
        live.moments.step_changed.connect(shown.show_moment)
        shown.attention_changed.connect(self.attention_changed)
        shown.said.connect(self._say)
        shown.layer_asked.connect(self._document.go_to)
        shown.sample_asked.connect(self.pin_sample)
        shown.own_asked.connect(self.pin_own)
        shown.part_asked.connect(self.pin_part)
        shown.mistake_asked.connect(self._find)
        shown.responses_asked.connect(live.find_responses)
        shown.offer_unit = self._offer_unit
        live.responses_found.connect(shown.show_responses)
        for other in self.views.values():
            shown.seen.connect(other.mark_seen)
            if other is not shown:
                other.seen.connect(shown.mark_seen)

    # What is looked at ----------------------------------------------------------------------------------------------

    def renew_subject(self) -> None:
        """Tell every view what is selected, of which network."""
        chosen = [self._document.flat_name(name) for name in self._document.selection]
        names = tuple(name for name in chosen if name is not None)
        pin, within = self.pin, self._document.full_name("")
        own = pin.own is not None
        self._subject = Subject(self._document.flat, names, self._classes, pin.sample, own, pin.part, within)
        for shown in self.views.values():
            shown.set_subject(self._subject)
        self.attention_changed.emit()

    def set_sound(self, sound: bool) -> None:
        """Tell every view whether no problem keeps the network from being trained."""
        self._sound = sound
        for shown in self.views.values():
            shown.set_sound(sound)

    def attention(self, cards: Iterable[str] | None) -> Attention:
        """All that the views on the screen and these cards need pictures of; `None` where nobody sees any of it."""
        pin = self.pin
        if cards is None:
            return Attention(part=pin.part, sample=pin.sample, own=pin.own)
        activations = set(cards)
        inside = self._live.inside
        # Where a step has just gone back, the cards show what came back to them.
        gradients = set(activations) if inside is not None and inside.way is Way.BACKWARD else set()
        filters: set[str] = set()
        statistics = bool(activations)  # for the badges on the cards
        question: Question | None = None
        cloud: Gathering | None = None
        seeking: Seeking | None = None
        for shown in self.views.values():
            if shown.watched:
                wish = shown.attention()
                activations |= wish.activations
                filters |= wish.filters
                gradients |= wish.gradients
                statistics = statistics or wish.statistics
                question = question or wish.question
                cloud = cloud or wish.cloud
                seeking = seeking or wish.seeking
        return Attention(
            frozenset(activations), frozenset(filters), statistics, pin.part, pin.sample, pin.own, question,
            frozenset(gradients), cloud, seeking,
        )  # fmt: skip

    def pin_sample(self, index: int) -> None:
        """Look at another sample of the part that is looked at."""
        count = _count(self._live.prepared, self.pin.part)
        self.pin = Pin(index % count if count else max(0, index), part=self.pin.part)
        self.renew_subject()

    def pin_part(self, part: Part) -> None:
        """Look at the samples of another part of the data."""
        self.pin = Pin(part=part)
        self.renew_subject()

    def pin_own(self, own: Own) -> None:
        """Look at a picture of the user's own, or one that was made, instead."""
        before, self.pin = self.pin, replace(self.pin, own=own)
        self._pinned_with = self._document.value.data
        if own.title:
            self._say(PINNED.format(own.title))
        if before.own is None:
            self.renew_subject()  # while one draws on, the views have the same subject
        self.attention_changed.emit()

    def _unpin(self) -> None:
        self.pin = Pin()

    def find_mistake(self) -> None:
        """Look at the next sample that is answered wrongly, of whatever kind."""
        self._find(FindMistake(self.pin.sample, part=self.pin.part))

    def _find(self, wish: FindMistake) -> None:
        self._of_a_kind = wish.true is not None or wish.said is not None
        prepared = self._live.prepared
        if prepared is not None and not prepared.classes:
            self._say(NO_CLASSES)
        elif prepared is not None and not _count(prepared, wish.part):
            self._say(NO_SAMPLES.format(wish.part.value))
        else:
            self._live.find_mistake(wish)

    def _offer_unit(self, layer: str, unit: int) -> bool:
        taken = [other.take_unit(layer, unit) and other.watched for other in self.views.values()]
        return any(taken)

    def _found(self, found: MistakeFound) -> None:
        if found.position is None:
            self._say((NONE_OF_THE_KIND if self._of_a_kind else NONE_WRONG).format(found.part.value))
        else:
            self.pin = Pin(part=found.part)
            self.pin_sample(found.position)

    # Films ----------------------------------------------------------------------------------------------------------

    def follow(self, step: int, *, first: bool) -> None:
        """A film has come to this step, and takes what is seen of it."""
        for shown in self.views.values():
            if shown.watched:
                shown.follow(step, first=first)

    @property
    def under_way(self) -> str:
        """What somebody sees being worked out, in a few words; "" for nothing."""
        return next((shown.under_way for shown in self.views.values() if shown.under_way and shown.watched), "")

    @property
    def at_each_moment(self) -> str:
        """What takes long at each picture of a film, as sentences; "" for nothing."""
        return " ".join(shown.at_each_moment for shown in self.views.values() if shown.at_each_moment and shown.watched)

    def compare(self, folders: list[Path]) -> None:
        """Put the curves of the runs in these folders behind those that are seen."""
        compare(folders, self.kept, self.views, self._say)

    # News of the run ------------------------------------------------------------------------------------------------

    def _prepared(self, event: Prepared) -> None:
        self._classes = event.classes
        same = self._document.value.data == self._pinned_with
        flat = self._document.flat
        self.pin = _fitting(self.pin, event, flat.shape(flat.inputs[0]) if same and flat.inputs else None)
        self.renew_subject()
        for shown in self.views.values():
            shown.set_prepared(event)

    def _show_picture(self, picture: Picture) -> None:
        for shown in self.views.values():
            shown.note_picture(picture)
            if shown.watched:
                shown.show_picture(picture)


def _fitting(pin: Pin, event: Prepared, made: Shape | None) -> Pin:
    """What stays pinned of this now that other data may be there.

    Args:
        made: the form of pictures that were made, which are the network's very input; None where the data are others.
    """
    own = pin.own
    if own is not None and own.shape != (made if own.values else own_shape(event)):
        own = None
    if pin.sample < _count(event, pin.part):
        return Pin(pin.sample, own, pin.part)
    return Pin(0, own)


def _count(event: Prepared | None, part: Part) -> int:
    """Samples of a part of the data; 0 while nobody knows."""
    if event is None:
        return 0
    counts = {Part.TRAIN: event.train_samples, Part.VALIDATION: event.validation_samples, Part.TEST: event.test_samples}
    return counts[part]
