"""The plan as Python source that a person would have written. The same plan always gives the same text. No torch.

It prints the very calls that `module` executes, so text and model cannot disagree: the same weights come from the same
seed, under the same keys. Blocks become classes (`classes` says which), copies in a row a loop.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from builder.compile.classes import Expression, Form, forms_of
from builder.compile.flow import Flow, Row, flow_of
from builder.compile.network import NetworkInference
from builder.compile.plan import Plan, Step, make_plan
from builder.compile.sites import Use, ends_of
from builder.compile.wording import (
    INDENT,
    WIDTH,
    Words,
    arguments_text,
    bound,
    file_imports,
    function_text,
    statement,
)
from builder.graph.expansion import Expansion
from builder.graph.names import name_problem, path_problem
from builder.graph.problems import ProblemError
from builder.layers.base import FILE, Call, show
from builder.layers.freezing import is_frozen
from builder.vision import STATEMENT


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
        self.extend(_indented(text, level, comment), nodes)

    def extend(self, lines: Sequence[str], nodes: Sequence[str]) -> None:
        """Append lines as they are."""
        first = len(self.lines) + 1
        self.lines += lines
        numbers = (first,) if len(lines) == 1 else tuple(range(first, first + len(lines)))
        for node in nodes:
            self.about[node] = self.about.get(node, ()) + numbers


def _indented(text: str, level: int, comment: str = "") -> list[str]:
    indent = INDENT * level
    lines = [indent + line if line else "" for line in text.split("\n")]
    if comment:
        lines[-1] += f"  # {comment}"
    return lines


def _write_class(body: _Text, form: Form, plan: Plan) -> None:
    body.add(f"class {form.name}(nn.Module):")
    words = _ends_of(plan) if form.block is None else form.block.help
    if words:
        words = words.replace("\\", "/").replace('"', "'")
        body.add("\n".join(textwrap.wrap(f'"""{words}"""', WIDTH)), 1)
        body.add("")
    flow = flow_of(form, tuple([name for _, name in plan.outputs[1:]]) if form.block is None else ())
    lines = _lines_of(form, flow, plan)
    if any(row.attach for row in flow.rows):
        body.add(f"def __init__({', '.join(('self', *form.parameters))}):", 1)
        body.add("super().__init__()", 2)
        for row, (making, _) in zip(flow.rows, lines, strict=True):
            if making:
                body.extend(making, row.nodes)
        body.add("")
    _write_forward(body, form, flow, [calling for _, calling in lines], plan)


_Lines = tuple[Sequence[str], Sequence[str]]  # those that make an item's module, and those of its call in `forward`


def _lines_of(form: Form, flow: Flow, plan: Plan) -> list[_Lines]:
    """What is written of each item of a class; what an edit did not reach is written once."""
    found: list[_Lines] = []
    several = len(form.sites) > 1
    for number, (item, row) in enumerate(zip(form.sites[0].items, flow.rows, strict=True)):
        if isinstance(item, Use):
            found.append(_written(form, number, row, _shape(form, number, plan)))
            continue
        key: Any = row  # and the step itself, which keeps the lines
        if several:
            others = form.extra.get(form.sites[0].names[number], ())
            key = row, form.holes[number], others, _shape(form, number, plan)
        kept: tuple[Any, _Lines] | None = item.memo.get("lines")
        if kept is None or (kept[0] is not key and kept[0] != key):
            kept = item.memo["lines"] = key, _written(form, number, row, _shape(form, number, plan))
        found.append(kept[1])
    return found


def _written(form: Form, number: int, row: Row, shape: str) -> _Lines:
    item = form.sites[0].items[number]
    made = [line for text in _making(form, number, row) for line in _indented(text, 2)]
    said = statement(row.given, *_used(item, row.place, row.values))
    return made, _indented(said, 3 if row.aside else 2, shape)


def _ends_of(plan: Plan) -> str:
    """What goes into a network and what comes out, for its docstring."""

    def batch(name: str) -> str:
        return f"({', '.join(['batch', *map(str, plan.shape(name))])})"

    (_, main), *helpers = plan.outputs
    words = f"Takes {batch(plan.input)} and gives {batch(main)}"
    if helpers:
        words += "; in training a tuple of this and what the auxiliary outputs give"
    return f"{words}."


def _making(form: Form, number: int, row: Row) -> Iterable[str]:
    """The statements of the constructor about one item."""
    if row.attach is None:
        return
    item = form.sites[0].items[number]
    before, after = row.attach
    if isinstance(item, Use):
        yield statement(before, _construction(item, form.holes[number]))
        return
    yield from row.containers
    yield statement(before, _with_words(form.call(number)) if len(form.sites) > 1 else item.call, (), after)
    for tensor, call in item.initial:
        yield f"{function_text(call.target)}({', '.join([f'{row.place}.{tensor}', *arguments_text(call)])})"
    if is_frozen(item.layer) and item.layer.weights(item.input_shapes):
        yield f"{row.place}.requires_grad_(False)"


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


def _write_forward(body: _Text, form: Form, flow: Flow, calls: Sequence[Sequence[str]], plan: Plan) -> None:
    root = form.block is None
    entering, shape = ([plan.input], show(plan.input_shape)) if root else ([], "")
    body.add(f"def forward(self, {flow.entering}):", 1, entering, shape)
    aside = False
    for row, lines in zip(flow.rows, calls, strict=True):
        if row.aside != aside:  # what only an auxiliary output needs
            aside = not aside
            if aside:
                body.add("if self.training:", 2)
        body.extend(lines, row.nodes)
    if flow.helpers:
        body.add("if self.training:", 2)
        body.add(f"return {', '.join([flow.leaving, *flow.helpers])}", 3)
        for name, _ in plan.outputs[1:]:
            if name not in body.about:
                body.about[name] = (len(body.lines),)
    if root:
        for name, source in plan.outputs:
            if source == plan.outputs[0][1] and name not in body.about:
                body.about[name] = (len(body.lines) + 1,)
    body.add(f"return {flow.leaving}", 2)


def _used(item: Step | Use, place: str, values: tuple[str, ...]) -> tuple[Call, tuple[str, ...]]:
    """What `forward` says of an item: the call, and the values that its inputs stand for."""
    if isinstance(item, Use) or (item.builds_module and item.call.forward is None):
        return Call("torch.Tensor.__call__", Words(place), *map(Words, values)), ()
    return (item.call if item.call.forward is None else bound(item.call.forward, place)), values


def _shape(form: Form, number: int, plan: Plan) -> str:
    """The shape that an item gives, where it is the same at all sites."""
    first, *others = [site.items[number] for site in form.sites]
    if isinstance(first, Step):
        given = first.output_shape
        return show(given) if all(plan.shape(ends_of(item)[1][0]) == given for item in others) else ""
    shapes = {tuple([plan.shape(name) for name in ends_of(item)[1]]) for item in (first, *others)}
    return ", ".join(show(shape) for shape in shapes.pop()) if len(shapes) == 1 else ""
