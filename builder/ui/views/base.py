"""What a live view is, and how one is found. A view says what it wants to see and draws what it gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from builder.compile.infer import Inference
from builder.inspect.picture import Attention, Part, Picture
from builder.inspect.response import Box, Responses
from builder.train.messages import EpochEnded, Finished, Prepared
from builder.ui.views.kept import Kept
from builder.ui.views.listing import LISTED

if TYPE_CHECKING:
    from numpy.typing import NDArray

V = TypeVar("V", bound=type["View"])

_views: dict[str, type[View]] = {}  # those whose modules were imported


@dataclass(frozen=True)
class Subject:
    """What the views look at: the selected nodes of a network, and the classes that it tells apart.

    Attributes:
        sample: the pinned sample's position in `part` of the data.
        own: whether a picture of the user's own is looked at in its place.
        within: what the dotted names of the opened block's layers begin with; "" while the network itself is shown.
    """

    inference: Inference
    selection: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    sample: int = 0
    own: bool = False
    part: Part = Part.VALIDATION
    within: str = ""


class View(QWidget):
    """One live view. Subclasses override what concerns them; every method is called on the window's thread.

    Attributes:
        key, title, help, short, behind: as `listing` has them.
        attention_changed: what the view wants to see is another thing now.
        sample_asked: the user wants another pinned sample (its position).
        own_asked: the user wants this picture (an `Own`) in place of the pinned sample.
        part_asked: the user wants the samples of another part of the data (a `Part`).
        mistake_asked: the user wants a sample that is answered wrongly (a `FindMistake`).
        layer_asked: the user wants this layer selected (its dotted name).
        responses_asked: the user wants to see what this unit (layer and number) responds to.
        seen: the pointer is on a value: what that sees of the input (`response.Box`), or None when it has left.
        offer_unit: tells whoever shows what units respond to that this one was chosen; whether that can be seen now.
        said: a sentence for the status line: what was saved or copied, or why it was not.
        sound: whether no problem keeps the network from being trained.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    help: ClassVar[str] = ""
    short: ClassVar[str] = ""
    least: ClassVar[str] = ""
    behind: ClassVar[str] = ""

    attention_changed = Signal()
    sample_asked = Signal(int)
    own_asked = Signal(object)
    part_asked = Signal(object)
    mistake_asked = Signal(object)
    layer_asked = Signal(str)
    responses_asked = Signal(str, int)
    seen = Signal(object)
    said = Signal(str)
    sound = True
    offer_unit: Callable[[str, int], bool] = staticmethod(lambda _layer, _unit: False)

    @property
    def on_screen(self) -> bool:
        """Whether somebody can see it: a dock behind the tab of another one counts as visible with Qt."""
        return self.isVisible() and not self.visibleRegion().isEmpty()

    @property
    def watched(self) -> bool:
        """Whether somebody can see what it shows, here or in a large window of its own."""
        return self.on_screen

    def head(self) -> QWidget | None:
        """The line with title and controls above the view, for a dock that shows it as its title bar."""
        return None

    def set_subject(self, subject: Subject) -> None:
        """Another network, selection, set of classes or sample."""

    def set_sound(self, sound: bool) -> None:
        """Take whether no problem keeps the network from being trained."""
        self.sound = sound

    def bid(self, words: str) -> str:
        """Words that bid to press Run, behind what must be done first where it cannot be pressed."""
        return words if self.sound else f"Mend the problems first, then {words[0].lower()}{words[1:]}"

    def awaited(self, words: str) -> str:
        """Words for what comes by itself, once a network that has problems is mended."""
        return words if self.sound else f"Mend the problems first: {words[0].lower()}{words[1:]}"

    def missing(self, name: str, words: str) -> str:
        """Words for a layer that the network in work has not; one with problems is built only as far as it goes."""
        return words if self.sound else f"Mend the network's problems to see what {name} gives."

    def attention(self) -> Attention:
        """What must be captured for this view, as it stands; nothing when it shows curves only."""
        return Attention()

    def show_picture(self, picture: Picture) -> None:
        """Draw the newest look inside the network. Called at most once a frame, only while visible."""

    def note_picture(self, picture: Picture) -> None:
        """Every look inside the network comes by here, though nobody sees this view: keep what is wanted later.

        Nothing may be drawn for it, and nothing is captured for it: what others asked for is all that there is.
        """

    def set_prepared(self, event: Prepared) -> None:
        """Data and model are ready: what comes from now on is of them."""

    def show_moment(self, step: int | None) -> None:
        """The run waits or has ended, and is looked at as it was at this step; None: as it is now."""

    @property
    def at_each_moment(self) -> str:
        """What a film of it has to work out for each of its pictures and takes long, as a sentence; "" for nothing."""
        return ""

    def follow(self, step: int, *, first: bool) -> None:
        """A film has come to this step, its `first` one or a later one: begin what otherwise begins when asked for."""

    @property
    def under_way(self) -> str:
        """What is still being worked out, in a few words; "" when all of it is seen."""
        return ""

    def set_kept(self, kept: Kept) -> None:
        """Share these runs to compare with."""

    def mark_seen(self, box: Box | None) -> None:
        """Show what a value in another view sees of the input; None for nothing."""

    def take_unit(self, layer: str, unit: int) -> bool:
        """This unit was chosen in another view; whether this view shows it."""
        return False

    def show_responses(self, found: Responses) -> None:
        """Take what a unit responds to."""

    def add_scalars(self, rows: NDArray[np.float64]) -> None:
        """Take new points of the curves: rows of (step, training loss, training accuracy; NaN where there is none)."""

    def add_rate(self, step: int, rate: float) -> None:
        """The learning rate was changed by hand behind this step."""

    def add_epoch(self, epoch: EpochEnded) -> None:
        """Take the figures of an epoch."""

    def set_finished(self, event: Finished) -> None:
        """The run has ended: take the figures of its test."""

    def clear(self) -> None:
        """A new run begins: forget curves and pictures."""


def view(key: str) -> Callable[[V], V]:
    """Class decorator: this is the view that `listing` has under this key, in the module of the same name."""

    def take(cls: V) -> V:
        for name, said in asdict(LISTED[key]).items():
            setattr(cls, name, said)
        _views[key] = cls
        return cls

    return take


def kind_of(key: str) -> type[View]:
    """The view of this key, imported now if it was not before."""
    import_module(f"builder.ui.views.{key}")
    return _views[key]


def all_views() -> tuple[type[View], ...]:
    """Every view, in the order in which they stand in the window."""
    return tuple(kind_of(key) for key in LISTED)
