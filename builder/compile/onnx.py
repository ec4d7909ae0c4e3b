"""The network as ONNX, the form that other runtimes (onnxruntime, browsers, phones) take. Needs the extra `onnx`."""

from __future__ import annotations

import importlib.util
import re
import warnings
from pathlib import Path

import torch
from torch import fx
from torch.nn import functional

from builder.compile.archive import BATCH, exported, refusal
from builder.compile.plan import Plan, Step
from builder.compile.weights import trained
from builder.graph.problems import Problem, ProblemError

WHAT = "ONNX"
NEEDED = ("onnx", "onnxscript")
LARGEST = 1_900_000_000  # bytes of weights in one file; the format ends at 2 GiB


def missing() -> Problem | None:
    """What has to be installed before anything can be written; None when all is there. Quick."""
    if all(importlib.util.find_spec(name) for name in NEEDED):
        return None
    message = "writing ONNX needs two more packages."
    return Problem("no-onnx", message, hint="Install them: pip install 'torchcanvas[onnx]'")


def to_onnx(plan: Plan, weights: Path | None = None, *, begin: Path | None = None) -> bytes:
    """The file's contents. Input and output are called as on the canvas, and batches may have any size.

    Args:
        weights: a safetensors file to take the weights from; without one they are the initial ones.
        begin: a file that the initial ones begin with, as far as it fits.

    Raises:
        ProblemError: the packages are missing, the weights do not fit, the file would be too large, or a layer cannot
            be written so.
    """
    if (problem := missing()) is not None:
        raise ProblemError(problem)
    model = trained(plan, weights, begin=begin)
    size = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    if size > LARGEST:
        message = f"an ONNX file holds at most 2 GB, and these weights take {size / 1e9:.1f} GB."
        raise ProblemError(Problem("too-large", message, hint="Export it as a PyTorch archive (pt2) instead."))
    program = exported(plan, _without_divisors(model, plan), WHAT)
    try:
        with warnings.catch_warnings(action="ignore"):
            written = torch.onnx.export(
                program,
                dynamo=True,
                verbose=False,
                input_names=[plan.input],
                output_names=[plan.outputs[0][0]],
                dynamic_shapes=({0: torch.export.Dim(BATCH)},),
            )
    except Exception as error:  # as many as the tracer's
        raise ProblemError(refusal(WHAT, _culprit(plan, program, error))) from error
    assert written is not None  # it is, for a program
    contents: bytes = written.model_proto.SerializeToString()
    return contents


def _culprit(plan: Plan, program: torch.export.ExportedProgram, error: BaseException) -> Step | None:
    """The layer that the exporter gave up at, where it says so."""
    if (named := _GAVE_UP.search(str(error))) is None:
        return None
    for node in program.graph.nodes:
        if node.name == named[1]:
            around = [path for path, _ in (node.meta.get("nn_module_stack") or {}).values()]
            return plan.step(str(around[-1])) if around else None
    return None


_GAVE_UP = re.compile(r"Error when translating node %(\w+)")


def _step_of(plan: Plan, name: str) -> Step | None:
    """The step that a node of the compiled model belongs to; calls within calls are called `name_1`, `name_1_1`, ..."""
    own = {step.name.replace(".", "_"): step for step in plan.steps}
    while name and name not in own:
        name = name.rpartition("_")[0]
    return own.get(name)


def _without_divisors(model: fx.GraphModule, plan: Plan) -> fx.GraphModule:
    """The model with sums over windows written as means times their size: the exporter overlooks another divisor."""
    graph = model.graph
    for node in list(graph.nodes):
        options = dict(node.kwargs)
        if node.target is not functional.avg_pool2d or options.pop("divisor_override", None) is None:
            continue
        if options.get("ceil_mode"):  # windows at the edge are smaller, so that no one factor would do
            raise ProblemError(refusal(WHAT, _step_of(plan, node.name)))
        size = options["kernel_size"]
        rows, columns = (size, size) if isinstance(size, int) else size
        with graph.inserting_after(node):
            scaled = graph.call_function(torch.mul, (node, rows * columns / node.kwargs["divisor_override"]))
        node.replace_all_uses_with(scaled, delete_user_cb=lambda user, own=scaled: user is not own)
        node.kwargs = options
    model.recompile()
    return model
