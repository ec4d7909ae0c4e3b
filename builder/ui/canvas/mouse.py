"""What the mouse does to the canvas: presses become gestures, hovering shows, and layers are dropped.

The view hands its mouse and drag events on to here; edits are made by gestures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from builder.ui.canvas import gestures
from builder.ui.canvas.dropping import DropLayer
from builder.ui.canvas.gesture import Gesture, Pointer
from builder.ui.canvas.nodes import NodeItem
from builder.ui.canvas.wires import WireItem
from builder.ui.palette import dragged_kind

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView

_NOWHERE = Pointer(QPointF(1e9, 1e9), QPoint(), Qt.KeyboardModifier.NoModifier)


class Mouse:
    """The mouse over one view.

    Attributes:
        spot: where it is in the view; None while it is elsewhere.
    """

    def __init__(self, view: CanvasView) -> None:
        self.spot: QPoint | None = None
        self._view = view
        self._gesture: Gesture | None = None
        self._moved = False
        self._hand = False
        self._drop: DropLayer | None = None
        self._hovered: object = None

    def _pointer(self, event: QMouseEvent) -> Pointer:
        spot = event.position().toPoint()
        return Pointer(self._view.mapToScene(spot), spot, event.modifiers())

    def press(self, event: QMouseEvent) -> None:
        """A button went down: a gesture may begin."""
        self._view.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._gesture is not None:
            return  # one thing at a time
        self._gesture = gestures.begin(self._view, self._pointer(event), event.button(), hand=self._hand)
        self._moved = False
        event.setAccepted(self._gesture is not None)

    def move(self, event: QMouseEvent) -> None:
        """The gesture goes on; without one, what lies below is shown."""
        at = self._pointer(event)
        gesture = self._gesture
        if gesture is None:
            self._hover(at)
            return
        if not self._moved:
            way = at.spot - gesture.start.spot
            if way.manhattanLength() < QApplication.startDragDistance() / 2:
                return
            self._moved = True
            if gesture.cursor is not None:
                self._view.viewport().setCursor(gesture.cursor)
        gesture.move(at)
        self._view.canvas.renew_overview()

    def release(self, event: QMouseEvent) -> None:
        """The button came up: the gesture commits, or it was a click."""
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return
        self._set_idle_cursor()
        at = self._pointer(event)
        if self._moved:
            gesture.release(at)
        else:
            gesture.click(at)
        self._view.canvas.renew_overview()
        self._hover(at)

    def double_click(self, event: QMouseEvent) -> None:
        """A card is opened, its name is edited, or a comment; on empty canvas a layer is asked for."""
        view, at = self._view, self._pointer(event)
        hit = view.canvas.hit(at.place, view.reach())
        if event.button() != Qt.MouseButton.LeftButton or hit.port is not None:
            self.press(event)
        elif hit.comment is not None:
            view.write(hit.comment.name)
        elif hit.node is None and hit.wire is None:
            view.ask_what(at.place)
        elif hit.node is not None and hit.part == "name":
            view.rename(hit.node.name)
        elif hit.node is not None:
            view.node_activated.emit(hit.node.name)

    def cancel(self) -> bool:
        """Leave whatever is being done as if it had not begun; tells whether anything was."""
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return False
        self._set_idle_cursor()
        if self._moved:
            gesture.cancel()
            self._view.canvas.renew_overview()
        return True

    def take_hand(self, held: bool) -> None:
        """While the space bar is held, dragging shifts the view."""
        self._hand = held
        if self._gesture is None:
            self._set_idle_cursor()

    def leave(self) -> None:
        """The mouse is elsewhere."""
        if self._gesture is None:
            self._hover(_NOWHERE)

    def refreshed(self) -> None:
        """What is below the mouse, or what it holds, may be gone."""
        self._hovered = None
        if self._gesture is not None and self._gesture.gone:
            self.cancel()

    def _set_idle_cursor(self) -> None:
        if self._hand:
            self._view.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self._view.viewport().unsetCursor()

    def _hover(self, at: Pointer) -> None:
        canvas, port = self._view.canvas, self._view.viewport()
        hit = canvas.hit(at.place, self._view.reach())
        item = hit.node or hit.wire or hit.comment
        self.spot = at.spot if at is not _NOWHERE else None
        if not self._hand:
            if hit.port is not None:
                port.setCursor(Qt.CursorShape.CrossCursor)
            elif hit.part in ("fix", "badge"):
                port.setCursor(Qt.CursorShape.PointingHandCursor)
            elif hit.part == "grip":
                port.setCursor(Qt.CursorShape.SizeFDiagCursor)
            else:
                port.unsetCursor()
        if item is self._hovered:
            return
        items: list[NodeItem | WireItem] = [*canvas.nodes.values(), *canvas.wires.values()]
        for other in (*items, *canvas.comments.values()):
            if other.hovered != (other is item):
                other.hovered = not other.hovered
                other.update()
        self._hovered = item

    # Drag and drop --------------------------------------------------------------------------------------------------

    def enter_drag(self, event: QDragEnterEvent) -> None:
        """Something is dragged in: a layer of the palette is taken."""
        kind = dragged_kind(event.mimeData())
        if kind is None:
            event.ignore()
            return
        self.cancel()
        if self._drop is not None:
            self._drop.cancel()  # not every platform tells that the drag before this one left
        self._drop = DropLayer(self._view, kind)
        self._drop.move(self._view.mapToScene(event.position().toPoint()))
        event.acceptProposedAction()

    def move_drag(self, event: QDragMoveEvent) -> None:
        """It is dragged on."""
        if self._drop is None:
            event.ignore()
            return
        self._drop.move(self._view.mapToScene(event.position().toPoint()))
        event.acceptProposedAction()

    def leave_drag(self) -> None:
        """It is dragged out again."""
        drop, self._drop = self._drop, None
        if drop is not None:
            drop.cancel()

    def drop(self, event: QDropEvent) -> None:
        """It is let go."""
        drop, self._drop = self._drop, None
        if drop is None:
            event.ignore()
            return
        drop.drop(self._view.mapToScene(event.position().toPoint()))
        event.acceptProposedAction()
        self._view.setFocus()
