"""Python files whose modules a network runs: which may be run in this process, and how a module is had from one.

A project only names such a file and the SHA-256 of its content. Nothing of it is run before somebody has allowed a file
of that very content here, by importing it or by naming it; the next process asks again. No torch at import.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from builder.graph.model import Node
from builder.graph.problems import Problem, ProblemError
from builder.layers import calls
from builder.layers.base import FILE
from builder.vision import let_torchvision_in

LONGEST = 10_000_000  # bytes of such a file


@dataclass
class _Allowed:
    """A file that may be run: where it was found, and the content that counts."""

    path: Path
    content: bytes
    module: ModuleType | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)


_allowed: dict[str, _Allowed] = {}  # by digest


@dataclass(frozen=True)
class Needed:
    """A file that a network runs: its name, the digest of its content, and a node that needs it."""

    file: str
    digest: str
    node: str


def allow(path: Path) -> str:
    """Let networks run this file as it is now, until the process ends; the digest of its content.

    Raises:
        ProblemError: it cannot be read.
    """
    try:
        if path.stat().st_size > LONGEST:
            raise ProblemError(Problem("bad-file", "this file is too large for a Python file.", where=str(path)))
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise ProblemError(Problem("no-such-file", f"this file cannot be read: {reason}.", where=str(path))) from None
    digest = hashlib.sha256(content).hexdigest()
    _allowed[digest] = _Allowed(path, content)
    return digest


def is_allowed(digest: str) -> bool:
    """Whether a file of this content may be run."""
    return digest in _allowed


def disallow(digest: str) -> None:
    """Take the consent to a file of this content back."""
    _allowed.pop(digest, None)


def used_by(nodes: Mapping[str, Node]) -> tuple[Needed, ...]:
    """The files that these nodes run, each once."""
    found: dict[str, Needed] = {}
    for name, node in nodes.items():
        build = node.params.get("build") if node.kind == "Operation" else None
        if isinstance(build, str) and FILE in build:
            try:
                call = calls.read(build)
            except ValueError:
                continue  # told of where the node's parameters are checked
            if call.target == FILE:
                found.setdefault(call.args[1], Needed(call.args[0], call.args[1], name))
    return tuple(found.values())


def allowed_for(nodes: Mapping[str, Node]) -> tuple[Path, ...]:
    """Where the files lie that these nodes run and that may be run here: another process must be told."""
    return tuple(_allowed[needed.digest].path for needed in used_by(nodes) if needed.digest in _allowed)


def not_allowed(nodes: Mapping[str, Node]) -> Iterator[Problem]:
    """One problem for each file that these nodes run and that nobody has allowed here."""
    return (_refused(needed.file, needed.node) for needed in used_by(nodes) if not is_allowed(needed.digest))


def _refused(file: str, where: str = "") -> Problem:
    message = f"it runs code from {file}, which nobody has allowed here yet."
    hint = f"If you trust that file: File > Allow the network's code, or --allow-code {file} on the command line."
    return Problem("code-not-allowed", message, where=where, hint=hint)


# Running it ----------------------------------------------------------------------------------------------------------


def part(file: str, digest: str, model: str, path: str) -> Any:
    """The part at `path` of a fresh model from an allowed file; what executes a call of `FILE`.

    Args:
        model: name of a class or function in the file that builds the model without arguments.
        path: of the part in it, dotted.

    Raises:
        ProblemError: the file is not allowed here, or the model cannot be built.
    """
    return _part(model_of(file, digest, model, defined=True), path, file)


def model_of(file: str, digest: str, name: str, *, defined: bool = False) -> Any:
    """A fresh model from an allowed file, called `file` for the reader.

    Args:
        name: of what builds it without arguments.
        defined: only what the file itself defines is called, nothing that it imports.

    Raises:
        ProblemError: the file is not allowed here, or the model cannot be built.
    """
    allowed = _allowed.get(digest)
    if allowed is None:
        raise ProblemError(_refused(file))
    with allowed.lock, _beside(allowed.path):
        if allowed.module is None:
            allowed.module = _run(allowed)
        if defined and not is_defined(digest, name):
            raise ProblemError(Problem("no-such-model", f"{file} defines no {name}."))
        return _build(allowed.module, name, allowed.path)


def is_defined(digest: str, name: str) -> bool:
    """Whether an allowed file that has been run defines this itself."""
    module = _allowed[digest].module if digest in _allowed else None
    return module is not None and getattr(getattr(module, name, None), "__module__", None) == module.__name__


def _part(model: Any, path: str, file: str) -> Any:
    try:
        return model.get_submodule(path)
    except AttributeError:
        raise ProblemError(Problem("no-such-model", f"the model in {file} has no part {path}.")) from None


def _run(allowed: _Allowed) -> ModuleType:
    """The module that the file is, run now. Raises `ProblemError` that names the file and the line at fault."""
    path = allowed.path
    name = f"imported_{hashlib.sha256(allowed.content).hexdigest()[:12]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # where pickling and dataclasses look for it
    let_torchvision_in()
    try:
        with _told(path):
            exec(compile(allowed.content, str(path), "exec"), module.__dict__)  # the user was asked
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _build(module: ModuleType, name: str, path: Path) -> Any:
    """The model that a class or function of the file builds. Raises `ProblemError`."""
    from torch import nn

    found = getattr(module, name, None)
    if not callable(found):
        names = [n for n, v in vars(module).items() if isinstance(v, type) and issubclass(v, nn.Module)]
        hint = f"It has {', '.join(names)}." if names else "It has no model at all."
        message = f"the file has no class {name}." if name else "name a class of the file as well."
        raise ProblemError(Problem("no-such-model", message, where=str(path), hint=hint))
    if needed := _arguments(found):
        line = getattr(getattr(found, "__init__", found), "__code__", None) or getattr(found, "__code__", None)
        place = f"{path}, line {line.co_firstlineno}" if line is not None else str(path)
        message = f"{name} needs arguments ({', '.join(needed)}); an import builds it without any."
        hint = "Give them defaults, or write a function that does."
        raise ProblemError(Problem("cannot-build", message, where=place, hint=hint))
    with _told(path):
        model = found()
    if not isinstance(model, nn.Module):
        raise ProblemError(Problem("no-such-model", f"{name} is no model of PyTorch.", where=str(path)))
    return model


def _arguments(function: Any) -> list[str]:
    """The names of the arguments that it cannot be called without."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


@contextmanager
def _beside(path: Path) -> Iterator[None]:
    """The file may import its neighbours; they are run anew next time, as they may have changed."""
    folder = path.resolve().parent
    known = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with suppress(ValueError):  # the file may have changed the path itself
            sys.path.remove(str(folder))
        # All are found before one is taken out: where a package lies is asked of the one around it.
        for added in [name for name in set(sys.modules) - known if _is_neighbour(name, folder)]:
            del sys.modules[added]


def _is_neighbour(name: str, folder: Path) -> bool:
    """Whether a module was found in the folder itself, and not in a virtual environment, say, that lies in it."""
    module, top = sys.modules[name], folder / name.partition(".")[0]
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return any(Path(place).is_relative_to(top) or Path(place) == top.with_suffix(".py") for place in places if place)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Whatever a user's file raises, as a problem that names the line."""
    try:
        yield
    except ProblemError:
        raise
    except (Exception, SystemExit) as error:  # it is the user's program
        raise ProblemError(_failed(path, error)) from error


def _failed(path: Path, error: BaseException) -> Problem:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).name == path.name]
    line: Any = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    place = f"{path}, line {line}" if line else str(path)
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return Problem("cannot-build", f"the file could not be run: {text.rstrip('.')}.", where=place)
