"""A block's definition as a layer kind: its parameters become a form, its ports and its numbers show on the card.

Not in the catalogue: each definition makes its own class, and what it does is known only where it is used. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, get_args, get_origin

from pydantic import PrivateAttr, ValidationError, create_model

from builder.graph.expression import reference
from builder.graph.frozen import FrozenDict, thaw
from builder.graph.instance import INPUT, OUTPUT, names_used
from builder.graph.model import Block, BlockParameter, Shape
from builder.graph.parameters import parameter, problems_of
from builder.graph.problems import ProblemError
from builder.layers.base import Category, Layer, Ports, Role, Shapes, Window
from builder.layers.registry import find


class BlockLayer(Layer):
    """Several layers under one name. Open it to see and to change what it holds."""

    title: ClassVar[str] = "Block"
    category: ClassVar[Category] = Category.BLOCK
    stem: ClassVar[str] = "block"

    _repeat: int = PrivateAttr(default=1)
    _parameters: int = PrivateAttr(default=0)
    _multiply_adds: int = PrivateAttr(default=0)
    _frozen: int = PrivateAttr(default=0)

    @property
    def repeat(self) -> int:
        """How many copies stand in a row."""
        return self._repeat

    @property
    def frozen_parameters(self) -> int:
        """How many of the learned numbers that it holds are frozen."""
        return self._frozen

    def counting(self, repeat: int, parameters: int = 0, multiply_adds: int = 0, frozen: int = 0) -> BlockLayer:
        """This layer with the numbers of what it holds, which no rule of its own could tell."""
        self._repeat, self._parameters, self._multiply_adds, self._frozen = repeat, parameters, multiply_adds, frozen
        return self

    def headline(self) -> str:
        times = f" ×{self._repeat}" if self._repeat > 1 else ""
        values = ", ".join(_named(dict(self)))
        return f"{self.title}{times}{': ' if values else ''}{values}"

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        return self._multiply_adds

    def parameter_count(self, inputs: Shapes) -> int:
        return self._parameters

    def window(self, inputs: Shapes) -> Window | None:
        return None


class BlockInput(Layer):
    """Where a value enters the block: what is wired to this port outside."""

    title: ClassVar[str] = "Entrance"
    category: ClassVar[Category] = Category.DATA
    stem: ClassVar[str] = "input"
    ports: ClassVar[Ports] = Ports(inputs=())
    role: ClassVar[Role] = Role.INPUT

    def headline(self) -> str:
        return "from outside"


class BlockOutput(Layer):
    """Where a value leaves the block: what comes here goes out of this port."""

    title: ClassVar[str] = "Exit"
    category: ClassVar[Category] = Category.DATA
    stem: ClassVar[str] = "output"
    ports: ClassVar[Ports] = Ports(outputs=())
    role: ClassVar[Role] = Role.OUTPUT

    def output_shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def headline(self) -> str:
        return "to outside"


PORTS: dict[str, Layer] = {INPUT: BlockInput(), OUTPUT: BlockOutput()}


def layer_of(block: Block) -> type[BlockLayer]:
    """The layer kind that a definition is: one parameter for each of its own, a port for each `Input` and `Output`."""
    nodes = block.graph.nodes.values()
    entrances = tuple(node.name for node in nodes if node.kind == INPUT)
    exits = tuple(node.name for node in nodes if node.kind == OUTPUT)
    return _made(block.name, block.help, block.parameters, _sizes(block), entrances, exits)


Use = tuple[str, str]  # a kind of layer, and one of its parameters


def _sizes(block: Block) -> Mapping[str, Use]:
    """The parameters that stand for height and width alone, which may differ, and where each is used so."""
    found: dict[str, list[Use]] = {}
    reckoned_with: set[str] = set()
    for node in block.graph.nodes.values() if block.parameters else ():
        for key, value in node.params.items():
            text = reference(value)
            if text is not None and text.strip().isidentifier():
                found.setdefault(text.strip(), []).append((node.kind, key))
            else:
                reckoned_with |= names_used(value)
    candidates = [p.name for p in block.parameters if p.name in found.keys() - reckoned_with and _is_pair(p.default)]
    return FrozenDict({name: found[name][0] for name in candidates if all(_is_size(*use) for use in found[name])})


def _is_pair(value: Any) -> bool:
    """Whether it can be the default of a height and a width: two whole numbers, or one for both."""
    numbers = value if isinstance(value, tuple) else (value, value)
    return len(numbers) == 2 and all(type(number) is int for number in numbers)


def _is_size(kind: str, key: str) -> bool:
    """Whether a parameter of a layer is a height and a width."""
    layer = find(kind)
    field = layer.model_fields.get(key) if layer is not None else None
    return field is not None and get_origin(field.annotation) is tuple and len(get_args(field.annotation)) == 2


@lru_cache(maxsize=512)
def _made(
    name: str,
    help: str,
    parameters: tuple[BlockParameter, ...],
    sizes: Mapping[str, Use],
    entrances: tuple[str, ...],
    exits: tuple[str, ...],
) -> type[BlockLayer]:
    fields: dict[str, Any] = {}
    for p in parameters:
        if hasattr(BlockLayer, p.name) or p.name.startswith("_"):
            continue
        kind, default = _type_of(p.default), thaw(p.default)
        if p.name in sizes:
            layer, key = sizes[p.name]
            field = (find(layer) or BlockLayer).model_fields[key]
            kind = Annotated[(field.annotation, *field.metadata)]
            default = (default, default) if isinstance(default, int) else tuple(default)
        fields[p.name] = (kind, parameter(default, p.name.replace("_", " ").capitalize(), p.help))
    made = create_model(name, __base__=BlockLayer, __module__=__name__, **fields)
    made.title, made.stem, made.__doc__ = name, _stem(name), help or BlockLayer.__doc__
    made.ports = Ports(entrances, exits, least=0)
    return made


def make_block(block: Block, arguments: Mapping[str, Any]) -> BlockLayer:
    """The layer of one instance. Raises `ProblemError` (with `where` empty) for values that are none."""
    kind = layer_of(block)
    try:
        return kind.model_validate(
            {name: thaw(value) for name, value in arguments.items() if name in kind.model_fields}
        )
    except ValidationError as error:
        raise ProblemError(*problems_of(error, "")) from None


def _type_of(default: Any) -> Any:
    """A number may be any number, a switch a switch; of anything else any value will do."""
    return type(default) if isinstance(default, (bool, int, float, str)) else Any


def _stem(name: str) -> str:
    return (
        "".join(letter for letter in name.lower() if letter.isalnum() or letter == "_").strip("_0123456789") or "block"
    )


_FEW = 3


def _named(values: Mapping[str, Any]) -> list[str]:
    """The values as a card tells them: the first few by name, or many bare, as a row of a paper's table has them."""
    if len(values) > _FEW + 1:
        return [_brief(value) for value in values.values()]
    # Channels stand bare too, as the number of filters does in a convolution.
    return [_brief(v) if name == "channels" else f"{name} {_brief(v)}" for name, v in list(values.items())[:_FEW]]


def _brief(value: Any) -> str:
    if isinstance(value, (tuple, list)) and len(value) == 2 and value[0] == value[1]:
        return str(value[0])
    return "×".join(str(item) for item in value) if isinstance(value, (tuple, list)) else str(value)
