"""How fast training is, as ratios measured in one run on one machine: against loops written by hand, and on a busy one.

Both sides of a ratio take turns in short rounds, so that what else the machine does weighs on both alike.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from builder.data.augmentation import Augmentation
from builder.data.catalogue import find
from builder.data.folders import data_folder
from builder.data.settings import DataSettings
from builder.graph.frozen import freeze
from builder.graph.model import Edge, Graph, Node
from builder.train.job import Job
from builder.train.learner import Learner
from builder.train.loop import train_epoch
from builder.train.meter import Rows
from builder.train.rivals import Plain, PlainLeNet5, PlainResNet, Usual, finish
from builder.train.session import Host, Session
from builder.train.settings import TrainingSettings

ROUNDS = 30  # many short ones: what else the machine does changes from second to second
SECONDS = 0.25  # of one side in one round
BATCH = 64


@dataclass(frozen=True)
class Measurement:
    """One ratio.

    Attributes:
        ratio: median over the rounds; low, high: its quartiles.
        budget: what it should reach; None when it is for information.
        lower_is_better: the budget is an upper limit.
        detail: what was compared, with the figures themselves.
    """

    name: str
    ratio: float
    low: float
    high: float
    budget: float | None
    detail: str
    lower_is_better: bool = False


def benchmarks() -> dict[str, Callable[[], Measurement]]:
    """Every benchmark of training without a window, by name."""
    return {
        "loop-lenet5": lambda: against_plain("loop-lenet5", lenet5(), PlainLeNet5()),
        "loop-resnet": lambda: against_plain("loop-resnet", small_resnet(), PlainResNet()),
        "dataloader": against_dataloader,
        "augmentation": with_augmentation,
        "busy-machine": beside_a_busy_program,
    }


def against_plain(name: str, graph: Graph, model: nn.Module) -> Measurement:
    """Our loop against the fastest that we can write by hand for the same model and data."""
    ours = _Ours(graph)
    plain = Plain(ours.learner, model)
    return _compare(name, ours.run, plain.run, 0.97, "our loop / plain resident loop")


def against_dataloader() -> Measurement:
    """Our loop against what most scripts do: a DataLoader, pictures decoded and transformed one by one."""
    ours = _Ours(lenet5())
    usual = Usual(ours.learner, PlainLeNet5())
    return _compare("dataloader", ours.run, usual.run, 2.5, "our loop / DataLoader with PIL transforms")


def with_augmentation() -> Measurement:
    """Our loop with every picture shifted and turned, against the same without."""
    changed = _Ours(lenet5(), Augmentation(shift=0.1, rotation=15))
    return _compare("augmentation", changed.run, _Ours(lenet5()).run, 0.85, "shifted and turned / as they are")


def beside_a_busy_program() -> Measurement:
    """Our loop while another program keeps one core busy, against the same machine as it is."""
    ours = _Ours(lenet5())

    def disturbed(seconds: float) -> float:
        with _busy_program():
            return ours.run(seconds)

    # Longer rounds: noticing the other program, and that it has gone, belongs to what is measured.
    return _compare("busy-machine", disturbed, ours.run, 0.4, "beside a busy program / alone", rounds=3, seconds=5.0)


Side = Callable[[float], float]
"""Trains for about so many seconds; returns images per second."""


def _compare(
    name: str, one: Side, other: Side, budget: float, what: str, *, rounds: int = ROUNDS, seconds: float = SECONDS
) -> Measurement:
    ratios: list[float] = []
    first: list[float] = []
    second: list[float] = []
    for side in (one, other):
        side(seconds / 2)
    for number in range(rounds):
        if number % 2:
            second.append(other(seconds))
            first.append(one(seconds))
        else:
            first.append(one(seconds))
            second.append(other(seconds))
        ratios.append(first[-1] / second[-1])
    low, _, high = statistics.quantiles(ratios, n=4)
    figures = f"{statistics.median(first):,.0f} / {statistics.median(second):,.0f} images/s"
    return Measurement(name, statistics.median(ratios), low, high, budget, f"{what}: {figures}")


@contextmanager
def _busy_program() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _data() -> DataSettings:
    mnist = find("mnist")
    there = mnist is not None and mnist.at_hand(data_folder())
    return DataSettings(dataset="mnist" if there else "digits")


class _Ours:
    """The loop as the command line runs it, with all that a session does around a step."""

    def __init__(self, graph: Graph, augmentation: Augmentation | None = None) -> None:
        data = _data().changed(augmentation=augmentation or Augmentation())
        job = Job(graph, data, TrainingSettings(epochs=100_000, batch_size=BATCH))
        self._full = torch.get_num_threads()
        self._host = _UntilLate()
        self._session = Session(job, self._host)
        self.learner: Learner = self._session.prepare()
        torch.set_num_threads(self._full)

    def run(self, seconds: float) -> float:
        self._session.use_threads()
        self._host.limit(seconds)
        learner = self.learner
        began = time.perf_counter()
        try:
            while True:
                train_epoch(learner, self._session)
                learner.end_epoch()
        except _LateError:
            pass
        self._session.flush()
        finish(learner.device)
        rate = self._host.samples / (time.perf_counter() - began)
        torch.set_num_threads(self._full)
        return rate


class _LateError(Exception):
    """The time of a round is over."""


class _UntilLate(Host):
    def limit(self, seconds: float) -> None:
        self._end = time.perf_counter() + seconds
        self.samples = 0.0

    def read(self, rows: Rows) -> None:
        self.samples += rows[:, 3].sum()  # the last batch of an epoch may be smaller than the others

    def stepped(self) -> None:
        if time.perf_counter() > self._end:
            raise _LateError


def lenet5() -> Graph:
    """LeNet-5 as in the lectures: 1×32×32, 61,706 parameters."""

    def conv(filters: int) -> tuple[str, dict[str, Any]]:
        return "Conv2d", {"filters": filters, "kernel_size": 5}

    tanh: tuple[str, dict[str, Any]] = ("Tanh", {})
    pool: tuple[str, dict[str, Any]] = ("AvgPool2d", {"kernel_size": 2, "stride": 2})
    layers = [conv(6), tanh, pool, conv(16), tanh, pool, conv(120), tanh, ("Flatten", {}),
              ("Linear", {"features": 84}), tanh, ("Linear", {"features": 10}), ("Softmax", {})]  # fmt: skip
    drawing = _Drawing((1, 32, 32))
    for kind, params in layers:
        drawing.add(kind, **params)
    return drawing.graph()


def small_resnet() -> Graph:
    """The plan of ResNet-18 for small pictures on a CPU: 16 to 128 filters in four stages of two basic blocks."""
    drawing = _Drawing((1, 32, 32))
    drawing.convolution(16)
    for stage, filters in enumerate((16, 32, 64, 128)):
        for block in range(2):
            stride = 2 if stage and not block else 1
            start = drawing.last
            drawing.convolution(filters, stride=stride)
            end = drawing.convolution(filters, relu=False)
            if stride > 1:
                drawing.last = start
                start = drawing.convolution(filters, size=1, stride=stride, relu=False)
            drawing.add("Add", inputs=(end, start))
            drawing.add("ReLU")
    drawing.add("AdaptiveAvgPool2d")
    drawing.add("Flatten")
    drawing.add("Linear", features=10)
    return drawing.graph()


class _Drawing:
    """A network drawn layer by layer."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._nodes = [Node("input", "Input", freeze({"shape": shape}))]
        self._edges: list[Edge] = []
        self.last = "input"

    def add(self, kind: str, inputs: tuple[str, ...] = (), **params: Any) -> str:
        name = f"{kind.lower()}{len(self._nodes)}"
        self._nodes.append(Node(name, kind, freeze(params)))
        self._edges += [Edge(source, name, 0, port) for port, source in enumerate(inputs or (self.last,))]
        self.last = name
        return name

    def convolution(self, filters: int, size: int = 3, stride: int = 1, *, relu: bool = True) -> str:
        self.add("Conv2d", filters=filters, kernel_size=size, stride=stride, padding=size // 2, bias=False)
        self.add("BatchNorm2d")
        return self.add("ReLU") if relu else self.last

    def graph(self) -> Graph:
        self.add("Output")
        return Graph.of(self._nodes, self._edges)
