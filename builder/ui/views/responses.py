"""What a unit responds to: the parts of the samples that make it fire most, the strongest first."""

from __future__ import annotations

import math
import time

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSpinBox

from builder.inspect.picture import Picture
from builder.inspect.response import Response, Responses
from builder.train.messages import EpochEnded, Finished, Prepared
from builder.ui.views.base import Subject, view
from builder.ui.views.captioned import NO_PICTURES, on_numbers, pixels_of, with_room
from builder.ui.views.colour import GREY, Pixels
from builder.ui.views.explained import ExplainedView
from builder.ui.views.frame import Choice
from builder.ui.views.grid import Look, MapsPanel
from builder.ui.views.maps import node_to_show
from builder.ui.views.paint import figure
from builder.ui.views.scale import Scale
from builder.ui.widgets.buttons import small_button

NOT_YET = "What a unit responds to appears here once the data is loaded."
NOT_IN_RUN = "The network that is trained has no such unit: reset the run to look into the network as it is now."
UNDER_WAY = "The samples are being looked through."
EVERY = 3.0  # seconds between two looks at the end of an epoch, at least
SHARE = 0.05  # of the time, which they may take
CROPS, WHOLE = range(2)
SEE_THROUGH = np.uint32(0)
_DIM = 3  # times as dark is the part of a picture that is not seen


@view("responses")
class ResponsesView(ExplainedView):
    """The samples of the validation part that a unit of the selected layer responds to most.

    Attributes:
        unit: number of the unit, from 0.
        found: the newest answer, whatever unit it is of; None when there is none.
    """

    def make_panel(self) -> MapsPanel:
        return MapsPanel(bar=False)

    def add_controls(self) -> None:
        self.unit = 0
        self.found: Responses | None = None
        self._asked: tuple[str, int] | None = None  # what an answer is awaited to
        self._old = True  # the answer is of other weights, and nobody saw it become so
        self._due = -math.inf
        self._form = Choice(
            ("seen part", "whole picture"), "The part of a sample that the unit sees, or all of it", self._show
        )
        self.index = QSpinBox(minimum=1, maximum=1)
        self.index.setProperty("bare", True)
        self.index.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.index.setKeyboardTracking(False)
        self.index.setFixedSize(46, 24)
        self.index.setToolTip("Which unit of the layer, counted from 1")
        self.index.setAccessibleName("Number of the unit")
        self.index.valueChanged.connect(lambda number: self.choose_unit(number - 1))
        head = self.frame.head
        head.add(self._form, 6)
        head.add(self.index, -3)
        before = small_button("chevron-left", "Previous unit", lambda: self.step(-1))
        head.add_pair(before, small_button("chevron-right", "Next unit", lambda: self.step(1)), -2)
        self.again = small_button("reset", "Look through the samples again", self.ask)
        head.add(self.again, 4)

    # Which unit -----------------------------------------------------------------------------------------------------

    def node(self) -> str | None:
        """The layer that is looked at: the same as that of the feature maps."""
        return node_to_show(self.subject)

    def units(self) -> int:
        """How many units the layer has; 0 where there is nothing to respond to."""
        name = self.node()
        shape = self.subject.inference.shape(name) if self.subject is not None and name is not None else None
        if not shape or len(shape) > 3:
            return 0
        return shape[0] if len(shape) != 2 else 1

    def set_subject(self, subject: Subject) -> None:
        before, self.subject = self.node(), subject
        if self.node() != before:
            self.unit = 0
        self.refresh()

    def choose_unit(self, unit: int) -> None:
        """Look at another unit of the layer."""
        self.unit = max(0, min(unit, self.units() - 1))
        self.refresh()

    def step(self, by: int) -> None:
        """Go to a neighbouring unit, around."""
        self.choose_unit((self.unit + by) % max(1, self.units()))

    def take_unit(self, layer: str, unit: int) -> bool:
        if layer != self.node() or on_numbers(self.subject):
            return False
        self.choose_unit(unit)
        return True

    def choose(self, tile: int) -> None:
        if self.found is not None and tile < len(self.found.found):
            self.sample_asked.emit(self.found.found[tile].sample)

    # Asking ---------------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Have the samples looked through, with the weights as they are."""
        name = self.node()
        if name is not None and self.units() and not on_numbers(self.subject):
            self._asked, self._old = (name, self.unit), False
            self.responses_asked.emit(name, self.unit)

    def show_picture(self, picture: Picture) -> None:
        """Nothing here is of the pinned sample."""

    def show_responses(self, found: Responses) -> None:
        if (found.layer, found.unit) == self._asked:
            self._asked = None
        self.found = found
        self._due = time.monotonic() + max(EVERY, found.seconds / SHARE)
        self.refresh()

    def set_prepared(self, event: Prepared) -> None:
        self._outdate()

    def add_epoch(self, epoch: EpochEnded) -> None:
        if time.monotonic() >= self._due:
            self._outdate()

    def set_finished(self, event: Finished) -> None:
        self._outdate()

    def clear(self) -> None:
        self.found = self._asked = None
        self._due = -math.inf
        super().clear()

    def _outdate(self) -> None:
        self._old = True
        self.refresh()

    # Showing --------------------------------------------------------------------------------------------------------

    def title_of(self, look: Look) -> str:
        return look.title.rpartition(" · ")[0]

    def draw_anew(self) -> None:
        wanted = self.node(), self.unit
        known = self._asked or ((self.found.layer, self.found.unit) if self.found is not None else None)
        if self._old or known != wanted:
            self.ask()
        self._show_units()
        super().draw_anew()

    def _show_units(self) -> None:
        self.index.blockSignals(True)
        self.index.setMaximum(max(1, self.units()))
        self.index.setValue(self.unit + 1)
        self.index.blockSignals(False)

    def _show(self, _choice: int) -> None:
        self.refresh()

    def make_look(self) -> Look | str:
        name, found = self.node(), self.found
        if self.subject is None or name is None:
            return self.awaited(NOT_YET)
        if on_numbers(self.subject):
            return NO_PICTURES
        if found is None or (found.layer, found.unit) != (name, self.unit):
            return self.awaited(NOT_YET) if found is None else UNDER_WAY
        if not found.found:
            return self.missing(name, NOT_IN_RUN)
        return self._look(found)

    def _look(self, found: Responses) -> Look:
        whole = self._form.value == WHOLE
        tiles = [
            _dimmed(each) if whole else np.where(inside, pixels_of(crop), SEE_THROUGH)
            for each, crop, inside in found.crops()
        ]
        pixels, foot = with_room(tiles)
        captions = tuple(self._caption(each) for each in found.found)
        most = f" of {found.total:,}" if found.looked < found.total else ""
        words = f"Of {'the first ' if most else ''}{found.looked:,}{most} validation samples, at step {found.step:,}"
        self.content.explain(words, "A click on one pins it.")

        def describe(tile: int, row: int, _column: int) -> str:
            each = found.found[tile]
            return f"sample {each.sample + 1} · {self._class(each)}\nresponds with {figure(each.value)}"

        noun = (
            "map" if self.subject is not None and len(self.subject.inference.shape(found.layer) or ()) == 3 else "unit"
        )
        return Look(
            f"{found.layer} · {noun} {found.unit + 1} · what it responds to",
            np.repeat(np.array([each.value for each in found.found], np.float32), pixels[0].size).reshape(pixels.shape),
            Scale(GREY, 0.0, 1.0),
            lambda number: f"sample {found.found[number].sample + 1}",
            pixels=pixels,
            describe=describe,
            bar=False,
            captions=captions,
            foot=foot,
        )

    def _class(self, each: Response) -> str:
        known = self.subject.classes if self.subject is not None else ()
        if each.target is None:
            return "no class"
        number = int(each.target)
        return known[number] if known and 0 <= number < len(known) else figure(float(each.target))

    def _caption(self, each: Response) -> str:
        value = figure(each.value)
        return value if each.target is None else f"{self._class(each)} · {value}"


def _dimmed(each: Response) -> Pixels:
    """The whole picture, darker where the unit's strongest value does not look."""
    _, height, width = each.picture.shape
    seen = np.zeros((height, width), np.bool_)
    top, left, bottom, right = each.box
    seen[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
    picture = np.where(seen, each.picture, each.picture // _DIM)
    return pixels_of(picture)
