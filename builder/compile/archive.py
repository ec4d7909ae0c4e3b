"""The network as a `torch.export` archive (`.pt2`): a graph with its weights that PyTorch runs without any source."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

import torch
from torch import fx

from builder.compile.plan import Plan, Step
from builder.compile.weights import trained
from builder.graph.problems import Problem, ProblemError

BATCH = "batch"  # name of the one size that is not fixed


def to_archive(plan: Plan, weights: Path | None = None, *, begin: Path | None = None) -> bytes:
    """The archive; the model in it takes batches of any size.

    Args:
        weights: a safetensors file to take the weights from; without one they are the initial ones.
        begin: a file that the initial ones begin with, as far as it fits.

    Raises:
        ProblemError: the weights do not fit, or a layer cannot be written so.
    """
    program = exported(plan, trained(plan, weights, begin=begin), "a PyTorch archive")
    file = io.BytesIO()
    with _calm():
        torch.export.save(program, file)
    return file.getvalue()


def exported(plan: Plan, model: fx.GraphModule, what: str) -> torch.export.ExportedProgram:
    """The model traced for batches of any size. Raises `ProblemError`, which calls the aim `what`."""
    example = torch.zeros(2, *plan.input_shape)  # of one sample, or of none, the tracer would make a special case
    try:
        with _calm():
            return torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim(BATCH)},))
    except Exception as error:  # the tracer has dozens of its own
        raise ProblemError(refusal(what)) from error


def refusal(what: str, step: Step | None = None) -> Problem:
    """A layer of the network is beyond what the format can say; `step` is that layer, where it is known."""
    hint = "Export it as Python source instead."
    if step is None:
        message = f"this network cannot be written as {what}: it has a layer that the format does not know."
        return Problem("not-exportable", message, hint=hint)
    message = f"this network cannot be written as {what}: the format knows no {step.layer.title} with these settings."
    return Problem("not-exportable", message, where=step.name, hint=hint)


@contextmanager
def _calm() -> Iterator[None]:
    """PyTorch warns of its own coming changes here, and prints whole graphs when it gives up: no help to a reader."""
    talkative = logging.getLogger("torch.fx.experimental.symbolic_shapes")
    silent, talkative.disabled = talkative.disabled, True
    try:
        with warnings.catch_warnings(action="ignore"), redirect_stderr(io.StringIO()):
            yield
    finally:
        talkative.disabled = silent
