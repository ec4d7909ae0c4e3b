"""The plan as Python source that a person would have written. The same plan always gives the same text. No torch.

It prints the very calls that `module` executes, so text and model cannot disagree. Nothing that a user typed is
evaluated, here or by running the text: names are checked to be identifiers, and values are plain literals.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any

from builder.compile.plan import Plan, Step
from builder.graph.names import name_problem, path_problem
from builder.graph.problems import ProblemError
from builder.layers.base import GETITEM, MODULE, Call, Input, Own, show

WIDTH = 92  # columns, indentation left out; a longer call is broken into one argument a line

_INDENT = "    "
_TAKEN = frozenset({"x", "self", "torch", "nn", "torchvision"})
_METHODS = ("torch.Tensor.", "torch.nn.Module.")
_OPERATORS = {"torch.add": "+", "torch.sub": "-", "torch.mul": "*"}


@dataclass(frozen=True)
class Source:
    """Python text, and where each layer stands in it.

    Attributes:
        text: a module with one class.
        lines: for each node, the numbers of the lines that are about it, counted from 1 and rising.
    """

    text: str
    lines: dict[str, tuple[int, ...]]


def to_source(plan: Plan, class_name: str = "Net") -> str:
    """The model as Python source: an `nn.Module` that computes what `module.build(plan)` does, with the same keys.

    Raises:
        ProblemError: a node's name, or `class_name`, is no identifier.
    """
    return write(plan, class_name).text


def write(plan: Plan, class_name: str = "Net") -> Source:
    """Like `to_source`, and also tells which lines belong to which node."""
    problems = [path_problem(name) for name in (plan.input, *(step.name for step in plan.steps))]
    if found := [problem for problem in (name_problem(class_name), *problems) if problem is not None]:
        raise ProblemError(*found)
    body = _Text()
    body.add(f"class {class_name}(nn.Module):")
    modules = [step for step in plan.steps if step.builds_module]
    if modules:
        body.add("def __init__(self):", 1)
        body.add("super().__init__()", 2)
        _write_modules(body, modules)
        body.add("")
    _write_forward(body, plan)
    uses = "\n".join(body.lines)
    imports = [f"import {name}" for name in ("torch", "torchvision") if f"{name}." in uses]
    head = [*imports, "from torch import nn", "", ""]
    text = "\n".join((*head, *body.lines)) + "\n"
    return Source(text, {name: tuple(n + len(head) for n in numbers) for name, numbers in body.about.items()})


@dataclass
class _Text:
    """Lines as they are written, and which of them are about which node."""

    lines: list[str] = field(default_factory=list)
    about: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def add(self, text: str, level: int = 0, node: str = "", comment: str = "") -> None:
        """Append a statement of one or more lines; the comment goes behind the last of them."""
        lines = [_INDENT * level + line if line else "" for line in text.split("\n")]
        if comment:
            lines[-1] += f"  # {comment}"
        first = len(self.lines) + 1
        self.lines += lines
        if node:
            self.about[node] = (*self.about.get(node, ()), *range(first, len(self.lines) + 1))


def _write_modules(body: _Text, steps: list[Step]) -> None:
    containers = _containers(steps)
    made: set[str] = set()
    for step in steps:
        parts = step.name.split(".")
        for depth in range(1, len(parts)):
            prefix = ".".join(parts[:depth])
            if prefix not in made:
                made.add(prefix)
                before, after = _assignment(prefix, containers)
                body.add(f"{before}{containers[prefix]}(){after}", 2, step.name)
        before, after = _assignment(step.name, containers)
        body.add(_statement(before, step.call, (), after), 2, step.name)
        for tensor, call in step.initial:
            target = f"{_reach(step.name, containers)}.{tensor}"
            arguments = [target, *_arguments(call, ())]
            body.add(f"{_function(call.target)}({', '.join(arguments)})", 2, step.name)


def _write_forward(body: _Text, plan: Plan) -> None:
    containers = _containers([step for step in plan.steps if step.builds_module])
    wanted = plan.outputs[0][1]
    needed = plan.needed_for(wanted)
    steps = [step for step in plan.steps if step.name in needed]
    variables = _variables(plan.input, steps, wanted)
    body.add(f"def forward(self, {variables[plan.input]}):", 1, plan.input, show(plan.input_shape))
    for step in steps:
        values = tuple(variables[name] for name in step.inputs)
        if step.call.forward is not None:
            call = _bound(step.call.forward, _reach(step.name, containers))
            text = _statement(f"{variables[step.name]} = ", call, values)
        elif step.builds_module:
            expression = f"{_reach(step.name, containers)}({', '.join(values)})"
            text = f"{variables[step.name]} = {expression}"
        else:
            text = _statement(f"{variables[step.name]} = ", step.call, values)
        body.add(text, 2, step.name, show(step.output_shape))
    for name, source in plan.outputs:
        if source == wanted and name not in body.about:
            body.about[name] = (len(body.lines) + 1,)
    body.add(f"return {variables[wanted]}", 2)


def _variables(start: str, steps: list[Step], wanted: str) -> dict[str, str]:
    """The variable of each value: `x` for what only the next line uses, the node's name for what lives longer."""
    uses: dict[str, list[int]] = defaultdict(list)
    for number, step in enumerate(steps):
        for name in step.inputs:
            uses[name].append(number)
    uses[wanted].append(len(steps))
    variables: dict[str, str] = {}
    taken = set(_TAKEN)
    for number, name in enumerate((start, *(step.name for step in steps))):
        if set(uses[name]) == {number}:
            variables[name] = "x"
            continue
        variable = stem = name.replace(".", "_")
        suffix = 1
        while variable in taken or iskeyword(variable):
            suffix += 1
            variable = f"{stem}_{suffix}"
        taken.add(variable)
        variables[name] = variable
    return variables


def _containers(steps: list[Step]) -> dict[str, str]:
    """The class of the container at each dotted prefix: a list where its children are 0, 1, 2, ... in this order."""
    children: dict[str, list[str]] = defaultdict(list)
    for step in steps:
        parts = step.name.split(".")
        for depth in range(1, len(parts)):
            known = children[".".join(parts[:depth])]
            if parts[depth] not in known:
                known.append(parts[depth])
    kinds = {}
    for prefix, names in children.items():
        if names == [str(number) for number in range(len(names))]:
            kinds[prefix] = "nn.ModuleList"
        elif any(name.isdigit() for name in names):
            kinds[prefix] = "nn.ModuleDict"
        else:
            kinds[prefix] = "nn.Module"
    return kinds


def _reach(path: str, containers: dict[str, str]) -> str:
    """The expression for the module at a dotted path: `self.stage1[0].conv1`."""
    text = "self"
    parts = path.split(".")
    for depth, part in enumerate(parts):
        kind = containers.get(".".join(parts[:depth]), "nn.Module")
        text += {"nn.ModuleList": f"[{part}]", "nn.ModuleDict": f'["{part}"]'}.get(kind, f".{part}")
    return text


def _assignment(path: str, containers: dict[str, str]) -> tuple[str, str]:
    """What stands before and behind the module that is attached at a dotted path."""
    parent = path.rpartition(".")[0]
    if containers.get(parent) == "nn.ModuleList":
        return f"{_reach(parent, containers)}.append(", ")"
    return f"{_reach(path, containers)} = ", ""


def _statement(before: str, call: Call, values: tuple[str, ...], after: str = "") -> str:
    """The statement on one line, or with one argument a line where that is too long."""
    line = f"{before}{_call(call, values)}{after}"
    return line if len(line) <= WIDTH else f"{before}{_call(call, values, broken=True)}{after}"


def _call(call: Call, values: tuple[str, ...], broken: bool = False) -> str:
    if call.target in _OPERATORS and len(call.args) == 2 and not call.kwargs:
        return _operation(call, values)
    arguments = _arguments(call, values)
    function = _function(call.target)
    reads_first = call.target == GETITEM or call.target.startswith(_METHODS)
    if reads_first and isinstance(call.args[0], Call) and call.args[0].target in _OPERATORS:
        arguments[0] = f"({arguments[0]})"
    if call.target == GETITEM:
        return f"{arguments[0]}[{arguments[1].removeprefix('(').removesuffix(')')}]"
    if reads_first:  # `a.expand(3)`, not `torch.Tensor.expand(a, 3)`
        name = call.target.rpartition(".")[2]
        function = arguments[0] if name == "__call__" else f"{arguments[0]}.{name}"
        arguments = arguments[1:]
    if broken and arguments:
        lines = "".join(f"{_INDENT}{argument},\n" for argument in arguments)
        return f"{function}(\n{lines})"
    return f"{function}({', '.join(arguments)})"


@dataclass(frozen=True)
class _Written:
    """Python text that stands for itself: a module or a tensor that a call's arguments name."""

    text: str


def _bound(value: Any, module: str) -> Any:
    """What a layer's `forward` is, with the expression for its module put in."""
    if isinstance(value, Own):
        return _Written("".join((module, *(f"[{p}]" if p.isdigit() else f".{p}" for p in value.tensor.split(".")))))
    if isinstance(value, tuple):
        return tuple(_bound(item, module) for item in value)
    if not isinstance(value, Call):
        return value
    arguments = tuple(_bound(argument, module) for argument in value.args)
    options = {key: _bound(argument, module) for key, argument in value.kwargs.items()}
    if value.target == MODULE:
        return Call("torch.Tensor.__call__", _Written(module), *arguments, **options)
    return Call(value.target, *arguments, **options)


def _operation(call: Call, values: tuple[str, ...]) -> str:
    """A sum or product of two values, with parentheses where Python would group otherwise."""
    left, right = (_value(argument, values) for argument in call.args)
    first, second = call.args
    if isinstance(first, Call) and first.target in _OPERATORS and first.target != call.target:
        left = f"({left})"
    if isinstance(second, Call) and second.target in _OPERATORS:
        right = f"({right})"
    return f"{left} {_OPERATORS[call.target]} {right}"


def _function(target: str) -> str:
    if not all(part.isidentifier() for part in target.split(".")):
        raise ValueError(f"{target!r} is no dotted name")
    return target.removeprefix("torch.") if target.startswith("torch.nn.") else target


def _arguments(call: Call, values: tuple[str, ...]) -> list[str]:
    positional = [_value(argument, values) for argument in call.args]
    return positional + [f"{key}={_value(argument, values)}" for key, argument in call.kwargs.items()]


def _value(value: Any, values: tuple[str, ...]) -> str:
    match value:
        case Input(port=None):
            return f"[{', '.join(values)}]"
        case Input(port=int(port)):
            return values[port]
        case Call():
            return _call(value, values)
        case tuple():
            inside = ", ".join(_value(item, values) for item in value)
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        case float() if not math.isfinite(value):
            return f'float("{value}")'
        case _Written():
            return value.text
        case slice():
            ends = [("" if part is None else _value(part, values)) for part in (value.start, value.stop, value.step)]
            return ":".join(ends if ends[2] else ends[:2])
        case _ if value is ...:
            return "..."
        case str():
            return json.dumps(value, ensure_ascii=False)
        case None | bool() | int() | float():
            return repr(value)
    raise TypeError(f"{type(value).__name__} is no plain value: {value!r}")
