"""Live shapes and problems of a whole network with its blocks: inferred flat, and shown level by level. No torch.

What an edit did not reach is taken over, as in `infer`. A network without blocks is its own flat graph, for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from builder.compile.infer import Inference, NodeInfo, infer
from builder.graph.expansion import Exit, Expansion, Level, Place, Written, expand
from builder.graph.frozen import FrozenDict
from builder.graph.instance import INPUT, OUTPUT
from builder.graph.model import Graph, Network, Node, Shape
from builder.graph.order import nodes_on_cycles, topological_order
from builder.graph.problems import Problem, ProblemError, Severity
from builder.graph.steps import Path, split_step, step
from builder.layers.base import Layer
from builder.layers.block import PORTS, make_block


@dataclass(frozen=True, eq=False)
class NetworkInference:
    """All that is known of a network.

    Attributes:
        expansion: how its blocks are written out.
        flat: what is known of the graph in which they are; names there are dotted.
    """

    expansion: Expansion
    flat: Inference
    _pages: dict[Path, _Page] = field(default_factory=dict, repr=False)
    _earlier: dict[Path, _Page] = field(default_factory=dict, repr=False)

    @property
    def network(self) -> Network:
        """The network that this is known of."""
        return self.expansion.network

    def problems(self) -> Iterator[Problem]:
        """Every problem; `where` is a name in the flat graph."""
        return self.flat.problems()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the network from compiling."""
        return self.flat.errors

    def page(self, path: Path = ()) -> Inference:
        """What is known of the graph that one sees after opening these blocks one in another.

        A block's node has a `BlockLayer`, and as output what leaves its first port. Raises `KeyError` when there is no
        such block or copy, or it cannot be written out.
        """
        if not path and self.flat.graph is self.network.graph:
            return self.flat
        page = self._pages.get(path)
        if page is None:
            level = self.expansion.level(path)
            if level is None:
                raise KeyError(".".join(path))
            page = self._pages[path] = _make_page(self, level, self._earlier.pop(path, None))
        return page.inference

    def flat_name(self, path: Path, name: str) -> str | None:
        """The node of the flat graph whose output a node's is: its own, or the last one in a block; None if none is.

        At the entrance of a block it is the one whose value comes in there.
        """
        at, seen = (path, name, 0), set[tuple[Path, str, int]]()
        while at not in seen:
            seen.add(at)
            before = self._before(*at)
            if not isinstance(before, tuple):
                return before
            at = before
        return None

    def _before(self, path: Path, name: str, port: int) -> tuple[Path, str, int] | str | None:
        """The flat node that makes the value at a port; or, where a block only hands it on, the port before that."""
        level = self.expansion.level(path)
        node = level.graph.nodes.get(name) if level is not None else None
        if level is None or node is None:
            return None
        written, entered = level.instances.get(name), 0
        if path and node.kind == INPUT:
            block, copy = split_step(path[-1])
            if copy:  # fed by the copy before, which is alike and has one exit
                exits = [name for name, inner in level.graph.nodes.items() if inner.kind == OUTPUT]
                return (*path[:-1], step(block, copy - 1)), exits[0], 0
            entered = [inner for inner, each in level.graph.nodes.items() if each.kind == INPUT].index(name)
            path, name = path[:-1], block
        elif not (path and node.kind == OUTPUT):
            if written is None or written.instance is None:
                return level.prefix + name
            place = written.exits[port] if port < len(written.exits) else None
            if not isinstance(place, int):
                return place.name if place is not None else None
            entered = place  # it goes straight through
        outside = self.expansion.level(path)
        wires = outside.graph.incoming[name] if outside is not None else ()
        feed = next((edge for edge in wires if edge.target_port == entered), None)
        return (path, feed.source, feed.source_port) if feed is not None else None

    def inside(self, path: Path, name: str) -> tuple[str, ...]:
        """The flat nodes that a node stands for: itself, or all that the block holds."""
        level = self.expansion.level(path)
        if level is None:
            return ()
        written = level.instances.get(name)
        return (level.prefix + name,) if written is None else tuple(node.name for node in written.nodes)


def infer_network(network: Network, previous: NetworkInference | None = None) -> NetworkInference:
    """Shapes and problems of a network, taking over what `previous` (of any network) already knows. Raises nothing."""
    if previous is not None and previous.network is network:
        return previous
    expansion = expand(network, previous.expansion if previous is not None else None)
    flat = infer(expansion.flat, previous.flat if previous is not None else None)
    if expansion.problems:
        flat = _noted(flat, expansion)
    earlier = {**previous._earlier, **previous._pages} if previous is not None else {}
    return NetworkInference(expansion, flat, _earlier=earlier)


def infer_flat(network: Network) -> Inference:
    """What is known of the flat graph of a network: all that compiling it needs."""
    return infer_network(network).flat


def _noted(flat: Inference, expansion: Expansion) -> Inference:
    """With what is wrong with the blocks themselves, in the place of what inference made of it."""
    nodes, whole = dict(flat.nodes), list(flat.network)
    for name, problems in expansion.problems.items():
        if name in nodes:
            nodes[name] = replace(nodes[name], problems=problems, output=None)
        else:
            whole += problems
    return replace(flat, nodes=FrozenDict(nodes), network=tuple(whole))


# One graph as it is shown -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Page:
    """What is known of one graph, and what each part of it was made from."""

    level: Level
    inference: Inference
    made_from: dict[str, tuple[Any, ...]]


def _make_page(known: NetworkInference, level: Level, before: _Page | None) -> _Page:
    infos: dict[str, NodeInfo] = {}
    made_from: dict[str, tuple[Any, ...]] = {}
    for name, node in level.graph.nodes.items():
        written = level.instances.get(name)
        arriving = _arriving(known, level, name)
        if written is not None:
            noted = known.expansion.problems.get(written.full, ())
            parts: tuple[Any, ...] = (written, *noted, *[known.flat.nodes[inner.name] for inner in written.nodes])
        elif level.prefix and node.kind in PORTS:
            parts = ()
        else:
            parts = (known.flat.nodes[level.prefix + name],)
        source = (node, arriving, *parts)
        if before is not None and _same(before.made_from.get(name), source):
            made_from[name], infos[name] = before.made_from[name], before.inference.nodes[name]
            continue
        made_from[name] = source
        if written is not None:
            infos[name] = _block_info(known, level, written, arriving)
        elif level.prefix and node.kind in PORTS:
            infos[name] = _port_info(node, arriving)
        else:
            infos[name] = _inner_info(parts[0], node) if level.prefix else parts[0]
    order, cyclic = _order(level.graph, before)
    problems = tuple(_network_problems(known, level))
    return _Page(level, Inference(level.graph, order, cyclic, FrozenDict(infos), problems), made_from)


def _same(old: tuple[Any, ...] | None, new: tuple[Any, ...]) -> bool:
    """Whether a node was made from the very same parts; what arrives is compared by value."""
    if old is None or len(old) != len(new) or old[1] != new[1] or old[0] is not new[0]:
        return False
    return all(a is b for a, b in zip(old[2:], new[2:], strict=True))


def _order(graph: Graph, before: _Page | None) -> tuple[tuple[str, ...], frozenset[str]]:
    if before is not None and before.level.graph is graph:
        return before.inference.order, before.inference.cyclic
    first, rest = topological_order(graph)
    if not rest:
        return first, frozenset()
    return first + tuple(name for name in graph.nodes if name in rest), nodes_on_cycles(graph)


def _arriving(known: NetworkInference, level: Level, name: str) -> tuple[tuple[int, Shape | None], ...]:
    """Port and shape of what arrives at a node, wire by wire; at a block's entrance, what comes from outside."""
    if level.prefix and level.graph.nodes[name].kind == INPUT:
        return ((0, _entering(known, level, name)),)
    return tuple([(e.target_port, _leaving(known, level, e.source, e.source_port)) for e in level.graph.incoming[name]])


def _entering(known: NetworkInference, level: Level, name: str) -> Shape | None:
    """Shape of what enters a block at one of its `Input`s: read off the first node inside that it reaches."""
    port = [n for n, node in level.graph.nodes.items() if node.kind == INPUT].index(name)
    for place in level.entries[port]:
        info = known.flat.nodes.get(place.name)
        if info is not None and place.port in info.ports:
            # A merge has a shape for each wire, any other layer one for each port.
            at = info.ports.index(place.port) if len(info.inputs) == len(info.ports) else place.port
            return info.inputs[at] if at < len(info.inputs) else None
    return None


def _leaving(
    known: NetworkInference, level: Level, name: str, port: int, passed: frozenset[str] = frozenset()
) -> Shape | None:
    """Shape of the value that leaves a node at this port; `passed` guards against circles."""
    if name in passed:
        return None
    passed |= {name}
    node = level.graph.nodes.get(name)
    written = level.instances.get(name)
    if level.prefix and node is not None and node.kind == INPUT:
        return _entering(known, level, name)
    if level.prefix and node is not None and node.kind == OUTPUT:
        feeds = level.graph.incoming[name]
        return _leaving(known, level, feeds[-1].source, feeds[-1].source_port, passed) if feeds else None
    place: Exit = Place(level.prefix + name, port)
    if written is not None and written.instance is not None:
        place = written.exits[port] if port < len(written.exits) else None
    if isinstance(place, int):  # it goes straight through
        feed = next((edge for edge in level.graph.incoming[name] if edge.target_port == place), None)
        return _leaving(known, level, feed.source, feed.source_port, passed) if feed is not None else None
    return known.flat.shape(place.name) if place is not None else None


def _inner_info(flat: NodeInfo, node: Node) -> NodeInfo:
    return replace(flat, node=node, problems=tuple(problem.at(node.name) for problem in flat.problems))


def _port_info(node: Node, arriving: tuple[tuple[int, Shape | None], ...]) -> NodeInfo:
    shape = arriving[-1][1] if arriving else None
    inputs = (shape,) if node.kind == OUTPUT else ()
    return NodeInfo(node, PORTS[node.kind], inputs, shape, (), (0,) if inputs and arriving else ())


def _block_info(
    known: NetworkInference, level: Level, written: Written, arriving: tuple[tuple[int, Shape | None], ...]
) -> NodeInfo:
    node = written.node
    ports = tuple(port for port, _ in arriving)
    infos = [known.flat.nodes[inner.name] for inner in written.nodes]
    problems = tuple(_outer_problem(node, written, problem) for info in infos for problem in info.problems)
    problems += tuple(
        _outer_problem(node, written, problem)
        for name, found in known.expansion.problems.items()
        if name not in known.flat.nodes and (name == written.full or name.startswith(f"{written.full}."))
        for problem in found
    )
    layer: Layer | None = None
    inputs: tuple[Shape | None, ...] = tuple(shape for _, shape in arriving)
    if written.instance is not None:
        try:
            layer = make_block(written.instance.block, written.instance.arguments).counting(
                written.instance.repeat,
                sum([info.parameters for info in infos]),
                sum([info.multiply_adds for info in infos]),
                sum([info.frozen for info in infos]),
            )
        except ProblemError as error:
            problems = (*(problem.at(node.name) for problem in error.problems), *problems)
        shapes = dict(arriving)
        inputs = tuple(shapes.get(port) for port in range(len(written.entries)))
    outputs = tuple(_leaving(known, level, node.name, port) for port in range(len(written.exits)))
    output = outputs[0] if outputs else None
    return NodeInfo(node, layer, inputs, output, problems, ports, outputs if len(outputs) > 1 else ())


def _outer_problem(node: Node, written: Written, problem: Problem) -> Problem:
    """A problem inside a block as its instance shows it: what mends it is offered where it lies."""
    inner = problem.where[len(written.full) + 1 :] if problem.where.startswith(f"{written.full}.") else ""
    if not inner:
        return problem.unfixed(where=node.name)
    place = f"inside, at {inner}"
    if len(written.copies) > 1:
        copy, _, inner = inner.partition(".")
        place = f"in copy {int(copy) + 1} of {len(written.copies)}, at {inner}"
    return problem.unfixed(message=f"{place}: {problem.message}", where=node.name, field="")


def _network_problems(known: NetworkInference, level: Level) -> Iterator[Problem]:
    """The network's problems on the main graph; on a block's own, what nothing uses."""
    if not level.prefix:
        for problem in known.flat.network:
            name = problem.where.partition(".")[0] if problem.where not in level.graph.nodes else problem.where
            yield problem if name == problem.where else problem.unfixed(where=name)
        return
    for problem in known.flat.network:
        name = problem.where[len(level.prefix) :]
        if problem.where.startswith(level.prefix) and name in level.graph.nodes:
            yield problem.at(name)
    if not any(node.kind == OUTPUT for node in level.graph.nodes.values()):
        message = "nothing leaves this block."
        yield Problem("no-output", message, hint="Add an Output to it.", severity=Severity.WARNING)
