"""The learned weights of a layer: filters of a convolution as pictures, of a fully connected layer as a matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from builder.compile.infer import Inference
from builder.graph.model import Shape
from builder.inspect.picture import Attention, Floats
from builder.layers.base import Category, Role
from builder.ui.views.base import Subject, view
from builder.ui.views.colour import WEIGHT, rgb_pixels, symmetric
from builder.ui.views.frame import Choice
from builder.ui.views.grid import GridView, Look, some
from builder.ui.views.maps import NOT_IN_RUN
from builder.ui.views.numbers import Numbers
from builder.ui.views.paint import figure
from builder.ui.views.scale import Scale
from builder.ui.widgets.buttons import small_button
from builder.ui.widgets.labels import Text

MOST = 16  # filters, and inputs, on one page
MOST_ALONE = 128  # filters on one page when each has a single picture
MOST_IN_MATRIX = 256  # rows, and columns, of a matrix on one page
MOST_IN_FIGURES = 16  # rows, and columns, of a matrix whose figures are written out, with the bias beside them


@dataclass(frozen=True)
class Page:
    """A part of the weights: these outputs and these inputs, of so many in all."""

    outputs: slice
    inputs: slice
    total: tuple[int, int]

    def note(self) -> str:
        """What part this is: "6 of 6", "1-16 of 120", "16 × 6", "1-16 of 120 × 16"."""
        shown = [
            str(total) if (part.start, part.stop) == (0, total) else f"{part.start + 1}–{part.stop} of {total}"
            for part, total in zip((self.outputs, self.inputs), self.total, strict=True)
        ]
        if self.total[1] > 1:
            return f"{shown[0]} × {shown[1]}"
        return (
            f"{shown[0]} of {shown[0]}" if self.outputs.stop == self.total[0] and not self.outputs.start else shown[0]
        )


def pages(total: tuple[int, int], most: tuple[int, int]) -> list[Page]:
    """The parts that `total` outputs and inputs are shown in, when so many fit on one page."""
    return [
        Page(slice(row, min(row + most[0], total[0])), slice(column, min(column + most[1], total[1])), total)
        for row in range(0, total[0], most[0])
        for column in range(0, total[1], most[1])
    ]


@view("filters")
class FiltersView(GridView):
    """Learned filters of the selected convolution, or weights of the selected fully connected layer."""

    def add_controls(self) -> None:
        self._page = 0
        self._shown: tuple[str | None, Shape] = (None, ())
        self._rows: tuple[int, int] | None = None  # the first filter of the page and how many tiles it has
        self.note = Text(role="muted", size=11)
        self.colour = Choice(("colour", "channels"), "Filters over a colour picture", self._turn_to_first)
        self.form = Choice(("matrix", "pictures"), "How the weights stand", self._turn_to_first)
        self.back = small_button("chevron-left", "Previous filters", lambda: self.turn(-1))
        self.on = small_button("chevron-right", "Next filters", lambda: self.turn(1))
        head = self.frame.head
        for control, spare in ((self.note, 4), (self.colour, 3), (self.form, 3), (self.back, 0), (self.on, 0)):
            head.add(control, spare)
            head.set_present(control, False)

    def node(self) -> str | None:
        """The node whose weights are shown: the first selected that has some, else the first convolution.

        Of a selected block, the first in it.
        """
        if self.subject is None:
            return None
        inference, selection = self.subject.inference, self.subject.selection
        if not selection:
            return _first_with_weights(inference, self.subject.within)
        own = next((name for name in selection if weight_shape(inference, name)), None)
        blocks = (_block_of(name, self.subject.within) for name in selection)
        inside = (_first_with_weights(inference, block, only=True) for block in blocks if block)
        return own or next((name for name in inside if name is not None), None)

    def attention(self) -> Attention:
        name = self.node()
        return Attention(filters=frozenset((name,) if name is not None else ()))

    def set_subject(self, subject: Subject) -> None:
        super().set_subject(subject)
        name = self.node()
        shown = name, weight_shape(subject.inference, name) if name else ()
        if shown != self._shown:
            self._shown, self._page = shown, 0
            self.refresh()

    def unit_of(self, tile: int) -> tuple[str, int] | None:
        name = self.node()
        return (name, self._rows[0] + tile // self._rows[1]) if name is not None and self._rows is not None else None

    def turn(self, by: int) -> None:
        """Show the next or the previous page."""
        self._page = max(0, self._page + by)
        self.refresh()

    def _turn_to_first(self, _choice: int) -> None:
        self._page = 0
        self.refresh()

    def make_look(self) -> Look | str:
        name = self.node()
        weights = self.picture.filters.get(name) if self.picture is not None and name is not None else None
        if weights is None or not some(weights):
            self._describe_controls(None, colour=False, pictures=False)
        if self.subject is None or name is None:
            selection = self.subject.selection if self.subject is not None else ()
            if selection and self.subject is not None:
                if self.subject.inference.shape(selection[0]) is None:
                    return f"{selection[0]} gives nothing yet: mend the problem first."
                return f"{selection[0]} has no filters. {self._advice(self.subject)}"
            return "Select a convolution to see its filters."
        if weights is None or not some(weights):
            if self.subject.inference.errors:
                return f"Mend the network's problems to see the filters of {name}."
            if self.picture is not None and name in self.picture.attention.filters:
                return self.missing(name, NOT_IN_RUN.format(name))
            return self.awaited(f"The filters of {name} appear here once the data is loaded.")
        return self._look(self.heading(), weights, pictured(self.subject.inference, name, weights))

    def _advice(self, subject: Subject) -> str:
        name = _first_with_weights(subject.inference, subject.within)
        if name is None:
            return "Nor has any other layer of this network."
        matrix = len(weight_shape(subject.inference, name)) == 2
        return f"Select {name} to see its weights." if matrix else "Select a convolution to see its filters."

    def heading(self) -> str:
        """A fully connected layer has weights, but no filters."""
        name = self.node()
        if name is None or self.subject is None:
            return self.title
        matrix = len(weight_shape(self.subject.inference, name)) == 2
        return f"{'Learned weights' if matrix else self.title} · {name}"

    def _look(self, title: str, weights: Floats, stands_for: Floats | None) -> Look:
        self._rows = None
        as_pictures = weights.ndim == 4 and weights.shape[2] * weights.shape[3] > 1
        if not as_pictures and stands_for is not None and self.form.value == 1:
            weights, as_pictures = stands_for, True
        scale = Scale(WEIGHT, *symmetric(weights))
        over_colour = as_pictures and weights.shape[1] == 3
        if not as_pictures:
            matrix = weights.reshape(weights.shape[0], weights.shape[1])
            if max(matrix.shape) <= MOST_IN_FIGURES:
                return self._figures(title, matrix, stands_for is not None)
            page = self._turned((len(matrix), matrix.shape[1]), (MOST_IN_MATRIX, MOST_IN_MATRIX))
            part = matrix[page.outputs, page.inputs]
            self._describe_controls(page, colour=False, pictures=stands_for is not None)

            # Ten units with hundreds of inputs would be a line that nobody can read: cells of a strip are not square.
            high, wide = _drawn_out(*part.shape), _drawn_out(*part.shape[::-1])

            def of_matrix(_tile: int, row: int, column: int) -> str:
                row, column = row // high, column // wide
                unit, source = page.outputs.start + row + 1, page.inputs.start + column + 1
                return f"unit {unit} · input {source} · {figure(float(part[row, column]))}"

            cells = part.repeat(high, axis=0).repeat(wide, axis=1)[None]
            return Look(title, cells, scale, lambda _number: "all weights", describe=of_matrix)
        if over_colour and self.colour.value == 0:
            page = self._turned((len(weights), 1), (MOST_ALONE, 1))
            part = weights[page.outputs]
            self._rows = page.outputs.start, 1
            self._describe_controls(page, colour=True, pictures=False)

            def of_colour(tile: int, row: int, column: int) -> str:
                red, green, blue = (figure(float(value)) for value in part[tile, :, row, column])
                filter_ = f"filter {page.outputs.start + tile + 1} · row {row + 1}, column {column + 1}"
                return f"{filter_}\nred {red} · green {green} · blue {blue}"

            return Look(
                title,
                np.asarray(part.mean(axis=1), dtype=np.float32),
                scale,
                lambda number: f"filter {page.outputs.start + number + 1}",
                pixels=in_colour(part, scale.high),
                describe=of_colour,
                bar=False,
            )
        inputs = weights.shape[1]
        most = (MOST_ALONE, 1) if inputs == 1 else (MOST, MOST)
        page = self._turned((len(weights), inputs), most)
        part = weights[page.outputs, page.inputs]
        across = part.shape[1]
        self._rows = page.outputs.start, across
        self._describe_controls(page, colour=over_colour, pictures=stands_for is not None)

        def name_of(number: int) -> str:
            row, column = divmod(number, across)
            filter_ = f"filter {page.outputs.start + row + 1}"
            return filter_ if inputs == 1 else f"{filter_}, input {page.inputs.start + column + 1}"

        tiles = part.reshape(-1, *part.shape[2:])
        return Look(title, tiles, scale, name_of, columns=0 if inputs == 1 else across)

    def _figures(self, title: str, matrix: Floats, pictures: bool) -> Look:
        """A small matrix in figures, with the bias as its last column."""
        outputs, inputs = matrix.shape
        self._describe_controls(self._turned((outputs, inputs), matrix.shape), colour=False, pictures=pictures)
        name = self.node()
        bias = self.picture.biases.get(name) if self.picture is not None and name is not None else None
        sources = self._sources(name, inputs)
        if bias is not None and some(bias):
            matrix, sources = np.column_stack([matrix, bias]), (*sources, "bias")
        scale = Scale(WEIGHT, *symmetric(matrix))

        def words(_tile: int, row: int, column: int) -> str:
            source = sources[column] if column >= inputs else f"input {sources[column]}"
            return f"unit {row + 1} · {source} · {figure(float(matrix[row, column]))}"

        numbers = Numbers(matrix, sources, scale.high, len(sources) - inputs, self.devicePixelRatioF())
        return Look(title, matrix[None], scale, lambda _number: "all weights", describe=words, overlay=numbers)

    def _sources(self, name: str | None, count: int) -> tuple[str, ...]:
        """What the columns of a matrix stand for: x1 and x2 behind the input of the network, else their numbers."""
        known = self.subject.inference if self.subject is not None else None
        before = known.graph.incoming.get(name or "", ()) if known is not None else ()
        layer = known.nodes[before[0].source].layer if known is not None and before else None
        letter = "x" if layer is not None and layer.role is Role.INPUT else ""
        return tuple(f"{letter}{number}" for number in range(1, count + 1))

    def _turned(self, total: tuple[int, int], most: tuple[int, int]) -> Page:
        every = pages(total, most)
        self._page = min(self._page, len(every) - 1)
        self.back.setEnabled(self._page > 0)
        self.on.setEnabled(self._page < len(every) - 1)
        return every[self._page]

    def _describe_controls(self, page: Page | None, *, colour: bool, pictures: bool) -> None:
        head = self.frame.head
        whole = page is None or (page.outputs, page.inputs) == (slice(0, page.total[0]), slice(0, page.total[1]))
        self.note.set_text(page.note() if page is not None else "")
        for control, present in (
            (self.note, page is not None),
            (self.colour, colour),
            (self.form, pictures),
            (self.back, not whole),
            (self.on, not whole),
        ):
            head.set_present(control, present)


def _drawn_out(count: int, other: int) -> int:
    """How many times each of `count` rows is drawn so that they and `other` columns are no strip."""
    return other // (2 * count) if other > 4 * count else 1


def in_colour(filters: Floats, reach: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    """Filters (count, 3, height, width) over a colour picture as colours: zero is mid grey, `reach` full."""
    shares = np.nan_to_num(filters) / max(reach, 1e-12) * 0.5 + 0.5
    return rgb_pixels(np.clip(np.rint(shares * 255.0), 0, 255).astype(np.uint8).swapaxes(0, 1))


def weight_shape(inference: Inference, name: str) -> Shape:
    """Shape of the weights of a node that can be shown as filters; () when it has none."""
    info = inference.nodes.get(name)
    if info is None or info.layer is None or info.output is None:
        return ()
    shape = info.layer.weights(info.known_inputs).get("weight", ())
    return shape if len(shape) in (2, 4) else ()


def _block_of(name: str, within: str) -> str:
    """What the names of the layers begin with that stand in the same block as a layer; "" where it stands in none.

    Args:
        within: the same for the opened block: of the blocks in it, the outermost counts.
    """
    block, dot, _ = name.removeprefix(within).partition(".")
    return f"{within}{block}." if dot else ""


def _first_with_weights(inference: Inference, within: str, *, only: bool = False) -> str | None:
    """The first convolution whose weights can be shown, else the first such layer of another kind.

    Of the layers whose names begin with `within`, if there is one among them; with `only`, of no others.
    """
    found: dict[tuple[bool, bool], str] = {}
    for name in inference.order:
        layer = inference.nodes[name].layer
        kind = not name.startswith(within), layer is None or layer.category is not Category.CONVOLUTION
        if only and kind[0]:
            continue
        if kind not in found and weight_shape(inference, name):
            found[kind] = name
            if not any(kind):
                break
    return found[min(found)] if found else None


def pictured(inference: Inference, name: str, weights: Floats) -> Floats | None:
    """Weights of a fully connected layer right behind a flattened picture, as (out, channels, height, width).

    Each unit then has one picture for each channel that it looks at. None for any other layer.
    """
    if weights.ndim != 2 or name not in inference.graph.nodes:
        return None
    for edge in inference.graph.incoming[name]:
        source = inference.nodes.get(edge.source)
        shape = source.inputs[0] if source is not None and source.inputs else None
        flat = source is not None and source.node.kind == "Flatten"
        if flat and shape is not None and len(shape) == 3 and shape[1] * shape[2] > 1:
            return weights.reshape(-1, *shape) if weights.shape[1] == np.prod(shape) else None
    return None
