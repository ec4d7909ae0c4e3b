"""What the catalogue has no layer for: one operation of PyTorch as a node, recorded by an import.

It works for inputs of the shapes that it was recorded with and says so for others. Nobody draws one by hand, so the
palette does not offer it.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from pydantic import ValidationInfo, field_validator

from builder.graph.model import Shape
from builder.graph.parameters import HUGE, parameter
from builder.layers import calls
from builder.layers.base import (
    FILE,
    GETITEM,
    MODULE,
    Call,
    Category,
    Example,
    Formula,
    Input,
    Layer,
    Own,
    Ports,
    ShapeError,
    Shapes,
    Window,
    product,
    show,
)
from builder.layers.freezing import trainable
from builder.layers.registry import register

_SIGNS = {"torch.add": "+", "torch.sub": "−", "torch.mul": "·", "torch.div": "/"}


def write_shapes(shapes: Shapes) -> str:
    """Shapes as text: `3x8x8, 10`."""
    return ", ".join("x".join(str(size) for size in shape) for shape in shapes)


def read_shapes(text: str) -> Shapes:
    """The shapes that a text tells. Raises `ValueError`."""
    try:
        shapes = tuple(tuple(int(size) for size in part.strip().split("x")) for part in text.split(","))
    except ValueError:
        raise ValueError("write shapes such as 3x8x8, 10") from None
    if any(not 1 <= size <= HUGE for shape in shapes for size in shape):
        raise ValueError("sizes begin at 1")
    return shapes


@register
class Operation(Layer):
    """One operation of PyTorch that this program has no layer of its own for. It came with an imported network, and
    works for inputs of the size that the network was imported with."""

    title: ClassVar[str] = "PyTorch operation"
    category: ClassVar[Category] = Category.STRUCTURE
    stem: ClassVar[str] = "operation"
    keywords: ClassVar[tuple[str, ...]] = ("import", "function", "opaque", "custom")
    use: ClassVar[str] = "It comes by itself, with an imported network."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/torch.html"
    ports: ClassVar[Ports] = Ports(inputs=("in",), variadic=True, least=1)
    offered: ClassVar[bool] = False
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((8,),)),
        Example(
            ((4, 6), (4, 6)),
            {
                "forward": '{"call": "torch.matmul", "args": [{"input": 0}, {"call": "torch.transpose", '
                '"args": [{"input": 1}, 1, 2]}]}',
                "inputs": "4x6, 4x6",
                "output": "4x4",
                "work": 4 * 4 * 6,
            },
        ),
        Example(  # a learned token before the others, as in ViT
            ((5, 8),),
            {
                "forward": '{"call": "torch.cat", "args": [[{"call": "torch.Tensor.expand", "args": [{"own": "0"}, '
                '{"batch": 0}, -1, -1]}, {"input": 0}]], "kwargs": {"dim": 1}}',
                "learned": '{"0": [1, 1, 8]}',
                "inputs": "5x8",
                "output": "6x8",
            },
        ),
        Example(
            ((5, 8),),
            {
                "build": '{"call": "torch.nn.MultiheadAttention", "args": [8, 2], "kwargs": {"batch_first": true}}',
                "forward": '{"call": "operator.getitem", "args": [{"call": "self", "args": [{"input": 0}, {"input": 0},'
                ' {"input": 0}], "kwargs": {"need_weights": false}}, 0]}',
                "learned": '{"in_proj_weight": [24, 8], "in_proj_bias": [24], "out_proj.weight": [8, 8], '
                '"out_proj.bias": [8]}',
                "inputs": "5x8",
                "output": "5x8",
                "work": 4 * 5 * 8 * 8 + 2 * 5 * 5 * 8,
            },
        ),
        Example(
            ((3, 4, 6),),
            {
                "build": '{"call": "torch.nn.Linear", "args": [6, 2]}',
                "forward": '{"call": "self", "args": [{"input": 0}]}',
                "learned": '{"weight": [2, 6], "bias": [2]}',
                "inputs": "3x4x6",
                "output": "3x4x2",
                "work": 3 * 4 * 6 * 2,
            },
        ),
        Example(
            ((3, 4, 6),),
            {
                "forward": '{"call": "operator.getitem", "args": [{"input": 0}, [{"ellipsis": true}, '
                '{"slice": [0, null, 2]}, {"slice": [null, 4, null]}]]}',
                "inputs": "3x4x6",
                "output": "3x2x4",
            },
        ),
    )

    build: str = parameter("", "Module", "The call that makes what holds its weights; empty when none is needed.")
    learned: str = parameter("", "Weights", "Its learned numbers by name, with their sizes.")
    forward: str = parameter('{"call": "torch.abs", "args": [{"input": 0}]}', "Call", "What is calculated, as a call.")
    inputs: str = parameter("8", "Input sizes", "The sizes that it was imported with.")
    output: str = parameter("8", "Output size", "The size that comes out.")
    work: int = parameter(0, "Multiply-adds", "How many it takes for one sample.", ge=0, le=HUGE)
    trainable: bool = trainable()

    @field_validator("build")
    @classmethod
    def _builds(cls, text: str) -> str:
        if text and (not (call := calls.read(text)).builds_module or call.target not in (FILE, *calls.MODULES)):
            raise ValueError("this call makes no module")
        return text

    @field_validator("learned")
    @classmethod
    def _sizes(cls, text: str, info: ValidationInfo) -> str:
        names = _learned(text)
        if names and not info.data.get("build") and list(names) != [str(number) for number in range(len(names))]:
            raise ValueError("learned numbers without a module are called 0, 1, 2, and so on")
        return text

    @field_validator("forward")
    @classmethod
    def _calculates(cls, text: str, info: ValidationInfo) -> str:
        call = calls.read(text)
        if _holds_file(call):
            raise ValueError("this call may not name a file")
        if call.builds_module:
            raise ValueError("this call uses no input")
        if _uses_module(call) and not info.data.get("build"):
            raise ValueError("this call uses a module, and there is none")
        if not _owned(call) <= _learned(info.data.get("learned", "")).keys():
            raise ValueError("this call uses learned numbers that there are not")
        return text

    @field_validator("inputs")
    @classmethod
    def _shapes(cls, text: str, info: ValidationInfo) -> str:
        count = len(read_shapes(text))
        if "forward" in info.data and _ports(calls.read(info.data["forward"])) > count:
            raise ValueError("the call uses more inputs than these")
        return text

    @field_validator("output")
    @classmethod
    def _shape(cls, text: str) -> str:
        if len(read_shapes(text)) != 1:
            raise ValueError("write one shape, such as 3x8x8")
        return text

    def output_shape(self, inputs: Shapes) -> Shape:
        wanted = read_shapes(self.inputs)
        if inputs != wanted:
            needs, got = (" and ".join(show(shape) for shape in shapes) for shapes in (wanted, inputs))
            hint = "Import the network again for another size, or put other layers in its place."
            raise ShapeError(f"this operation was imported for {needs}, got {got}.", hint)
        return read_shapes(self.output)[0]

    def lower(self, inputs: Shapes) -> Call:
        forward = calls.read(self.forward)
        if self.build:
            module = calls.read(self.build)
        elif self.learned:
            sizes = _learned(self.learned).values()
            module = Call("torch.nn.ParameterList", tuple(_begin(shape) for shape in sizes))
        else:
            return forward
        plain = Call(MODULE, *(Input(port) for port in range(len(inputs))))
        return module if forward == plain else module.used(forward)

    def headline(self) -> str:
        return _name(calls.read(self.build or self.forward))[:34]

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        return _learned(self.learned)

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        return self.work

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        module = _name(calls.read(self.build)) if self.build else ""
        found = [Formula("Function", f"y = {_text(calls.read(self.forward), module, len(inputs))}")]
        if output != inputs[0]:
            found.append(Formula("Output size", "as it was imported", product(output)))
        if self.learned:
            sizes = list(_learned(self.learned).values())
            count = f"{self.parameter_count(inputs):,}"
            numbers = f"{' + '.join(product(shape) for shape in sizes)} = {count}"
            found.append(Formula("Parameters", "all learned numbers", numbers if len(sizes) < 6 else count))
        return tuple(found)

    def window(self, inputs: Shapes) -> Window | None:
        return None


def _learned(text: str) -> dict[str, Shape]:
    """Names and shapes of the learned numbers. Raises `ValueError`."""
    try:
        form = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise ValueError("this is no list of sizes: it is not JSON") from None
    if not isinstance(form, dict) or not all(
        isinstance(sizes, list) and all(type(size) is int and 1 <= size <= HUGE for size in sizes)
        for sizes in form.values()
    ):
        raise ValueError("write names with their sizes")
    return {name: tuple(sizes) for name, sizes in form.items()}


def _begin(shape: Shape) -> Call:
    """What a learned tensor begins with: small random numbers, as for the tokens and positions of a transformer."""
    return Call("torch.nn.init.normal_", Call("torch.empty", shape), std=0.02)


def _ports(value: Any) -> int:
    """How many inputs a call uses."""
    if isinstance(value, Input):
        return (value.port or 0) + 1
    return max((_ports(part) for part in _parts(value)), default=0)


def _parts(value: Any) -> tuple[Any, ...]:
    """What stands directly in a call or a list."""
    if isinstance(value, Call):
        return (*value.args, *value.kwargs.values())
    return value if isinstance(value, tuple) else ()


def _uses_module(value: Any) -> bool:
    here = isinstance(value, Call) and value.target == MODULE
    return here or any(_uses_module(part) for part in _parts(value))


def _holds_file(value: Any) -> bool:
    here = isinstance(value, Call) and value.target == FILE
    return here or any(_holds_file(part) for part in _parts(value))


def _owned(value: Any) -> set[str]:
    """The names of the learned tensors that a call uses."""
    if isinstance(value, Own):
        return {value.tensor}
    return {name for part in _parts(value) for name in _owned(part)}


def _name(call: Call) -> str:
    """What the call is about, in one word."""
    if call.target == FILE:
        return f"{call.args[2]}.{call.args[3]}"
    while call.target == GETITEM and isinstance(call.args[0], Call):
        call = call.args[0]
    parts = call.target.split(".")
    if call.target == GETITEM:
        return "Part of a value"
    return parts[-2] if parts[:3] == ["torch", "ops", "aten"] and len(parts) == 5 else parts[-1]


def _text(value: Any, module: str, ports: int) -> str:
    """A call as a formula for a reader."""
    match value:
        case Input(port=int(port)):
            return "x" if ports == 1 else f"x_{{{port + 1}}}"
        case Input():
            return "x"
        case Own(tensor=name):
            return "w" if name == "0" else name
        case Call(target="torch.Tensor.size"):
            return "B"
        case slice():
            ends = ["" if part is None else str(part) for part in (value.start, value.stop, value.step)]
            return ":".join(ends if ends[2] else ends[:2])
        case _ if value is ...:
            return "…"
        case tuple():
            return f"({', '.join(_text(item, module, ports) for item in value)})"
        case Call():
            arguments = [_text(item, module, ports) for item in value.args]
            arguments += [f"{key}={_text(item, module, ports)}" for key, item in value.kwargs.items()]
            if value.target in _SIGNS and len(arguments) == 2 and not value.kwargs:
                return f" {_SIGNS[value.target]} ".join(arguments)
            if value.target == GETITEM and len(arguments) == 2:
                return f"{arguments[0]}[{arguments[1].removeprefix('(').removesuffix(')')}]"
            return f"{module if value.target == MODULE else _name(value)}({', '.join(arguments)})"
    return str(value)
