"""What the units of a layer look for: pictures made, from noise, so that each unit gives as much as it can."""

from __future__ import annotations

import numpy as np

from builder.compile.infer import Inference
from builder.inspect.picture import Attention, Own, Picture
from builder.inspect.preferred import Preferred, Seeking
from builder.layers.base import Category, Role
from builder.ui.views.base import Subject, view
from builder.ui.views.captioned import NO_PICTURES, on_numbers, pixels_of, with_room
from builder.ui.views.colour import GREY
from builder.ui.views.explained import ExplainedView
from builder.ui.views.grid import Look, MapsPanel
from builder.ui.views.maps import node_to_show
from builder.ui.views.paint import figure
from builder.ui.views.scale import Scale
from builder.ui.views.takeaway import Entry
from builder.ui.widgets.buttons import small_button

NOT_YET = "Pictures that a unit likes best appear here once the data is loaded."
UNSOUND = "Mend the network's problems to see what its units look for."
INPUT = "The input looks for nothing: select a layer."
FAILED = "No picture can be made for this layer: nothing goes back from it to the picture, or it takes too much memory."
UNDER_WAY = "The pictures are being made, and appear with the next look inside the network."
SILENT = "is silent: it gives 0, whatever was tried"
TITLE = "What {} of {} looks for"
HOW = (
    "Activation maximisation: from noise, up the gradient of what the unit gives, without leaving what a pixel is in "
    "the data. A picture's own menu shows it to the network."
)


@view("preferred")
class PreferredView(ExplainedView):
    """A picture for each of some units of the selected layer.

    Attributes:
        first: number of the first unit that is shown, from 0.
    """

    def make_panel(self) -> MapsPanel:
        return MapsPanel(bar=False)

    def add_controls(self) -> None:
        self.first = 0
        self._layer: str | None = None
        self.turns = (
            small_button("chevron-left", "The units before", lambda: self.turn(-1)),
            small_button("chevron-right", "The units after these", lambda: self.turn(1)),
        )
        self.frame.head.add_pair(*self.turns, -2)

    # Which units ----------------------------------------------------------------------------------------------------

    def node(self) -> str | None:
        """The layer that is looked at: the same as that of the feature maps."""
        return node_to_show(self.subject)

    def attention(self) -> Attention:
        name = self.node()
        if self.subject is None or name is None or self.subject.inference.errors or on_numbers(self.subject):
            return Attention()
        return Attention(seeking=Seeking(name, self.first if name == self._layer else 0))

    def set_subject(self, subject: Subject) -> None:
        self.subject = subject  # what is asked now is worked out where somebody sees it, and not at every edit
        if self.node() != self._layer:
            self._layer, self.first = self.node(), 0
        self.refresh()

    def turn(self, by: int) -> None:
        """Show the units after these, or those before."""
        found = self._found()
        if found is None or not found.units:
            return
        shown = max(1, len(found.pictures))
        first = self.first + by * shown
        self.first = first if 0 <= first < found.units else 0 if by > 0 else (found.units - 1) // shown * shown
        self.attention_changed.emit()
        self.refresh()

    def unit_of(self, tile: int) -> tuple[str, int] | None:
        found = self._found()
        return (found.seeking.layer, found.seeking.first + tile) if found is not None else None

    def entries_of(self, tile: int) -> list[Entry]:
        classes = self.subject is not None and bool(self.subject.classes)
        show = [("Show this to the network", lambda: self.show_to_network(tile))] if classes else []
        return [*super().entries_of(tile), *show]

    def show_to_network(self, tile: int) -> None:
        """Make one of the pictures the pinned input: its very values, also where only a part of them is seen here."""
        found = self._found()
        values = found.whole(tile) if found is not None else None
        if found is not None and values is not None:
            title = TITLE.format(self._name(found, tile), found.seeking.layer)
            self.own_asked.emit(Own.made(values, found.as_seen(values), title))

    def _found(self) -> Preferred | None:
        found = self.picture.preferred if self.picture is not None else None
        return found if found is not None and found.seeking.layer == self.node() else None

    # Showing --------------------------------------------------------------------------------------------------------

    def show_picture(self, picture: Picture) -> None:
        before, self.picture = self._found(), picture
        now = self._found()
        # Many looks are for other views, and leave the pictures as they are.
        if before is None or now is None or not _same(before, now):
            self.refresh()

    def draw_anew(self) -> None:
        super().draw_anew()
        found = self._found()
        several = found is not None and len(found.pictures) < found.units
        for button in self.turns:
            button.setEnabled(several)

    def make_look(self) -> Look | str:
        if self.subject is None or self.node() is None:
            return self.awaited(NOT_YET)
        if on_numbers(self.subject):
            return NO_PICTURES
        if self.subject.inference.errors:
            return UNSOUND
        layer = self.subject.inference.nodes[self.node() or ""].layer
        if layer is not None and layer.role is Role.INPUT:
            return INPUT
        found = self._found()
        if found is None or found.seeking.first != self.first:
            return self.awaited(NOT_YET) if self.picture is None else UNDER_WAY
        return self._look(found) if found.units else FAILED

    def _look(self, found: Preferred) -> Look:
        count, first = len(found.pictures), found.seeking.first
        pixels, foot = with_room([pixels_of(picture) for picture in found.pictures])
        names = [self._name(found, number) for number in range(count)]
        those = f"Each of the {found.units:,} units" if found.units > 1 else "The only unit"
        if count < found.units:
            those = f"Units {first + 1:,} to {first + count:,} of {found.units:,}"
        done = "" if found.made >= 1 else f", {100 * found.made:.0f} % made"
        self.content.explain(f"{those} of {found.seeking.layer}, at step {found.step:,}{done}", HOW)

        silent = [found.made >= 1 and value == 0 for value in found.values.tolist()]

        def describe(tile: int, _row: int, _column: int) -> str:
            given = SILENT if silent[tile] else f"gives {figure(float(found.values[tile]))} for this picture"
            return f"{names[tile]}\n{given}"

        return Look(
            f"{self.title} · {found.seeking.layer}",
            np.repeat(found.values, pixels[0].size).reshape(pixels.shape),
            Scale(GREY, 0.0, 1.0),
            lambda number: names[number],
            pixels=pixels,
            describe=describe,
            bar=False,
            captions=tuple(_quiet(name) if mute else name for mute, name in zip(silent, names, strict=True)),
            foot=foot,
        )

    def _name(self, found: Preferred, number: int) -> str:
        unit = found.seeking.first + number
        known = self.subject.classes if self.subject is not None else ()
        if (
            self.subject is not None
            and found.units == len(known)
            and _answers(self.subject.inference, found.seeking.layer)
        ):
            return known[unit]
        shape = self.subject.inference.shape(found.seeking.layer) if self.subject is not None else None
        return f"{'map' if shape is not None and len(shape) == 3 else 'unit'} {unit + 1}"


def _quiet(name: str) -> str:
    """The caption of a unit that nothing woke: a grey picture alone would say nothing."""
    return f"{name.removeprefix('map ').removeprefix('unit ')}: silent"


def _answers(inference: Inference, name: str) -> bool:
    """Whether a node gives the network's answer, or the scores that it is made from: its units are the classes."""
    graph = inference.graph
    place = next(iter(inference.outputs), None)
    while place is not None:
        if place == name:
            return True
        layer = inference.nodes[place].layer
        if layer is None or (layer.role is not Role.OUTPUT and layer.category is not Category.ACTIVATION):
            return False
        feeding = graph.incoming.get(place, ())
        place = feeding[0].source if len(feeding) == 1 else None
    return False


def _same(one: Preferred, other: Preferred) -> bool:
    return (one.seeking, one.made) == (other.seeking, other.made) and np.array_equal(one.pictures, other.pictures)
