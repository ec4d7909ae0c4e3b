"""What a layer makes of the pinned sample: every channel, or for two inputs every unit over the plane."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from builder.compile.analysis import receptive_fields
from builder.compile.infer import Inference
from builder.compile.plan import make_plan
from builder.graph.problems import ProblemError
from builder.inspect.picture import Attention, Plane
from builder.inspect.response import Box
from builder.layers.base import Category, Role
from builder.ui.views.base import Subject, view
from builder.ui.views.colour import ACTIVATION, limits
from builder.ui.views.frame import Choice
from builder.ui.views.grid import GridView, Look, as_maps, some
from builder.ui.views.mosaic import Cell
from builder.ui.views.paint import figure
from builder.ui.views.plane import Points, coordinates
from builder.ui.views.scale import Scale


@view
class FeatureMapsView(GridView):
    """Every channel of the selected layer, for the pinned sample."""

    key: ClassVar[str] = "maps"
    title: ClassVar[str] = "Feature maps"
    help: ClassVar[str] = "What the selected layer makes of the pinned input: one picture for each channel."

    def add_controls(self) -> None:
        tip = "Colours: one scale for all maps, so that they can be compared, or each map with its own contrast"
        self.scaling = Choice(("shared scale", "own scales"), tip, lambda _number: self.refresh())
        self.frame.head.add(self.scaling, 3)
        self.attention_changed.connect(lambda: self.pointed(None))

    def node(self) -> str | None:
        """The node that is looked at."""
        return node_to_show(self.subject)

    def attention(self) -> Attention:
        name = self.node()
        return Attention(activations=frozenset((name,) if name is not None else ()))

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
        self.frame.head.title.set_text(self.title if name is None else f"{self.title} · {name}")
        if name is None:
            if self.subject is not None and self.subject.selection:
                return f"{self.subject.selection[0]} gives nothing yet: mend the problem first."
            return "Select a layer to see what it makes of the pinned input."
        values = self.picture.activations.get(name) if self.picture is not None else None
        if self.picture is None or values is None or not some(values):
            if self.subject is not None and self.subject.inference.errors:
                return f"Mend the network's problems to see what {name} gives."
            return f"What {name} gives appears here once the data is loaded."
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


def _over_plane(plane: Plane, maps: np.ndarray[tuple[int, ...], np.dtype[np.float32]], *cell: int) -> str:
    tile, row, column = cell
    first, second = coordinates(plane, row, column, maps.shape[-1])
    return f"unit {tile + 1} at ({first:.2f}, {second:.2f}) · {figure(float(maps[tile, row, column]))}".replace(
        "-", "−"
    )


def node_to_show(subject: Subject | None) -> str | None:
    """The node that is looked at: the first one selected that gives something, else the first convolution."""
    if subject is None:
        return None
    for name in subject.selection:
        if subject.inference.shape(name) is not None:
            return name
    return None if subject.selection else first_to_show(subject.inference)


def first_to_show(inference: Inference) -> str | None:
    """The first convolution, else the first fully connected layer, else the first layer with a known output."""
    found: dict[bool, str] = {}
    for name in inference.order:
        info = inference.nodes[name]
        if info.layer is None or info.output is None or info.layer.role is not Role.LAYER:
            continue
        if info.layer.category is Category.CONVOLUTION:
            return name
        found.setdefault(info.layer.category is not Category.DENSE, name)
    return found[min(found)] if found else None
