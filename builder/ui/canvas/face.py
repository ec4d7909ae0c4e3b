"""What a node's card says and how large it is: a value made from the node and what is known of it.

Needs Qt only to measure text. Knows nothing of scenes, items or mouse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSizeF

from builder.compile.infer import NodeInfo
from builder.graph.model import Node, Shape
from builder.graph.problems import Fix, Problem, Severity
from builder.layers.base import Category, Layer, Role, show
from builder.layers.block import BlockInput, BlockOutput
from builder.layers.registry import find
from builder.ui.canvas.texts import advance

NAME, HEADLINE, NOTE, PILL, BADGE = 13, 11, 10, 12, 10  # text sizes in pixels
FAR_NOTE = 17  # of what stands on wires that are seen from half-way
CARD_HEIGHT, PILL_HEIGHT = 148.0, 28.0
PAD, BAR = 14.0, 4.0  # space around the text; width of the colour at the left edge
PICTURE_TOP, PICTURE_HEIGHT = 47.0, 70.0
PORT_RADIUS = 4.0
_LEAST, _MOST = 92.0, 158.0  # width of what stands on a card
_LARGEST_GAP_FREE = 12  # a vector of up to so many numbers gets roomy cells

FAR, MIDDLE, NEAR = 0, 1, 2  # how much is drawn of cards, wires and comments, from more and more near
FEW = 60  # nodes; of no more than these more is drawn from farther away: that costs little, and blank cards say nothing
_NEAR, _MIDDLE, _MIDDLE_FEW = 0.62, 0.34, 0.22  # zoom from which on so much is drawn

# One or two words for the badge; the whole message stands on the card and in the tooltip.
SHORT = {
    "shape-mismatch": "does not fit",
    "not-connected": "not connected",
    "bad-parameter": "bad value",
    "unknown-layer": "unknown",
    "unused": "unused",
    "unknown-block": "unknown",
    "cycle": "circle",
    "several-inputs": "second input",
    "data-misfit": "does not fit",
    "output-misfit": "does not fit",
    "squeezed-scores": "squeezes",
    "too-large": "too large",
    "all-alike": "all alike",
}


class Badge(NamedTuple):
    """What a card says of its layer beside the problem that it has itself.

    Attributes:
        text, role: a few letters, and their colour ("warn" or "bad").
        words: a sentence.
        fixes: what mends it, the most likely first.
    """

    text: str = ""
    role: str = ""
    words: str = ""
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True)
class Face:
    """All that is drawn of a node except its picture.

    Attributes:
        footer: the bottom line of a card; what stands below a pill, which has no line for it, where it learns less.
        inputs, outputs: number of ports shown.
        problem: the first thing that is wrong with the node.
        picture: whether a thumbnail of its output belongs on it.
        grid: columns and rows of the maps in the thumbnail.
    """

    name: str
    headline: str
    footer: str
    category: Category
    size: QSizeF
    inputs: int
    outputs: int
    compact: bool = False
    known: bool = True
    role: Role = Role.LAYER
    problem: Problem | None = None
    shape: Shape | None = None
    picture: bool = False
    grid: tuple[int, int] = (1, 1)

    @property
    def badge(self) -> tuple[str, str]:
        """Text and colour role of the problem's badge; empty text when all is well."""
        if self.problem is None:
            return "", ""
        # What is not wired yet is unfinished rather than wrong.
        mild = self.problem.severity is Severity.WARNING or self.problem.code == "not-connected"
        return SHORT.get(self.problem.code, "problem"), "warn" if mild else "bad"

    def port(self, side: str, index: int) -> QPointF:
        """Centre of a port ("in" or "out") in the card's own coordinates."""
        count = max(self.inputs if side == "in" else self.outputs, index + 1)
        x = 0.0 if side == "in" else self.size.width()
        return QPointF(x, self.size.height() * (index + 1) / (count + 1))

    @property
    def picture_area(self) -> QRectF:
        """Where the thumbnail goes, in the card's own coordinates."""
        return QRectF(PAD, PICTURE_TOP, self.size.width() - 2 * PAD, PICTURE_HEIGHT)


def grid_of(maps: int) -> tuple[int, int]:
    """Columns and rows for a thumbnail of so many feature maps; from nine on, the first ten are shown."""
    for most, grid in ((1, (1, 1)), (2, (2, 1)), (4, (2, 2)), (6, (3, 2)), (8, (4, 2))):
        if maps <= most:
            return grid
    return (5, 2)


def cells_of(numbers: int) -> tuple[int, int]:
    """Columns and rows for a vector shown as a field of cells."""
    if numbers <= _LARGEST_GAP_FREE:
        columns = min(numbers, 4)
    else:
        columns = next(c for c in range(1, numbers + 1) if c * c >= numbers)
    return columns, -(-numbers // columns)


def _picture_size(shape: Shape, grid: tuple[int, int]) -> float:
    """Width that the thumbnail of an output wants."""
    if len(shape) != 3 or shape[1:] == (1, 1):
        return PICTURE_HEIGHT
    aspect = min(max(shape[2] / shape[1], 0.5), 2.0)
    columns, rows = grid
    return min((PICTURE_HEIGHT - 2 * (rows - 1)) / rows * aspect * columns + 2 * (columns - 1), 146.0)


def face_of(node: Node, info: NodeInfo | None, wired: int, note: str = "", kind: type[Layer] | None = None) -> Face:
    """What the card of a node shows.

    Args:
        wired: one more than the highest input port that has a wire.
        note: the bottom line of an input: where its data come from.
        kind: what the node is, where the catalogue does not tell: a block's definition.
    """
    kind = kind or find(node.kind)
    problem = info.problems[0] if info is not None and info.problems else None
    shape = info.output if info is not None else None
    if kind is None:
        headline = f"{node.params.get('definition') or node.kind}: not known here"
        width = _width((node.name, NAME, True), (headline, HEADLINE, False), ("unknown", BADGE, False))
        size = QSizeF(width + 2 * PAD, CARD_HEIGHT)
        return Face(node.name, headline, "", Category.STRUCTURE, size, max(1, wired), 1, known=False, problem=problem)
    inputs = max(kind.ports.least, wired) if kind.ports.variadic else len(kind.ports.inputs)
    layer = info.layer if info is not None else None
    if kind.compact:
        size = QSizeF(advance(node.name, PILL) + 40, PILL_HEIGHT + 12 * max(0, inputs - 2))
        headline = layer.headline() if layer is not None else kind.title
        footer = _footer(info, kind.role) if info is not None and info.frozen else ""
        return Face(
            node.name, headline, footer, kind.category, size, inputs, len(kind.ports.outputs), compact=True,
            role=kind.role, problem=problem, shape=shape,
        )  # fmt: skip
    headline = layer.headline() if layer is not None else kind.title
    footer = note if kind.role is Role.INPUT and kind is not BlockInput else _footer(info, kind.role)
    maps = shape is not None and len(shape) == 3
    grid = (1, 1) if shape is None or (shape[0] == 3 and kind.role is Role.INPUT) else grid_of(shape[0])
    width = _width((node.name, NAME, True), (headline, HEADLINE, False), (footer, NOTE, False))
    if shape is not None:
        width = max(width, _picture_size(shape, grid if maps else (1, 1)))
    if problem is not None:
        width = 150.0 if shape is None else max(width, 120.0)
    size = QSizeF(round(width + 2 * PAD), CARD_HEIGHT)
    return Face(
        node.name, headline, footer, kind.category, size, inputs, len(kind.ports.outputs),
        role=kind.role, problem=problem, shape=shape, picture=shape is not None, grid=grid,
    )  # fmt: skip


def _width(*texts: tuple[str, int, bool]) -> float:
    widest = max(advance(text, size, bold) for text, size, bold in texts)
    return min(max(widest + 1, _LEAST), _MOST)


def _footer(info: NodeInfo | None, role: Role) -> str:
    if info is None or info.layer is None or info.output is None:
        return ""
    if role is Role.OUTPUT and not isinstance(info.layer, BlockOutput):
        count = info.output[0]
        return f"picture {show(info.output)}" if len(info.output) == 3 else f"{count:,} output{'s' * (count != 1)}"
    if isinstance(info.layer, BlockInput | BlockOutput):
        return show(info.output)
    count = info.parameters
    if info.frozen:
        return f"{count:,} frozen" if info.frozen == count else f"{count - info.frozen:,} of {count:,} learn"
    return f"{count:,} parameter{'s' * (count != 1)}" if count else "no parameters"


def detail_at(zoom: float, nodes: int) -> int:
    """How much is drawn at a zoom, of a network of so many nodes."""
    return NEAR if zoom >= _NEAR else MIDDLE if zoom >= (_MIDDLE if nodes > FEW else _MIDDLE_FEW) else FAR
