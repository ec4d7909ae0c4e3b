"""A network while an import draws it: its nodes and wires, and the weights that each node takes along.

Knows names and weights; which layer stands where is up to `convert`.
"""

from __future__ import annotations

import keyword
import operator
import re
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import fx, nn

from builder.compile.importing.nest import Scope
from builder.compile.importing.refusal import Refusal
from builder.compile.importing.terms import Wire
from builder.graph.frozen import freeze
from builder.graph.model import Edge, Graph, Node, Shape
from builder.graph.names import LONGEST, RESERVED
from builder.graph.problems import Problem, Severity
from builder.layers.base import FILE, Call
from builder.layers.registry import find


@dataclass(frozen=True)
class Origin:
    """The Python file that a model comes from: its name, the SHA-256 of its content, and the class in it."""

    file: str
    digest: str
    model: str

    def part(self, path: str) -> Call:
        """The call that gives a part of the model."""
        return Call(FILE, self.file, self.digest, self.model, path)


@dataclass
class Drawing:
    """What is drawn so far.

    Attributes:
        model: holds the modules and tensors.
        weights: tensors by the names that the compiled network gives them.
        owners: path of a learned part, and the node that has it now.
        scopes: where each node stood in the model.
    """

    model: nn.Module
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    scopes: dict[str, Scope] = field(default_factory=dict)

    @property
    def graph(self) -> Graph:
        """The graph, without blocks."""
        return Graph.of(self.nodes.values(), self.edges)

    def place(
        self, node: fx.Node, kind: str, params: dict[str, Any], wires: tuple[Wire, ...], shape: Shape, path: str = ""
    ) -> Wire:
        """Add a node for a step of the model; the wire is what it gives.

        Args:
            path: that of the module or tensor that it has the weights of, where the step itself does not tell.
        """
        scope = _scope(node, path)
        if not path and node.target is operator.getitem:  # by what it does: x[0] has no name of its own
            layer = find(kind)
            stem = layer.stem if layer is not None and layer.offered else "part"
            scope = Scope(scope.around, stem)
            name = self._free(scope.name)
        else:
            name = self._free(path.replace(".", "_") or node.name)
        self.nodes[name] = Node(name, kind, freeze(params))
        self.scopes[name] = scope
        self.edges += [Edge(wire.name, name, 0, port) for port, wire in enumerate(wires)]
        return Wire(name, shape)

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

    def take(self, name: str, path: str, module: nn.Module) -> None:
        """The module's tensors now belong to the node."""
        state = module.state_dict()
        if state:
            self.own(path, name)
        for key, tensor in state.items():
            self.weights[f"{name}.{key}"] = tensor.detach()

    def own(self, path: str, name: str) -> None:
        """The learned part at this path belongs to the node; told of when another has it too."""
        if path in self.owners:
            message = f"it shares its weights with {self.owners[path]} in the model; here each has its own copy."
            hint = "Outputs agree, but in training the two will part."
            self.problems.append(Problem("shared-weights", message, name, hint=hint, severity=Severity.WARNING))
        self.owners.setdefault(path, name)

    def tensor(self, path: str) -> torch.Tensor:
        """The learned tensor at a path of the model."""
        owner, _, name = path.rpartition(".")
        tensor: torch.Tensor = getattr(self.model.get_submodule(owner), name)
        return tensor

    def tell_left_out(self) -> None:
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


def alive(graph: fx.Graph) -> list[fx.Node]:
    """The steps that the output needs, and the inputs, in order."""
    needed: set[fx.Node] = set()
    for node in reversed(graph.nodes):
        if node.op in ("output", "placeholder") or node in needed:
            needed.update((node, *node.all_input_nodes))
    return [node for node in graph.nodes if node in needed]


LEAVE_OUT = "Leave that part out of the model, or write it with the usual layers."


def refuse(node: fx.Node, message: str, hint: str = LEAVE_OUT) -> Refusal:
    """The error of a step that cannot be drawn; it names the module that the step belongs to."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    path = str(stack[-1][0]) if stack else ""
    path = "" if path.startswith("_") else path
    return Refusal(Problem("cannot-import", message, where=path or node.name, hint=hint), path)
