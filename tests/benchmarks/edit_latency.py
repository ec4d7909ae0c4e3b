"""How long one edit takes in a residual network of about 175 nodes: shapes and problems of the whole graph.

`seconds()` gives the medians; run as a program, it prints them. The design's budget is 1 ms.
"""

from __future__ import annotations

from statistics import median
from time import process_time

from builder.compile.infer import infer
from builder.compile.plan import make_plan
from builder.compile.source import to_source
from builder.graph import edits
from tests.compile.networks import residual


def seconds(repeats: int = 50) -> dict[str, float]:
    """Median seconds of: a changed parameter near the input, a wire removed, all from scratch, and the source."""
    graph = residual(4, 4)
    known = infer(graph)
    conv = next(name for name in graph.nodes if name.endswith("conv1"))
    wire = graph.incoming[conv][0]
    found: dict[str, list[float]] = {"parameter": [], "wire": [], "scratch": [], "source": []}
    for number in range(repeats):
        for what, changed in (
            ("parameter", edits.set_params(graph, conv, {"filters": 17 + number, "kernel_size": 1})),
            ("wire", edits.disconnect(graph, wire)),
        ):
            start = process_time()
            infer(changed, known)
            found[what].append(process_time() - start)
        start = process_time()
        infer(edits.set_params(graph, conv, graph.nodes[conv].params))
        found["scratch"].append(process_time() - start)
        start = process_time()
        to_source(make_plan(known))
        found["source"].append(process_time() - start)
    return {what: median(times) for what, times in found.items()}


if __name__ == "__main__":
    print(f"{len(residual(4, 4).nodes)} nodes")
    for what, time in seconds().items():
        print(f"{what:10} {time * 1000:.2f} ms")
