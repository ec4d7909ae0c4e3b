"""Wires: the way from an output port to an input port, the shape that it carries, and the loose wire of a gesture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from builder.graph.model import Edge
from builder.train.messages import Way
from builder.ui.canvas.face import FAR_NOTE, FEW, NEAR, NOTE, PORT_RADIUS
from builder.ui.canvas.texts import advance

if TYPE_CHECKING:
    from builder.ui.canvas.scene import CanvasScene

_REACH = 8.0  # how far from a wire the mouse may be
_CHIP_HEIGHT = 18.0
_LARGER = FAR_NOTE / NOTE  # times as large are the labels that are seen from half-way, as are all words there
_TURN = 44.0  # how far a wire that turns back swings out
_BETWEEN = 104.0  # from the line of a row to the middle of the gap above it
_HEAD, _FAR_HEAD = 11.0, 18.0  # length of the head of an arrow, near and from half-way
_FORWARD = 12.0  # how far a wire must lead to the right, or it turns back
_LONG, _STEP = 160.0, 76.0  # a wire that is longer and changes its height does so within a step

_CLEAR = 20.0  # between a card that is put onto a wire and the ends of the wire
_SAMPLES = 100  # of a wire's way, where the nearest point of it is looked for


def path_between(
    start: QPointF, end: QPointF, over: float | None = None, *, joins: bool = False
) -> tuple[QPainterPath, QPointF, float]:
    """The way of a wire, the place for its label and how much room the label has there.

    Args:
        over: height of an arch that leads around what stands in between; of a wire that turns back, the height at which
            it runs back.
        joins: it ends where several wires meet: a long one then keeps its own height as far as it can, and runs clear
            of the cards in between. Any other takes the height of its end at once.
    """
    path = QPainterPath(start)
    dx, dy = end.x() - start.x(), end.y() - start.y()
    if over is not None and dx >= _FORWARD:
        return _arch(path, start, end, over)
    if dx >= _LONG and abs(dy) > 60:
        return _step(path, start, end, joins)
    if dx >= _FORWARD:
        bend = dx / 2 if abs(dy) > 1 else 0.0
        path.cubicTo(start.x() + bend, start.y(), end.x() - bend, end.y(), end.x(), end.y())
        room = dx if abs(dy) < 24 else dx / 2
        return path, QPointF(start.x() + dx / 2, start.y() + dy / 2), room
    # It turns back: out to the right, along between the rows, and in from the left.
    level = turning_level(start, end) if over is None else over
    right, left = start.x() + _corner(level - start.y()), end.x() - _corner(end.y() - level)
    _half_turn(path, QPointF(start.x(), start.y()), level, right)
    path.lineTo(end.x(), level)
    _half_turn(path, QPointF(end.x(), level), end.y(), left)
    return path, QPointF((start.x() + end.x()) / 2, level), max(start.x() - end.x(), 80.0)


def turning_level(start: QPointF, end: QPointF) -> float:
    """Height at which a wire runs back to the left where nothing is in its way.

    It is next to the row that the wire goes to: the one before may have branches below it.
    """
    dy = end.y() - start.y()
    if abs(dy) <= 60:
        return max(start.y(), end.y()) + _BETWEEN
    return end.y() - math.copysign(min(abs(dy) / 2, _BETWEEN), dy)


def _step(path: QPainterPath, start: QPointF, end: QPointF, late: bool) -> tuple[QPainterPath, QPointF, float]:
    """From one height to another at once, or only right before the end."""
    level, ramp = start.y() if late else end.y(), _STEP / 2
    corner = QPointF(end.x() - _STEP, level) if late else QPointF(start.x() + _STEP, level)
    if late:
        path.lineTo(corner)
        path.cubicTo(corner.x() + ramp, corner.y(), end.x() - ramp, end.y(), end.x(), end.y())
        return path, QPointF((start.x() + corner.x()) / 2, level), corner.x() - start.x()
    path.cubicTo(start.x() + ramp, start.y(), corner.x() - ramp, corner.y(), corner.x(), corner.y())
    path.lineTo(end)
    return path, QPointF((corner.x() + end.x()) / 2, level), end.x() - corner.x()


def _corner(rise: float) -> float:
    return min(_TURN, max(16.0, abs(rise) * 0.6))


def _half_turn(path: QPainterPath, start: QPointF, level: float, side: float) -> None:
    """A half ellipse from `start` to the same x at `level`, bulging to x = `side`."""
    # A cubic with both handles at 4/3 of the bulge passes through it.
    handle = start.x() + (side - start.x()) * 4 / 3
    path.cubicTo(handle, start.y(), handle, level, start.x(), level)


def _arch(path: QPainterPath, start: QPointF, end: QPointF, over: float) -> tuple[QPainterPath, QPointF, float]:
    ramp = min(60.0, (end.x() - start.x()) / 3)
    path.cubicTo(start.x() + ramp / 2, start.y(), start.x() + ramp / 2, over, start.x() + ramp, over)
    path.lineTo(end.x() - ramp, over)
    path.cubicTo(end.x() - ramp / 2, over, end.x() - ramp / 2, end.y(), end.x(), end.y())
    return path, QPointF((start.x() + end.x()) / 2, over), end.x() - start.x() - 2 * ramp


class WireItem(QGraphicsItem):
    """One wire of the graph.

    Attributes:
        edge: what it stands for.
        chosen: selected; hovered: under the mouse; marked: what is dragged over it would be inserted here.
    """

    def __init__(self, edge: Edge, canvas: CanvasScene) -> None:
        super().__init__()
        self.edge = edge
        self.chosen = self.hovered = self.marked = False
        self._canvas = canvas
        self._stroke: QPainterPath | None = None
        self._bounds = QRectF()
        self._text = ""
        self._ends = (QPointF(), QPointF())
        self._over: float | None = None
        self._joins = False
        self._straight = False  # so it looks from afar
        self._drawn: tuple[QPainterPath, QRectF, QRectF] | None = None

    def route(
        self, start: QPointF, end: QPointF, label: str, over: float | None = None, *, joins: bool = False
    ) -> bool:
        """Lead the wire from one point of the canvas to another; `label` stands on it where there is room.

        Returns whether it looks different now.

        Args:
            over, joins: see `path_between`.
        """
        same = self._ends == (start, end) and (self._text, self._over, self._joins) == (label, over, joins)
        if same and not self._bounds.isEmpty():
            return False
        self.prepareGeometryChange()
        self._ends = (QPointF(start), QPointF(end))
        self._text, self._over, self._joins = label, over, joins
        self._stroke = self._drawn = None
        stepped = end.x() - start.x() >= _LONG and abs(end.y() - start.y()) > 60
        self._straight = over is None and end.x() >= start.x() and not stepped
        self._bounds = self._reach()
        return True

    def _reach(self) -> QRectF:
        """What way and label cover, with some room for the mouse; of a wire that turns back, known by its way alone."""
        start, end = self._ends
        if end.x() - start.x() < _FORWARD:
            way = self.path.controlPointRect()
        else:
            heights = (start.y(), end.y(), *(() if self._over is None else (self._over,)))
            way = QRectF(start.x(), min(heights), end.x() - start.x(), max(heights) - min(heights))
        high = _LARGER * _CHIP_HEIGHT / 2 + 3 if self._text else _REACH
        return way.adjusted(-_REACH, -high, _REACH, high)

    def _draw(self) -> tuple[QPainterPath, QRectF, QRectF]:
        """The way, and where the label stands, near and from half-way.

        Worked out when it is asked for, since from afar hardly any is.
        """
        if self._drawn is None:
            path, middle, room = path_between(*self._ends, self._over, joins=self._joins)
            wide = math.ceil(advance(self._text, NOTE, mono=True)) + 12.0 if self._text else math.inf
            near, far = (_box(middle, wide, times) if times * wide + 8 <= room else QRectF() for times in (1, _LARGER))
            self._drawn = path, near, far
        return self._drawn

    def seat(self, place: QPointF, size: QSizeF) -> QPointF:
        """Where the centre of a card goes that is put onto the wire near a point: on the line, clear of its ends.

        It stays where it was dropped along a long wire, and goes to the middle of a short one. Where there is no room
        between the ends, it is for others to make some.
        """
        start, end = self._ends
        if abs(self.path.boundingRect().height()) > 1 or end.x() < start.x():
            shares = (step / _SAMPLES for step in range(_SAMPLES + 1))
            points = (self.path.pointAtPercent(share) for share in shares)
            return min(points, key=lambda point: (point - place).manhattanLength())
        least, most = start.x() + _CLEAR + size.width() / 2, end.x() - _CLEAR - size.width() / 2
        middle = (start.x() + end.x()) / 2
        return QPointF(min(max(place.x(), least), most) if most - least > size.width() else middle, start.y())

    def shift(self, way: QPointF) -> None:
        """Move the wire as it is, after both its ends were moved alike."""
        self.prepareGeometryChange()
        self._ends = (self._ends[0] + way, self._ends[1] + way)
        self._over = None if self._over is None else self._over + way.y()
        self._bounds.translate(way)
        self._stroke = self._drawn = None

    @property
    def ends(self) -> tuple[QPointF, QPointF]:
        """Where it begins and ends, in its own coordinates: those of the canvas, unless it is being dragged."""
        return self._ends

    @property
    def straight(self) -> bool:
        """Whether a straight line stands for it from afar."""
        return self._straight

    @property
    def chip(self) -> QRectF:
        """Where the shape is written; empty when there is no room for it."""
        _, near, far = self._draw()
        return near if self._canvas.detail == NEAR else far

    @property
    def path(self) -> QPainterPath:
        """The way of the wire, in the same coordinates."""
        return self._draw()[0]

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        if self._stroke is None:
            stroker = QPainterPathStroker()
            stroker.setWidth(2 * _REACH)
            self._stroke = stroker.createStroke(self.path)
            if not (chip := self._draw()[1]).isEmpty():
                self._stroke.addRect(chip)
            self._stroke.setFillRule(Qt.FillRule.WindingFill)
        return self._stroke

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        canvas = self._canvas
        ink = canvas.ink
        way = canvas.way if self.edge.source not in canvas.aside else None
        if self.chosen or self.marked:
            painter.setPen(ink.wire_selected)
        else:
            painter.setPen(ink.wire_hover if self.hovered else ink.wire if way is None else ink.wire_gone)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self.path)
        if way is not None:
            self._paint_head(painter, way)
        if canvas.detail != NEAR and len(canvas.nodes) > FEW:
            return
        chip = self.chip
        crowded = way is not None and self._straight and self.path.length() < chip.width() + 4 * _HEAD
        if not chip.isEmpty() and not crowded:
            if self.parentItem() is None:
                canvas.labels.add(self)
            else:
                self.paint_label(painter)  # it is carried, above what lies on the canvas

    def _paint_head(self, painter: QPainter, way: Way) -> None:
        """The head of an arrow, right before the port that it points at. There, every wire is level."""
        long = _HEAD if self._canvas.detail == NEAR else _FAR_HEAD
        start, end = self._ends
        tip, back = (end.x() - PORT_RADIUS - 1, -long) if way is Way.FORWARD else (start.x() + PORT_RADIUS + 1, long)
        y = end.y() if way is Way.FORWARD else start.y()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._canvas.ink.gone)
        half = long * 0.55
        painter.drawPolygon(QPolygonF([QPointF(tip, y), QPointF(tip + back, y - half), QPointF(tip + back, y + half)]))

    def paint_label(self, painter: QPainter) -> None:
        """Write the shape where `chip` is."""
        ink, chip = self._canvas.ink, self.chip
        painter.setPen(ink.selected if self.chosen or self.marked else ink.line)
        painter.setBrush(ink.chip_brush)
        painter.drawRoundedRect(chip, chip.height() / 2, chip.height() / 2)
        painter.setPen(ink.muted)
        painter.setFont(ink.chip if self._canvas.detail == NEAR else ink.far_chip)
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, self._text)


def _box(middle: QPointF, width: float, times: float) -> QRectF:
    """The place of a label, so many times as large as usual, on whole pixels."""
    box = QRectF(0, 0, times * width, times * _CHIP_HEIGHT)
    box.moveTo(round(middle.x() - box.width() / 2), round(middle.y() - box.height() / 2))
    return box


class LooseWire(QGraphicsItem):
    """The wire that hangs on the mouse while it is being drawn; takes the colour of what a drop would mean."""

    def __init__(self, canvas: CanvasScene) -> None:
        super().__init__()
        self._canvas = canvas
        self._path = QPainterPath()
        self._end = QPointF()
        self._role = "muted"
        self.setZValue(5)

    def lead(self, start: QPointF, end: QPointF, tip: QPointF, role: str) -> None:
        """From `start` to `end`, with a dot at `tip` (the end that the mouse holds)."""
        self.prepareGeometryChange()
        self._path = path_between(start, end)[0]
        self._end, self._role = QPointF(tip), role

    def boundingRect(self) -> QRectF:
        return self._path.controlPointRect().adjusted(-8, -8, 8, 8)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        ink = self._canvas.ink
        painter.setPen(ink.pens[self._role])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)
        painter.setBrush(ink.roles[self._role])
        painter.drawEllipse(self._end, 4, 4)
