"""Live shapes and problems: what each node gets, gives and lacks, kept up to date edit by edit. No torch.

`infer` reuses every `NodeInfo` whose node and input shapes did not change, so an edit costs what lies behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from builder.graph.frozen import FrozenDict
from builder.graph.model import Graph, Node, Shape
from builder.graph.order import nodes_on_cycles, topological_order
from builder.graph.problems import AddAfter, Fix, InsertBefore, Problem, ProblemError, RemoveNode, SetParams, Severity
from builder.layers.base import Layer, Role, ShapeError
from builder.layers.registry import find, make


@dataclass(frozen=True)
class NodeInfo:
    """What is known of one node.

    Attributes:
        node: the node that this was inferred from.
        layer: the validated layer, None for an unknown kind or bad parameters.
        inputs: shape at each input port; None where it is unknown.
        output: shape of the output, None when it cannot be known.
        problems: what is wrong with this very node.
    """

    node: Node
    layer: Layer | None
    inputs: tuple[Shape | None, ...]
    output: Shape | None
    problems: tuple[Problem, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether layer, inputs and output are all known."""
        return self.layer is not None and self.output is not None

    @property
    def known_inputs(self) -> tuple[Shape, ...]:
        """The input shapes of a node that `fits`."""
        return tuple(shape for shape in self.inputs if shape is not None)


@dataclass(frozen=True)
class Inference:
    """All that is known of a graph.

    Attributes:
        order: the nodes in an order of execution; nodes on or behind a cycle come last.
        nodes: what is known of each.
        network: problems of the network as a whole (no input, no output, ...).
    """

    graph: Graph
    order: tuple[str, ...]
    cyclic: frozenset[str]
    nodes: FrozenDict[str, NodeInfo]
    network: tuple[Problem, ...]

    def problems(self) -> Iterator[Problem]:
        """Every problem, the network's first, then node by node in order of execution."""
        yield from self.network
        for name in self.order:
            yield from self.nodes[name].problems

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the network from compiling."""
        return tuple(problem for problem in self.problems() if problem.severity is Severity.ERROR)

    def shape(self, name: str) -> Shape | None:
        """Output shape of a node, None when unknown."""
        info = self.nodes.get(name)
        return info.output if info else None


def infer(graph: Graph, previous: Inference | None = None) -> Inference:
    """Shapes and problems of `graph`, reusing what `previous` (of any graph) already knows."""
    if previous is not None and previous.graph is graph:
        return previous
    same_wiring = (
        previous is not None
        and previous.graph.edges is graph.edges
        and len(previous.graph.nodes) == len(graph.nodes)
        and all(name in previous.graph.nodes for name in graph.nodes)
    )
    if previous is not None and same_wiring:
        order, cyclic = previous.order, previous.cyclic
        # The wiring tables are cached on the graph; an edit of parameters leaves them as they are.
        graph.__dict__.setdefault("incoming", previous.graph.incoming)
        graph.__dict__.setdefault("outgoing", previous.graph.outgoing)
    else:
        first, rest = topological_order(graph)
        order = first + tuple(name for name in graph.nodes if name in rest)
        cyclic = nodes_on_cycles(graph) if rest else frozenset()
    known = previous.nodes if previous is not None else FrozenDict[str, NodeInfo]()
    infos: dict[str, NodeInfo] = {}
    for name in order:
        node = graph.nodes[name]
        if name in cyclic:
            infos[name] = _on_cycle(node)
            continue
        inputs = _input_shapes(graph, name, infos)
        old = known.get(name)
        if old is not None and old.node is node and old.inputs == inputs and not _has_cycle_problem(old):
            infos[name] = old
        else:
            infos[name] = _infer_node(node, inputs, _unwired(graph, name))
    nodes = FrozenDict(infos)
    return Inference(graph, order, cyclic, nodes, tuple(_network_problems(graph, nodes)))


def _input_shapes(graph: Graph, name: str, infos: dict[str, NodeInfo]) -> tuple[Shape | None, ...]:
    found: list[Shape | None] = []
    for edge in graph.incoming[name]:
        while len(found) < edge.target_port:
            found.append(None)
        source = infos.get(edge.source)
        found.append(source.output if source is not None else None)
    return tuple(found)


def _unwired(graph: Graph, name: str) -> bool:
    """Whether an input port lacks a wire (as against: the wire brings an unknown shape)."""
    kind = find(graph.nodes[name].kind)
    if kind is None:
        return False
    ports = sorted(edge.target_port for edge in graph.incoming[name])
    needed = max(kind.ports.least, len(ports)) if kind.ports.variadic else len(kind.ports.inputs)
    return ports != list(range(needed))


def _on_cycle(node: Node) -> NodeInfo:
    hint = "Remove one wire of the circle: data flows one way, from the input to the output."
    problem = Problem("cycle", "this layer feeds itself through a circle of wires.", where=node.name, hint=hint)
    return NodeInfo(node, None, (), None, (problem,))


def _has_cycle_problem(info: NodeInfo) -> bool:
    return any(problem.code == "cycle" for problem in info.problems)


def _infer_node(node: Node, inputs: tuple[Shape | None, ...], unwired: bool) -> NodeInfo:
    try:
        layer = make(node.kind, node.params)
    except ProblemError as error:
        return NodeInfo(node, None, inputs, None, tuple(problem.at(node.name) for problem in error.problems))
    if unwired:
        more = layer.ports.variadic and any(shape is not None for shape in inputs)
        message = f"{layer.title} needs at least {layer.ports.least} inputs." if more else "nothing is connected to it."
        problem = Problem("not-connected", message, where=node.name, hint="Drag a wire to its input port.")
        return NodeInfo(node, layer, inputs, None, (problem,))
    if any(shape is None for shape in inputs):
        return NodeInfo(node, layer, inputs, None)
    shapes = tuple(shape for shape in inputs if shape is not None)
    try:
        return NodeInfo(node, layer, inputs, layer.output_shape(shapes))
    except ShapeError as error:
        return NodeInfo(node, layer, inputs, None, (_shape_problem(node, error),))


def _shape_problem(node: Node, error: ShapeError) -> Problem:
    fix = None
    if error.remedy is not None:
        remedy = error.remedy
        edit: InsertBefore | SetParams
        if remedy.insert:
            edit = InsertBefore(node.name, remedy.insert, remedy.insert_params, error.port)
        else:
            edit = SetParams(node.name, remedy.change)
        fix = Fix(remedy.title, (edit,))
    return Problem("shape-mismatch", error.message, where=node.name, field=error.field, hint=error.hint, fix=fix)


def _network_problems(graph: Graph, nodes: FrozenDict[str, NodeInfo]) -> Iterator[Problem]:
    roles = {name: info.layer.role for name, info in nodes.items() if info.layer is not None}
    inputs = [name for name, role in roles.items() if role is Role.INPUT]
    outputs = [name for name, role in roles.items() if role is Role.OUTPUT]
    if not inputs:
        hint = "Drag an Input onto the canvas and connect it to the first layer."
        yield Problem("no-input", "the network has no input.", hint=hint)
    for extra in inputs[1:]:
        fix = Fix(f"Remove {extra}", (RemoveNode(extra),))
        yield Problem("several-inputs", f"the network has a second input, {extra}.", where=extra, fix=fix)
    if not outputs:
        ends = [name for name, edges in graph.outgoing.items() if not edges and nodes[name].output is not None]
        fix = Fix("Add Output", (AddAfter(ends[0], "Output"),)) if len(ends) == 1 else None
        hint = "Drag an Output onto the canvas and connect the last layer to it."
        yield Problem("no-output", "the network has no output.", hint=hint, fix=fix)
    for name, role in roles.items():
        if role is not Role.OUTPUT and not graph.outgoing[name] and outputs:
            message = "nothing uses what it gives, so it is left out of the model."
            yield Problem("unused", message, where=name, severity=Severity.WARNING)
