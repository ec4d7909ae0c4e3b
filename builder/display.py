"""Whether a window can open on this Linux machine: looks for the screen and for the system libraries that Qt needs.

Qt ends the process when either lacks, and names the wrong library. Knows no Qt.
"""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from builder.graph.problems import Problem


@dataclass(frozen=True)
class Library:
    """A system library and the packages that hold it."""

    file: str
    debian: str
    fedora: str


ALWAYS = (
    Library("libEGL.so.1", "libegl1", "libglvnd-egl"),
    Library("libGL.so.1", "libgl1", "libglvnd-glx"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2"),
)
X11 = (
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11"),
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm"),
    Library("libxcb-image.so.0", "libxcb-image0", "xcb-util-image"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms"),
    Library("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil"),
)
UNSEEN = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs", "vkkhrdisplay")  # platforms of Qt that need no server


def problem(environment: Mapping[str, str], headless: str) -> Problem | None:
    """Why no window can open, with the one command that helps where one does; None when it can.

    Args:
        headless: what can be done without one, in words.
    """
    platform = environment.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    unseen = platform.startswith(UNSEEN)
    wayland = bool(environment.get("WAYLAND_DISPLAY")) and platform != "xcb"
    x11 = bool(environment.get("DISPLAY")) and not platform.startswith("wayland")
    if not (unseen or wayland or x11):
        message = f"there is no display for the window; {headless}."
        return Problem("no-display", message, hint="For a window that nobody sees, set QT_QPA_PLATFORM=offscreen.")
    if lacking := missing(ALWAYS if unseen or wayland else (*ALWAYS, *X11)):
        names = ", ".join(library.file for library in lacking)
        message = f"the window needs system libraries that are not installed ({names}); {headless}."
        return Problem("no-system-library", message, hint=install_command(lacking))
    if not (unseen or wayland) and not display_answers():
        message = f"the display {environment['DISPLAY']} does not answer; {headless}."
        return Problem("no-display", message, hint="For a window that nobody sees, set QT_QPA_PLATFORM=offscreen.")
    return None


def missing(libraries: Iterable[Library]) -> tuple[Library, ...]:
    """Those that the dynamic linker does not find."""
    return tuple(library for library in libraries if not _loads(library.file))


def install_command(libraries: Iterable[Library], has: Callable[[str], object] = shutil.which) -> str:
    """The one command that installs the packages, in words for a reader."""
    wanted = tuple(libraries)
    if has("dnf") and not has("apt-get"):
        return "Install them: sudo dnf install " + " ".join(dict.fromkeys(library.fedora for library in wanted))
    return "Install them: sudo apt-get install " + " ".join(dict.fromkeys(library.debian for library in wanted))


def display_answers() -> bool:
    """Whether the X server that DISPLAY names can be reached. Ask only when the libraries are there."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # it cannot be asked; Qt brings its own words
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = (ctypes.c_char_p, ctypes.c_void_p)
    xcb.xcb_connection_has_error.argtypes = (ctypes.c_void_p,)
    xcb.xcb_disconnect.argtypes = (ctypes.c_void_p,)
    connection = xcb.xcb_connect(None, None)
    failed = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not failed


def _loads(file: str) -> bool:
    try:
        ctypes.CDLL(file)
    except OSError:
        return False
    return True
