"""What the keys do on the canvas. Edits with a standard shortcut (copy, delete, ...) are actions, see `menu`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView

# What `press` and the view do, for the list of keys.
WORDS = (
    ("Along a wire, up or down (Shift: select these too)", "Arrows"),
    ("Move the selection (Shift: farther)", "Ctrl+Arrows"),
    ("Open the block, or go to the layer's form (Esc: back)", "Enter"),
    ("Let go, select nothing, leave the block", "Esc"),
    ("Add a layer by its name", "Tab or a letter"),
    ("Shift the view", "Space and drag"),
    ("Fit the network", "F"),
    ("Search the list of layers", "/"),
)

_NUDGE = 4.0
_ARROWS = {
    Qt.Key.Key_Left: ("left", -1, 0),
    Qt.Key.Key_Right: ("right", 1, 0),
    Qt.Key.Key_Up: ("up", 0, -1),
    Qt.Key.Key_Down: ("down", 0, 1),
}


def press(view: CanvasView, event: QKeyEvent) -> bool:
    """Do what a key asks for; False when it means nothing here."""
    key, keys = Qt.Key(event.key()), event.modifiers()
    held = keys & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
    control = held == Qt.KeyboardModifier.ControlModifier
    if key == Qt.Key.Key_Escape:
        if view.cancel_gesture():
            return True
        if view.document.selection or view.document.chosen_comments or view.canvas.chosen_wires:
            view.canvas.choose_wires(())
            view.document.select(())
        else:
            view.document.close_block()
    elif key in _ARROWS and control:
        _, across, down = _ARROWS[key]
        far = 5 if keys & Qt.KeyboardModifier.ShiftModifier else 1
        view.editing.nudge(across * _NUDGE * far, down * _NUDGE * far)
    elif key in _ARROWS and not held:
        name = view.editing.neighbour(_ARROWS[key][0])
        if name is not None:
            adds = bool(keys & Qt.KeyboardModifier.ShiftModifier)
            before = (view.document.selection, view.document.chosen_comments) if adds else ((), ())
            view.document.select((*before[0], name), before[1])
            view.reveal(name)
    elif key == Qt.Key.Key_Space and not held:
        if not event.isAutoRepeat():
            view.take_hand(True)
    elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and view.document.selection and not held:
        view.node_activated.emit(view.document.selection[-1])
        view.form_asked.emit()
    elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and view.document.chosen_comments and not held:
        view.write(view.document.chosen_comments[-1])
    elif not held and key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
        view.zoom_in()
    elif not held and key == Qt.Key.Key_Minus:
        view.zoom_out()
    elif not held and key == Qt.Key.Key_0:
        view.zoom_reset()
    elif not held and key == Qt.Key.Key_F:
        view.fit()
    elif not held and len(event.text()) == 1 and event.text().isalpha():
        view.ask_what(text=event.text())
    else:
        return False
    return True
