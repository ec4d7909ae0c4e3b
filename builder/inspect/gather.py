"""Where many samples lie in the plane of a layer's output, worked out now and then beside a training.

Knows plans, modules and data; knows no trainer. Changes nothing: no weight, no average, no random number. What it
costs is bounded: samples go through the network in small pieces, a slow network is asked for fewer of them, and while
a run goes on it takes no more than a small share of the time.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor

from builder.compile.plan import Plan
from builder.data.resident import Part
from builder.inspect.activations import Activations, named_classes
from builder.inspect.cloud import Cloud, Gathering, Numbers, Samples
from builder.inspect.principal import MANY, Axes, comparable, pooled_size, principal

MOST_SAMPLES = 400
CANDIDATES = 4000  # samples among which as many of each class are looked for
EVERY = 0.25  # seconds between two looks while a run goes on, at least
SHARE = 0.03  # of the time, which they may take then
MOST_SECONDS = 5.0  # that one look may take while a run goes on
ROUND = 1.0  # seconds after which it is shown how far a look has come while nothing else goes on
PIECE = 0.05  # seconds that a piece of the samples should take: in between, it can be given up
PIECE_VALUES = 1 << 24  # numbers of one layer for a piece, at most
GLANCE = 48  # pixels of a side of the small pictures, at most

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weights:
    """Which weights the network has: another value for others. Early stopping changes them without a step."""

    step: int
    changes: int


@dataclass
class _Under:
    """A look under way: what was gathered so far, all with the same weights."""

    layer: str
    weights: Weights
    samples: Samples
    rows: list[Tensor] = field(default_factory=list)
    said: list[Tensor] = field(default_factory=list)
    done: int = 0
    piece: int = 1

    @property
    def whole(self) -> bool:
        return self.done >= len(self.samples)


class Gatherer:
    """Finds the points of one layer at a time, and keeps them while the weights stay the same.

    Attributes:
        unfinished: there are more samples to be gathered with these weights.
    """

    def __init__(
        self,
        activations: Activations,
        plan: Plan,
        scores: str,
        answer: Callable[[Tensor], Tensor],
        *,
        classes: bool,
        waiting: Callable[[], bool],
    ) -> None:
        """Look into a network.

        Args:
            scores: the step whose value the loss works on; `answer` makes of it what the network says.
            classes: whether it tells classes apart.
            waiting: whether somebody waits, so that a look is to be cut short.
        """
        self._activations, self._scores, self._answer = activations, scores, answer
        self._classes, self._waiting = classes, waiting
        self._shapes = {plan.input: plan.input_shape, **{step.name: step.output_shape for step in plan.steps}}
        self._shapes |= {name: self._shapes[source] for name, source in dict(plan.outputs).items()}
        self._largest = max(math.prod(shape) for shape in self._shapes.values())
        self._all: tuple[Part, Samples] | None = None
        self._count: dict[str, int] = {}  # samples that there is time for, by layer, while a run goes on
        self._under: _Under | None = None
        self._cloud: Cloud | None = None
        self._axes: Axes | None = None
        self._placed: Tensor | None = None  # the pinned sample whose place is known with these axes
        self._due = -math.inf
        self.unfinished = False

    def look(
        self, wish: Gathering, part: Part, name: str, pinned: Tensor, weights: Weights, *, fresh: bool | None
    ) -> Cloud | None:
        """The points that are wanted; None while there are none.

        Args:
            part, name: whose samples.
            pinned: the pinned sample as the network gets it, (1, *shape); it gets a place among the others.
            fresh: points of other weights are too old, however lately they were found; None for no work at all.
        """
        if wish.layer not in self._shapes:
            return Cloud(wish.layer, weights.step, Samples(name, 0, np.empty(0, np.int64)), np.empty((0, 2)))
        if self._all is None or self._all[0] is not part:
            self.forget()
            self._count.clear()
            self._all = part, choose(part, name, classes=self._classes)
        under, began = self._under, time.monotonic()
        if under is not None and under.layer != wish.layer:
            self.forget()
            under = None
        renewed = under is None or under.weights != weights
        if fresh is not None and (under is None or fresh or not renewed or began >= self._due):
            try:
                self._gather(wish, part, weights, renewed=renewed, fresh=bool(fresh) or not renewed)
            except (
                RuntimeError,
                MemoryError,
                IndexError,
            ):  # too large, or an answer of another form: it is only looked at
                log.debug("no cloud of %s", wish.layer, exc_info=True)
                self.forget()
                self._cloud = self._failed(wish, weights)
                self._under = _Under(wish.layer, weights, Samples(name, 0, np.empty(0, np.int64)))
            if renewed:
                ended = time.monotonic()
                self._due = max(began + EVERY, ended + (ended - began) / SHARE)
        if self._under is not None and self._under.weights == weights:
            self._place(pinned)
        return self._cloud

    def forget(self) -> None:
        """Nothing is wanted any more: free the memory."""
        self._under = self._cloud = self._axes = self._placed = None
        self.unfinished = False

    def _failed(self, wish: Gathering, weights: Weights) -> Cloud:
        nothing = Samples("", 0, np.empty(0, np.int64))
        return Cloud(wish.layer, weights.step, nothing, np.empty((0, 2)), failed=True)

    # Gathering ------------------------------------------------------------------------------------------------------

    def _gather(self, wish: Gathering, part: Part, weights: Weights, *, renewed: bool, fresh: bool) -> None:
        """Go on, or begin anew; with `fresh`, nothing else goes on, and how far it has come is shown sooner."""
        assert self._all is not None
        every, before = self._all[1], self._under
        if renewed:
            count = len(every) if fresh else self._count.get(wish.layer, len(every))
            piece = before.piece if before is not None else 1
            under = _Under(wish.layer, weights, every if count == len(every) else first(every, count), piece=piece)
        else:
            assert before is not None
            under = before
            if under.whole and (not wish.wide or self._cloud is None or self._cloud.wide is not None):
                return
        began, late = time.monotonic(), False
        while not (under.whole or late):
            if under.done and self._waiting():
                if not fresh:
                    return  # what there was stays until the next look
                break
            self._piece(under, part)
            late = time.monotonic() - began > (ROUND if fresh else MOST_SECONDS)
        if not (fresh or under.whole):  # the same ones next time: points that come and go tell nothing
            self._count[wish.layer] = under.done
            under.samples = first(every, under.done)
        self._under = under
        self.unfinished = not under.whole
        self._finish(under, wish)

    def _piece(self, under: _Under, part: Part) -> None:
        at_once = max(1, min(under.piece, PIECE_VALUES // self._largest, len(under.samples) - under.done))
        began = time.monotonic()
        places = under.samples.positions[under.done : under.done + at_once]
        x, _ = part.batch(torch.from_numpy(places).to(part.order().device))
        values = self._activations({under.layer, self._scores}, x)
        under.rows.append(comparable(values[under.layer]))
        if self._classes:
            under.said.append(named_classes(values[self._scores], self._answer))
        under.done += at_once
        if time.monotonic() - began < PIECE and under.piece < MOST_SAMPLES:
            under.piece *= 2
        elif time.monotonic() - began > 4 * PIECE:
            under.piece = max(1, at_once // 2)

    def _finish(self, under: _Under, wish: Gathering) -> None:
        if not under.rows:
            return
        shape = self._shapes[wish.layer]
        units = math.prod(shape)
        rows = torch.cat(under.rows)
        under.rows = [rows]
        size = pooled_size(shape)
        samples = under.samples if under.whole else first(under.samples, under.done)
        said = torch.cat(under.said).cpu().numpy().astype(np.int64) if under.said else None
        left = units if size is None else shape[0] * math.prod(size)
        cloud = Cloud(
            wish.layer,
            under.weights.step,
            samples,
            np.empty((0, 2)),
            more=not under.whole,
            said=said,
            units=units,
            pooled=(shape[0], *size) if size is not None else None,
            mixed=rows.shape[1] if rows.shape[1] < left else None,
            plain=units <= 2,
        )
        finite = rows.isfinite().all(1)
        if not bool(finite.all()):
            self._axes, self._cloud = None, replace(cloud, failed=True)
            return
        axes = self._axes = _own(rows) if units <= 2 else principal(rows)
        self._placed = None
        wide = None
        if wish.wide:
            many = rows if rows.shape[1] <= MANY else principal(rows, MANY).place(rows)
            wide = many.cpu().numpy()
        points = axes.place(rows).double().cpu().numpy()
        shares = (axes.share(0), axes.share(1)) if len(axes.variances) > 1 else (1.0, 0.0)
        self._cloud = replace(cloud, points=_in_plane(points), shares=shares, wide=wide)

    def _place(self, pinned: Tensor) -> None:
        """Give the pinned sample its place among points of the same weights."""
        cloud, axes = self._cloud, self._axes
        if cloud is None or axes is None or self._placed is pinned:
            return
        self._placed = pinned
        row = comparable(self._activations({cloud.layer}, pinned)[cloud.layer])
        place = _in_plane(axes.place(row).double().cpu().numpy())[0]
        known = bool(np.isfinite(place).all())
        self._cloud = replace(cloud, pinned=(float(place[0]), float(place[1])) if known else None)


def _own(rows: Tensor) -> Axes:
    """One or two numbers are axes themselves: nothing is moved or turned."""
    spread = (rows - rows.mean(0)).square().sum(0).cpu()
    nowhere = torch.zeros_like(rows[0])
    return Axes(nowhere, torch.eye(rows.shape[1]).to(rows), spread, float(spread.sum()))


def _in_plane(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points with one coordinate get a second one, 0."""
    return points if points.shape[1] == 2 else np.column_stack([points, np.zeros(len(points))])


# Which samples ------------------------------------------------------------------------------------------------------


def choose(part: Part, name: str, *, classes: bool) -> Samples:
    """The samples of a part that are looked at: of each class in turn, so that any number of them is a fair choice."""
    total = len(part)
    some = np.linspace(0, total - 1, min(total, CANDIDATES)).round().astype(np.int64)
    targets: Numbers | None = None
    if classes:
        known = np.array([round(part.target(int(each)) or 0) for each in some], np.int64)
        rank = np.empty(len(known), np.int64)
        for number in np.unique(known):
            own = np.flatnonzero(known == number)
            rank[own] = np.arange(len(own))
        order = np.lexsort((known, rank))[:MOST_SAMPLES]
        some, targets = some[order], known[order]
    else:
        # Any first few of them are spread over all.
        some = some[np.random.default_rng(0).permutation(len(some))][:MOST_SAMPLES]
    return Samples(name, total, some, targets, glances(part, some))


def first(samples: Samples, count: int) -> Samples:
    """The first ones."""
    targets, pictures = samples.targets, samples.pictures
    return replace(
        samples,
        positions=samples.positions[:count],
        targets=None if targets is None else targets[:count],
        pictures=None if pictures is None else pictures[:count],
    )


def glances(part: Part, positions: Numbers) -> NDArray[np.uint8] | None:
    """Small pictures of samples, uint8 (n, channels, height, width); None where they are no pictures."""
    found = []
    for position in positions:
        raw = torch.from_numpy(np.array(part.raw(int(position))))
        if raw.dtype != torch.uint8 or raw.dim() != 3 or raw.shape[0] not in (1, 3):
            return None
        longest = max(raw.shape[1:])
        if longest > GLANCE:
            size = [max(1, round(side * GLANCE / longest)) for side in raw.shape[1:]]
            raw = functional.adaptive_avg_pool2d(raw.float(), size).round().to(torch.uint8)  # type: ignore[arg-type]
        found.append(raw)
    if not found:
        return None
    pictures = torch.stack(found).numpy()
    most = int(pictures.max())
    # Digits of 16 shades are as bright as those of 255.
    return pictures if most in (0, 255) or most > 64 else np.asarray(pictures * (255.0 / most), np.uint8)
