"""What a layer makes of the pinned sample: every channel, or for two inputs every unit over the plane.

Or what comes back to it from the loss: the gradient of every channel.
"""

from __future__ import annotations

import numpy as np

from builder.compile.analysis import receptive_fields
from builder.compile.infer import Inference
from builder.compile.plan import make_plan
from builder.graph.problems import ProblemError
from builder.inspect.picture import Attention, Plane
from builder.inspect.response import Box
from builder.layers.base import Category, Role
from builder.ui.terms import GRADIENT
from builder.ui.views.base import Subject, view
from builder.ui.views.colour import ACTIVATION, WEIGHT, limits, symmetric
from builder.ui.views.frame import Choice
from builder.ui.views.grid import GridView, Look, as_maps, some
from builder.ui.views.mosaic import Cell
from builder.ui.views.paint import figure
from builder.ui.views.plane import Points, coordinates
from builder.ui.views.scale import Scale

GRADIENTS = 1  # the second of the two things to be seen
UNSOUND = "Mend the network's problems to see gradients: they come back from the loss, at the network's end."
NOT_IN_RUN = "The network that is trained has no {}: reset the run to look into the network as it is now."
UNDER_WAY = "The gradients are being worked out, and appear with the next look inside the network."


@view("maps")
class FeatureMapsView(GridView):
    """Every channel of the selected layer, for the pinned sample.

    Attributes:
        what: the choice in the head: what the layer gives, or how the loss changes with it.
        scaling: one scale for all maps, or one for each.
    """

    def add_controls(self) -> None:
        tip = f"What the maps show: what the layer gives, or its gradient. {GRADIENT}"
        self.what = Choice(("values", "gradients"), tip, lambda _number: self._look_at_other())
        self.frame.head.add(self.what, -3)
        tip = "Colours: one scale for all maps, so that they can be compared, or each map with its own contrast"
        self.scaling = Choice(("shared scale", "own scales"), tip, lambda _number: self.refresh())
        self.frame.head.add(self.scaling, 3)
        self.attention_changed.connect(lambda: self.pointed(None))

    def node(self) -> str | None:
        """The node that is looked at."""
        return node_to_show(self.subject)

    def attention(self) -> Attention:
        name = self.node()
        names = frozenset((name,) if name is not None else ())
        if self.what.value != GRADIENTS or self.subject is None or _of_points(self.subject.inference):
            return Attention(activations=names)
        # Of an unfinished network only the part that works is built, and no loss is at its end.
        return Attention() if self.subject.inference.errors else Attention(gradients=names)

    def _look_at_other(self) -> None:
        self.attention_changed.emit()
        self.refresh()

    def draw_anew(self) -> None:
        points = self.subject is not None and _of_points(self.subject.inference)
        self.frame.head.set_present(self.what, not points)
        super().draw_anew()

    def pointed(self, cell: Cell | None) -> None:
        self.seen.emit(self.field_of(cell) if cell is not None else None)

    def field_of(self, cell: Cell) -> Box | None:
        """What a value sees of the pinned picture; None where there is no picture."""
        name = self.node()
        if self.subject is None or self.picture is None or self.picture.fitted.ndim != 3 or name is None:
            return None
        try:
            fields = receptive_fields(make_plan(self.subject.inference))
        except ProblemError:
            return None  # an unfinished network: what it sees is not settled
        if name not in fields:
            return None
        field = fields[name]
        return field.seen_by(*cell[1:]) if field is not None else (0, 0, *self.picture.fitted.shape[1:])

    def unit_of(self, tile: int) -> tuple[str, int] | None:
        name = self.node()
        return (name, tile) if name is not None else None

    def make_look(self) -> Look | str:
        name = self.node()
        if name is None:
            if self.subject is not None and self.subject.selection:
                return f"{self.subject.selection[0]} gives nothing yet: mend the problem first."
            return "Select a layer to see what it makes of the pinned input."
        if self.subject is not None and self.what.value == GRADIENTS and not _of_points(self.subject.inference):
            return self._gradients(name, self.subject)
        values = self.picture.activations.get(name) if self.picture is not None else None
        if self.picture is None or values is None or not some(values):
            if self.subject is not None and self.subject.inference.errors:
                return f"Mend the network's problems to see what {name} gives."
            if self.picture is not None and name in self.picture.attention.activations:
                return self.missing(name, NOT_IN_RUN.format(name))
            return self.awaited(f"What {name} gives appears here once the data is loaded.")
        maps = as_maps(values)
        scale = Scale(ACTIVATION, *limits(maps), each=self.scaling.value == 1)
        title = f"{self.title} · {name}"
        plane = self.picture.plane
        if plane is not None and values.ndim == 3:
            fitted = self.picture.fitted
            pinned = (float(fitted[0]), float(fitted[1])) if fitted.shape == (2,) else None
            points = Points(plane, pinned, self.devicePixelRatioF())
            return Look(
                title,
                maps,
                scale,
                lambda number: f"unit {number + 1}",
                describe=lambda tile, row, column: _over_plane(plane, maps, tile, row, column),
                overlay=points,
                upwards=True,
            )
        noun = "unit" if values.ndim == 1 else "map"
        return Look(title, maps, scale, lambda number: f"{noun} {number + 1}")

    def _gradients(self, name: str, subject: Subject) -> Look | str:
        """How the loss changes with what a node gives, or why there is nothing to see of it."""
        if subject.inference.errors:
            return UNSOUND
        if self.picture is None:
            return self.awaited(f"The gradients of {name} appear here once the data is loaded.")
        back = self.picture.backward
        if back is None or name not in self.picture.attention.gradients:
            return UNDER_WAY if self.sound else UNSOUND
        if back.missing:
            return back.missing
        if name in back.behind:
            begin = back.behind[name]
            return (
                f"The loss works on what {begin} gives, so the way back begins there, and {name} has no gradient of "
                f"its own. Select {begin} to see the first one."
            )
        found = back.gradients.get(name)
        if found is None or not some(found):
            return f"The gradients of {name} appear here once it is part of the run."
        if not found.any():
            return f"The gradient of {name} is 0 everywhere: a little more or less of what it gives changes no loss."
        maps = as_maps(found)
        noun = "unit" if found.ndim == 1 else "map"
        title = f"Gradients · {name}"
        if back.guessed and back.right is not None:
            known = subject.classes
            title += f" · as if {known[back.right] if back.right < len(known) else back.right} were right"

        def describe(tile: int, row: int, column: int) -> str:
            value = float(maps[tile, row, column])
            change = "raises the loss" if value > 0 else "lowers the loss" if value < 0 else "changes nothing"
            words = f"{noun} {tile + 1} · {figure(value)}\nmore {change}"
            return words if maps.shape[1:] == (1, 1) else f"{words}\nrow {row + 1}, column {column + 1}"

        scale = Scale(WEIGHT, *symmetric(maps), each=self.scaling.value == 1)
        return Look(title, maps, scale, lambda number: f"{noun} {number + 1}", describe=describe)


def _of_points(inference: Inference) -> bool:
    """Whether the network looks at points of a plane: its units are drawn over that, and a gradient is of one point."""
    return inference.shape(next(iter(inference.inputs), "")) == (2,)


def _over_plane(plane: Plane, maps: np.ndarray[tuple[int, ...], np.dtype[np.float32]], *cell: int) -> str:
    tile, row, column = cell
    first, second = coordinates(plane, row, column, maps.shape[-1])
    return f"unit {tile + 1} at ({first:.2f}, {second:.2f}) · {figure(float(maps[tile, row, column]))}".replace(
        "-", "−"
    )


def node_to_show(subject: Subject | None) -> str | None:
    """The node that is looked at: the first one selected that gives something, else the first convolution in sight."""
    if subject is None:
        return None
    for name in subject.selection:
        if subject.inference.shape(name) is not None:
            return name
    return None if subject.selection else first_to_show(subject.inference, subject.within)


def first_to_show(inference: Inference, within: str = "") -> str | None:
    """The first convolution, else the first fully connected layer, else the first layer with a known output.

    Of the layers in the opened block, whose names begin with `within`, if there is one among them.
    """
    found: dict[tuple[bool, int], str] = {}
    for name in inference.order:
        info = inference.nodes[name]
        if info.layer is None or info.output is None or info.layer.role is not Role.LAYER:
            continue
        kinds = (Category.CONVOLUTION, Category.DENSE)
        kind = kinds.index(info.layer.category) if info.layer.category in kinds else len(kinds)
        found.setdefault((not name.startswith(within), kind), name)
        if kind == 0 and name.startswith(within):
            break
    return found[min(found)] if found else None
