"""What is wrong and what mends it, as values: one form for badge, form field, list row and exit text.

A `Fix` holds edits as data, so that a problem can be compared, stored and shown without running anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from builder.graph.frozen import FrozenDict


class Severity(Enum):
    """How bad a problem is: an error stops the network from compiling, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class InsertBefore:
    """Put a new node of `kind` on the wire that enters `node` at `port`."""

    node: str
    kind: str
    params: FrozenDict[str, Any] = FrozenDict()
    port: int = 0


@dataclass(frozen=True)
class SetParams:
    """Give the named parameters of `node` these values."""

    node: str
    params: FrozenDict[str, Any]


@dataclass(frozen=True)
class RemoveNode:
    """Take `node` out and join its neighbours."""

    node: str


@dataclass(frozen=True)
class ReplaceNode:
    """Let `node` keep its name and wires but be a layer of another `kind`."""

    node: str
    kind: str
    params: FrozenDict[str, Any] = FrozenDict()


@dataclass(frozen=True)
class AddAfter:
    """Add a new node of `kind` behind `node` and connect it."""

    node: str
    kind: str
    params: FrozenDict[str, Any] = FrozenDict()


@dataclass(frozen=True)
class SetSetting:
    """Give a project setting, named by its dotted path (`data.dataset`), a value."""

    path: str
    value: Any


Edit = InsertBefore | SetParams | RemoveNode | ReplaceNode | AddAfter | SetSetting


@dataclass(frozen=True)
class Fix:
    """An offer: the words on the button ("Insert Flatten") and the edits that it makes."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        code: stable, dash-separated name of the kind of problem, for example `shape-mismatch`.
        message: one sentence, without PyTorch's words, that says what was found and what is needed.
        where: name of the node, or dotted path of the setting, or path of the file; empty for the whole project.
        field: the parameter at fault, empty when it is the node as a whole.
        hint: what the user may do, one sentence; may be empty.
        fix: what mends it, when something does; of several ways, the most likely to be meant.
        also: the other ways.
    """

    code: str
    message: str
    where: str = ""
    field: str = ""
    hint: str = ""
    fix: Fix | None = None
    severity: Severity = Severity.ERROR
    also: tuple[Fix, ...] = ()

    def __str__(self) -> str:
        place = f"{self.where}.{self.field}" if self.where and self.field else self.where or self.field
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} {self.hint}" if self.hint else text

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """All ways to mend it, the most likely first."""
        return (self.fix, *self.also) if self.fix is not None else ()

    def unfixed(self, **changes: Any) -> Problem:
        """The same problem, with other words or elsewhere, where what mends it does not apply."""
        return replace(self, **changes, fix=None, also=())

    def at(self, where: str) -> Problem:
        """The same problem, placed at `where`."""
        return replace(self, where=where)


class ProblemError(Exception):
    """Raised where work cannot go on; carries the problems that say why.

    Attributes:
        problems: at least one.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
