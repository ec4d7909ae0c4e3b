"""The plan as a PyTorch model: a `torch.fx.GraphModule` whose submodules carry the names on the canvas."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import fx, nn

from builder.compile import own_code
from builder.compile.limits import NUMBER, machine_memory, size
from builder.compile.plan import Plan, Step
from builder.graph.problems import Problem, ProblemError
from builder.layers.base import FILE, GETITEM, LIST, MODULE, Call, Input, Own
from builder.layers.freezing import is_frozen
from builder.vision import import_torchvision

_OTHERS: dict[str, Callable[..., Any]] = {GETITEM: operator.getitem, LIST: list, FILE: own_code.part}


def build(plan: Plan, output: str | None = None) -> fx.GraphModule:
    """The model that the plan describes, freshly initialised by PyTorch's default generator, in training mode.

    It returns one value, and holds the layers of auxiliary outputs too, for `rewire`.

    Args:
        output: the step whose value the model returns; None for the one that leaves at the (first) output.

    Raises:
        ProblemError: PyTorch refused a layer (out of memory, say); the problem names the node.
    """
    root = nn.Module()
    for step in plan.steps:
        if step.builds_module:
            try:
                add_submodule(root, step.name, _make(step))
            except ProblemError as error:
                placed = (problem if problem.where else problem.at(step.name) for problem in error.problems)
                raise ProblemError(*placed) from None
            except (RuntimeError, ValueError, MemoryError, TypeError) as error:
                raise ProblemError(build_problem(step, error)) from error
    model = rewire(root, plan, output or plan.outputs[0][1])
    used = plan.needed_for(*(source for _, source in plan.outputs[:1]))
    for step in plan.steps if output is None else ():
        if step.builds_module and step.name not in used:
            add_submodule(model, step.name, root.get_submodule(step.name))
    return model


def rewire(root: nn.Module, plan: Plan, output: str | Iterable[str]) -> fx.GraphModule:
    """A second model over the same submodules (shared, not copied) that returns other steps' values.

    Args:
        root: a module that holds the plan's submodules.
        output: name of one step, or several: then the model returns a dict of values by name. The input node's name
            stands for the input itself.
    """
    graph = fx.Graph()
    values: dict[str, fx.Node] = {plan.input: graph.placeholder("x")}
    wanted = (output,) if isinstance(output, str) else tuple(output)
    needed = plan.needed_for(*wanted)
    for step in plan.steps:
        if step.name not in needed:
            continue
        arguments = tuple(values[name] for name in step.inputs)
        if not step.builds_module:
            values[step.name] = _emit(graph, step.call, arguments, step.name)
        elif step.call.forward is not None:
            values[step.name] = _emit(graph, step.call.forward, arguments, step.name, step.name)
        else:
            values[step.name] = graph.call_module(step.name, arguments)
    graph.output(values[wanted[0]] if isinstance(output, str) else {name: values[name] for name in wanted})
    graph.lint()
    return fx.GraphModule(root, graph, class_name="Net")


def _make(step: Step) -> nn.Module:
    own = step.call.target == FILE  # what it builds cannot be told without numbers: it may read some as it does so
    if not step.layer.offered and not own:
        with torch.device("meta"):  # before memory is touched
            _check_told(step, execute(step.call))
    module = execute(step.call)
    if own:
        _check_told(step, module)
    for name, call in step.initial:
        owner, _, tensor = name.rpartition(".")
        options = {key: _value(item) for key, item in call.kwargs.items()}
        target = getattr(module.get_submodule(owner), tensor)
        resolve(call.target)(target, *(_value(argument) for argument in call.args), **options)
    if is_frozen(step.layer):
        module.requires_grad_(False)
    return module  # type: ignore[no-any-return]


def _check_told(step: Step, module: nn.Module) -> None:
    """Raise `ProblemError` where a file tells of other weights than its call makes."""
    made = {name: tuple(tensor.shape) for name, tensor in module.named_parameters()}
    if made != step.layer.weights(step.input_shapes):
        message = "the learned numbers that it tells of are not those of its module."
        raise ProblemError(Problem("bad-parameter", message, where=step.name, hint="Import the network again."))


def add_submodule(root: nn.Module, name: str, module: nn.Module) -> None:
    """Attach `module` below `root`; dots in the name make nested modules."""
    *parents, last = name.split(".")
    for parent in parents:
        if not hasattr(root, parent):
            root.add_module(parent, nn.Module())
        root = getattr(root, parent)
    root.add_module(last, module)


def execute(call: Call) -> Any:
    """Call the function or class that `call` names: one of `torch` or `torchvision`, or in a file that was allowed."""
    return resolve(call.target)(
        *(_value(argument) for argument in call.args), **{key: _value(item) for key, item in call.kwargs.items()}
    )


def resolve(target: str) -> Callable[..., Any]:
    """The function or class behind a full dotted name below `torch`. Raises `ProblemError` when there is none."""
    if target in _OTHERS:
        return _OTHERS[target]
    first, *names = target.split(".")
    if first not in ("torch", "torchvision"):
        raise ValueError(f"{target} is not part of PyTorch")
    found: Any = torch if first == "torch" else import_torchvision()
    for name in names:
        found = getattr(found, name, None)
    if found is None:
        raise ProblemError(Problem("no-such-function", f"this version of PyTorch has nothing called {target}."))
    return found  # type: ignore[no-any-return]


def _value(argument: Any) -> Any:
    if isinstance(argument, tuple):
        return tuple(_value(item) for item in argument)
    return execute(argument) if isinstance(argument, Call) else argument


def _emit(
    graph: fx.Graph, call: Call, inputs: tuple[fx.Node, ...], name: str | None = None, owner: str = ""
) -> fx.Node:
    """The call as nodes of the graph; the one that gives its value is called `name`, as tracebacks show it.

    Args:
        owner: the submodule that `Own` and `MODULE` mean.
    """

    def value(argument: Any) -> Any:
        if isinstance(argument, Input):
            return list(inputs) if argument.port is None else inputs[argument.port]
        if isinstance(argument, Call):
            return _emit(graph, argument, inputs, name and f"{name}_1", owner)
        if isinstance(argument, Own):
            return graph.get_attr(f"{owner}.{argument.tensor}")
        if isinstance(argument, tuple):
            return tuple(value(item) for item in argument)
        return argument

    arguments = tuple(value(argument) for argument in call.args)
    keywords = {key: value(argument) for key, argument in call.kwargs.items()}
    name = name.replace(".", "_") if name else None
    if call.target == MODULE:
        return graph.create_node("call_module", owner, arguments, keywords, name)
    return graph.create_node("call_function", resolve(call.target), arguments, keywords, name)


def build_problem(step: Step, error: BaseException) -> Problem:
    """PyTorch's refusal of one layer in a student's words."""
    count = step.layer.parameter_count(step.input_shapes)
    short = isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "memory" in str(error).lower()
    if short or NUMBER * count > machine_memory():  # past a certain size PyTorch speaks of overflow instead
        message = f"there is not enough memory for its {count:,} parameters ({size(NUMBER * count)})."
        return Problem("out-of-memory", message, where=step.name, hint="Make the layer smaller.")
    message = "this layer could not be built with these settings."
    hint = "Choose other values, or undo the last change."
    return Problem("layer-failed", message, where=step.name, hint=hint)
