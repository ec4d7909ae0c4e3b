"""Live shapes and problems: what each node gets, gives and lacks, kept up to date edit by edit. No torch.

`infer` reuses every `NodeInfo` whose node and input shapes did not change, so an edit costs what lies behind it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from builder.compile.flattened import order_fix
from builder.compile.padding import padding_fix
from builder.graph.frozen import FrozenDict
from builder.graph.model import Graph, Node, Shape
from builder.graph.order import cycles, nodes_on_cycles, topological_order
from builder.graph.problems import (
    AddAfter,
    Fix,
    InsertBefore,
    Problem,
    ProblemError,
    RemoveNode,
    ReplaceNode,
    SetParams,
    Severity,
)
from builder.layers.base import Call, Layer, Remedy, Role, ShapeError
from builder.layers.freezing import frozen_count
from builder.layers.registry import find, make


@dataclass(frozen=True)
class NodeInfo:
    """What is known of one node.

    Attributes:
        node: the node that this was inferred from.
        layer: the validated layer, None for an unknown kind or bad parameters.
        inputs: shape at each input port; None where it is unknown. A merge has a port for each wire.
        output: shape of the output, None when it cannot be known.
        problems: what is wrong with this very node.
        ports: the input port at which each wire ends, in rising order.
        outputs: shape at each output port, where there are several (only blocks have them).
        memo: what others have worked out from it.
    """

    node: Node
    layer: Layer | None
    inputs: tuple[Shape | None, ...]
    output: Shape | None
    problems: tuple[Problem, ...] = ()
    ports: tuple[int, ...] = ()
    outputs: tuple[Shape | None, ...] = ()

    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def fits(self) -> bool:
        """Whether layer, inputs and output are all known."""
        return self.layer is not None and self.output is not None

    @cached_property
    def lowered(self) -> tuple[Call, tuple[tuple[str, Call], ...]]:
        """What the layer lowers to, and how its learned tensors begin; of a node that `fits`."""
        assert self.layer is not None
        return self.layer.lower(self.known_inputs), self.layer.initial(self.known_inputs)

    @cached_property
    def parameters(self) -> int:
        """How many numbers the layer learns; 0 of a node that does not fit."""
        return self.layer.parameter_count(self.known_inputs) if self.layer is not None and self.fits else 0

    @cached_property
    def frozen(self) -> int:
        """How many of these training leaves as they are."""
        return frozen_count(self.layer, self.known_inputs) if self.layer is not None and self.fits else 0

    @cached_property
    def multiply_adds(self) -> int:
        """Multiplications with an addition, for one sample; 0 of a node that does not fit."""
        if self.layer is None or self.output is None:
            return 0
        return self.layer.multiply_adds(self.known_inputs, self.output)

    @cached_property
    def neurons(self) -> int:
        """How many numbers it gives for one sample; 0 where that is not known."""
        return math.prod(self.output) if self.output is not None else 0

    @cached_property
    def known_inputs(self) -> tuple[Shape, ...]:
        """The input shapes of a node that `fits`."""
        return tuple(shape for shape in self.inputs if shape is not None)


@dataclass(frozen=True)
class Inference:
    """All that is known of a graph.

    Attributes:
        order: the nodes in an order of execution; nodes on or behind a cycle come last.
        cyclic: the nodes that lie on a cycle.
        nodes: what is known of each.
        network: problems of the network as a whole (no input, no output, ...).
        memo: what others have worked out from it, places apart; see `plan.make_plan`.
    """

    graph: Graph
    order: tuple[str, ...]
    cyclic: frozenset[str]
    nodes: FrozenDict[str, NodeInfo]
    network: tuple[Problem, ...]
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def problems(self) -> Iterator[Problem]:
        """Every problem, the network's first, then node by node in order of execution."""
        yield from self.network
        for name in self.order:
            yield from self.nodes[name].problems

    @cached_property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the network from compiling."""
        return tuple(problem for problem in self.problems() if problem.severity is Severity.ERROR)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The nodes where the data enter, in order of execution."""
        return self._of_role(Role.INPUT)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """The nodes where answers leave, auxiliary ones too, in order of execution."""
        return self._of_role(Role.OUTPUT)

    def _of_role(self, role: Role) -> tuple[str, ...]:
        return tuple([n for n, info in self.nodes.items() if info.layer is not None and info.layer.role is role])

    def shape(self, name: str, port: int = 0) -> Shape | None:
        """Shape at an output port of a node, None when unknown."""
        info = self.nodes.get(name)
        if info is None or not info.outputs:
            return info.output if info else None
        return info.outputs[port] if port < len(info.outputs) else None


def infer(graph: Graph, previous: Inference | None = None) -> Inference:
    """Shapes and problems of `graph`, reusing what `previous` (of any graph) already knows.

    The result is the same with and without `previous`. What an edit does not reach keeps its very `NodeInfo`.
    """
    if previous is None:
        previous = _NOTHING
    if previous.graph is graph:
        return previous
    if previous.graph.edges is graph.edges and tuple(previous.graph.nodes) == tuple(graph.nodes):
        graph.adopt_wiring(previous.graph)
        if previous.graph.nodes is graph.nodes:  # something only moved
            moved = replace(previous, graph=graph)
            moved.memo.update(previous.memo)
            return moved
        order, cyclic = previous.order, previous.cyclic
    else:
        order, cyclic = _execution_order(graph)
    infos = _infer(graph, order, cyclic, previous)
    _offer_around(graph, infos)
    return Inference(graph, order, cyclic, FrozenDict(infos), tuple(_network_problems(graph, infos)))


def _execution_order(graph: Graph) -> tuple[tuple[str, ...], frozenset[str]]:
    first, rest = topological_order(graph)
    if not rest:
        return first, frozenset()
    return first + tuple(name for name in graph.nodes if name in rest), nodes_on_cycles(graph)


def _infer(graph: Graph, order: tuple[str, ...], cyclic: frozenset[str], previous: Inference) -> dict[str, NodeInfo]:
    """What is known of each node, in the given order; looks only at nodes that changed and at what they reach."""
    known, wires, wired = previous.nodes, graph.incoming, previous.graph.incoming
    infos = {name: known[name] for name in order if name in known and name not in previous.cyclic}
    touched = {
        name
        for name, node in graph.nodes.items()
        if name not in infos
        or (infos[name].node is not node and infos[name].node != node)  # equal ones come from undo and from blocks
        or (wires[name] is not wired[name] and wires[name] != wired[name])
    }
    if cyclic:
        infos.update(_circles(graph))
        touched.update(edge.target for name in cyclic for edge in graph.outgoing[name])
    for name in known.keys() - graph.nodes.keys():
        touched.update(edge.target for edge in previous.graph.outgoing[name])
    for name in order:
        if name not in touched or name in cyclic:
            continue
        node, edges, old = graph.nodes[name], wires[name], infos.get(name)
        ports = tuple([edge.target_port for edge in edges])
        arriving = tuple([infos[edge.source].output if edge.source in infos else None for edge in edges])
        inputs = arriving if ports == _PORTS[: len(ports)] else _by_port(node.kind, ports, arriving)
        if old is not None and old.node == node and old.ports == ports and old.inputs == inputs:
            continue
        new = infos[name] = _infer_node(node, ports, inputs)
        if old is None or old.output != new.output:
            touched.update(edge.target for edge in graph.outgoing[name])
    return {name: infos[name] for name in order}


def _offer_around(graph: Graph, infos: dict[str, NodeInfo]) -> None:
    """Offer what mends a node by its neighbours: it is of no node alone, so each time anew."""
    for name, info in infos.items():
        if not info.problems or info.layer is None or info.output is not None or not info.ports:
            continue
        plain = _infer_node(info.node, info.ports, info.inputs)
        first, *others = plain.problems
        offer = padding_fix if info.layer.ports.variadic else order_fix
        fix = offer(graph, infos, name) if first.code == "shape-mismatch" else None
        problems = (replace(first, fix=fix, also=first.fixes), *others) if fix is not None else plain.problems
        if problems != info.problems:
            infos[name] = replace(info, problems=problems)


_PORTS = tuple(range(64))  # compared with a wire's ports; a merge of more wires takes the longer way


def _by_port(kind: str, ports: tuple[int, ...], arriving: tuple[Shape | None, ...]) -> tuple[Shape | None, ...]:
    """The arriving shapes set out port by port, where some port has no wire or a wire has no port."""
    layer = find(kind)
    if layer is None or layer.ports.variadic:
        return arriving
    found: list[Shape | None] = [None] * len(layer.ports.inputs)
    for port, shape in zip(ports, arriving, strict=True):
        if 0 <= port < len(found):
            found[port] = shape
    return tuple(found)


def _circles(graph: Graph) -> dict[str, NodeInfo]:
    """What is known of the nodes on cycles: nothing, and one problem for each circle, at its first node."""
    infos = {name: NodeInfo(graph.nodes[name], None, (), None) for name in nodes_on_cycles(graph)}
    for circle in cycles(graph):
        first = circle[0]
        names = circle if len(circle) <= 6 else (*circle[:3], "…", *circle[-2:])
        message = f"the wires {' → '.join((*names, first))} form a circle."
        hint = "Remove one of them: data flows one way, from the input to the output."
        infos[first] = replace(infos[first], problems=(Problem("cycle", message, where=first, hint=hint),))
    return infos


def _infer_node(node: Node, ports: tuple[int, ...], inputs: tuple[Shape | None, ...]) -> NodeInfo:
    try:
        layer = make(node.kind, node.params)
    except ProblemError as error:
        problems = tuple(problem.at(node.name) for problem in error.problems)
        return NodeInfo(node, None, inputs, None, problems, ports)
    if problem := _wiring_problem(node.name, layer, ports):
        return NodeInfo(node, layer, inputs, None, (problem,), ports)
    shapes = tuple([shape for shape in inputs if shape is not None])
    if len(shapes) < len(inputs):
        return NodeInfo(node, layer, inputs, None, (), ports)
    try:
        return NodeInfo(node, layer, inputs, layer.output_shape(shapes), (), ports)
    except ShapeError as error:
        return NodeInfo(node, layer, inputs, None, (_shape_problem(node, layer, shapes, ports, error),), ports)
    except Exception as error:
        if type(layer).__module__.startswith("builder."):
            raise
        return NodeInfo(node, layer, inputs, None, (_strangers_fault(node, layer, error),), ports)


def _strangers_fault(node: Node, layer: Layer, error: Exception) -> Problem:
    """A layer of a plug-in must not take the program down with it."""
    message = f"the rule for its shape fails: {type(error).__name__}: {' '.join(str(error).split())}."
    hint = f"It comes from the package {type(layer).__module__.partition('.')[0]}: update or remove that."
    return Problem("broken-plugin", message, where=node.name, hint=hint)


def _wiring_problem(name: str, layer: Layer, ports: tuple[int, ...]) -> Problem | None:
    """What is wrong with the wires that enter a node; shapes do not count."""
    labels = layer.ports.inputs
    least, most = (layer.ports.least, math.inf) if layer.ports.variadic else (len(labels), len(labels))
    if len(set(ports)) < len(ports):
        return Problem("two-wires", "two wires end at the same port.", where=name, hint="Remove one of them.")
    if ports and (ports[0] < 0 or (not layer.ports.variadic and ports[-1] >= most)):
        number = f"{len(labels)} input port{'s' if len(labels) > 1 else ''}" if labels else "no input port"
        message = f"{layer.title} has {number}, but a wire ends at another."
        return Problem("no-port", message, where=name, hint="Remove that wire.")
    if len(ports) >= least:
        return None
    if not ports:
        message = "nothing is connected to it."
    elif layer.ports.variadic:
        message = f"{layer.title} needs at least {least} inputs, it has {len(ports)}."
    else:
        missing = next(label for port, label in enumerate(labels) if port not in ports)
        message = f"nothing is connected to its port {missing!r}."
    # What joins one value only passes it on, as a wire does.
    fix = _removal(name) if layer.ports.variadic and len(ports) == 1 else None
    return Problem("not-connected", message, where=name, hint="Drag a wire to its input port.", fix=fix)


def _removal(name: str) -> Fix:
    called = name.rpartition(".")[2]  # inside a block, as it is called there
    return Fix(f"Remove {called}", (RemoveNode(name),))


def _shape_problem(
    node: Node, layer: Layer, inputs: tuple[Shape, ...], ports: tuple[int, ...], error: ShapeError
) -> Problem:
    works = (remedy for remedy in error.remedies if _works(remedy, error.port, node, layer, inputs))
    fixes = tuple([_fix(remedy, node.name, ports[error.port]) for remedy in works])
    return Problem("shape-mismatch", error.message, where=node.name, field=error.field, hint=error.hint,
                   fix=fixes[0] if fixes else None, also=fixes[1:])  # fmt: skip


def _fix(remedy: Remedy, name: str, port: int) -> Fix:
    """A remedy for the node of this name, as edits."""
    if remedy.remove:
        return _removal(name)
    edit: InsertBefore | ReplaceNode | SetParams
    if remedy.insert:
        edit = InsertBefore(name, remedy.insert, remedy.insert_params, port)
    elif remedy.replace:
        edit = ReplaceNode(name, remedy.replace, remedy.insert_params)
    else:
        edit = SetParams(name, remedy.change)
    return Fix(remedy.title, (edit,))


def _works(remedy: Remedy, port: int, node: Node, layer: Layer, inputs: tuple[Shape, ...]) -> bool:
    """Whether the node fits once the remedy is carried out: nothing is offered that does not help."""
    if remedy.remove:
        return len(inputs) == 1
    try:
        if remedy.insert:
            between = make(remedy.insert, remedy.insert_params).output_shape((inputs[port],))
            inputs = (*inputs[:port], between, *inputs[port + 1 :])
        elif remedy.replace:
            layer = make(remedy.replace, remedy.insert_params)
        else:
            layer = make(node.kind, FrozenDict({**node.params, **remedy.change}))
        layer.output_shape(inputs)
    except (ShapeError, ProblemError):
        return False
    return True


_LAYER = Role.LAYER


def _network_problems(graph: Graph, nodes: Mapping[str, NodeInfo]) -> Iterator[Problem]:
    ends = [(name, info.layer.role) for name, info in nodes.items() if info.layer and info.layer.role is not _LAYER]
    inputs = [name for name, role in ends if role is Role.INPUT]
    outputs = [name for name, role in ends if role is Role.OUTPUT]
    unused = [name for name, edges in graph.outgoing.items() if not edges and name not in outputs]
    if not inputs:
        hint = "Drag an Input onto the canvas and connect it to the first layer."
        first = [name for name, edges in graph.incoming.items() if not edges and _takes(nodes[name])]
        fix = Fix("Add Input", (InsertBefore(first[0], "Input"),)) if len(first) == 1 else None
        yield Problem("no-input", "the network has no input.", hint=hint, fix=fix)
    for extra in inputs[1:]:
        removal = Fix(f"Remove {extra}", (RemoveNode(extra),))
        yield Problem("several-inputs", f"the network has a second input, {extra}.", where=extra, fix=removal)
    if all(_only_helps_training(nodes[name]) for name in outputs):
        last = [name for name in unused if name not in inputs and _gives(nodes[name])]
        fix = Fix("Add Output", (AddAfter(last[0], "Output"),)) if len(last) == 1 else None
        hint = "Drag an Output onto the canvas and connect the last layer to it."
        yield Problem("no-output", "the network has no output.", hint=hint, fix=fix)
    for edge in graph.edges:
        if edge[2] == 0 and edge[0] in nodes and edge[1] in nodes and edge[0] not in outputs:
            continue  # as nearly all are
        info = nodes.get(edge.source)
        if info is None or edge.target not in nodes:
            absent = edge.source if info is None else edge.target
            yield Problem("no-such-node", f"a wire ends at {absent}, which does not exist.", where=absent)
        elif info.layer is not None and not 0 <= edge.source_port < len(info.layer.ports.outputs):
            message = f"the wire to {edge.target} leaves from a port that it does not have."
            yield Problem("no-port", message, where=edge.source, hint="Remove that wire.")
    if outputs:
        for name in unused:
            if nodes[name].layer is not None:
                message = "nothing uses what it gives, so it is left out of the model."
                yield Problem("unused", message, where=name, severity=Severity.WARNING)


def _takes(info: NodeInfo) -> bool:
    return info.layer is not None and bool(info.layer.ports.inputs)


def _gives(info: NodeInfo) -> bool:
    return info.layer is not None and bool(info.layer.ports.outputs)


def _only_helps_training(info: NodeInfo) -> bool:
    return info.layer is not None and info.layer.auxiliary


_NOTHING = Inference(Graph(), (), frozenset(), FrozenDict(), tuple(_network_problems(Graph(), {})))
