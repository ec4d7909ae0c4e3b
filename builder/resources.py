"""Where the program's data files are. Works from a checkout and from an installed package alike."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def path(*parts: str) -> Path:
    """The path of a file or folder below `resources/`."""
    return Path(str(files("resources"))).joinpath(*parts)
