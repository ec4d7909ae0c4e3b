"""Start-up: which face, and one clear line where no window can open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder import app, display

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
@pytest.mark.parametrize("environment", [{}, {"QT_QPA_PLATFORM": "xcb"}, {"DISPLAY": ":4711"}])
def test_no_display_is_one_clear_line(environment: dict[str, str]) -> None:
    done = run("main.py", **environment)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "torchcanvas train" in line
    assert "QT_QPA_PLATFORM=offscreen" in line or "Install them: " in line  # a bare machine lacks libraries, too


def test_commands_need_no_qt_at_all() -> None:
    """As on a server where PySide6 and pyqtgraph were never installed."""
    code = (
        "import sys\n"
        "for name in ('PySide6', 'pyqtgraph', 'shiboken6'): sys.modules[name] = None\n"
        "from builder.app import main\n"
        "sys.exit(main(['summary', 'lenet5']))"
    )
    done = run("-c", code)
    assert (done.returncode, done.stderr) == (0, "")
    assert "61,706 parameters" in done.stdout


def test_the_window_without_qt_is_one_clear_line() -> None:
    code = (
        "import sys\nsys.modules['PySide6'] = None\n"
        "from builder import app; app.window_problem = lambda: None\n"
        "sys.exit(app.main([]))"
    )
    done = run("-c", code)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "PySide6" in line


@pytest.mark.parametrize(
    ("arguments", "window"),
    [([], True), (["mine.tcanvas"], True), (["main.py"], True), (["train"], False), (["train", "mine.tcanvas"], False),
     (["--help"], False), (["trian"], False)],
)  # fmt: skip
def test_which_face(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], window: bool) -> None:
    (tmp_path / "main.py").touch()
    monkeypatch.chdir(tmp_path)
    assert app._opens_window(arguments) is window


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """A machine that has every library but those in this set, and whose display answers."""
    lacking: set[str] = set()
    monkeypatch.setattr(display, "_loads", lambda file: file not in lacking)
    monkeypatch.setattr(display, "display_answers", lambda: True)
    return lacking


@pytest.mark.parametrize(
    "environment",
    [{"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "wayland-0"}, {"QT_QPA_PLATFORM": "offscreen"},
     {"QT_QPA_PLATFORM": "minimal:fontconfig"}, {"QT_QPA_PLATFORM": "wayland;xcb", "WAYLAND_DISPLAY": "wayland-0"}],
)  # fmt: skip
def test_a_window_can_open(complete: set[str], environment: dict[str, str]) -> None:
    assert display.problem(environment, "") is None


def test_missing_libraries_come_with_the_one_command(complete: set[str]) -> None:
    complete.update({"libxcb-cursor.so.0", "libxcb-icccm.so.4"})
    problem = display.problem({"DISPLAY": ":0"}, "")
    assert problem is not None
    assert problem.code == "no-system-library"
    assert problem.hint.endswith(" libxcb-cursor0 libxcb-icccm4") or problem.hint.endswith(
        "xcb-util-cursor xcb-util-wm"
    )
    assert display.problem({"QT_QPA_PLATFORM": "offscreen"}, "") is None
    complete.add("libEGL.so.1")
    assert display.problem({"QT_QPA_PLATFORM": "offscreen"}, "") is not None


def test_the_command_is_the_one_of_the_system() -> None:
    assert "dnf install xcb-util-cursor" in display.install_command([display.X11[1]], lambda name: name == "dnf")
    assert "apt-get install libxcb-cursor0" in display.install_command([display.X11[1]], lambda name: name == "apt-get")


def test_a_display_that_does_not_answer(complete: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "display_answers", lambda: False)
    problem = display.problem({"DISPLAY": ":4711"}, "")
    assert problem is not None
    assert ":4711" in problem.message


def test_the_readme_names_every_package() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for library in (*display.ALWAYS, *display.X11):
        assert library.debian in readme
