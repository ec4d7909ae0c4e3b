"""The plan as Python source that a person would have written. The same plan always gives the same text. No torch.

It prints the very calls that `module` executes, so text and model cannot disagree: the same weights come from the same
seed, under the same keys. Blocks become classes (`classes` says which), copies in a row a loop.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from keyword import iskeyword
from typing import Any

from builder.compile.classes import Expression, Form, forms_of
from builder.compile.network import NetworkInference
from builder.compile.plan import Plan, Step, make_plan
from builder.compile.sites import Use, local_names
from builder.compile.wording import (
    INDENT,
    WIDTH,
    Words,
    arguments_text,
    assignment,
    bound,
    containers_of,
    file_imports,
    function_text,
    reach,
    statement,
)
from builder.graph.expansion import Expansion
from builder.graph.names import name_problem, path_problem
from builder.graph.problems import ProblemError
from builder.layers.base import FILE, Call, show
from builder.layers.freezing import is_frozen
from builder.vision import STATEMENT

_TAKEN = frozenset({"x", "self", "torch", "nn", "torchvision"})


@dataclass(frozen=True)
class Source:
    """Python text, and where each layer stands in it.

    Attributes:
        text: a module; its last class is the network.
        lines: for each node, by its dotted name, the numbers of the lines that are about it, counted from 1 and rising.
    """

    text: str
    lines: dict[str, tuple[int, ...]]


def to_source(plan: Plan, class_name: str = "Net") -> str:
    """The model as Python source: an `nn.Module` that computes what `module.build(plan)` does, with the same keys.

    Raises:
        ProblemError: a node's name, or `class_name`, is no identifier.
    """
    return write(plan, class_name).text


_path_problem = lru_cache(maxsize=4096)(path_problem)


def network_source(known: NetworkInference, class_name: str = "Net") -> str:
    """The same of a network with blocks: a class for each, with its parameters as arguments. Raises `ProblemError`."""
    return write_network(known, class_name).text


def write_network(known: NetworkInference, class_name: str = "Net") -> Source:
    """Like `network_source`, and also tells which lines belong to which node."""
    return write(make_plan(known.flat), class_name, known.expansion)


def write(plan: Plan, class_name: str = "Net", expansion: Expansion | None = None) -> Source:
    """Like `to_source`, and also tells which lines belong to which node.

    Args:
        expansion: how the blocks of the plan's network are written out; without one, all is one class.
    """
    problems = [_path_problem(name) for name in (plan.input, *(step.name for step in plan.steps))]
    if found := [problem for problem in (name_problem(class_name), *problems) if problem is not None]:
        raise ProblemError(*found)
    body = _Text()
    for form in forms_of(plan, class_name, expansion):
        if body.lines:
            body.add("\n")
        _write_class(body, form, plan)
    uses = "\n".join(body.lines)
    vision = ["", *STATEMENT.splitlines()] if "torchvision." in uses else []
    imports = ["import torch"] if vision or "torch." in uses else []
    head = [*imports, "from torch import nn", *vision, *_files(plan), "", ""]
    text = "\n".join((*head, *body.lines)) + "\n"
    return Source(text, {name: tuple(n + len(head) for n in numbers) for name, numbers in body.about.items()})


def _files(plan: Plan) -> list[str]:
    """The imports of the Python files whose parts the network runs."""
    lines = file_imports(step.call.args[0] for step in plan.steps if step.call.target == FILE)
    return ["", *lines] if lines else []


@dataclass
class _Text:
    """Lines as they are written, and which of them are about which node."""

    lines: list[str] = field(default_factory=list)
    about: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def add(self, text: str, level: int = 0, nodes: Sequence[str] = (), comment: str = "") -> None:
        """Append a statement of one or more lines; the comment goes behind the last of them."""
        first, indent = len(self.lines) + 1, INDENT * level
        if "\n" in text:
            self.lines += [indent + line if line else "" for line in text.split("\n")]
        else:  # most are of one line, and each edit writes all of them
            self.lines.append(indent + text if text else "")
        if comment:
            self.lines[-1] += f"  # {comment}"
        for node in nodes:
            self.about[node] = (*self.about.get(node, ()), *range(first, len(self.lines) + 1))


def _write_class(body: _Text, form: Form, plan: Plan) -> None:
    body.add(f"class {form.name}(nn.Module):")
    words = _ends_of(plan) if form.block is None else form.block.help
    if words:
        words = words.replace("\\", "/").replace('"', "'")
        body.add("\n".join(textwrap.wrap(f'"""{words}"""', WIDTH)), 1)
        body.add("")
    site = form.sites[0]
    modules = [item for item in site.items if isinstance(item, Use) or item.builds_module]
    containers = containers_of(site.local(item) for item in modules)
    if modules:
        body.add(f"def __init__({', '.join(('self', *form.parameters))}):", 1)
        body.add("super().__init__()", 2)
        _write_modules(body, form, containers)
        body.add("")
    _write_forward(body, form, plan, containers)


def _ends_of(plan: Plan) -> str:
    """What goes into a network and what comes out, for its docstring."""

    def batch(name: str) -> str:
        return f"({', '.join(['batch', *map(str, plan.shape(name))])})"

    (_, main), *helpers = plan.outputs
    words = f"Takes {batch(plan.input)} and gives {batch(main)}"
    if helpers:
        words += "; in training a tuple of this and what the auxiliary outputs give"
    return f"{words}."


def _write_modules(body: _Text, form: Form, containers: dict[str, str]) -> None:
    made: set[str] = set()
    for number, item in enumerate(form.sites[0].items):
        name, nodes = form.sites[0].local(item), _nodes(form, number)
        if isinstance(item, Use):
            body.add(statement(f"self.{name} = ", _construction(item, form.holes[number])), 2, nodes)
            continue
        if not item.builds_module:
            continue
        parts = name.split(".")
        for depth in range(1, len(parts)):
            prefix = ".".join(parts[:depth])
            if prefix not in made:
                made.add(prefix)
                before, after = assignment(prefix, containers)
                body.add(f"{before}{containers[prefix]}(){after}", 2, nodes)
        before, after = assignment(name, containers)
        body.add(_made(form, number, item, before, after), 2, nodes)
        for tensor, call in item.initial:
            arguments = [f"{reach(name, containers)}.{tensor}", *arguments_text(call)]
            body.add(f"{function_text(call.target)}({', '.join(arguments)})", 2, nodes)
        if is_frozen(item.layer) and item.layer.weights(item.input_shapes):
            body.add(f"{reach(name, containers)}.requires_grad_(False)", 2, nodes)


def _made(form: Form, number: int, item: Step, before: str, after: str) -> str:
    """The statement that makes a module; what an edit did not reach is written once."""
    if len(form.sites) > 1:
        return statement(before, _with_words(form.call(number)), (), after)
    kept: tuple[str, str, str] | None = item.memo.get("made")
    if kept is None or kept[:2] != (before, after):
        kept = item.memo["made"] = (before, after, statement(before, item.call, (), after))
    return kept[2]


def _with_words(call: Call) -> Call:
    """A class's call as it is written in its constructor."""
    options = {key: _spelled(value) for key, value in call.kwargs.items()}
    return Call(call.target, *map(_spelled, call.args), **options)


def _spelled(value: Any) -> Any:
    return Words(value.text) if isinstance(value, Expression) else value


def _construction(use: Use, holes: list[Any]) -> Call:
    """The call that makes a block: of its class, or of a chain of such calls."""
    values = iter(holes)
    runs: list[tuple[str, Any]] = []
    for run in use.runs:
        form = run[0].form
        call = Call(form.name, **{name: _spelled(next(values)) for name in form.parameters})
        times = next(values)
        if not use.repeated:
            return call
        runs.append((statement("", call).replace("\n", " "), times))
    return Call(
        "torch.nn.Sequential",
        *(
            Words(text if times == 1 else f"*[{text} for _ in range({arguments_text(Call('', _spelled(times)))[0]})]")
            for text, times in runs
        ),
    )


def _nodes(form: Form, number: int) -> list[str]:
    """The dotted names of the nodes that an item of a class is at each of its sites."""
    return [site.prefix + site.local(site.items[number]) for site in form.sites]


def _write_forward(body: _Text, form: Form, plan: Plan, containers: dict[str, str]) -> None:
    site = form.sites[0]
    root = form.block is None
    helpers = [name for _, name in plan.outputs[1:]] if root else []
    rows = [(item, *_ends(item)) for item in site.items]
    variables = _variables(site.inputs, [(i, o) for _, i, o in rows], (*site.outputs, *helpers), local_names(site))
    entering = "*inputs" if form.gathers else ", ".join(variables[name] for name in site.inputs)
    body.add(f"def forward(self, {entering}):", 1, [plan.input] if root else [], show(plan.input_shape) if root else "")
    needed = _needed(rows, site.outputs)
    aside = False
    for number, (item, inputs, outputs) in enumerate(rows):
        if (number not in needed) != aside:  # what only an auxiliary output needs
            aside = not aside
            if aside:
                body.add("if self.training:", 2)
        gathered = form.gathers and item is site.gatherer
        values = ("*inputs",) if gathered else tuple(variables[name] for name in inputs)
        before = f"{', '.join(variables[name] for name in outputs)} = "
        text = _said(item, before, reach(site.local(item), containers), values)
        body.add(text, 3 if aside else 2, _nodes(form, number), _shape(form, number, plan))
    main = ", ".join(variables[name] for name in site.outputs)
    if helpers:
        body.add("if self.training:", 2)
        body.add(f"return {', '.join([main, *(variables[name] for name in helpers)])}", 3)
        for name, _ in plan.outputs[1:]:
            if name not in body.about:
                body.about[name] = (len(body.lines),)
    if root:
        for name, source in plan.outputs:
            if source == plan.outputs[0][1] and name not in body.about:
                body.about[name] = (len(body.lines) + 1,)
    body.add(f"return {main}", 2)


def _needed(rows: Sequence[tuple[Step | Use, Sequence[str], Sequence[str]]], wanted: Sequence[str]) -> set[int]:
    """The numbers of the rows that the wanted values are computed in; a block is computed as a whole."""
    values, found = set(wanted), set()
    for number in reversed(range(len(rows))):
        _, inputs, outputs = rows[number]
        if not values.isdisjoint(outputs):
            found.add(number)
            values.update(inputs)
    return found


def _said(item: Step | Use, before: str, place: str, values: tuple[str, ...]) -> str:
    """The statement of an item in `forward`; what an edit did not reach is written once."""
    if isinstance(item, Use):
        return statement(before, *_used(item, place, values))
    key = (before, place, values)
    kept: tuple[tuple[str, str, tuple[str, ...]], str] | None = item.memo.get("said")
    if kept is None or kept[0] != key:
        kept = item.memo["said"] = (key, statement(before, *_used(item, place, values)))
    return kept[1]


def _used(item: Step | Use, place: str, values: tuple[str, ...]) -> tuple[Call, tuple[str, ...]]:
    """What `forward` says of an item: the call, and the values that its inputs stand for."""
    if isinstance(item, Use) or (item.builds_module and item.call.forward is None):
        return Call("torch.Tensor.__call__", Words(place), *map(Words, values)), ()
    return (item.call if item.call.forward is None else bound(item.call.forward, place)), values


def _ends(item: Step | Use) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which values enter and leave an item."""
    if isinstance(item, Use):
        return item.copies[0].inputs, item.copies[-1].outputs
    return item.inputs, (item.name,)


def _shape(form: Form, number: int, plan: Plan) -> str:
    """The shape that an item gives, where it is the same at all sites."""
    if len(form.sites) == 1:
        item = form.sites[0].items[number]
        if isinstance(item, Step):
            return show(item.output_shape)
        return ", ".join(show(plan.shape(name)) for name in _ends(item)[1])
    shapes = {tuple(plan.shape(name) for name in _ends(site.items[number])[1]) for site in form.sites}
    return ", ".join(show(shape) for shape in shapes.pop()) if len(shapes) == 1 else ""


def _variables(
    starts: Sequence[str],
    rows: Sequence[tuple[Sequence[str], Sequence[str]]],
    wanted: Sequence[str],
    names: dict[str, str],
) -> dict[str, str]:
    """The variable of each value: `x` for what only the next line uses, the node's name for what lives longer.

    Args:
        starts: what is there at first; rows: for each line what it uses and what it gives; wanted: what is returned.
        names: of the nodes.
    """
    uses: dict[str, list[int]] = defaultdict(list)
    for number, (inputs, _) in enumerate(rows):
        for name in inputs:
            uses[name].append(number)
    for name in wanted:
        uses[name].append(len(rows))
    variables: dict[str, str] = {}
    taken = set(_TAKEN)
    for number, given in enumerate((starts, *(outputs for _, outputs in rows))):
        for name in given:
            if len(given) == 1 and set(uses[name]) == {number}:
                variables[name] = "x"
                continue
            variable = stem = names[name].replace(".", "_")
            suffix = 1
            while variable in taken or iskeyword(variable):
                suffix += 1
                variable = f"{stem}_{suffix}"
            taken.add(variable)
            variables[name] = variable
    return variables
