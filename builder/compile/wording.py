"""Calls, values and module paths as Python text. Every part of generated source is spelled here and nowhere else.

Nothing that a user typed is evaluated, here or by running the text: names are checked to be identifiers, and values are
plain literals.
"""

from __future__ import annotations

import json
import math
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from keyword import iskeyword
from typing import Any

from builder.layers.base import FILE, GETITEM, LIST, MODULE, Call, Input, Own

WIDTH = 92  # columns, indentation left out; a longer call is broken into one argument a line
INDENT = "    "

_METHODS = ("torch.Tensor.", "torch.nn.Module.")
_OPERATORS = {"torch.add": "+", "torch.sub": "-", "torch.mul": "*"}

Values = tuple[str, ...]  # the text of each input of a call


def containers_of(names: Iterable[str]) -> dict[str, str]:
    """The class of the container at each dotted prefix: a list where its children are 0, 1, 2, ... in this order."""
    children: dict[str, list[str]] = defaultdict(list)
    for name in names:
        parts = name.split(".")
        for depth in range(1, len(parts)):
            known = children[".".join(parts[:depth])]
            if parts[depth] not in known:
                known.append(parts[depth])
    kinds = {}
    for prefix, inner in children.items():
        if inner == [str(number) for number in range(len(inner))]:
            kinds[prefix] = "nn.ModuleList"
        elif any(name.isdigit() for name in inner):
            kinds[prefix] = "nn.ModuleDict"
        else:
            kinds[prefix] = "nn.Module"
    return kinds


def reach(path: str, containers: dict[str, str]) -> str:
    """The expression for the module at a dotted path: `self.stage1[0].conv1`."""
    if "." not in path:
        return f"self.{path}"
    text = "self"
    parts = path.split(".")
    for depth, part in enumerate(parts):
        kind = containers.get(".".join(parts[:depth]), "nn.Module")
        text += {"nn.ModuleList": f"[{part}]", "nn.ModuleDict": f'["{part}"]'}.get(kind, f".{part}")
    return text


def assignment(path: str, containers: dict[str, str]) -> tuple[str, str]:
    """What stands before and behind the module that is attached at a dotted path."""
    parent = path.rpartition(".")[0]
    if containers.get(parent) == "nn.ModuleList":
        return f"{reach(parent, containers)}.append(", ")"
    return f"{reach(path, containers)} = ", ""


def statement(before: str, call: Call, values: Values = (), after: str = "") -> str:
    """The statement on one line, or else with its arguments on a line of their own, or else with a line for each."""
    line = f"{before}{_call(call, values)}{after}"
    return line if len(line) <= WIDTH else f"{before}{_call(call, values, broken=True)}{after}"


def _call(call: Call, values: Values, broken: bool = False) -> str:
    if call.target in _OPERATORS and len(call.args) == 2 and not call.kwargs:
        return _operation(call, values)
    if call.target == FILE:
        return file_part_text(call)
    arguments = arguments_text(call, values)
    function = function_text(call.target)
    reads_first = call.target == GETITEM or call.target.startswith(_METHODS)
    if reads_first and isinstance(call.args[0], Call) and call.args[0].target in _OPERATORS:
        arguments[0] = f"({arguments[0]})"
    if call.target == LIST:
        return f"[{arguments[0][1:-1].removesuffix(',')}]"
    if call.target == GETITEM:
        return f"{arguments[0]}[{arguments[1].removeprefix('(').removesuffix(')')}]"
    if reads_first:  # `a.expand(3)`, not `torch.Tensor.expand(a, 3)`
        name = call.target.rpartition(".")[2]
        function = arguments[0] if name == "__call__" else f"{arguments[0]}.{name}"
        arguments = arguments[1:]
    if broken and arguments:
        return f"{function}(\n{_lines(arguments)})"
    return f"{function}({', '.join(arguments)})"


def _lines(arguments: list[str]) -> str:
    """Arguments on a line of their own where they fit, or else each on one; many names in a row fill theirs."""
    together = f"{INDENT}{', '.join(arguments)}\n"
    if len(together) <= WIDTH:
        return together
    if all(argument.isidentifier() for argument in arguments):
        return textwrap.indent(textwrap.fill(", ".join(arguments), WIDTH - len(INDENT)), INDENT) + "\n"
    room = WIDTH - len(INDENT)
    lines = [argument if len(argument) <= room else _opened(argument) for argument in arguments]
    return "".join(textwrap.indent(f"{line},\n", INDENT) for line in lines)


def _opened(text: str) -> str:
    """A long argument, with what stands in its outermost brackets on lines of its own."""
    depth, start, commas = 0, -1, list[int]()
    for place, letter in enumerate(text):
        if letter in "([":
            depth += 1
            start = place if start < 0 else start
        elif letter in ")]":
            depth -= 1
            if depth == 0:
                ends = [start, *commas, place]
                parts = [text[left + 1 : right].strip() for left, right in pairwise(ends)]
                return f"{text[: start + 1]}\n{_lines(parts)}{text[place:]}"
        elif letter == "," and depth == 1:
            commas.append(place)
    return text


@dataclass(frozen=True)
class Words:
    """Python text that stands for itself: a module or a tensor that a call's arguments name."""

    text: str


def bound(value: Any, module: str) -> Any:
    """What a layer's `forward` is, with the expression for its module put in."""
    if isinstance(value, Own):
        return Words("".join((module, *(f"[{p}]" if p.isdigit() else f".{p}" for p in value.tensor.split(".")))))
    if isinstance(value, tuple):
        return tuple(bound(item, module) for item in value)
    if not isinstance(value, Call):
        return value
    arguments = tuple(bound(argument, module) for argument in value.args)
    options = {key: bound(argument, module) for key, argument in value.kwargs.items()}
    if value.target == MODULE:
        return Call("torch.Tensor.__call__", Words(module), *arguments, **options)
    return Call(value.target, *arguments, **options)


def file_part_text(call: Call) -> str:
    """A part of a model in a Python file: `mine_py.Net().get_submodule("stage.3")`."""
    file, _digest, model, path = call.args
    return f"{_file_variable(file)}.{model}().get_submodule({_value(path, ())})"


def file_imports(files: Iterable[str]) -> list[str]:
    """The lines that import Python files beside this one, each under the name by which `file_part_text` knows it."""
    lines: list[str] = []
    for file in sorted(set(files)):
        name, variable = file.removesuffix(".py"), _file_variable(file)
        plain = name.isidentifier() and not iskeyword(name)
        said = f"import {name} as {variable}" if plain else f"{variable} = importlib.import_module({_value(name, ())})"
        lines.append(f"{said}  # {file} lies beside this file")
    return ["import importlib", "", *lines] if any("importlib." in line for line in lines) else lines


def _file_variable(file: str) -> str:
    """A name for a file that no class, argument or function of the text has: `Net.py` and `main.py` are usual names."""
    stem = re.sub(r"\W", "_", file.removesuffix(".py"))
    return f"{stem}_py" if stem[:1].isalpha() else f"file_{stem}_py"


def _operation(call: Call, values: Values) -> str:
    """A sum or product of two values, with parentheses where Python would group otherwise."""
    left, right = (_value(argument, values) for argument in call.args)
    first, second = call.args
    if isinstance(first, Call) and first.target in _OPERATORS and first.target != call.target:
        left = f"({left})"
    if isinstance(second, Call) and second.target in _OPERATORS:
        right = f"({right})"
    return f"{left} {_OPERATORS[call.target]} {right}"


def function_text(target: str) -> str:
    """The name of a function or class as the text calls it, with `from torch import nn`."""
    if not all(part.isidentifier() for part in target.split(".")):
        raise ValueError(f"{target!r} is no dotted name")
    return target.removeprefix("torch.") if target.startswith("torch.nn.") else target


def arguments_text(call: Call, values: Values = ()) -> list[str]:
    """The arguments of a call, each as text."""
    positional = [_value(argument, values) for argument in call.args]
    return positional + [f"{key}={_value(argument, values)}" for key, argument in call.kwargs.items()]


def _value(value: Any, values: Values) -> str:
    match value:
        case Input(port=None):
            return "inputs" if values == ("*inputs",) else f"[{', '.join(values)}]"
        case Input(port=int(port)):
            return values[port]
        case Call():
            return _call(value, values)
        case tuple():
            inside = ", ".join(_value(item, values) for item in value)
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        case float() if not math.isfinite(value):
            return f'float("{value}")'
        case Words():
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
