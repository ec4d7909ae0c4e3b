"""From what a model does, step by step, to a network on the canvas, and its weights under the new names.

Each step becomes the layer of the catalogue that does the same, or else an `Operation`. Steps that make no value of
their own (a learned tensor, one part of several) are written into those that use them.
"""

from __future__ import annotations

import json
import keyword
import re
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import fx, nn

from builder.compile.importing import functions, modules
from builder.compile.importing.functions import Use
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
    part_of,
    paths_in,
    recorded,
    shown,
    wires_of,
)
from builder.compile.importing.weighted import Arguments, module_for
from builder.compile.importing.work import multiply_adds
from builder.graph.frozen import freeze
from builder.graph.model import Edge, Graph, Network, Node, Shape
from builder.graph.names import LONGEST, RESERVED
from builder.graph.problems import Problem, ProblemError, Severity
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


def convert(model: nn.Module, graph: fx.Graph, batch: int | torch.SymInt) -> ImportResult:
    """The network that does what `graph` says.

    Args:
        model: holds the modules and tensors that the graph names.
        graph: each node's `meta["value"]` is a value of the right size.
        batch: the number of samples in those values.

    Raises:
        ProblemError: a step has no counterpart; the problem names the module that it belongs to.
    """
    return _Converter(model, batch).run(graph)


class _Converter:
    def __init__(self, model: nn.Module, batch: int | torch.SymInt) -> None:
        self.model, self.batch = model, batch
        self.terms: dict[fx.Node, Any] = {}
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.weights: dict[str, torch.Tensor] = {}
        self.owners: dict[str, str] = {}  # path of a learned part, and the node that has it now
        self.problems: list[Problem] = []
        self.scopes: dict[str, Scope] = {}

    def run(self, graph: fx.Graph) -> ImportResult:
        for node in _alive(graph):
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
        self._left_out()
        classes = {path: type(module).__name__ for path, module in self.model.named_modules()}
        network = Network(Graph.of(self.nodes.values(), self.edges))
        return ImportResult(network, self.weights, tuple(self.problems), self.scopes, classes)

    def _left_out(self) -> None:
        """Say which parts of the model are only there for training."""
        taken = tuple(self.owners)
        names = [
            path
            for path, _ in self.model.named_parameters()
            if not any(path == owner or path.startswith(f"{owner}.") for owner in taken)
        ]
        if parts := list(dict.fromkeys(name.partition(".")[0] for name in names)):
            message = f"what only training uses was left out: {', '.join(parts[:4])}{'…' if parts[4:] else ''}."
            self.problems.append(Problem("left-out", message, severity=Severity.WARNING))

    # Ends

    def _input(self, node: fx.Node) -> None:
        if any(layer.kind == "Input" for layer in self.nodes.values()):
            if node.users:
                raise _refuse(node, "the model takes several inputs; a network here takes one.")
            return
        value = node.meta["value"]
        if not isinstance(value, torch.Tensor) or value.dim() < 2:
            raise _refuse(node, "the model takes something that is no picture and no list of numbers.")
        shape = tuple(int(size) for size in value.shape[1:])
        self._place(node, "Input", {"shape": list(shape)}, (), shape, "input")

    def _output(self, node: fx.Node) -> None:
        value = node.args[0]
        while isinstance(value, (tuple, list, dict)) and len(value) == 1:
            value = next(iter(value.values() if isinstance(value, dict) else value))
        wire = self.terms.get(value) if isinstance(value, fx.Node) else None
        if not isinstance(wire, Wire):
            raise _refuse(node, "the model gives several values, or one that is no tensor; a network here gives one.")
        self._place(node, "Output", {}, (wire,), wire.shape, "output")

    # Steps

    def _step(self, node: fx.Node) -> None:
        value = node.meta.get("value")
        if isinstance(value, (int, torch.SymInt)):
            if isinstance(value, torch.SymInt) and not self._is_batch(value):
                raise _refuse(node, "it calculates with the number of samples.")
            self.terms[node] = BATCH if self._is_batch(value) else value
            return
        term = self._term(node)
        wires = list(wires_of(term))
        if not isinstance(value, torch.Tensor) or not wires:
            self.terms[node] = term  # a part of something: whoever uses it says how
            return
        if value.dim() < 2 or not self._is_batch(value.shape[0]):
            raise _refuse(node, "it mixes the samples of a batch, or its result is one number for each sample.")
        output = tuple(int(size) for size in value.shape[1:])
        if not self._alias(node, term, wires, output) and not self._layer(node, term, wires, output):
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
            raise _refuse(node, f"there is no layer for {name}, and it is not known to be harmless.")
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
                raise _refuse(node, "it uses something that is not known.")
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
        raise _refuse(node, f"it is given a {type(value).__name__}.")

    def _sizes(self, name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
        flat = len(args) > 1 and isinstance(args[1], tuple)
        sizes = args[1] if flat else args[1:]
        if sizes and not isinstance(sizes[0], Batch) and self._is_batch(sizes[0]):
            sizes = (BATCH, *sizes[1:])
        if sizes and isinstance(sizes[0], Batch) and name != "expand" and -1 not in sizes[1:]:
            sizes = (-1, *sizes[1:])
        return (args[0], sizes, *args[2:]) if flat else (args[0], *sizes)

    # Nodes

    def _alias(self, node: fx.Node, term: Any, wires: list[Wire], output: Shape) -> bool:
        if not isinstance(term, Call) or not term.args or not isinstance(term.args[0], Wire):
            return False
        before = next(argument for argument in node.args if isinstance(argument, fx.Node)).meta.get("value")
        same_type = isinstance(before, torch.Tensor) and before.dtype == node.meta["value"].dtype
        use = self._use(node, term, output)
        if output == wires[0].shape and functions.changes_nothing(use, same_type):
            self.terms[node] = term.args[0]
            return True
        return False

    def _layer(self, node: fx.Node, term: Any, wires: list[Wire], output: Shape) -> bool:
        """Place the layer of the catalogue that is this step; False when there is none."""
        if isinstance(term, Applied):
            module = self.model.get_submodule(term.path)
            plain = len(term.args) == 1 and isinstance(term.args[0], Wire) and not term.kwargs
            found = modules.layer_for(module, (wires[0].shape,)) if plain else None
            if found is None:
                return False
            name = self._place(node, *found, (wires[0],), output)
            self._take(name, term.path, module)
            return True
        if self._weighted(node, term, output):
            return True
        part = part_of(term)
        if part is not None:
            found, wires = part, wires[:1]
        elif all(isinstance(item, (Wire, Batch)) for item in inner(term)):
            proposal = functions.layer_for(self._use(node, term, output))
            if proposal is None:
                return False
            found = proposal
        else:
            return False
        kind, params = found
        try:
            layer: Layer = make(kind, freeze(params))
            if layer.output_shape(tuple(wire.shape for wire in wires)) != output or layer.weights(()) != {}:
                return False
        except (ProblemError, ShapeError, IndexError):
            return False
        self._place(node, kind, layer.plain(), tuple(wires), output)
        return True

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
        name = self._place(node, *found, (first,), output, owner)
        for key, tensor in module.state_dict().items():
            if key in named:
                self._own(named[key].path, name)
                self.weights[f"{name}.{key}"] = self._tensor(named[key].path).detach()
            else:  # batch norm's count of batches, which only training changes
                self.weights[f"{name}.{key}"] = torch.zeros(tensor.shape, dtype=tensor.dtype)
        return True

    def _learned_tensor(self, value: Any) -> torch.Tensor | None:
        return self._tensor(value.path) if isinstance(value, Learned) else None

    def _use(self, node: fx.Node, term: Call, output: Shape) -> Use:
        args, kwargs = shown(term.args), {key: shown(value) for key, value in term.kwargs.items()}
        return Use(plain_name(node), args, kwargs, tuple(wire.shape for wire in wires_of(term)), output)

    def _operation(self, node: fx.Node, term: Any, output: Shape) -> None:
        """Place an `Operation`: the call itself, with all that is written into it."""
        paths = list(dict.fromkeys(paths_in(term)))
        learned = list(dict.fromkeys(learned_in(term)))
        wires = list(dict.fromkeys(wires_of(term)))
        if len(paths) > 1 or (paths and learned):
            raise _refuse(node, "it uses several modules at once.")
        build: Call | None = None
        sizes: dict[str, Shape] = {}
        if paths:
            module = self.model.get_submodule(paths[0])
            build = modules.rebuild(module)
            if build is None:
                name = type(module).__name__
                raise _refuse(node, f"there is no layer for a {name}, and it cannot be built by itself.")
            sizes = {name: tuple(tensor.shape) for name, tensor in module.named_parameters()}
        elif learned:
            if strange := [path for path in learned if not isinstance(self._tensor(path), nn.Parameter)]:
                raise _refuse(node, f"it uses {strange[0]}, a fixed tensor; there is no layer for one.")
            sizes = {str(number): tuple(self._tensor(path).shape) for number, path in enumerate(learned)}
        params = self._recorded(node, term, wires, learned, build, sizes, output)
        name = self._place(node, "Operation", params, tuple(wires), output)
        for path in paths:
            self._take(name, path, self.model.get_submodule(path))
        for number, path in enumerate(learned):
            self._own(path, name)
            self.weights[f"{name}.{number}"] = self._tensor(path).detach()

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
            work = multiply_adds(layer.lower(inputs), inputs, output)
            return make("Operation", freeze({**params, "work": work})).plain()
        except Exception as error:  # it may fail in any way that a function of PyTorch can
            raise _refuse(node, "there is no layer for it, and it cannot be called by itself.") from error

    def _place(
        self, node: fx.Node, kind: str, params: dict[str, Any], wires: tuple[Wire, ...], shape: Shape, path: str = ""
    ) -> str:
        """Add a node. `path` is that of the module whose weights it has, where the step itself does not tell."""
        name = self._free(path.replace(".", "_") or node.name)
        self.nodes[name] = Node(name, kind, freeze(params))
        self.scopes[name] = _scope(node, path)
        self.edges += [Edge(wire.name, name, 0, port) for port, wire in enumerate(wires)]
        self.terms[node] = Wire(name, shape)
        return name

    def _free(self, stem: str) -> str:
        name = stem.strip("_") or "layer"
        name = name if name[0].isalpha() else f"layer_{name}"
        name = name[: LONGEST - 8]
        if name in RESERVED or keyword.iskeyword(name):
            name += "_"
        found, number = name, 0
        while found in self.nodes:
            number += 1
            found = f"{name}_{number}"
        return found

    # Weights

    def _take(self, name: str, path: str, module: nn.Module) -> None:
        """The module's tensors now belong to the node."""
        state = module.state_dict()
        if state:
            self._own(path, name)
        for key, tensor in state.items():
            self.weights[f"{name}.{key}"] = tensor.detach()

    def _own(self, path: str, name: str) -> None:
        if path in self.owners:
            message = f"it shares its weights with {self.owners[path]} in the model; here each has its own copy."
            hint = "Outputs agree, but in training the two will part."
            self.problems.append(Problem("shared-weights", message, name, hint=hint, severity=Severity.WARNING))
        self.owners.setdefault(path, name)

    def _tensor(self, path: str) -> torch.Tensor:
        owner, _, name = path.rpartition(".")
        tensor: torch.Tensor = getattr(self.model.get_submodule(owner), name)
        return tensor


def _scope(node: fx.Node, path: str = "") -> Scope:
    """Where a step stands in the model."""
    if node.op in ("placeholder", "output"):
        return Scope((), "input" if node.op == "placeholder" else "output")
    stack = [str(place) for place, _ in (node.meta.get("nn_module_stack") or {}).values()]
    if path or node.op == "call_module":
        *around, name = (path or str(node.target)).split(".")
        return Scope(tuple(around), name)
    inside = stack[-1] if stack and not stack[-1].startswith("_") else ""
    return Scope(tuple(inside.split(".")) if inside else (), re.sub(r"_\d+\Z", "", node.name))


def _alive(graph: fx.Graph) -> list[fx.Node]:
    """The steps that the output needs, and the inputs, in order."""
    needed: set[fx.Node] = set()
    for node in reversed(graph.nodes):
        if node.op in ("output", "placeholder") or node in needed:
            needed.update((node, *node.all_input_nodes))
    return [node for node in graph.nodes if node in needed]


def _refuse(node: fx.Node, message: str) -> ProblemError:
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    path = str(stack[-1][0]) if stack else ""
    place = path if path and not path.startswith("_") else node.name
    hint = "Leave that part out of the model, or write it with the usual layers."
    return ProblemError(Problem("cannot-import", message, where=place, hint=hint))
