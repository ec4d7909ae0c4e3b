"""A plan as a model that has learned something: built, filled from a file of weights, and set to inference.

Weights are safetensors only: reading them runs nothing.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, fx, nn

from builder.compile.chance import Chance
from builder.compile.limits import machine_memory, require_limits
from builder.compile.module import build
from builder.compile.plan import Plan
from builder.compile.stored import Carried, damaged, fitting, nothing_fits, sizes_in, unreadable
from builder.graph.problems import Problem, ProblemError

SEED = 0  # of the initial weights, where none are given: the same network is then the same file


def initial(plan: Plan, seed: int) -> fx.GraphModule:
    """A freshly initialised model on the CPU; the process's random numbers are left as they were."""
    with Chance(seed, torch.device("cpu")):
        return build(plan)


def trained(plan: Plan, weights: Path | None = None, *, begin: Path | None = None) -> fx.GraphModule:
    """The model on the CPU, at inference; without any weights as it is at first.

    The process's random numbers are left as they were, those of a training under way among them.

    Args:
        weights: a safetensors file that holds all of them.
        begin: where `weights` is None: a file of which all that fits is taken, as a training would begin.

    Raises:
        ProblemError: it takes too much memory, or the weights cannot be read or belong to another network.
    """
    require_limits(plan, 1, machine_memory())
    model = initial(plan, SEED)
    if weights is not None:
        load_weights(model, weights)
    elif begin is not None:
        carry(model, plan, begin)
    return model.eval()


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill a model, whose parts are named as on the canvas, from a safetensors file. Raises `ProblemError`."""
    found = sizes_in(path)  # before any number is read
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if strange := sorted(wanted.keys() ^ found.keys()):
        message = f"these weights belong to another network: {strange[0]} is only in one of the two."
        raise ProblemError(Problem("bad-weights", message, where=str(path)))
    for name, shape in wanted.items():
        if found[name] != shape:
            sizes = " and ".join("×".join(map(str, size)) or "one number" for size in (found[name], shape))
            message = f"these weights belong to another network: {name} differs in size ({sizes})."
            raise ProblemError(Problem("bad-weights", message, where=str(path)))
    try:
        model.load_state_dict(load_file(path))
    except OSError as error:
        raise ProblemError(unreadable(path, error)) from None
    except SafetensorError:
        raise ProblemError(damaged(path)) from None


def carry(model: nn.Module, plan: Plan, path: Path) -> Carried:
    """Let a model take every tensor of a safetensors file that has one of its names and its size; says what it took.

    Raises:
        ProblemError: the file cannot be read, or nothing in it fits.
    """
    wanted = model.state_dict()
    found = sizes_in(path)
    names = fitting({name: tuple(tensor.shape) for name, tensor in wanted.items()}, found)
    if not names and wanted:
        raise ProblemError(nothing_fits(path, wanted, found))
    try:
        with safe_open(path, framework="pt") as file, torch.no_grad():
            # One after another: the file may be as large as the memory that is left.
            taken = [name for name in names if _take(wanted[name], file.get_tensor(name))]
        status = path.stat()
        digest = _digest(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise ProblemError(unreadable(path, error)) from None
    except SafetensorError:
        raise ProblemError(damaged(path)) from None
    kept = wanted.keys() - set(taken)
    fresh = {_owner(name, plan) for name in kept}
    order = tuple(step.name for step in plan.steps if step.name in fresh)
    return Carried(path.absolute(), digest, len(taken), len(wanted), order)


def _take(own: Tensor, other: Tensor) -> bool:
    """Copy numbers of the same kind, whatever their precision."""
    if own.is_floating_point() != other.is_floating_point() or own.is_complex() != other.is_complex():
        return False
    own.copy_(other)
    return True


def _owner(tensor: str, plan: Plan) -> str:
    """The layer that has a tensor of this name."""
    name = tensor
    while name and plan.step(name) is None:
        name = name.rpartition(".")[0]
    return name


@lru_cache(maxsize=16)
def _digest(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
