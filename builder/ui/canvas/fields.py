"""What is typed over the network: the name of a new layer, another name for one that is there, a comment.

Places the fields beside what they are about, and hands what was typed on to `Editing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF

from builder.ui.canvas import menu
from builder.ui.canvas.comment_field import CommentField
from builder.ui.canvas.quick_add import NameField, QuickAdd

if TYPE_CHECKING:
    from builder.ui.canvas.comments import CommentItem
    from builder.ui.canvas.view import CanvasView


class Fields:
    """The fields over one view.

    Attributes:
        quick_add: for a new layer; name: for another name; comment: for the text of a comment.
    """

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._wire_from: tuple[QPointF, tuple[str, str, int]] | None = None
        self.quick_add = QuickAdd(view)
        self.quick_add.chosen.connect(self._chosen)
        self.name = NameField(view)
        self.comment = CommentField(view)
        self._written = ""  # the comment whose text is being edited
        view.canvas.refreshed.connect(self._follow)

    def ask_what(self, place: QPointF | None, wire: tuple[str, str, int] | None, text: str) -> None:
        """See `CanvasView.ask_what`."""
        view = self._view
        self._wire_from = (place, wire) if place is not None and wire is not None else None
        if place is not None:
            spot = view.mapFromScene(place)
        else:
            chosen = view.canvas.nodes.get(view.document.selection[-1]) if view.document.selection else None
            if chosen is not None and view.visible_area().intersects(chosen.box()):
                spot = view.mapFromScene(chosen.box().topRight()) + QPoint(12, 0)
            else:
                spot = QPoint(view.width() // 2 - 116, view.height() // 4)
        side = wire[1] if wire is not None else ""
        self.quick_add.ask(spot, text, menu.offers(side) if side else None)

    def _chosen(self, kind: str) -> None:
        view = self._view
        if self._wire_from is None:
            view.add_kind(kind)
        else:
            place, (name, side, port) = self._wire_from
            self._wire_from = None
            if name in view.document.graph.nodes:
                size = view.editing.size_for_kind(kind)
                shift = size.width() / 2 if side == "out" else -size.width() / 2
                view.editing.add_wired(kind, place + QPointF(shift, 0), name, side, port)

    def rename(self, name: str) -> None:
        """Edit the name of a node over its card."""
        view = self._view
        view.reveal(name)
        item = view.canvas.nodes[name]
        box = item.box()
        left = 22 if item.face.compact else 8
        area = view.mapFromScene(QRectF(box.x() + left, box.y() + 3, 10, 10)).boundingRect()
        width = max(96, round((box.width() - left - 6) * view.zoom()))
        self.name.ask(name, QRect(area.x(), area.y(), width, 24), lambda new: view.editing.rename(name, new))

    def write(self, name: str, *, new: bool = False) -> None:
        """Edit the text of a comment over its card; see `Commenting.write`."""
        view = self._view
        item = view.canvas.comments.get(name)
        if item is None:
            return
        self.comment.accept()
        view.document.select((), (name,))
        view.ensureVisible(item.box(), 40, 40)
        self._written = name
        fill = view.canvas.ink.papers[item.comment.colour].color()
        commenting, text, (card, zoom) = view.editing.commenting, item.comment.text, self._seen(item)
        self.comment.ask(text, fill, card, zoom, lambda text: commenting.write(name, text, new=new))

    def _seen(self, item: CommentItem) -> tuple[QRect, float]:
        """Where a comment is in the view, and at which zoom."""
        return self._view.mapFromScene(item.box()).boundingRect(), self._view.zoom()

    def _follow(self) -> None:
        if not self.comment.isVisible():
            return
        item = self._view.canvas.comments.get(self._written)
        if item is None:
            self.comment.give_up()
        else:
            self.comment.place(*self._seen(item))

    def finish(self) -> None:
        """Take what is being typed, as a click elsewhere would."""
        self.name.finish()
        self.comment.accept()

    def scrolled(self) -> None:
        """What a field is about is elsewhere now."""
        self.name.give_up()
        self._follow()
