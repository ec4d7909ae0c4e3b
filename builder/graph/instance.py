"""What a node of kind `Block` says: which definition, how often, with which values for its parameters. Checked here.

Knows neither how blocks are written out (`expansion`) nor how they are made (`blocks`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from builder.graph.expression import names as parameters_named
from builder.graph.expression import reference, substitute
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Block, Node
from builder.graph.problems import Problem, ProblemError

BLOCK, INPUT, OUTPUT = "Block", "Input", "Output"
MOST_NODES = 50_000  # in the flat graph: a small file must not grow without bound

Resolve = Callable[[Any], Any]


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Instance:
    """What an instance's parameters say, checked; `arguments` holds a value for every parameter of the definition."""

    block: Block
    repeat: int
    arguments: FrozenDict[str, Any]

    @classmethod
    def of(
        cls, node: Node, where: str, blocks: Mapping[str, Block], resolve: Resolve = lambda value: value
    ) -> Instance:
        """Read a node.

        Args:
            where: what a problem names as its place.
            resolve: puts in the arguments of the block in which the node itself stands.

        Raises:
            ProblemError: there is no such definition, or a value is none.
        """
        name = node.params.get("definition")
        block = blocks.get(name) if isinstance(name, str) else None
        if block is None:
            raise refusal("unknown-block", f"there is no block called {name}.", where)
        repeat = _resolved(resolve, node.params.get("repeat", 1), "repeat")
        if not isinstance(repeat, int) or isinstance(repeat, bool) or not 1 <= repeat <= MOST_NODES:
            message = f"a block can be repeated 1 to {MOST_NODES:,} times."
            raise ProblemError(Problem("bad-parameter", message, where=where, field="repeat"))
        arguments = {parameter.name: parameter.default for parameter in block.parameters}
        given = node.params.get("arguments", FrozenDict())
        for key, value in given.items() if isinstance(given, Mapping) else ():
            if key not in arguments:
                raise refusal("bad-parameter", f"the block {block.name} has no parameter {key}.", where)
            arguments[key] = _resolved(resolve, value, key)
        return cls(block, repeat, FrozenDict(arguments))

    def put_in(self, params: FrozenDict[str, Any]) -> FrozenDict[str, Any]:
        """Parameters of an inner node with the arguments put in; what the arguments themselves refer to stays."""
        return freeze(each_reference(params, lambda text: substitute(text, self.arguments)))  # type: ignore[no-any-return]


def _resolved(resolve: Resolve, value: Any, field: str) -> Any:
    try:
        return resolve(value)
    except ProblemError as error:
        raise ProblemError(*(replace(problem, field=field) for problem in error.problems)) from None


def each_reference(value: Any, answer: Callable[[str], Any]) -> Any:
    """The value with every `{"$": expression}` in it, at any depth, replaced by its answer."""
    text = reference(value)
    if text is not None:
        return answer(text)
    if isinstance(value, Mapping):
        return FrozenDict({key: each_reference(item, answer) for key, item in value.items()})
    if isinstance(value, tuple):
        return tuple(each_reference(item, answer) for item in value)
    return value


def names_used(value: Any) -> frozenset[str]:
    """The parameters that expressions in a stored value name."""
    found: set[str] = set()
    each_reference(value, lambda text: found.update(parameters_named(text)))
    return frozenset(found)


def refusal(code: str, message: str, where: str = "", hint: str = "") -> ProblemError:
    """The error of a block that cannot be used."""
    return ProblemError(Problem(code, message, where=where, hint=hint))
