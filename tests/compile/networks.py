"""Small and large networks that the tests of this room share."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from builder import layers
from builder.compile.infer import infer
from builder.compile.plan import Plan, make_plan
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Block, BlockParameter, Edge, Graph, Network, Node

assert layers  # importing it registers the catalogue

Spec = tuple[str, str, dict[str, Any]]


def chain(*specs: Spec, shape: tuple[int, ...] = (1, 32, 32)) -> Graph:
    """Input, the given layers one behind the other, output."""
    every: list[Spec] = [("input", "Input", {"shape": list(shape)}), *specs, ("output", "Output", {})]
    nodes = [Node(name, kind, freeze(params)) for name, kind, params in every]
    return Graph.of(nodes, [Edge(a.name, b.name) for a, b in pairwise(nodes)])


def plan_of(graph: Graph) -> Plan:
    return make_plan(infer(graph))


def lenet5() -> Graph:
    return chain(
        ("conv1", "Conv2d", {"filters": 6, "kernel_size": 5}),
        ("tanh1", "Tanh", {}),
        ("pool1", "AvgPool2d", {}),
        ("conv2", "Conv2d", {"filters": 16, "kernel_size": 5}),
        ("tanh2", "Tanh", {}),
        ("pool2", "AvgPool2d", {}),
        ("conv3", "Conv2d", {"filters": 120, "kernel_size": 5}),
        ("tanh3", "Tanh", {}),
        ("flatten", "Flatten", {}),
        ("fc1", "Linear", {"features": 84}),
        ("tanh4", "Tanh", {}),
        ("fc2", "Linear", {"features": 10}),
        ("softmax", "Softmax", {}),
    )


def vgg16() -> Graph:
    specs: list[Spec] = []
    for group, (filters, depth) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        for number in range(1, depth + 1):
            specs.append((f"conv{group}_{number}", "Conv2d", {"filters": filters, "kernel_size": 3, "padding": 1}))
            specs.append((f"relu{group}_{number}", "ReLU", {}))
        specs.append((f"pool{group}", "MaxPool2d", {}))
    specs.append(("flatten", "Flatten", {}))
    for number, features in enumerate((4096, 4096, 1000), 1):
        specs.append((f"fc{number}", "Linear", {"features": features}))
        if number < 3:
            specs.append((f"relu_fc{number}", "ReLU", {}))
    return chain(*specs, shape=(3, 224, 224))


def residual(stages: int = 4, blocks: int = 4) -> Graph:
    """A residual network of bottlenecks; four stages of four blocks make about 175 nodes."""
    nodes = [Node("input", "Input", {"shape": (3, 64, 64)})]  # type: ignore[arg-type]
    edges: list[Edge] = []

    def put(name: str, kind: str, *sources: str, **params: Any) -> str:
        nodes.append(Node(name, kind, params))  # type: ignore[arg-type]
        edges.extend(Edge(source, name, 0, port) for port, source in enumerate(sources))
        return name

    last = put("stem", "Conv2d", "input", filters=64, kernel_size=3, padding=1)
    for stage in range(stages):
        for block in range(blocks):
            stem = f"s{stage}b{block}_"
            narrow, stride = 16 * 2**stage, 2 if block == 0 and stage else 1
            value = last
            for number, (filters, kernel) in enumerate(((narrow, 1), (narrow, 3), (4 * narrow, 1)), 1):
                more = {"stride": stride, "padding": 1} if kernel == 3 else {}
                value = put(f"{stem}conv{number}", "Conv2d", value, filters=filters, kernel_size=kernel, **more)
                value = put(f"{stem}bn{number}", "BatchNorm2d", value)
                if number < 3:
                    value = put(f"{stem}relu{number}", "ReLU", value)
            if block == 0:
                last = put(f"{stem}short", "Conv2d", last, filters=4 * narrow, kernel_size=1, stride=stride)
            last = put(f"{stem}relu", "ReLU", put(f"{stem}add", "Add", value, last))
    last = put("flatten", "Flatten", put("average", "AdaptiveAvgPool2d", last))
    put("output", "Output", put("fc", "Linear", last, features=10))
    return Graph.of(nodes, edges)


def block(name: str, parameters: dict[str, Any], *specs: tuple[str, str, dict[str, Any], tuple[str, ...]]) -> Block:
    """A definition of one entrance, `input`, and one exit, behind the last node: (name, kind, params, sources)."""
    nodes = [Node("input", "Input"), *(Node(n, kind, freeze(params)) for n, kind, params, _ in specs)]
    edges = [Edge(source, n, 0, port) for n, _, _, sources in specs for port, source in enumerate(sources)]
    graph = Graph.of([*nodes, Node("output", "Output")], [*edges, Edge(specs[-1][0], "output")])
    return Block(name, graph, tuple(BlockParameter(key, value) for key, value in parameters.items()))


def bottleneck(name: str, shortcut: bool) -> Block:
    """ResNet's, with or without a convolution in the shortcut."""

    def conv(filters: str, kernel: int, stride: Any = 1) -> dict[str, Any]:
        return {
            "filters": {"$": filters},
            "kernel_size": kernel,
            "stride": stride,
            "padding": kernel // 2,
            "bias": False,
        }

    stride = {"$": "stride"} if shortcut else 1
    way = [
        ("conv1", "Conv2d", conv("channels", 1), ("input",)),
        ("bn1", "BatchNorm2d", {}, ("conv1",)),
        ("relu1", "ReLU", {}, ("bn1",)),
        ("conv2", "Conv2d", conv("channels", 3, stride), ("relu1",)),
        ("bn2", "BatchNorm2d", {}, ("conv2",)),
        ("relu2", "ReLU", {}, ("bn2",)),
        ("conv3", "Conv2d", conv("channels * 4", 1), ("relu2",)),
        ("bn3", "BatchNorm2d", {}, ("conv3",)),
    ]
    if shortcut:
        way += [
            ("project", "Conv2d", conv("channels * 4", 1, stride), ("input",)),
            ("norm", "BatchNorm2d", {}, ("project",)),
        ]
    add = ("add", "Add", {}, ("bn3", "norm" if shortcut else "input"))
    parameters = {"channels": 64, "stride": 2} if shortcut else {"channels": 64}
    return block(name, parameters, *way, add, ("relu", "ReLU", {}, ("add",)))


def use(definition: str, repeat: int = 1, **arguments: Any) -> dict[str, Any]:
    """The parameters of a block's node."""
    return {"definition": definition, "repeat": repeat, "arguments": freeze(arguments)}


def resnet50(width: int = 64, size: int = 224, classes: int = 1000) -> Network:
    stages: list[Spec] = []
    for number, depth in enumerate((3, 4, 6, 3)):
        channels = width * 2**number
        stages.append(
            (f"first{number + 1}", "Block", use("widening", channels=channels, stride=1 if not number else 2))
        )
        stages.append((f"rest{number + 1}", "Block", use("bottleneck", depth - 1, channels=channels)))
    graph = chain(
        ("conv1", "Conv2d", {"filters": width, "kernel_size": 7, "stride": 2, "padding": 3, "bias": False}),
        ("bn1", "BatchNorm2d", {}),
        ("relu1", "ReLU", {}),
        ("pool1", "MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
        *stages,
        ("pool2", "AdaptiveAvgPool2d", {}),
        ("flatten", "Flatten", {}),
        ("fc", "Linear", {"features": classes}),
        shape=(3, size, size),
    )
    blocks = (bottleneck("widening", True), bottleneck("bottleneck", False))
    return Network(graph, FrozenDict({known.name: known for known in blocks}))
