"""A plan as a model that has learned something: built, filled from a file of weights, and set to inference.

Weights are safetensors only: reading them runs nothing.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import fx, nn

from builder.compile.limits import machine_memory, require_limits
from builder.compile.module import build
from builder.compile.plan import Plan
from builder.graph.problems import Problem, ProblemError

SEED = 0  # of the initial weights, where none are given: the same network is then the same file


def trained(plan: Plan, weights: Path | None = None) -> fx.GraphModule:
    """The model on the CPU, at inference, with the weights in a safetensors file; without one as it is at first.

    The process's random numbers are left as they were.

    Raises:
        ProblemError: it takes too much memory, or the weights cannot be read or belong to another network.
    """
    require_limits(plan, 1, machine_memory())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = build(plan)
    if weights is not None:
        load_weights(model, weights)
    return model.eval()


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill a model, whose parts are named as on the canvas, from a safetensors file. Raises `ProblemError`."""
    try:
        found = load_file(path)
    except OSError as error:
        reason = (error.strerror or "no such file").lower()
        raise ProblemError(Problem("no-weights", f"these weights cannot be read: {reason}.", where=str(path))) from None
    except SafetensorError:
        message = "this is no file of weights, or it is damaged."
        raise ProblemError(Problem("bad-weights", message, where=str(path))) from None
    wanted = {name: tensor.shape for name, tensor in model.state_dict().items()}
    if strange := sorted(wanted.keys() ^ found.keys()):
        message = f"these weights belong to another network: {strange[0]} is only in one of the two."
        raise ProblemError(Problem("bad-weights", message, where=str(path)))
    for name, shape in wanted.items():
        if found[name].shape != shape:
            sizes = " and ".join("×".join(map(str, size)) or "one number" for size in (found[name].shape, shape))
            message = f"these weights belong to another network: {name} differs in size ({sizes})."
            raise ProblemError(Problem("bad-weights", message, where=str(path)))
    model.load_state_dict(found)
