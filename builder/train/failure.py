"""What went wrong in a step, as a problem on the node or the setting at fault.

PyTorch's own words do not reach the user; they go into the run's error log.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, fx

from builder.compile.module import rewire
from builder.graph.frozen import FrozenDict
from builder.graph.model import Graph
from builder.graph.problems import Fix, Problem, ProblemError, SetParams, SetSetting, Severity
from builder.inspect.activations import at_inference
from builder.layers.freezing import FIELD, is_frozen
from builder.layers.registry import make
from builder.train.job import Job
from builder.train.learner import Learner, NotFiniteError
from builder.train.settings import SGD, Optimizer


def problem_of(error: BaseException, job: Job, learner: Learner | None) -> Problem:
    """The one problem that an exception means."""
    if isinstance(error, ProblemError):
        return error.problems[0]
    if isinstance(error, NotFiniteError) and learner is not None:
        return not_finite(learner)
    if _is_memory(error):
        return out_of_memory(job)
    if isinstance(error, torch.AcceleratorError):
        return _device(error)
    if isinstance(error, OSError):
        return _file(error)
    if learner is not None and isinstance(error, (RuntimeError, ValueError, TypeError, IndexError)):
        return _broken_step(learner)
    name = type(error).__name__
    return Problem("training-failed", f"training cannot go on because of an unexpected error ({name}).")


def all_frozen(graph: Graph) -> Problem:
    """No layer of this graph may change."""
    message = "every layer of this network is frozen, so there is nothing to learn."
    layers = ((node.name, make(node.kind, node.params)) for node in graph.nodes.values())
    edits = tuple(SetParams(name, FrozenDict({FIELD: True})) for name, layer in layers if is_frozen(layer))
    fix = Fix("Let all layers learn", edits)
    return Problem("nothing-to-learn", message, hint="Let one of them learn.", fix=fix)


def not_finite(learner: Learner) -> Problem:
    """The loss is no number any more: which layer's output was the first that is none."""
    where = "training.optimizer.learning_rate"
    if learner.batch is not None and not bool(torch.isfinite(learner.batch[0]).all()):
        message = "the samples hold values that are no numbers."
        return Problem("data-not-finite", message, where="data.dataset", hint="Choose another data set.")
    culprit = _first(learner, raising=False)
    rate = calmer(learner.learning_rate, learner.job.training.optimizer)
    layer = f" The first layer whose output is not finite is {culprit}." if culprit else ""
    return Problem(
        "loss-not-finite",
        f"the loss is no longer a finite number at step {learner.step + 1:,}.{layer}",
        where=where,
        hint="Lower the learning rate, or begin from other weights.",
        fix=Fix(f"Use learning rate {rate:g}", (SetSetting(where, rate),)),
    )


def astray(learner: Learner, times: float) -> Problem:
    """The loss is so many times what it was before anything was learned; training goes on."""
    where = "training.optimizer.learning_rate"
    rate = calmer(learner.learning_rate, learner.job.training.optimizer)
    return Problem(
        "diverging",
        f"the loss is {_round(times)} times what it was at the beginning: the steps are too large.",
        where=where,
        hint="Lower the learning rate, and reset: these weights are far off.",
        fix=Fix(f"Use learning rate {rate:g}", (SetSetting(where, rate),)),
        severity=Severity.WARNING,
    )


def calmer(rate: float, optimizer: Optimizer) -> float:
    """A learning rate to try when this one led astray: tenths of it, down to what usually works with the optimiser."""
    usual = float(type(optimizer).model_fields["learning_rate"].default)
    if isinstance(optimizer, SGD):
        # A constant gradient moves the weights 1 / (1 - momentum) times as far; without any momentum the slope of the
        # loss is what limits the rate.
        usual = min(2 * usual, usual * (1 - optimizer.momentum) / (1 - SGD().momentum))
    tenths = max(1, math.ceil(math.log10(rate / usual) - 1e-9))
    return float(f"{rate / 10**tenths:.6g}")


def _round(times: float) -> str:
    """A factor for a reader: two digits, and a power of ten where it is astronomical."""
    return f"{float(f'{times:.2g}'):,.0f}" if times < 1e7 else f"{times:.0e}"


def out_of_memory(job: Job) -> Problem:
    """There was not enough memory for a step."""
    size = job.training.batch_size
    smaller = 2 ** max(0, math.ceil(math.log2(size)) - 1)
    fix = Fix(f"Use batches of {smaller}", (SetSetting("training.batch_size", smaller),)) if size > 1 else None
    message = f"there is not enough memory to train this network with batches of {size:,} samples."
    hint = "Use smaller batches or a smaller network."
    return Problem("out-of-memory", message, where="training.batch_size", hint=hint, fix=fix)


def _is_memory(error: BaseException) -> bool:
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    # The last one is what the libraries on a GPU say, each with its own name in front.
    words = ("out of memory", "can't allocate memory", "status_alloc_failed")
    return isinstance(error, RuntimeError) and any(each in text for each in words)


def _device(error: torch.AcceleratorError) -> Problem:
    """The device refused, after which it computes nothing more for this process: no use in asking the network."""
    where = "training.device"
    old = "no kernel image" in str(error)
    message = "this graphics card is of a kind that this PyTorch cannot use." if old else "the device has failed."
    hint = "Train on the CPU." if old else "Restart the program, or train on the CPU."
    return Problem("device-failed", message, where=where, hint=hint,
                   fix=Fix("Train on the CPU", (SetSetting(where, "cpu"),)))  # fmt: skip


def _file(error: OSError) -> Problem:
    name = str(error.filename) if error.filename else "data.dataset"
    if isinstance(error, FileNotFoundError):
        message = "a file of the data set is no longer there."
        return Problem("file-vanished", message, where=name, hint="Put it back, or choose another data set.")
    reason = (error.strerror or type(error).__name__).lower()
    return Problem("file-unreadable", f"a file could not be read ({reason}).", where=name)


def _broken_step(learner: Learner) -> Problem:
    culprit = _first(learner, raising=True)
    message = "this layer cannot work on the batch that it got." if culprit else "a training step could not be done."
    hint = "Check the sizes that arrive here, and the batch size." if culprit else "Check the output and the loss."
    return Problem("step-failed", message, where=culprit or learner.plan.outputs[0][1], hint=hint)


def _first(learner: Learner, *, raising: bool) -> str:
    """Name of the first node that raises (in training mode), or whose output is not finite; empty when none is."""
    if learner.batch is None:
        return ""
    names = [step.name for step in learner.plan.steps]
    model = rewire(learner.root, learner.plan, names)
    witness = _Witness(model)
    try:
        if raising:
            with torch.no_grad():
                witness.run(learner.batch[0])
        else:
            with at_inference(learner.root):
                witness.run(learner.batch[0])
    except Exception:
        return witness.current
    return witness.strange


class _Witness(fx.Interpreter):
    """Runs a model node by node and remembers which node is at work, and which was the first to give no number."""

    def __init__(self, model: fx.GraphModule) -> None:
        super().__init__(model)
        ends: Any = next(node for node in model.graph.nodes if node.op == "output").args[0]
        self._names = {node: name for name, node in ends.items()}
        self.current = self.strange = ""

    def run_node(self, node: fx.Node) -> Any:
        self.current = self._names.get(node, self.current)
        value = super().run_node(node)
        judged = not self.strange and node in self._names and isinstance(value, Tensor)
        if judged and not bool(torch.isfinite(value).all()):
            self.strange = self._names[node]
        return value
