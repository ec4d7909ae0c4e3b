"""The part of an unfinished network that works, made into a whole one, so that one can look into it.

It is never trained: the ends that it is given only make it a network. No torch.
"""

from __future__ import annotations

from dataclasses import replace

from builder.compile.infer import Inference
from builder.compile.network import NetworkInference
from builder.data.catalogue import find
from builder.graph.edits import free_name
from builder.graph.frozen import freeze
from builder.graph.model import Edge, Graph, Network, Node
from builder.graph.problems import Severity
from builder.layers.base import Role
from builder.project.document import Project


def sound_part(project: Project, known: NetworkInference) -> Project | None:
    """A project whose network has every layer of `project` that gives something, under its name in the flat graph.

    Where a way ends, a classifier of no meaning stands behind it. None when nothing works, when the answers of the data
    are no classes, and when the weights come from elsewhere: fresh ones would be shown in their place.
    """
    data = find(project.data.dataset)
    if data is None or len(data.classes) < 2 or data.target_shape or project.training.weights:
        return None
    flat = known.flat
    kept = [name for name in flat.order if _works(flat, name)]
    if not any(_role(flat, name) is Role.INPUT for name in kept):
        return None
    sound = set(kept)
    nodes = {name: flat.graph.nodes[name] for name in kept}
    edges = [edge for edge in flat.graph.edges if edge.source in sound and edge.target in sound]
    used = {edge.source for edge in edges}
    main = "Output"
    for name in kept:
        if name in used:
            continue
        rank = len(flat.shape(name) or ())
        end = [Node("pool", "AdaptiveAvgPool2d")] if rank == 3 else []
        end += [Node("flatten", "Flatten")] if rank > 1 else []
        end += [Node("linear", "Linear", freeze({"features": len(data.classes)})), Node("end", main)]
        before = name
        for node in end:
            fresh = free_name(Graph(flat.graph.nodes.update(nodes)), node.name)
            nodes[fresh] = replace(node, name=fresh)
            edges.append(Edge(before, fresh))
            before = fresh
        main = "AuxiliaryOutput"
    training = project.training.changed(loss="cross-entropy")
    return replace(project, network=Network(Graph.of(nodes.values(), edges)), training=training)


def _works(flat: Inference, name: str) -> bool:
    info = flat.nodes[name]
    broken = any(problem.severity is Severity.ERROR for problem in info.problems)
    return info.fits and not broken and _role(flat, name) is not Role.OUTPUT


def _role(flat: Inference, name: str) -> Role | None:
    layer = flat.nodes[name].layer
    return layer.role if layer is not None else None
