"""Whether a network fits into memory, by arithmetic alone: nothing is allocated to find out. No torch."""

from __future__ import annotations

import ctypes
import math
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from builder.compile.infer import Inference
from builder.compile.plan import Plan
from builder.graph.model import Shape
from builder.graph.problems import Problem, ProblemError
from builder.layers.base import Layer

NUMBER = 4  # bytes of one in 32-bit floating point
COPIES = 2  # of each weight: itself and its gradient; optimisers keep more, but not all of them do
KEPT = 2  # one of so many activations is kept for the backward pass, at the very least


@dataclass(frozen=True)
class _Need:
    """What one node wants: numbers that are learned, and numbers that it gives for one sample."""

    name: str
    weights: int
    neurons: int

    def bytes(self, batch_size: int) -> int:
        return NUMBER * (COPIES * self.weights + batch_size * self.neurons // KEPT)


def check_limits(plan: Plan, batch_size: int, available_bytes: int) -> tuple[Problem, ...]:
    """A `too-large` problem on the biggest layer when the network cannot be trained in `available_bytes`.

    Counted are weights, gradients and half of the activations of one batch: less than what is really needed, so that
    nothing is refused that would fit.
    """
    first = _Need(plan.input, 0, math.prod(plan.input_shape))
    steps = [_need(step.name, step.layer, step.input_shapes, step.output_shape) for step in plan.steps]
    return tuple(_too_large([first, *steps], batch_size, available_bytes))


def live_limits(inference: Inference, batch_size: int, available_bytes: int) -> tuple[Problem, ...]:
    """The same for a network that may be broken elsewhere: counts the nodes whose shapes are known."""
    needs = []
    for name, info in inference.nodes.items():
        if info.layer is None or info.output is None:
            continue
        need: _Need | None = info.memo.get("need")
        if need is None or need.name != name:
            need = info.memo["need"] = _Need(name, info.parameters, info.neurons)
        needs.append(need)
    return tuple(_too_large(needs, batch_size, available_bytes))


def require_limits(plan: Plan, batch_size: int, available_bytes: int) -> None:
    """Raise `ProblemError` when `check_limits` finds a problem."""
    if problems := check_limits(plan, batch_size, available_bytes):
        raise ProblemError(*problems)


def _need(name: str, layer: Layer, inputs: tuple[Shape, ...], output: Shape) -> _Need:
    return _Need(name, layer.parameter_count(inputs), math.prod(output))


def _too_large(needs: Iterable[_Need], batch_size: int, available: int) -> Iterator[Problem]:
    every = list(needs)
    total = sum(need.bytes(batch_size) for need in every)
    if total <= available:
        return
    biggest = max(every, key=lambda need: need.bytes(batch_size))
    weights, values = NUMBER * biggest.weights, NUMBER * batch_size * biggest.neurons
    if max(weights, values) > available:
        if weights >= values:
            what = f"its {biggest.weights:,} weights need {size(weights)}"
        else:
            what = f"its {biggest.neurons:,} outputs, for a batch of {batch_size:,}, need {size(values)}"
        message = f"{what}; this machine has {size(available)}."
    else:
        message = f"training the network needs at least {size(total)}; this machine has {size(available)}."
    field = "" if weights >= values else "batch_size"
    hint = "Make this layer, or what enters it, smaller." if not field else "Use a smaller batch or a smaller layer."
    yield Problem("too-large", message, where=biggest.name, hint=hint)


def size(number: int) -> str:
    """A number of bytes for a reader, in powers of 1,000: 40 TB, 1.5 GB, 12 kB."""
    units = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")
    power = 0
    while power < len(units) - 1 and number >= 1000 ** (power + 1):
        power += 1
    scaled = number / 1000**power
    text = f"{scaled:.1f}" if power and scaled < 9.95 else f"{scaled:,.0f}"
    return f"{text.removesuffix('.0')} {units[power]}"


def machine_memory() -> int:
    """Bytes of main memory that this machine has; a very large number where it cannot be found out.

    The whole memory and not what is free just now: other programs give way, and free memory changes by the second.
    """
    if sys.platform == "win32":
        status = (ctypes.c_ulonglong * 8)()  # MEMORYSTATUSEX: its first eight bytes hold its length and a percentage
        ctypes.cast(status, ctypes.POINTER(ctypes.c_ulong))[0] = ctypes.sizeof(status)
        found = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return int(status[1]) if found else sys.maxsize
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return sys.maxsize
