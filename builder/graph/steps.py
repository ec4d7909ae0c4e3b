"""How one says where an opened graph stands: one step for each block on the way, `stage1`, or `stage1.2` for a copy.

A block that is repeated holds several copies of its graph. A step without a number means the first one, so that every
graph has exactly one path. Knows no network.
"""

from __future__ import annotations

Path = tuple[str, ...]
"""The blocks to open one in another."""


def step(name: str, copy: int = 0) -> str:
    """The step into a copy of a block; copies count from 0, as in the names of the flat graph."""
    return f"{name}.{copy}" if copy else name


def split_step(taken: str) -> tuple[str, int]:
    """The name of the block, and the number of the copy that is entered."""
    name, _, copy = taken.partition(".")
    return name, int(copy) if copy.isdecimal() else 0


def block_names(path: Path) -> Path:
    """The names of the blocks alone, whichever copies are meant."""
    return tuple([split_step(taken)[0] for taken in path])
