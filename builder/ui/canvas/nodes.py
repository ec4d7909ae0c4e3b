"""One node on the canvas: a single item that paints its card (or pill), ports, picture and badge by itself.

Child items for texts would be more than ten times slower to build. Shows a `Face`; knows nothing of gestures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QTextOption
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from builder.compile.infer import NodeInfo
from builder.graph.problems import Fix
from builder.ui.canvas import face as look
from builder.ui.canvas.closeup import Closeup
from builder.ui.canvas.face import PAD, PICTURE_TOP, PORT_RADIUS, Face
from builder.ui.canvas.ink import Ink
from builder.ui.canvas.midway import Midway
from builder.ui.canvas.stack import sheets
from builder.ui.canvas.texts import advance, elided, metrics
from builder.ui.canvas.thumbnails import Thumbnail
from builder.ui.words import sentence

if TYPE_CHECKING:
    from builder.ui.canvas.scene import CanvasScene

_MARGIN = 8.0  # ports, the selected border and the shadow reach beyond the card
_BELOW = 14.0  # height of the line below a pill
_PORT_REACH = 11.0
_CENTRE = Qt.AlignmentFlag.AlignCenter
_WRAPPED = QTextOption(Qt.AlignmentFlag.AlignLeft)
_WRAPPED.setWrapMode(QTextOption.WrapMode.WordWrap)


class NodeItem(QGraphicsItem):
    """The card of a node.

    Attributes:
        name: of the node; the key in the graph.
        info, wired: what the card was last made from; compared by identity.
        chosen: selected; hovered: under the mouse.
        target: while a wire is drawn: "good" where it may end, "no" where not, "" otherwise.
    """

    def __init__(self, name: str, face: Face, canvas: CanvasScene) -> None:
        super().__init__()
        self.name = name
        self.info: NodeInfo | None = None
        self.wired = -1
        self.chosen = self.hovered = False
        self.target = ""
        self.thumbnail: Thumbnail | None = None
        self._health: tuple[str, str] = ("", "")
        self.health_words = ""
        self._health_fixes: tuple[Fix, ...] = ()
        self._canvas = canvas
        self._bounds = QRectF()
        self.setZValue(1)
        self.set_face(face)

    def set_face(self, face: Face) -> None:
        """Show another face."""
        size = face.size
        rect = QRectF(0, 0, size.width(), size.height())
        # Below the pill, so that no port moves when it is frozen and nothing has to make way.
        below = QRectF()
        if face.compact and face.footer:
            wide = advance(face.footer, look.NOTE) + 4
            below = QRectF((size.width() - wide) / 2, size.height() + 2, wide, _BELOW)
        # The backdrop is as large with a note below as without: a pixmap is kept for each of its sizes.
        around = rect.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
        bounds = around.united(below) if below else around
        if bounds != self._bounds:
            self.prepareGeometryChange()
        self.face, self.rect = face, rect
        self._below, self._around, self._bounds = below, around, bounds
        self._closeup: Closeup | None = None
        self._midway: Midway | None = None
        self._paint_anew()

    def _paint_anew(self, area: QRectF | None = None) -> None:
        """Paint the card, or a part of it; from afar no card paints itself, and the whole canvas would be painted."""
        if self._canvas.detail != look.FAR:
            self.update(area if area is not None else self._bounds)

    @property
    def badge(self) -> str:
        """Text of the badge; empty where there is none."""
        return (self.face.badge if self.face.problem is not None else self._health)[0]

    @property
    def badge_role(self) -> str:
        """Colour role of the badge."""
        return (self.face.badge if self.face.problem is not None else self._health)[1]

    @property
    def closeup(self) -> Closeup:
        """What is said when it is seen from near, and where."""
        if self._closeup is None:
            self._closeup = Closeup(self.face, self.badge)
        return self._closeup

    @property
    def footer(self) -> str:
        """The lowest line as it is drawn."""
        return self.closeup.footer.text()

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """What mends what the badge says, the most likely first."""
        return self.face.problem.fixes if self.face.problem is not None else self._health_fixes

    @property
    def explains(self) -> bool:
        """Whether there is more to a click on the badge than to one on the card."""
        return self.face.problem is not None or bool(self._health_fixes)

    def set_health(self, text: str, role: str, words: str, fixes: tuple[Fix, ...] = ()) -> None:
        """What stands on the badge while no problem is: see `Badge`."""
        self.health_words, self._health_fixes = words, fixes
        if (text, role) != self._health:
            self._health = (text, role)
            self._closeup = None
            self._paint_anew()

    def set_thumbnail(self, thumbnail: Thumbnail | None) -> None:
        """Show another picture of the node's output."""
        if thumbnail is not self.thumbnail:
            # Seen from half-way, the words stand elsewhere where there is a picture.
            words_move = (thumbnail is None) != (self.thumbnail is None)
            self.thumbnail = thumbnail
            self._paint_anew(self.rect if words_move else self.face.picture_area)

    def port_place(self, side: str, index: int) -> QPointF:
        """Centre of a port on the canvas."""
        return self.scenePos() + self.face.port(side, index)

    def port_at(self, place: QPointF, reach: float = _PORT_REACH) -> tuple[str, int] | None:
        """The port nearest to a point of the canvas, where one is in reach: side ("in", "out") and number."""
        local = place - self.scenePos()
        found: list[tuple[float, tuple[str, int]]] = []
        for side, count in (("out", self.face.outputs), ("in", self.face.inputs)):
            for index in range(count):
                away = self.face.port(side, index) - local
                inside = away.x() < 0 if side == "in" else away.x() > 0
                # Towards the middle of the card the reach is short, so that its edge can still be grabbed.
                if abs(away.y()) <= reach * 0.8 and abs(away.x()) <= (reach * 0.6 if inside else reach):
                    found.append((away.manhattanLength(), (side, index)))
        return min(found)[1] if found else None

    def box(self) -> QRectF:
        """The card on the canvas, without margin."""
        return self.rect.translated(self.scenePos())

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        canvas = self._canvas
        ink = canvas.ink
        near = canvas.detail == look.NEAR
        if self.face.compact:
            self._paint_pill(painter, ink, near)
        else:
            self._paint_card(painter, ink, near)
        if near and self.badge:
            self._paint_badge(painter, ink)
        elif self.face.problem is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink.roles[self.badge_role])
            painter.drawEllipse(QPointF(self.rect.width() - 4, 4), 8, 8)
        if self.target == "no":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink.veil)
            painter.drawRoundedRect(self.rect.adjusted(-1, -1, 1, 1), 8, 8)

    def _border(self) -> str:
        if self.chosen:
            return "chosen"
        if self.target == "good":
            return "good"
        if self.face.problem is not None and self.badge_role == "bad":
            return "bad"
        if not self.face.known:
            return "dashed"
        return "hover" if self.hovered else "plain"

    @property
    def _from_midway(self) -> Midway:
        if self._midway is None:
            self._midway = Midway(self.face)
        return self._midway

    def _paint_backdrop(self, painter: QPainter, ink: Ink, near: bool) -> None:
        face, rect = self.face, self.rect
        border = self._border()

        def draw(painter: QPainter) -> None:
            if not face.compact:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(ink.shadow)
                painter.drawRoundedRect(rect.translated(0, 2).adjusted(-0.5, 0, 0.5, 0.5), 8, 8)
            radius = 14.0 if face.compact else 7.0
            painter.setPen(ink.borders[border])
            painter.setBrush(ink.card_brush)
            painter.drawRoundedRect(rect, radius, radius)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink.categories[face.category])
            if face.compact and near:
                painter.drawEllipse(QPointF(17, rect.height() / 2), 3.5, 3.5)
            elif not face.compact:
                painter.drawRoundedRect(QRectF(0, 10, look.BAR, rect.height() - 20), 2, 2)
            self._paint_ports(painter, ink)

        ports = (face.inputs, face.outputs, self.target == "good")
        key = (rect.width(), rect.height(), face.compact, near, face.category, border, ports)
        ink.backdrops.paint(painter, key, self._around, draw)

    def _paint_pill(self, painter: QPainter, ink: Ink, near: bool) -> None:
        self._paint_backdrop(painter, ink, near)
        if not near:
            self._from_midway.paint_pill(painter, ink, self.rect, self.face.name)
            return
        painter.setPen(ink.text)
        painter.setFont(ink.pill)
        # The text is never longer than its pill, which was measured from it.
        area = self.rect.adjusted(26, 0, 0, -1)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.face.name)
        if self._below:
            painter.setPen(ink.muted)
            painter.setFont(ink.note)
            painter.drawText(self._below, _CENTRE, self.face.footer)

    def _paint_card(self, painter: QPainter, ink: Ink, near: bool) -> None:
        face, rect = self.face, self.rect
        self._paint_backdrop(painter, ink, near)
        if not near:
            self._from_midway.paint_card(painter, ink, face.picture and self.thumbnail is not None)
        else:
            painter.setPen(ink.text)
            painter.setFont(ink.name)
            painter.drawStaticText(QPointF(PAD, 8), self.closeup.name)
            painter.setPen(ink.muted)
            painter.setFont(ink.headline)
            painter.drawStaticText(QPointF(PAD, 26), self.closeup.headline)
            if face.footer and face.picture:
                painter.setFont(ink.note)
                painter.drawStaticText(QPointF(PAD, rect.height() - 23), self.closeup.footer)
        if face.picture:
            if self.thumbnail is not None:
                self.thumbnail.paint(painter, face.picture_area, ink)
            elif near:
                self._paint_size(painter, ink)
        elif near and face.problem is not None:
            self._paint_problem(painter, ink)

    def _paint_size(self, painter: QPainter, ink: Ink) -> None:
        """The size of the output, as long as nothing has run through the network."""
        if self.face.shape is not None:
            painter.setPen(ink.sheet_edges[self.face.category])
            painter.setBrush(ink.sheets[self.face.category])
            for sheet in sheets(self.face.shape, self.face.picture_area):
                painter.drawRect(sheet)  # one by one: together, all are filled before any is edged

    def _paint_problem(self, painter: QPainter, ink: Ink) -> None:
        problem = self.face.problem
        assert problem is not None
        button = self.closeup.fix_area
        bottom = button.top() - 4 if button else self.rect.height() - 10
        area = QRectF(PAD, PICTURE_TOP, self.rect.width() - 2 * PAD, bottom - PICTURE_TOP)
        painter.setFont(ink.note)
        painter.setPen(ink.badge_text[self.badge_role])
        message = sentence(problem.message)
        painter.drawText(area, _fitting(message, area), _WRAPPED)
        if button and problem.fix is not None:
            painter.setPen(ink.pens["accent"])
            painter.setBrush(ink.badges["accent"])
            painter.drawRoundedRect(button, 6, 6)
            painter.setPen(ink.text)
            painter.setFont(ink.headline)
            title = elided(problem.fix.title, look.HEADLINE, button.width() - 12)
            painter.drawText(button, _CENTRE, title)

    def _paint_badge(self, painter: QPainter, ink: Ink) -> None:
        area = self.closeup.badge_area
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setFont(ink.badge)
        if self.face.compact:
            painter.setBrush(ink.roles[self.badge_role])
            painter.drawEllipse(area)
            painter.setPen(ink.card)
            painter.setFont(ink.name)
            painter.drawText(area, _CENTRE, "!")
            return
        painter.setBrush(ink.badges.get(self.badge_role, ink.badges["muted"]))
        painter.drawRoundedRect(area, 8, 8)
        painter.setPen(ink.badge_text.get(self.badge_role, ink.muted))
        painter.drawText(area, _CENTRE, self.badge)

    def _paint_ports(self, painter: QPainter, ink: Ink) -> None:
        ready = self.target == "good"
        painter.setPen(ink.port_ready if ready else ink.port)
        painter.setBrush(ink.port_ready_brush if ready else ink.port_brush)
        face = self.face
        for side, count in (("in", face.inputs), ("out", face.outputs)):
            for index in range(count):
                painter.drawEllipse(face.port(side, index), PORT_RADIUS, PORT_RADIUS)


def _fitting(message: str, area: QRectF) -> str:
    """The message, cut at a word so that it fits the area when wrapped."""
    measure = metrics(look.NOTE)
    flags = Qt.TextFlag.TextWordWrap.value
    words = message.split(" ")
    for count in range(len(words), 0, -1):
        text = " ".join(words[:count]) + ("" if count == len(words) else " …")
        if measure.boundingRect(QRectF(0, 0, area.width(), 1000), flags, text).height() <= area.height():
            return text
    return words[0]
