"""The window as it stands when the program begins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from pytestqt.qtbot import QtBot

from builder.ui.palette import Palette
from builder.ui.placement import keep_on_screen
from builder.ui.start import open_window
from tests.layers.test_plugins import GOOD

Install = Callable[[str, str], None]


def test_layers_of_plug_ins_stand_in_the_palette(qtbot: QtBot, install_plugin: Install) -> None:
    install_plugin("plugin_good", GOOD)
    window = open_window()
    qtbot.addWidget(window)
    assert "Twice" in listed(window.palette_panel)
    assert window.banner.isHidden()


def test_broken_plug_ins_are_told_of_and_left_out(qtbot: QtBot, install_plugin: Install) -> None:
    install_plugin("plugin_bad", "raise ValueError('of <no> use')")
    install_plugin("plugin_worse", "import no_such_module_anywhere")
    install_plugin("plugin_good", GOOD)
    window = open_window()
    qtbot.addWidget(window)
    assert "Twice" in listed(window.palette_panel)
    assert window.banner.subject == "plug-ins"
    assert "plugin_bad" in window.banner.text
    assert "of &lt;no&gt; use" in window.banner.text
    assert "plugin_worse" in window.banner.text


def test_a_project_that_cannot_be_opened_is_the_worse_news(
    qtbot: QtBot, install_plugin: Install, tmp_path: Path
) -> None:
    install_plugin("plugin_bad", "raise ValueError('of no use')")
    window = open_window(tmp_path / "missing.tcanvas")
    qtbot.addWidget(window)
    assert window.banner.subject == "files"


@pytest.fixture
def _first_start() -> None:
    """As if there had been no window before: another test's may have left its own place and layout."""
    for key in ("geometry", "layout"):
        QSettings().remove(key)


@pytest.mark.usefixtures("_first_start")
def test_at_first_the_window_fills_a_screen_that_is_too_small_for_it_and_fits_it_when_restored(qtbot: QtBot) -> None:
    window = open_window()
    qtbot.addWidget(window)
    room = window.screen().availableGeometry()
    assert window.sizeHint().width() > room.width()  # what the case is about
    assert window.isMaximized()
    assert room.contains(window.normalGeometry())


@pytest.mark.usefixtures("_first_start")
def test_a_window_that_hangs_over_the_edge_is_brought_back(qtbot: QtBot) -> None:
    window = open_window()
    qtbot.addWidget(window)
    window.setWindowState(Qt.WindowState.WindowNoState)
    window.resize(1600, 1000)
    window.move(-40, 50)
    with qtbot.waitExposed(window):
        window.show()
    room = window.screen().availableGeometry()
    assert not room.contains(window.frameGeometry())
    keep_on_screen(window)
    frame = window.frameGeometry()
    assert room.contains(frame.topLeft())
    assert frame.bottom() <= room.bottom()
    edges = frame.width() - window.width()
    least = window.minimumSizeHint().width() + edges  # no narrower than its parts can be
    assert frame.width() == max(least, room.width())


def listed(palette: Palette) -> set[str]:
    """The kinds of the palette's rows."""
    return {palette.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(palette.list.count())}
