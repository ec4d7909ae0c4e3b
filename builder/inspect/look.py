"""One look inside a network: everything that an `Attention` asks for, begun now and ready when the copies are.

Knows plans, modules and data; knows no trainer. A look changes nothing: no weight, no average, no random number.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from builder.compile.plan import Plan
from builder.data.catalogue import Task
from builder.data.prepare import Prepared
from builder.data.resident import Part
from builder.inspect import plane as planes
from builder.inspect.activations import Activations, named_classes
from builder.inspect.ascent import Ascent
from builder.inspect.attribution import Attributor, Explainer
from builder.inspect.backward import Backward
from builder.inspect.cloud import Cloud
from builder.inspect.filters import biases, filters
from builder.inspect.gather import Gatherer, Weights
from builder.inspect.gradients import Aim, Gradients, Loss, Returning
from builder.inspect.health import healths, measure
from builder.inspect.picture import Attention, Health, Own, Picture, Plane
from builder.inspect.picture import Part as PartName
from builder.inspect.sparing import Asked
from builder.inspect.transfer import Fetch

HEALTH_EVERY = 0.5  # seconds: statistics of every layer cost as much as a step
HEALTH_SAMPLES, HEALTH_LEAST = 64, 8  # samples that they are measured on: of a large network, few
HEALTH_VALUES = 1 << 25  # numbers that the layers give for these samples, all of which are in memory at once
HEALTH_SHARE = 0.1  # of the time, which statistics may take


@dataclass(frozen=True)
class _Sample:
    """The pinned sample, from this place in the data or the user's own.

    Attributes:
        x: (1, *shape); aim: what the loss compares the answer with, as a batch of one; None where nobody knows it.
    """

    source: tuple[PartName, int] | Own
    raw: NDArray[np.generic]
    target: int | float | None
    x: Tensor
    aim: Tensor | None


class Observer:
    """Looks into one network as it learns. For the training thread only.

    Attributes:
        explainer: finds out what speaks for the network's answer.
        gatherer: finds out where many samples lie.
        ascent: makes pictures that units like best.
    """

    def __init__(
        self,
        root: nn.Module,
        plan: Plan,
        data: Prepared,
        scores: str,
        answer: Callable[[Tensor], Tensor],
        side: torch.cuda.Stream | None = None,
        waiting: Callable[[], bool] = lambda: False,
        loss: Loss | None = None,
    ) -> None:
        """Look into `root`.

        Args:
            scores: the step whose value the loss works on; `answer` makes of it what the network says.
            side: a stream for copies, on CUDA.
            waiting: whether somebody waits, so that what takes long is to be cut short.
            loss: what is trained for; without it there are no gradients.
        """
        self._root, self._plan, self._data = root, plan, data
        self._scores, self._answer, self._side = scores, answer, side
        self._activations = Activations(root, plan)
        self._kinds = {step.name: step.layer.kind() for step in plan.steps}
        self._classes = data.task is not Task.REGRESSION
        self.explainer = Explainer(Attributor(root, plan, scores, answer, classes=self._classes, waiting=waiting))
        self.gatherer = Gatherer(self._activations, plan, scores, answer, classes=self._classes, waiting=waiting)
        self.ascent = Ascent(root, plan, waiting)
        self._returning = Returning(Gradients(root, plan, loss)) if loss is not None else None
        self._sample: _Sample | None = None
        self._plane: tuple[Plane, Tensor] | None = None
        self._health: dict[str, Health] = {}
        self._health_due = -math.inf
        self._health_batch: Tensor | None = None
        values = sum(math.prod(step.output_shape) for step in plan.steps)
        self._health_samples = max(HEALTH_LEAST, min(HEALTH_SAMPLES, HEALTH_VALUES // max(1, values)))

    @property
    def unfinished(self) -> bool:
        """Whether another look, with the same weights, would show more."""
        return self.gatherer.unfinished or self.ascent.unfinished

    @property
    def slow(self) -> bool:
        """Whether what is `Attention.dear` takes so long that a picture should not wait for it."""
        return self._health_samples < HEALTH_SAMPLES

    def look(self, step: int, attention: Attention, *, fresh: bool | None = False) -> Look:
        """Begin a look.

        Args:
            fresh: measure statistics anew, however lately they were, and attributions and gradients if the weights are
                others since; None does none of it.
        """
        sample = self._pinned(attention)
        tensors: dict[str, Tensor] = {"fitted": sample.x[0]}
        if sample.aim is not None and sample.aim.dim() == 4:
            tensors["wanted"] = sample.aim[0]
        x, plane = sample.x, None
        if self._plan.input_shape == (2,):
            plane, points = self._laid()
            x = torch.cat([x, points])
        values = self._activations(attention.activations | {self._scores}, x)
        tensors["output"] = self._answer(values[self._scores][:1])[0]
        for name in attention.activations & values.keys():
            tensors[f"activation {name}"] = values[name][1:] if plane is not None else values[name][0]
        weights = filters(self._root, attention.filters)
        for name, weight in weights.items():
            tensors[f"filter {name}"] = weight
        for name, bias in biases(self._root, weights).items():
            tensors[f"bias {name}"] = bias
        asked = None
        scores, moment = values[self._scores][:1], self._moment(step, attention)
        if attention.question is not None:
            asked = Asked(attention.question, sample.source, moment)
        tensors |= self.explainer.begin(asked, sample.x, scores, sample.target, fresh=fresh)
        if self._returning is not None:
            names = attention.gradients
            back = Asked(names, sample.source, moment) if names else None
            tensors |= self._returning.begin(back, names, sample.x, self._aim(sample, scores), fresh=fresh)
        cloud = None
        if attention.cloud is not None and moment is not None:
            part, called = self._part(attention.part)
            cloud = self.gatherer.look(attention.cloud, part, called.value, sample.x, moment, fresh=fresh)
        else:
            self.gatherer.forget()
        tensors |= self.ascent.begin(attention.seeking, self._data.train, moment, fresh=fresh)
        measured = None
        began = time.monotonic()
        if attention.statistics and fresh is not None and (fresh or began >= self._health_due):
            measured = self._measure(tensors)
            ended = time.monotonic()
            self._health_due = max(began + HEALTH_EVERY, ended + (ended - began) / HEALTH_SHARE)
        return Look(self, step, attention, sample, plane, Fetch(tensors, self._side), measured, asked, cloud)

    def _moment(self, step: int, attention: Attention) -> Weights | None:
        """Tells the weights of this moment from those of another, for those who ask something of them."""
        if not (attention.question or attention.cloud or attention.gradients or attention.seeking):
            return None
        # Early stopping goes back to other weights without a step: PyTorch counts the changes of each tensor.
        return Weights(step, sum(parameter._version for parameter in self._root.parameters()))

    def _aim(self, sample: _Sample, scores: Tensor) -> Aim | None:
        """What would be right for a sample; of one that nobody knows the class of, what the network says."""
        if sample.aim is not None:
            return Aim(sample.aim, self._classes)
        if not self._classes or scores.dim() != 2:
            return None
        return Aim(named_classes(scores, self._answer), True, guessed=True)

    def backward(self, attention: Attention, arrays: Mapping[str, NDArray[np.float32]]) -> Backward | None:
        """The newest backward pass, with what has arrived, where somebody asks for one."""
        return self._returning.end(arrays) if self._returning is not None and attention.gradients else None

    def _measure(self, tensors: dict[str, Tensor]) -> tuple[str, ...]:
        if self._health_batch is None:
            part = self._data.train
            self._health_batch = part.batch(part.order()[: self._health_samples])[0]
        names = [step.name for step in self._plan.steps]
        values = self._activations(names, self._health_batch)
        tensors["health"] = measure(values, self._kinds, self._root)
        return tuple(values)

    def remember(self, health: dict[str, Health]) -> None:
        """Show these statistics until others are measured."""
        self._health = health

    @property
    def health(self) -> Mapping[str, Health]:
        """The newest statistics."""
        return self._health

    def _pinned(self, attention: Attention) -> _Sample:
        part, name = self._part(attention.part)
        position = attention.sample % max(1, len(part))
        own = attention.own
        form = self._plan.input_shape if own is not None and own.values else self._data.info.shape
        # Other data may be here already while the window still shows a picture in the form of the data before.
        source = (name, position) if own is None or own.shape != form else own
        if self._sample is None or self._sample.source != source:
            if isinstance(source, Own):
                raw, values = source.array(), source.input()
                x = self._data.encode(raw[None]) if values is None else self._as_input(values)
                self._sample = _Sample(source, raw, None, x, None)
            else:
                x, aim = part.sample(position)
                self._sample = _Sample(source, part.raw(position).copy(), part.target(position), x, aim)
        return self._sample

    def _as_input(self, values: NDArray[np.float32]) -> Tensor:
        x, _ = self._data.train.sample(0)
        return torch.from_numpy(values)[None].to(x)

    def _part(self, name: PartName) -> tuple[Part, PartName]:
        part = part_of(self._data, name)
        return (part, name) if len(part) else (self._data.train, PartName.TRAIN)

    def _laid(self) -> tuple[Plane, Tensor]:
        if self._plane is None:
            plane = planes.lay_plane(self._data.train)
            self._plane = plane, planes.grid(plane, self._data.encode)
        return self._plane


def part_of(data: Prepared, name: PartName) -> Part:
    """The part of this name."""
    parts = {PartName.TRAIN: data.train, PartName.VALIDATION: data.validation, PartName.TEST: data.test}
    return parts[name]


class Look:
    """A look under way."""

    def __init__(
        self,
        observer: Observer,
        step: int,
        attention: Attention,
        sample: _Sample,
        plane: Plane | None,
        fetch: Fetch,
        measured: tuple[str, ...] | None,
        asked: Asked | None,
        cloud: Cloud | None = None,
    ) -> None:
        self._observer, self._step, self._attention = observer, step, attention
        self._sample, self._plane, self._fetch = sample, plane, fetch
        self._measured, self._asked, self._cloud = measured, asked, cloud

    @property
    def ready(self) -> bool:
        """Whether the picture can be had without waiting."""
        return self._fetch.ready

    def picture(self) -> Picture:
        """The picture; waits for its values when they are still on their way."""
        arrays = self._fetch.arrays()
        if self._measured is not None:
            self._observer.remember(healths(self._measured, arrays["health"]))

        def named(prefix: str) -> dict[str, NDArray[np.float32]]:
            return {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}

        activations = named("activation ")
        if self._plane is not None:
            activations = {name: planes.as_maps(values) for name, values in activations.items()}
        return Picture(
            step=self._step,
            attention=self._attention,
            raw=self._sample.raw,
            fitted=arrays["fitted"],
            target=self._sample.target,
            output=arrays["output"].reshape(-1),
            activations=activations,
            filters=named("filter "),
            biases=named("bias "),
            health=self._observer.health if self._attention.statistics else {},
            plane=self._plane,
            attribution=self._observer.explainer.end(self._asked, arrays),
            backward=self._observer.backward(self._attention, arrays),
            wanted=arrays.get("wanted"),
            cloud=self._cloud,
            preferred=self._observer.ascent.end(arrays, self._step),
        )
