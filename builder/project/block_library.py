"""Blocks kept for reuse across projects: one JSON file each, in the form of the project file. Knows no Qt.

A file holds a definition and all that it needs. A damaged one is left where it is, told of, and not offered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from builder.graph.blocks import used_by
from builder.graph.model import Block
from builder.graph.problems import Problem, ProblemError
from builder.project.form import VERSION, block_from_json, block_to_json, parse, version_of
from builder.writing import write

FORMAT = "torchcanvas-block"
ENDING = ".tcblock"
LARGEST = 4_000_000  # bytes


@dataclass(frozen=True)
class Kept:
    """A definition in the library, with the definitions that it needs (itself among them)."""

    block: Block
    blocks: Mapping[str, Block]


def library_folder() -> Path:
    """Where they are kept, for this user. It need not exist."""
    return user_data_path("torchcanvas", appauthor=False) / "blocks"


def keep(block: Block, blocks: Mapping[str, Block], folder: Path | None = None) -> Path:
    """Put a definition into the library, in the place of one of its name. Raises `ProblemError`."""
    needed = {block.name: block, **used_by(block.graph, blocks)}
    form = {
        "format": FORMAT,
        "version": version_of(*(each.graph for each in needed.values())),
        "name": block.name,
        "blocks": {name: block_to_json(each) for name, each in needed.items()},
    }
    folder = folder or library_folder()
    path = folder / f"{block.name}{ENDING}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProblemError(Problem("cannot-write", f"{error.strerror}.", where=str(folder))) from None
    write(path, (json.dumps(form, ensure_ascii=False, indent=1) + "\n").encode())
    return path


def read_kept(path: Path) -> Kept:
    """The definition in a file. Raises `ProblemError`."""
    try:
        if path.stat().st_size > LARGEST:
            raise _refusal(path, "it is too large for a block")
        form: Any = parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise _refusal(path, "it cannot be read") from None
    if not isinstance(form, dict) or form.get("format") != FORMAT or not isinstance(form.get("blocks"), dict):
        raise _refusal(path, "it holds no block")
    if form.get("version") not in range(1, VERSION + 1):
        raise _refusal(path, f"it is of a version that this program does not know: it knows up to {VERSION}")
    blocks = {name: block_from_json(name, item, f"blocks, {name:.40}") for name, item in form["blocks"].items()}
    name = form.get("name")
    if not isinstance(name, str) or name not in blocks:
        raise _refusal(path, "it lacks the block that it names")
    return Kept(blocks[name], blocks)


def kept(folder: Path | None = None, report: Callable[[Problem], object] = lambda _problem: None) -> dict[str, Kept]:
    """All that the library holds, by name, in alphabetical order; `report` hears of each file that cannot be read."""
    found: dict[str, Kept] = {}
    for path in sorted((folder or library_folder()).glob(f"*{ENDING}"), key=lambda path: path.name.casefold()):
        try:
            one = read_kept(path)
        except ProblemError as error:
            report(error.problems[0].at(path.name))
            continue
        found[one.block.name] = one
    return found


def forget(name: str, folder: Path | None = None) -> None:
    """Take a definition out of the library; nothing happens when it is not there. Raises `ProblemError`."""
    path = (folder or library_folder()) / f"{name}{ENDING}"
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ProblemError(Problem("cannot-write", f"{error.strerror}.", where=str(path))) from None


def _refusal(path: Path, why: str) -> ProblemError:
    return ProblemError(Problem("not-a-block", f"{why}.", where=str(path)))
