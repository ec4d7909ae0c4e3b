"""Archives of `torch.export` (`.pt2`): read without running anything that they may hold.

PyTorch's own reader would fall back to pickles, load compiled code and evaluate expressions. So the archive is looked
through first, and refused if it holds any of these.
"""

from __future__ import annotations

import json
import os
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import fx

from builder.compile.importing.convert import ImportResult, convert
from builder.graph.problems import Problem, ProblemError

_COMPILED = re.compile(r"/(aotinductor|executorch|mtia|custom_obj|opaque_obj)|\.(so|dll|dylib|pyd|py)$")
# A sum of sizes as sympy writes it: Add(Integer(1), Symbol('s77', integer=True, positive=True)).
_SUM = re.compile(
    r"(?:(?:Symbol|Integer|Rational|Add|Mul|Pow|Max|Min|Mod|FloorDiv|CeilDiv|True|False|integer|positive|nonnegative)\b"
    r"|'\w{1,20}'|\d{1,18}|s\d+|u\d+|[ +*/(),<>=-])*\Z"
)
_LARGEST = 256 * 2**20  # bytes of one description


def from_archive(path: Path) -> ImportResult:
    """The network in an archive, with its weights. Raises `ProblemError`."""
    _look_through(path)
    try:
        with _careful():
            program = torch.export.load(path)
            module = program.module()
    except Exception as error:  # a damaged archive fails in many ways
        raise ProblemError(
            Problem("bad-archive", "this archive is damaged or of another version.", str(path))
        ) from error
    assert isinstance(module, fx.GraphModule)
    for node in module.graph.nodes:
        node.meta["value"] = node.meta.get("val")
    return convert(module, module.graph, _batch(module.graph))


def _batch(graph: fx.Graph) -> int | torch.SymInt:
    """The number of samples that the archive was made with, or the sign for any number."""
    for node in graph.nodes:
        value = node.meta.get("val")
        if node.op == "placeholder" and isinstance(value, torch.Tensor) and value.dim():
            return value.shape[0]
    return 0


def _look_through(path: Path) -> None:
    """Refuse what is no archive, and what would run code when it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if not any(name.endswith("/archive_format") for name in names):
                raise _refuse(path, "this is no archive of torch.export, or one of an old version.")
            if any(_COMPILED.search(name) for name in names):
                raise _refuse(path, "this archive holds compiled code, which is not run here.")
            for name in names:
                if name.endswith(".json"):
                    if archive.getinfo(name).file_size > _LARGEST:
                        raise _refuse(path, "this archive is damaged.")
                    _check(path, json.loads(archive.read(name)))
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise _refuse(path, f"this archive cannot be read: {reason}.") from None
    except (zipfile.BadZipFile, ValueError, RecursionError, KeyError, NotImplementedError):
        raise _refuse(path, "this is no archive of torch.export, or it is damaged.") from None


def _check(path: Path, form: Any) -> None:
    for key, value in _entries(form):
        if key == "use_pickle" and value is not False:
            raise _refuse(path, "this archive holds Python objects, which are not read here: they could run anything.")
        if key == "expr_str" and not (isinstance(value, str) and _SUM.match(value)):
            raise _refuse(path, "this archive holds a size that is no plain sum.")


def _entries(form: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth."""
    todo = [form]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            yield from item.items()
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)


@contextmanager
def _careful() -> Iterator[None]:
    """No pickle but of tensors, whatever PyTorch would fall back to; and none of its warnings."""
    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _refuse(path: Path, message: str) -> ProblemError:
    return ProblemError(Problem("bad-archive", message, where=str(path)))
