"""The panels of the window: which there are, and where each stands until somebody arranges them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from builder.ui.arrangement import Content, Panel
from builder.ui.views.listing import LISTED

if TYPE_CHECKING:
    from builder.ui.window import MainWindow


def panels(window: MainWindow) -> tuple[Panel, ...]:
    """All panels; each takes its content from the window, which makes it then if it has not been made before."""
    area = Qt.DockWidgetArea
    left, right, below = area.LeftDockWidgetArea, area.RightDockWidgetArea, area.BottomDockWidgetArea
    return (
        Panel("palette", "Layers", left, lambda: (window.palette_panel, None), width=190),
        Panel("inspector", "Inspector", right, lambda: (window.inspector, None), width=320),
        *(
            Panel(view.key, view.title, below, partial(_view, window, view.key), view.short, view.least, view.behind)
            for view in LISTED.values()
        ),
        Panel("lessons", "Lessons", left, lambda: (window.lessons, None), behind="palette", away=True),
        Panel("problems", "Problems", below, lambda: (window.problems, None), without_room="sample", asked=True),
        Panel("analysis", "Analysis", below, lambda: _analysis(window), asked=True, whole_row=True),  # many columns
    )


def _view(window: MainWindow, key: str) -> Content:
    shown = window.viewing.make(key)
    head = shown.head()
    if head is not None:
        head.setToolTip(f"{shown.help} Drag to move this panel, double-click to let it float.")
    return shown, head


def _analysis(window: MainWindow) -> Content:
    return window.analysis, window.analysis.head()
