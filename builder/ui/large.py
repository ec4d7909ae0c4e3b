"""Large networks to measure the window with: residual networks drawn flat, layer by layer, as an import gives them."""

from __future__ import annotations

from typing import Any

from builder.graph.frozen import freeze
from builder.graph.model import Edge, Graph, Node

RESNET50, RESNET152, THOUSAND = (3, 4, 6, 3), (3, 8, 36, 3), (3, 8, 84, 3)


def bottlenecks(*stages: int, shape: tuple[int, int, int] = (3, 224, 224), classes: int = 1000) -> Graph:
    """A residual network with so many bottleneck blocks in each stage, without places: 10 nodes a block and some.

    He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2015, table 1: 177 nodes for ResNet-50,
    517 for ResNet-152.
    """
    drawing = _Drawing(shape)
    drawing.conv(64, 7, 2)
    drawing.add("ReLU")
    drawing.add("MaxPool2d", kernel_size=3, stride=2, padding=1)
    for stage, count in enumerate(stages):
        narrow = 64 * 2**stage
        for block in range(count):
            stride = 2 if stage and not block else 1
            start = drawing.last
            drawing.conv(narrow, 1)
            drawing.add("ReLU")
            drawing.conv(narrow, 3, stride)
            drawing.add("ReLU")
            end = drawing.conv(4 * narrow, 1)
            if not block:
                start = drawing.conv(4 * narrow, 1, stride, behind=start)
            drawing.add("Add", behind=(end, start))
            drawing.add("ReLU")
    drawing.add("AdaptiveAvgPool2d")
    drawing.add("Flatten")
    drawing.add("Linear", features=classes)
    drawing.add("Output")
    return Graph.of(drawing.nodes, drawing.edges)


class _Drawing:
    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.last = "input"
        self.nodes = [Node("input", "Input", freeze({"shape": shape}))]
        self.edges: list[Edge] = []

    def add(self, kind: str, behind: str | tuple[str, ...] = "", **params: Any) -> str:
        name = f"{kind.lower()}{len(self.nodes)}"
        sources = (behind or self.last,) if isinstance(behind, str) else behind
        self.nodes.append(Node(name, kind, freeze(params)))
        self.edges += [Edge(source, name, 0, port) for port, source in enumerate(sources)]
        self.last = name
        return name

    def conv(self, filters: int, size: int, stride: int = 1, behind: str = "") -> str:
        self.add("Conv2d", behind, filters=filters, kernel_size=size, stride=stride, padding=size // 2, bias=False)
        return self.add("BatchNorm2d")
