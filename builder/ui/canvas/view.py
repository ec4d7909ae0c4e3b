"""The canvas widget: what others ask of it, what is seen, and what floats above the network.

Edits are made by `Editing`, previews by gestures (see `mouse`), drawing by the items; here they are put together.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QGraphicsView,
    QInputDialog,
    QStyleOptionGraphicsItem,
    QToolTip,
    QWidget,
)

from builder.graph import steps
from builder.inspect.picture import Picture
from builder.ui import node_edits
from builder.ui.canvas import export, keys, menu
from builder.ui.canvas.background import Invitation, paint_dots, paint_invitation
from builder.ui.canvas.editing import Editing
from builder.ui.canvas.face import FAR, Badge, detail_at
from builder.ui.canvas.fields import Fields
from builder.ui.canvas.find import FindBar
from builder.ui.canvas.minimap import Minimap
from builder.ui.canvas.mouse import Mouse
from builder.ui.canvas.scene import CanvasScene, covered
from builder.ui.canvas.sight import show_changed
from builder.ui.canvas.zoom import ZoomView
from builder.ui.document import Document
from builder.ui.theme import theme


class CanvasView(ZoomView):
    """Shows the network of a document and lets it be edited by mouse and keyboard.

    Attributes:
        canvas: the scene; editing: the edits that can be asked for.
        mouse: what the mouse does; fields: what is typed.
        node_clicked: a card was clicked, and is all that is selected now: its name.
        node_activated: a card was double-clicked, or Enter pressed on it: its name.
        form_asked: Enter was pressed on a card: what is typed next is meant for its form.
        hint: a sentence for the status line, for example why a wire is refused; empty to take it back.
        visible_nodes_changed: `wanted_thumbnails` answers differently now.
        network_asked: on the empty canvas, the user wants to choose a ready network.
    """

    node_clicked = Signal(str)
    node_activated = Signal(str)
    form_asked = Signal()
    hint = Signal(str)
    visible_nodes_changed = Signal()
    network_asked = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.canvas = CanvasScene(document, self)
        self.editing = Editing(self.canvas, self.hint.emit)
        document.arrange = self.editing.settle
        self.classes: tuple[str, ...] = ()
        self._picture: Picture | None = None
        self.mouse = Mouse(self)
        self._wanted: frozenset[str] = frozenset()
        self._page: steps.Path = ()
        self._fitted: tuple[float, int, int] | None = None  # where the view looked when all of the network was shown

        self.setScene(self.canvas)
        self.setAccessibleName("Network canvas")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMinimumSize(240, 96)  # beside a banner, the live views and the analysis on a small screen
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.viewport().setMouseTracking(True)

        self.minimap = Minimap(self)
        self.invitation = Invitation(self)
        self.invitation.clicked.connect(self.network_asked)
        self.fields = Fields(self)
        document.finish = self.fields.finish
        self.quick_add, self.name_field = self.fields.quick_add, self.fields.name
        self.find_bar = FindBar(self)
        self._edit_actions = menu.edit_actions(self)
        self.addActions(self._edit_actions)

        # Several changes in a row (a scroll, a zoom, an edit) are one piece of news.
        self._seen = QTimer(self)
        self._seen.setSingleShot(True)
        self._seen.setInterval(40)
        self._seen.timeout.connect(self._look)
        self.horizontalScrollBar().valueChanged.connect(self._scrolled)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.zoomed.connect(self._zoomed)
        self._was_blank = False  # for the painting: what else changes has items that paint themselves
        self.canvas.refreshed.connect(self._refreshed)
        theme().changed.connect(self._theme_changed)
        document.path_changed.connect(self._opened)
        document.page_changed.connect(self._page_changed)
        document.stepped.connect(partial(show_changed, self))
        self._theme_changed()

    # What others ask ------------------------------------------------------------------------------------------------

    def edit_actions(self) -> list[QAction]:
        """Cut, copy, paste and the rest of the Edit menu, with their shortcuts."""
        return self._edit_actions

    def select_all(self) -> None:
        """Select every node and every comment."""
        self.document.select(self.document.graph.nodes, self.document.graph.comments)

    def delete_selection(self) -> None:
        """Remove the selected nodes, their wires healed, the selected wires and comments."""
        self.editing.delete()

    def copy(self) -> None:
        """Put the selected nodes and comments onto the clipboard."""
        text = self.editing.copied()
        if text:
            QApplication.clipboard().setText(text)

    def cut(self) -> None:
        """Copy, then delete."""
        self.copy()
        self.editing.delete()

    def paste(self, at: QPointF | None = None) -> None:
        """Add what the clipboard holds: around a point, by default the one below the mouse."""
        self.editing.paste(QApplication.clipboard().text(), at or self.pointed(), self.visible_area())
        self._reveal_selection()

    def duplicate(self) -> None:
        """Put a copy of the selection below it."""
        self.editing.duplicate()
        self._reveal_selection()

    def pointed(self) -> QPointF | None:
        """The point of the canvas below the mouse; None while that is elsewhere."""
        return self.mapToScene(self.mouse.spot) if self.mouse.spot is not None else None

    def add_comment(self, at: QPointF | None = None) -> None:
        """Put a comment at a point, by default below the mouse or in the middle, and ask for its text."""
        self.fields.comment.accept()
        name = self.editing.commenting.add(at or self.pointed() or self.visible_area().center())
        self.fields.write(name, new=True)

    def write(self, name: str) -> None:
        """Edit the text of a comment in place."""
        self.fields.write(name)

    def colour_comments(self, colour: str) -> None:
        """Give the selected comments a colour; see `comments.COLOURS`."""
        if not self.editing.commenting.colour(colour):
            self.hint.emit("Select a comment to colour it.")

    def group(self) -> None:
        """Put the selection into a block, and ask for the block's name."""
        if self.editing.grouping.group():
            self.rename_selected()

    def open_chosen(self) -> None:
        """Show the inside of the selected block."""
        if not self.document.selection or not self.document.open_block(self.document.selection[-1]):
            self.hint.emit("Select a block to open it.")

    def ask_repeat(self) -> None:
        """Ask how often the selected block is to stand in a row."""
        chosen = self.editing.grouping.chosen()
        if not chosen:
            self.hint.emit("Select a block to repeat it.")
            return
        name = chosen[-1]
        now = self.document.graph.nodes[name].params.get("repeat", 1)
        asked = QInputDialog(self)
        asked.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asked.setWindowTitle(f"Repeat {name}")
        asked.setLabelText("How many in a row?")
        asked.setInputMode(QInputDialog.InputMode.IntInput)
        asked.setIntRange(1, 1000)
        asked.setIntValue(now if isinstance(now, int) else 1)
        asked.intValueSelected.connect(partial(node_edits.set_repeat, self.document, name))
        asked.open()

    def auto_layout(self) -> None:
        """Arrange the whole network, and show all of it."""
        self.editing.arrange()
        self.fit()

    def align(self, how: str) -> None:
        """Line up the selected nodes; see `Editing.align`."""
        self.editing.align(how)

    def add_kind(self, kind: str, at: QPointF | None = None) -> None:
        """Add a layer behind the selection and select it; or, unwired, at a point of the canvas."""
        name = self.editing.add(kind, at, self.visible_area().center())
        if name:
            self.reveal(name)

    def reveal(self, name: str) -> None:
        """Scroll so far that a node is visible."""
        item = self.canvas.nodes.get(name)
        if item is not None and not self.visible_area().contains(item.box()):
            self.ensureVisible(item.box(), 40, 40)

    def _reveal_selection(self) -> None:
        area = covered(self.canvas.chosen_boxes())
        if not self.visible_area().contains(area):
            self.ensureVisible(area, 40, 40)

    def find_layer(self) -> None:
        """Open the bar that finds layers by name and comments by their text."""
        self.find_bar.ask()

    def set_thumbnails(self, picture: Picture | None) -> None:
        """Draw the values in a picture on the cards that are visible; None clears all of them."""
        self._picture = picture
        self.canvas.show_picture(picture, self._pictured(), self.classes, self.devicePixelRatioF())

    def set_badges(self, badges: Mapping[str, Badge]) -> None:
        """Badges of the cards while training: by name."""
        self.canvas.set_badges(badges)

    def set_classes(self, classes: tuple[str, ...]) -> None:
        """Names of the classes, for the answer on the output's card."""
        self.classes = classes

    def set_input_note(self, note: str) -> None:
        """The line at the bottom of the input's card: where the data come from."""
        self.canvas.set_input_note(note)

    def wanted_thumbnails(self) -> frozenset[str]:
        """Names in the flat network of the nodes whose picture can be seen right now."""
        found = (self.document.flat_name(name) for name in self._wanted)
        return frozenset(name for name in found if name is not None)

    def render_to(self, path: Path | str) -> None:
        """Save the network as a picture (.svg, .pdf or .png). Raises `ProblemError`."""
        export.render(self.canvas, Path(path))

    def fit(self) -> None:
        """Show the whole network, not larger than at its true size."""
        area = self.canvas.network_rect()
        self.show_area(area.adjusted(-20, -24, 20, 24) if not area.isEmpty() else QRectF(-200, -150, 400, 300))
        self._fitted = self._where()

    def _where(self) -> tuple[float, int, int]:
        """Where the view looks: zoom and scroll positions."""
        return self.zoom(), self.horizontalScrollBar().value(), self.verticalScrollBar().value()

    def reach(self) -> float:
        """How near to a port the mouse must be, in canvas pixels; about the same on the screen at any zoom."""
        return 11.0 / min(max(self.zoom(), 0.5), 1.5)

    # Keeping up -----------------------------------------------------------------------------------------------------

    def _refreshed(self, moved: bool) -> None:
        if moved:
            self.minimap.renew()
        self._invite()
        self.mouse.refreshed()
        self._seen.start()
        if self._blank() != self._was_blank:
            self._was_blank = self._blank()
            self.viewport().update()

    def _blank(self) -> bool:
        return not self.canvas.nodes and not self.canvas.comments

    def _invite(self) -> None:
        self.invitation.place(self.viewport().geometry(), empty=self._blank() and not self.document.opened)

    def _page_changed(self, path: steps.Path) -> None:
        self.cancel_gesture()
        self._wanted = frozenset()
        page, self._page = self._page, steps.block_names(path)
        if self._page != page:  # another copy of the same is looked at from the same place
            self.fit()

    def _opened(self, _path: object) -> None:
        self._picture = None
        self.cancel_gesture()

    def _zoomed(self) -> None:
        self.canvas.detail = detail_at(self.zoom(), len(self.canvas.nodes))
        self.setRenderHint(QPainter.RenderHint.Antialiasing, self.canvas.detail != FAR)
        self._scrolled()

    def _scrolled(self) -> None:
        self.minimap.update()
        self.fields.scrolled()
        self._seen.start()

    def _look(self) -> None:
        """Find out which pictures can be seen, and tell if they are others than before."""
        self._place_minimap()
        names: frozenset[str] = frozenset()
        if self.isVisible() and self.canvas.detail != FAR:
            seen = self.canvas.nodes_in(self.visible_area())
            names = frozenset(name for name in seen if self.canvas.nodes[name].face.picture)
        if names != self._wanted:
            fresh = names - self._wanted
            self._wanted = names
            if self._picture is not None:
                self.canvas.show_picture(self._picture, fresh, self.classes, self.devicePixelRatioF())
            self.visible_nodes_changed.emit()

    def _place_minimap(self) -> None:
        """Show the small map in its corner, unless all can be seen anyway and it would cover a card."""
        room = self.minimap.size()
        self.minimap.move(self.width() - room.width() - 12, self.height() - room.height() - 12)
        large = self.width() > 420 and self.height() > 240 and len(self.canvas.nodes) > 1
        if large and self.visible_area().contains(self.canvas.network_rect()):
            below = self.mapToScene(self.minimap.geometry()).boundingRect()
            large = not self.canvas.nodes_in(below) and not self.canvas.comments_in(below)
        self.minimap.setVisible(large)

    def _pictured(self) -> frozenset[str]:
        return frozenset(name for name in self._wanted if name in self.canvas.nodes)

    def _theme_changed(self) -> None:
        self.setBackgroundBrush(theme().color("canvas"))
        self.minimap.recolour()
        self.viewport().update()

    def drawBackground(self, painter: QPainter, area: QRectF | QRect) -> None:
        paint_dots(painter, QRectF(area), self.zoom(), self.canvas.ink)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.canvas.detail == FAR:
            self._paint_overview(event.rect())
        else:
            super().paintEvent(event)
        if self._blank():
            paint_invitation(self.viewport(), self.canvas.ink)

    def _paint_overview(self, area: QRect) -> None:
        """From afar the items do not paint themselves: there may be thousands."""
        painter = QPainter(self.viewport())
        world = self.viewportTransform()
        painter.setWorldTransform(world)
        self.drawBackground(painter, self.mapToScene(area).boundingRect())
        self.canvas.overview.paint(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        option = QStyleOptionGraphicsItem()
        for item in self.canvas.others:
            painter.setWorldTransform(item.sceneTransform() * world)
            item.paint(painter, option, self.viewport())

    # Fields above the network ---------------------------------------------------------------------------------------

    def ask_what(self, place: QPointF | None = None, wire: tuple[str, str, int] | None = None, text: str = "") -> None:
        """Open the field that adds a layer by its name.

        Args:
            place: point of the canvas where it goes; behind the selection when None.
            wire: node, side and port of the wire that waits for the new layer.
            text: typed already.
        """
        self.fields.ask_what(place, wire, text)

    def rename_selected(self) -> None:
        """Edit the name of the (last) selected node in place, or the text of the selected comment."""
        if self.document.selection:
            self.rename(self.document.selection[-1])
        elif self.document.chosen_comments:
            self.write(self.document.chosen_comments[-1])

    def rename(self, name: str) -> None:
        """Edit the name of a node in place."""
        self.fields.rename(name)

    def take_fix(self, name: str, which: int = 0) -> None:
        """Carry out what the badge of a node offers: its first fix, or another by its number."""
        fixes = self.canvas.nodes[name].fixes
        if which < len(fixes):
            self.document.apply_fix(fixes[which])

    def explain(self, name: str) -> None:
        """Show the problem of a node in full, with the fixes that it offers."""
        item = self.canvas.nodes[name]
        spot = self.mapToGlobal(self.mapFromScene(item.box().topRight()))
        popup = menu.problem_menu(self, name)
        if popup is not None:
            popup.popup(spot)

    # Mouse ----------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.mouse.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mouse.double_click(event)

    def cancel_gesture(self) -> bool:
        """Leave whatever the mouse is doing as if it had not begun; tells whether it was doing anything."""
        return self.mouse.cancel()

    def take_hand(self, held: bool) -> None:
        """While the space bar is held, dragging shifts the view."""
        self.mouse.take_hand(held)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = self.mapToScene(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            chosen = self.canvas.chosen_boxes()
            place = chosen[-1].center() if chosen else self.visible_area().center()
        menu.context_menu(self, place).popup(self.mapToGlobal(self.mapFromScene(place)))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.mouse.enter_drag(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self.mouse.move_drag(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.mouse.leave_drag()

    def dropEvent(self, event: QDropEvent) -> None:
        self.mouse.drop(event)

    # Keyboard -------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not keys.press(self, event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.take_hand(False)
        else:
            super().keyReleaseEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        # Tab asks for a layer; Shift+Tab leaves the canvas as everywhere.
        if forward and self.hasFocus():
            self.ask_what()
            return True
        return super().focusNextPrevChild(forward)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.take_hand(False)
        super().focusOutEvent(event)

    # Other events ---------------------------------------------------------------------------------------------------

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = menu.tip(self.canvas, self.mapToScene(event.pos()), self.reach())
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        if event.type() == QEvent.Type.Leave:
            self.mouse.leave()
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        untouched = self._fitted is not None and self._fitted == self._where()
        super().resizeEvent(event)
        if untouched:
            self.fit()  # nobody has moved it since: the whole network stays in sight
        self.find_bar.place()
        self._place_minimap()
        self._invite()
        self._seen.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._seen.start()
