"""From what a lesson's set-up says to the project that a click opens. Pure: nothing is loaded, nothing is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from builder import resources
from builder.graph import edits
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Graph, Network, Node
from builder.graph.problems import Problem, ProblemError
from builder.layers.initialisation import initialise_network
from builder.layers.registry import find
from builder.project import templates
from builder.project.document import Project, new_project
from builder.project.edits import set_settings
from builder.project.lessons import Change, Row, SetUp
from builder.project.networks.drawing import network
from builder.project.networks.notation import Part
from builder.project.weights import located


def project_of(set_up: SetUp) -> Project:
    """The project that a set-up opens. Raises `ProblemError`, placed in the lesson's file, where it cannot be made."""
    try:
        project = _begun(set_up)
        for change in set_up.change:
            project = replace(project, network=_changed(project.network, change))
        if set_up.begin is not None:
            project = replace(project, network=initialise_network(project.network, set_up.begin))
        project = set_settings(project, set_up.settings)
    except ProblemError as error:
        raise ProblemError(
            *(
                replace(problem, message=str(replace(problem, hint="")), where=set_up.place)
                for problem in error.problems
            )
        ) from None
    return located(replace(project, name=set_up.name), resources.path("lessons"))


def _begun(set_up: SetUp) -> Project:
    if set_up.template:
        return templates.load(set_up.template)
    return new_project(set_up.name, network([part for row in set_up.network for part in _items(row)]))


def _items(row: Row) -> Iterator[Part]:
    for _ in range(row.times):
        if row.kind:
            yield Part(row.kind, dict(row.params), row.name)
        for inner in row.of:
            yield from _items(inner)


def _changed(made: Network, change: Change) -> Network:
    """A change of one layer of the network, or of all of a kind, in blocks too."""
    if change.layer:
        if change.layer not in made.graph.nodes:
            raise ProblemError(Problem("no-such-node", f"there is no layer called {change.layer}."))
        return made.with_graph(_in_graph(made.graph, change, [change.layer]))
    found = False
    graphs: dict[str, Graph] = {"": made.graph, **{name: block.graph for name, block in made.blocks.items()}}
    for name, graph in graphs.items():
        names = [node.name for node in graph.nodes.values() if node.kind == change.kind]
        found = found or bool(names)
        graphs[name] = _in_graph(graph, change, names)
    if not found:
        raise ProblemError(Problem("no-such-node", f"there is no layer of the kind {change.kind}."))
    blocks = {name: replace(block, graph=graphs[name]) for name, block in made.blocks.items()}
    return Network(graphs[""], made.blocks.update(blocks))


def _in_graph(graph: Graph, change: Change, names: list[str]) -> Graph:
    if change.remove:
        return edits.remove_nodes(graph, names)
    for name in names:
        node = graph.nodes[name]
        kind = change.becomes or node.kind
        layer = find(kind)
        if layer is None:
            raise ProblemError(Problem("no-such-kind", f"there is no kind of layer called {kind}."))
        kept = {key: value for key, value in node.params.items() if key in layer.model_fields}
        changed = Node(name, kind, FrozenDict({**kept, **freeze(change.params)}))
        graph = replace(graph, nodes=graph.nodes.set(name, changed))
        before = find(node.kind)
        # "tanh1" must not be what a ReLU is called; "pool1" suits another pooling.
        if before is not None and name.rstrip("0123456789") == before.stem != layer.stem:
            graph = edits.rename(graph, name, edits.free_name(graph, layer.stem))
    return graph
