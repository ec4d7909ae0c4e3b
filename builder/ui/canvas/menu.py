"""The canvas' actions, menus and tooltips. Nothing here is reachable only by a menu."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from builder.layers.base import show
from builder.layers.registry import find
from builder.ui import freezing
from builder.ui.canvas.paper import WORDS
from builder.ui.canvas.scene import CanvasScene
from builder.ui.words import sentence

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView

ALIGN = (
    ("left", "Left edges"),
    ("centre", "Centres, one below the other"),
    ("right", "Right edges"),
    ("top", "Top edges"),
    ("middle", "Middles, side by side"),
    ("bottom", "Bottom edges"),
    ("across", "Spread evenly across"),
    ("down", "Spread evenly down"),
)


_GENERAL = 7  # how many of the actions come before those that add something
BLOCKS = 9  # where in them the actions for blocks begin


def edit_actions(view: CanvasView) -> list[QAction]:
    """The actions of the Edit menu. Their keys work while the canvas has the focus."""
    key = QKeySequence.StandardKey
    listed: tuple[tuple[str, QKeySequence.StandardKey | str, Callable[[], None]], ...] = (
        ("Cut", key.Cut, view.cut),
        ("Copy", key.Copy, view.copy),
        ("Paste", key.Paste, view.paste),
        ("Duplicate", "Ctrl+D", view.duplicate),
        ("Delete", key.Delete, view.delete_selection),
        ("Rename…", "F2", view.rename_selected),
        ("Select all", key.SelectAll, view.select_all),
        ("Add a layer…", "", view.ask_what),
        ("Add a comment", "Ctrl+M", view.add_comment),
        ("Group into a block", "Ctrl+G", view.group),
        ("Take the block apart", "Ctrl+Shift+G", view.editing.grouping.take_apart),
        ("Repeat the block…", "", view.ask_repeat),
        ("Make the block independent", "", view.editing.grouping.make_unique),
        ("Keep the block in the library", "", view.editing.grouping.keep),
        ("Open the block", "Alt+Down", view.open_chosen),
        ("Back out of the block", "Alt+Up", view.document.close_block),
        ("Next copy of the block", "Alt+Right", partial(view.document.next_copy, 1)),
        ("Previous copy of the block", "Alt+Left", partial(view.document.next_copy, -1)),
        ("Remove unused blocks", "", view.editing.grouping.remove_unused),
    )
    made = []
    for title, keys, run in listed:
        action = QAction(title, view)
        if isinstance(keys, str):
            action.setShortcut(QKeySequence(keys))
        else:
            action.setShortcuts(QKeySequence.keyBindings(keys))
        if keys is key.Delete:
            action.setShortcuts([QKeySequence(Qt.Key.Key_Delete), QKeySequence(Qt.Key.Key_Backspace)])
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        # `triggered` brings whether the action is checked, which no edit wants to know.
        action.triggered.connect(lambda _checked=False, run=run: run())
        made.append(action)
    return made


def context_menu(view: CanvasView, place: QPointF) -> QMenu:
    """What can be done with what lies under a point."""
    hit = view.canvas.hit(place, view.reach())
    if hit.node is not None and hit.node.name not in view.document.selection:
        view.document.select((hit.node.name,))
    elif hit.wire is not None:
        view.document.select(())
        view.canvas.choose_wires({hit.wire.edge})
    elif hit.comment is not None and hit.comment.name not in view.document.chosen_comments:
        view.document.select((), (hit.comment.name,))
    made = _menu(view)
    if hit.node is not None:
        _add_fixes(made, view, hit.node.name)
        made.addSeparator()  # none shows where nothing stands above it
    written = hit.comment.name if hit.comment is not None else ""
    if written:
        made.addAction("Edit the comment", lambda: view.write(written)).setShortcut(QKeySequence("F2"))
        made.addSeparator()
    elif hit.node is None:
        made.addAction("Add a layer here…", lambda: view.ask_what(place))
        made.addAction("Add a comment here", lambda: view.add_comment(place))
        made.addSeparator()
    for action in view.edit_actions()[:_GENERAL]:
        if action.text() == "Paste":
            made.addAction("Paste here", lambda: view.paste(place))
        elif not written or action.text() != "Rename…":
            made.addAction(action)
    if view.document.chosen_comments:
        colours = made.addMenu("Comment colour")
        for colour, words in WORDS.items():
            colours.addAction(words, partial(view.colour_comments, colour))
    made.addSeparator()
    group, *others = view.edit_actions()[BLOCKS:]
    if view.document.selection:
        made.addAction(group)
    if view.editing.grouping.chosen():
        made.addActions(others[:5])
    if view.document.opened:
        made.addActions(others[5:8])
    _add_freezing(made, view)
    made.addSeparator()
    lines = made.addMenu("Line up")
    lines.setEnabled(len(view.document.selection) > 1)
    for how, title in ALIGN:
        lines.addAction(title, partial(view.align, how))
    made.addAction("Arrange the network", view.auto_layout)
    made.addAction("Fit the network", view.fit)
    return made


def _add_freezing(made: QMenu, view: CanvasView) -> None:
    """Freeze what is selected and learns, and the other way about; the Edit menu has more of it."""
    nodes = view.document.inference.nodes
    chosen = [nodes[name] for name in view.document.selection]
    made.addSeparator()
    if any(info.parameters > info.frozen for info in chosen):
        made.addAction("Freeze", lambda: view.hint.emit(freezing.freeze(view.document)))
    if any(info.frozen for info in chosen):
        made.addAction("Let learn", lambda: view.hint.emit(freezing.free(view.document)))


def problem_menu(view: CanvasView, name: str) -> QMenu | None:
    """What the badge of a node says, in words, and what it offers; None when it says no more than the card."""
    item = view.canvas.nodes[name]
    if not item.explains:
        return None
    problem, made = item.face.problem, _menu(view)
    sentences = (problem.message, problem.hint) if problem is not None else re.split(r"(?<=\.) ", item.health_words)
    for words in sentences:
        if words:
            made.addAction(sentence(words)).setEnabled(False)
    made.addSeparator()
    _add_fixes(made, view, name)
    return made


def _add_fixes(made: QMenu, view: CanvasView, name: str) -> None:
    """What the badge of a node offers, the most likely first."""
    for which, fix in enumerate(view.canvas.nodes[name].fixes):
        made.addAction(fix.title, partial(view.take_fix, name, which))


def _menu(view: CanvasView) -> QMenu:
    made = QMenu(view)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return made


def offers(side: str) -> Callable[[str], bool]:
    """Which kinds can be wired to a port of this side."""

    def fits(kind: str) -> bool:
        layer = find(kind)
        return layer is not None and bool(layer.ports.inputs if side == "out" else layer.ports.outputs)

    return fits


def tip(scene: CanvasScene, place: QPointF, reach: float) -> str:
    """The tooltip for what lies under a point; empty when there is nothing to say."""
    hit = scene.hit(place, reach)
    inference = scene.document.inference
    if hit.wire is not None:
        edge = hit.wire.edge
        shape = inference.shape(edge.source, edge.source_port)
        size = f"<br>{show(shape)}" if shape is not None else ""
        return f"<b>{edge.source}</b> to <b>{edge.target}</b>{size}"
    if hit.comment is not None and not hit.comment.whole:
        return f"<p style='white-space:pre-wrap'>{html.escape(hit.comment.comment.text)}</p>"
    if hit.node is None:
        return ""
    face = hit.node.face
    if hit.port is not None and face.known:
        return "Drag to connect" if hit.port[0] == "out" else "Drag a wire here; drag to take one off"
    lines = [f"<b>{face.name}</b> &nbsp;{face.headline}"]
    if face.problem is not None:
        message = face.problem.message
        lines.append(sentence(message))
        if face.problem.hint:
            lines.append(f"<i>{face.problem.hint}</i>")
    elif face.shape is not None:
        lines.append(f"Gives {show(face.shape)}")
        if face.compact and face.footer:
            lines.append(face.footer)
        if hit.node.health_words:
            lines.append(hit.node.health_words)
    if hit.node.fixes:
        lines.append(f"Offered: {', or '.join(fix.title for fix in hit.node.fixes)}")
    return "<br>".join(lines)
