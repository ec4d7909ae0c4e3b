"""From what a model does, step by step, to a network on the canvas, and its weights under the new names.

Each step becomes the layer of the catalogue that does the same, or else an `Operation`. Steps that make no value of
their own (a learned tensor, one part of several) are written into those that use them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import fx, nn

from builder.compile.importing import functions, matches, modules
from builder.compile.importing.drawing import Drawing, Origin, alive, refuse
from builder.compile.importing.functions import Use
from builder.compile.importing.modules import Found
from builder.compile.importing.names import SIZED, full_name, plain_name
from builder.compile.importing.nest import Scope, nest
from builder.compile.importing.terms import (
    BATCH,
    Applied,
    Batch,
    Learned,
    Wire,
    call,
    inner,
    learned_in,
    paths_in,
    recorded,
    shown,
    wires_of,
)
from builder.compile.importing.weighted import Arguments, module_for
from builder.compile.importing.work import multiply_adds
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Network, Shape
from builder.graph.problems import Problem, ProblemError
from builder.layers import calls
from builder.layers.base import Call, Layer, ShapeError
from builder.layers.operation import write_shapes
from builder.layers.registry import make


@dataclass(frozen=True)
class ImportResult:
    """A network that came from PyTorch.

    Attributes:
        weights: its tensors by the names that the compiled network gives them.
        problems: warnings: what came over, but not quite as it was.
        scopes: where each layer of a network without blocks stood in the model.
        classes: the class of the module at each path of the model.
    """

    network: Network
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    scopes: dict[str, Scope] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)

    def nested(self) -> ImportResult:
        """The same with the model's modules as blocks within blocks."""
        network, paths = nest(self.network.graph, self.scopes, self.classes)
        weights = {}
        for key, tensor in self.weights.items():
            name, _, rest = key.partition(".")
            weights[f"{paths[name]}.{rest}"] = tensor
        problems = tuple(replace(p, where=paths.get(p.where, p.where)) for p in self.problems)
        return ImportResult(network, weights, problems)


def convert(
    model: nn.Module, graph: fx.Graph, batch: int | torch.SymInt, whole: Mapping[str, Origin] = FrozenDict()
) -> ImportResult:
    """The network that does what `graph` says.

    Args:
        model: holds the modules and tensors that the graph names.
        graph: each node's `meta["value"]` is a value of the right size.
        batch: the number of samples in those values.
        whole: paths of modules that were not looked into, and the file that each comes from.

    Raises:
        ProblemError: a step has no counterpart; the problem names the module that it belongs to.
    """
    return _Converter(model, batch, whole).run(graph)


class _Converter:
    def __init__(self, model: nn.Module, batch: int | torch.SymInt, whole: Mapping[str, Origin]) -> None:
        self.model, self.batch, self.whole = model, batch, whole
        self.drawing = Drawing(model)
        self.terms: dict[fx.Node, Any] = {}

    def run(self, graph: fx.Graph) -> ImportResult:
        for node in alive(graph):
            if node.op == "placeholder":
                self._input(node)
            elif node.name == "_guards_fn":
                continue  # an archive's own check of its input
            elif node.op == "get_attr":
                self.terms[node] = Learned(str(node.target))
            elif node.op == "output":
                self._output(node)
            else:
                self._step(node)
        done = self.drawing
        done.tell_left_out()
        classes = {path: type(module).__name__ for path, module in self.model.named_modules()}
        return ImportResult(Network(done.graph), done.weights, tuple(done.problems), done.scopes, classes)

    # Ends

    def _input(self, node: fx.Node) -> None:
        if any(layer.kind == "Input" for layer in self.drawing.nodes.values()):
            if node.users:
                hint = "Give the others defaults, or write a model around it that takes one."
                raise refuse(node, "the model takes several inputs; a network here takes one.", hint)
            return
        value = node.meta["value"]
        if not isinstance(value, torch.Tensor) or value.dim() < 2:
            raise refuse(node, "the model takes something that is no picture and no list of numbers.")
        shape = tuple(int(size) for size in value.shape[1:])
        self.terms[node] = self.drawing.place(node, "Input", {"shape": list(shape)}, (), shape, "input")

    def _output(self, node: fx.Node) -> None:
        value = node.args[0]
        while isinstance(value, (tuple, list, dict)) and len(value) == 1:
            value = next(iter(value.values() if isinstance(value, dict) else value))
        wire = self.terms.get(value) if isinstance(value, fx.Node) else None
        if not isinstance(wire, Wire):
            hint = "Write a model around it that gives one of them."
            message = "the model gives several values, or one that is no tensor; a network here gives one."
            raise refuse(node, message, hint)
        self.drawing.place(node, "Output", {}, (wire,), wire.shape, "output")

    # Steps

    def _step(self, node: fx.Node) -> None:
        value = node.meta.get("value")
        if isinstance(value, (int, torch.SymInt)):
            if isinstance(value, torch.SymInt) and not self._is_batch(value):
                raise refuse(node, "it calculates with the number of samples.")
            self.terms[node] = BATCH if self._is_batch(value) else value
            return
        term = self._term(node)
        wires = list(wires_of(term))
        if not isinstance(value, torch.Tensor) or not wires:
            self.terms[node] = term  # a part of something: whoever uses it says how
            return
        if value.dim() < 2 or not self._is_batch(value.shape[0]):
            raise refuse(node, "it mixes the samples of a batch, or its result is one number for each sample.")
        output = tuple(int(size) for size in value.shape[1:])
        if not self._alias(node, term, output) and not self._layer(node, term, wires, output):
            self._operation(node, term, output)

    def _is_batch(self, size: Any) -> bool:
        return str(size) == str(self.batch)  # a size that may change is known by its name

    def _term(self, node: fx.Node) -> Any:
        """The step as a call, with what it uses in place."""
        args = tuple(self._argument(node, argument) for argument in node.args)
        kwargs = {key: self._argument(node, argument) for key, argument in node.kwargs.items()}
        if node.op == "call_module":
            return Applied(str(node.target), args, tuple(kwargs.items()))
        name = plain_name(node)
        if name in SIZED:  # the number of samples stands first among sizes, and is not for ever the one of now
            args = self._sizes(name, args)
        target = full_name(node, name)
        if target is None:
            raise refuse(node, f"there is no layer for {name}, and it is not known to be harmless.")
        if name in ("rsub", "sub", "div") and args and isinstance(args[0], (int, float)):
            first, second = args[:2]
            if name == "sub":
                return call("torch.rsub", (second, first), {})
            if name == "div":
                return call("torch.mul", (call("torch.reciprocal", (second,), {}), first), {})
        if name in ("add", "mul") and args and isinstance(args[0], (int, float)):
            args = (args[1], args[0], *args[2:])
        return call(target, args, kwargs)

    def _argument(self, node: fx.Node, value: Any) -> Any:
        if isinstance(value, fx.Node):
            if value not in self.terms:
                raise refuse(node, "it uses something that is not known.")
            return self.terms[value]
        if isinstance(value, (tuple, list)):
            return tuple(self._argument(node, item) for item in value)
        if isinstance(value, slice):
            parts = tuple(self._argument(node, part) for part in (value.start, value.stop, value.step))
            return slice(*parts)
        if value is None or value is ... or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, (torch.dtype, torch.device, torch.layout, torch.memory_format)):
            return None
        raise refuse(node, f"it is given a {type(value).__name__}.")

    def _sizes(self, name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
        flat = len(args) > 1 and isinstance(args[1], tuple)
        sizes = args[1] if flat else args[1:]
        if sizes and not isinstance(sizes[0], Batch) and self._is_batch(sizes[0]):
            sizes = (BATCH, *sizes[1:])
        if sizes and isinstance(sizes[0], Batch) and name not in ("expand", "repeat") and -1 not in sizes[1:]:
            sizes = (-1, *sizes[1:])
        return (args[0], sizes, *args[2:]) if flat else (args[0], *sizes)

    # Nodes

    def _alias(self, node: fx.Node, term: Any, output: Shape) -> bool:
        """Whether the step gives what it gets; then it needs no layer."""
        if not isinstance(term, Call) or not term.args:
            return False
        first = term.args[0]
        if isinstance(first, tuple) and len(first) == 1:
            first = first[0]
        if not isinstance(first, Wire) or output != first.shape:
            return False
        before = node.all_input_nodes[0].meta.get("value")
        same_type = isinstance(before, torch.Tensor) and before.dtype == node.meta["value"].dtype
        if functions.changes_nothing(self._use(node, term, output), same_type):
            self.terms[node] = first
            return True
        return False

    def _layer(self, node: fx.Node, term: Any, wires: list[Wire], output: Shape) -> bool:
        """Place the layer of the catalogue that is this step; False when there is none."""
        if isinstance(term, Applied):
            return self._module(node, term, wires, output)
        if self._attention(node, term, output) or self._constant(node, term, output):
            return True
        if self._weighted(node, term, output):
            return True
        if parts := matches.part_of(term):
            return self._chain(node, parts, wires[0], output)
        term = self._beside(node, term, wires[0], output)
        if not all(isinstance(item, (Wire, Batch)) for item in inner(term)):
            return False
        found = functions.layer_for(self._use(node, term, output))
        layer = _fitting(found, tuple(wires_of(term)), output)
        if layer is None:
            return False
        self.terms[node] = self.drawing.place(node, layer.kind(), layer.plain(), tuple(wires_of(term)), output)
        return True

    def _module(self, node: fx.Node, term: Applied, wires: list[Wire], output: Shape) -> bool:
        if term.path in self.whole:
            return False
        module = self.model.get_submodule(term.path)
        plain = len(term.args) == 1 and isinstance(term.args[0], Wire) and not term.kwargs
        found = modules.layer_for(module, (wires[0].shape,)) if plain else None
        if found is None:
            return False
        wire = self.terms[node] = self.drawing.place(node, *found, (wires[0],), output)
        self.drawing.take(wire.name, term.path, module)
        return True

    def _chain(self, node: fx.Node, parts: tuple[Found, ...], wire: Wire, output: Shape) -> bool:
        """Place layers one behind the other; False, and nothing, when together they do not give the output."""
        layers: list[Layer] = []
        shapes = [wire.shape]
        for kind, params in parts:
            try:
                layers.append(make(kind, freeze(params)))
                shapes.append(layers[-1].output_shape((shapes[-1],)))
            except (ProblemError, ShapeError):
                return False
        if shapes[-1] != output:
            return False
        for layer, shape in zip(layers, shapes[1:], strict=True):
            wire = self.drawing.place(node, layer.kind(), layer.plain(), (wire,), shape)
        self.terms[node] = wire
        return True

    def _attention(self, node: fx.Node, term: Call, output: Shape) -> bool:
        found = matches.attention_of(term, self.model.get_submodule)
        if found is None:
            return False
        params, path = found
        wire = term.args[0].args[0]
        layer = _fitting(("MultiheadAttention", params), (wire,), output)
        if layer is None:
            return False
        placed = self.terms[node] = self.drawing.place(node, layer.kind(), layer.plain(), (wire,), output, path)
        self.drawing.take(placed.name, path, self.model.get_submodule(path))
        return True

    def _constant(self, node: fx.Node, term: Call, output: Shape) -> bool:
        found = matches.constant_of(term, self.drawing.tensor)
        if found is None:
            return False
        params, value, path, shape = found
        layer = _fitting(("LearnedConstant", params), (value,), output)
        if layer is None:
            return False
        self.terms[node] = self._learned(node, layer, value, output, path, shape)
        return True

    def _learned(self, node: fx.Node, layer: Layer, value: Wire, output: Shape, path: str, shape: Shape) -> Wire:
        wire = self.drawing.place(node, layer.kind(), layer.plain(), (value,), output, path)
        self.drawing.own(path, wire.name)
        self.drawing.weights[f"{wire.name}.0"] = self.drawing.tensor(path).detach().reshape(shape)
        return wire

    def _beside(self, node: fx.Node, term: Call, value: Wire, output: Shape) -> Call:
        """The term with learned numbers that are put beside a value (a class token) as layers that give them.

        Only where the step is a layer then; else the very term.
        """
        given: dict[str, tuple[Layer, Shape]] = {}

        def replaced(item: Any) -> Any:
            if isinstance(item, tuple):
                return tuple(replaced(part) for part in item)
            found = matches.spread_of(item, self.drawing.tensor)
            if found is None:
                return item
            params, path, shape = found
            layer = _fitting(("LearnedConstant", params), (value,), shape)
            if layer is not None:
                given[path] = layer, shape
            return Wire(path, shape) if layer is not None else item

        changed = Call(term.target, *(replaced(item) for item in term.args), **term.kwargs)
        every = all(isinstance(item, (Wire, Batch)) for item in inner(changed))
        if not given or not every:
            return term
        if _fitting(functions.layer_for(self._use(node, changed, output)), tuple(wires_of(changed)), output) is None:
            return term
        placed = {path: self._learned(node, layer, value, shape, path, shape) for path, (layer, shape) in given.items()}

        def drawn(item: Any) -> Any:
            if isinstance(item, tuple):
                return tuple(drawn(part) for part in item)
            return placed.get(item.name, item) if isinstance(item, Wire) else item

        return Call(term.target, *(drawn(item) for item in changed.args), **term.kwargs)

    def _weighted(self, node: fx.Node, term: Call, output: Shape) -> bool:
        """Place the layer that a function given its weights is; False when it is none."""
        first = term.args[0] if term.args else None
        if not isinstance(first, Wire) or not any(isinstance(item, Learned) for item in inner(term)):
            return False
        arguments = Arguments(term.args, dict(term.kwargs))
        native = not term.target.startswith("torch.nn.functional.")
        made = module_for(plain_name(node), arguments, self._learned_tensor, native)
        if made is None or not all(isinstance(value, Learned) for value in made[1].values()):
            return False
        module, named = made
        found = modules.layer_for(module, (first.shape,))
        if found is None:
            build = modules.rebuild(module)
            if build is None:
                return False
            sizes = {name: tuple(tensor.shape) for name, tensor in module.named_parameters()}
            plain = Applied("", (first,), ())
            found = "Operation", self._recorded(node, plain, [first], [], build, sizes, output)
        owner = next(iter(named.values())).path.rpartition(".")[0]
        placed = self.terms[node] = self.drawing.place(node, *found, (first,), output, owner)
        name = placed.name
        for key, tensor in module.state_dict().items():
            if key in named:
                self.drawing.own(named[key].path, name)
                self.drawing.weights[f"{name}.{key}"] = self.drawing.tensor(named[key].path).detach()
            else:  # batch norm's count of batches, which only training changes
                self.drawing.weights[f"{name}.{key}"] = torch.zeros(tensor.shape, dtype=tensor.dtype)
        return True

    def _learned_tensor(self, value: Any) -> torch.Tensor | None:
        return self.drawing.tensor(value.path) if isinstance(value, Learned) else None

    def _use(self, node: fx.Node, term: Call, output: Shape) -> Use:
        args, kwargs = shown(term.args), {key: shown(value) for key, value in term.kwargs.items()}
        return Use(plain_name(node), args, kwargs, tuple(wire.shape for wire in wires_of(term)), output)

    def _operation(self, node: fx.Node, term: Any, output: Shape) -> None:
        """Place an `Operation`: the call itself, with all that is written into it."""
        paths = list(dict.fromkeys(paths_in(term)))
        learned = list(dict.fromkeys(learned_in(term)))
        wires = list(dict.fromkeys(wires_of(term)))
        if len(paths) > 1 or (paths and learned):
            raise refuse(node, "it uses several modules at once.")
        build: Call | None = None
        sizes: dict[str, Shape] = {}
        if paths:
            module = self.model.get_submodule(paths[0])
            origin = self.whole.get(paths[0])
            build = modules.rebuild(module) if origin is None else origin.part(paths[0])
            if build is None:
                name = type(module).__name__
                raise refuse(node, f"there is no layer for a {name}, and it cannot be built by itself.")
            sizes = {name: tuple(tensor.shape) for name, tensor in module.named_parameters()}
        elif learned:
            if strange := [path for path in learned if not isinstance(self.drawing.tensor(path), nn.Parameter)]:
                raise refuse(node, f"it uses {strange[0]}, a fixed tensor; there is no layer for one.")
            sizes = {str(number): tuple(self.drawing.tensor(path).shape) for number, path in enumerate(learned)}
        params = self._recorded(node, term, wires, learned, build, sizes, output)
        placed = self.terms[node] = self.drawing.place(node, "Operation", params, tuple(wires), output, "".join(paths))
        name = placed.name
        for path in paths:
            self.drawing.take(name, path, self.model.get_submodule(path))
        for number, path in enumerate(learned):
            self.drawing.own(path, name)
            self.drawing.weights[f"{name}.{number}"] = self.drawing.tensor(path).detach()

    def _recorded(
        self,
        node: fx.Node,
        term: Any,
        wires: list[Wire],
        learned: list[str],
        build: Call | None,
        sizes: dict[str, Shape],
        output: Shape,
    ) -> dict[str, Any]:
        """The parameters of an `Operation`, which has been tried out."""
        inputs = tuple(wire.shape for wire in wires)
        try:
            params = {
                "forward": calls.write(recorded(term, wires, learned)),
                "inputs": write_shapes(inputs),
                "output": write_shapes((output,)),
                **({"build": calls.write(build)} if build else {}),
                **({"learned": json.dumps({name: list(shape) for name, shape in sizes.items()})} if sizes else {}),
            }
            layer = make("Operation", freeze(params))
            work = node.meta.get("work")  # of what is not looked into
            if work is None:
                work = multiply_adds(layer.lower(inputs), inputs, output)
            return make("Operation", freeze({**params, "work": work})).plain()
        except Exception as error:  # it may fail in any way that a function of PyTorch can
            raise refuse(node, "there is no layer for it, and it cannot be called by itself.") from error


def _fitting(found: Found | None, wires: tuple[Wire, ...], output: Shape) -> Layer | None:
    """The layer, if it takes these values and gives that shape; None otherwise."""
    if found is None:
        return None
    kind, params = found
    try:
        layer = make(kind, freeze(params))
        fits = layer.output_shape(tuple(wire.shape for wire in wires)) == output
    except (ProblemError, ShapeError, IndexError):
        return None
    return layer if fits else None
