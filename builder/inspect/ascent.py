"""Activation maximisation: pictures, made from noise, that a unit of the network likes best.

Each round goes a step up the gradient of what the unit gives (of a map: the value in its middle), with respect to the
picture. Left to itself that ends in fine noise that happens to excite the unit; three habits of the field keep it to
what can be seen: the gradient is smoothed, coarsely at first and finely in the end; the picture is shifted by a few
pixels each time; and no pixel leaves the range that it has in the data, to the mean of which it is drawn a little.

The pictures are kept, and go on from round to round. Beside a training they take a small share of the time and follow
the weights as these change. Nothing of the training is touched: no weight, no `.grad`, no average, no random number.

Sources: Erhan and others, 2009, "Visualizing higher-layer features of a deep network"; Mordvintsev, Olah and Tyka,
2015 (jitter); Olah, Mordvintsev and Schubert, 2017, https://distill.pub/2017/feature-visualization/.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, nn

from builder.compile.analysis import receptive_fields
from builder.compile.plan import Plan, Step
from builder.data.resident import Part
from builder.inspect.activations import at_inference, sources_of
from builder.inspect.gather import Weights
from builder.inspect.preferred import Ground, Preferred, Seeking
from builder.inspect.response import Box
from builder.inspect.rewired import Rewired
from builder.layers.base import Category

ROUNDS = 96  # until the pictures are as good as done
AGAIN = 32  # rounds for other weights, when the pictures were done for those before
MOST_UNITS = 16  # pictures at a time
VALUES = 1 << 25  # numbers that the layers give for all of them, which are in memory at once
SHARE = 0.08  # of the time, which they may take while a run goes on
GLANCE = 0.25  # seconds after which it is shown how far they have come while nothing else goes on
SAMPLES, SAMPLE_VALUES = 256, 1 << 24  # from which range and mean of each pixel are known; numbers of all of them
_STEP = 0.06  # of the range of the data, a round
_NOISE = 0.08  # of the range, at the beginning
_COARSE, _FINE = 1 / 14, 1 / 64  # of the longer side: how far the gradient is smoothed
_JITTER = 1 / 16
_DECAY = 0.02  # of the way to the mean of the data, a round

log = logging.getLogger(__name__)


@dataclass
class _Under:
    """Pictures under way."""

    seeking: Seeking
    weights: Weights
    units: int
    x: Tensor  # (pictures, channels, height, width), between `low` and `high`
    low: Tensor  # (channels, height, width)
    high: Tensor
    mean: Tensor
    values: Tensor  # (pictures,)
    box: Box = (0, 0, 0, 0)
    ground: Ground | None = None
    rounds: int = 0
    until: int = ROUNDS


class Ascent:
    """Makes the pictures for some units of one layer at a time, and keeps them.

    Attributes:
        unfinished: with these weights there is more to be done.
    """

    def __init__(self, root: nn.Module, plan: Plan, waiting: Callable[[], bool]) -> None:
        """Look into `root`.

        Args:
            waiting: whether somebody waits, so that a look is to be cut short.
        """
        self._root, self._plan, self._waiting = root, plan, waiting
        self._source = sources_of(plan)
        self._models = Rewired(root, plan, 2)
        values = sum(math.prod(step.output_shape) for step in plan.steps)
        self._at_once = max(1, min(MOST_UNITS, VALUES // max(1, values)))
        self._under: _Under | None = None
        self._chance = torch.Generator()
        self._due = 0.0  # the time up to which what they took is paid for
        self.unfinished = False

    def begin(
        self, seeking: Seeking | None, part: Part, weights: Weights | None, *, fresh: bool | None
    ) -> Mapping[str, Tensor]:
        """Go on with the pictures, where they are wanted and it is time: what is to be fetched for `end`.

        Args:
            part: of the data; it tells how low and how high values are.
            weights: tells the weights of this moment from others.
            fresh: nothing else goes on; None for no work at all.
        """
        if seeking is None or weights is None:
            self._under, self.unfinished = None, False
            return {}
        under, still = self._under, False
        if under is None or under.seeking != seeking:
            under = self._under = self._start(seeking, part, weights)
            self._due = monotonic()
        elif under.weights == weights:
            still = True
        else:
            under.weights = weights
            under.until = max(under.until, under.rounds + AGAIN)
        began = monotonic()
        # Beside a run, as long as it has saved up since; it may overdraw by one round, and then waits the longer.
        idle = bool(fresh) or still
        limit = GLANCE if idle else min(GLANCE, (began - self._due) * SHARE)
        if under.units and fresh is not None and under.rounds < under.until and limit >= 0:
            try:
                self._climb(under, began, limit)
            except (RuntimeError, MemoryError, IndexError):  # too large, or no way back through a user's own code
                log.debug("no picture for %s", seeking.layer, exc_info=True)
                under.units = 0
            ended = monotonic()
            self._due = ended if idle else max(self._due, began - GLANCE / SHARE) + (ended - began) / SHARE
        self.unfinished = bool(under.units) and under.rounds < under.until
        if not under.units:
            return {}
        low, high = _limits(under.low, under.high)
        top, left, bottom, right = under.box
        seen = under.x[:, :, top:bottom, left:right]
        shown = ((seen - low) / (high - low).clamp(min=1e-12) * 255).round().clamp(0, 255).to(torch.uint8)
        return {"preferred": shown, "preference": under.values}

    def end(self, arrays: Mapping[str, NDArray[Any]], step: int) -> Preferred | None:
        """The pictures as they have arrived; None where nobody wants any."""
        under = self._under
        if under is None:
            return None
        if "preferred" not in arrays:
            return Preferred.nothing(under.seeking, step)
        pictures, values = arrays["preferred"], arrays["preference"]
        made = min(1.0, under.rounds / ROUNDS)
        return Preferred(under.seeking, step, under.units, pictures, values, made, under.ground)

    # Climbing -------------------------------------------------------------------------------------------------------

    def _start(self, seeking: Seeking, part: Part, weights: Weights) -> _Under:
        few = max(1, min(SAMPLES, SAMPLE_VALUES // math.prod(self._plan.input_shape)))
        some = part.batch(part.order()[:few])[0]
        nothing = _Under(seeking, weights, 0, some[:0], some[:0], some[:0], some[:0], some[:0])
        source = self._source.get(seeking.layer)
        step = self._plan.step(source) if source is not None else None
        if step is None or len(self._plan.input_shape) != 3 or not len(some):
            return nothing
        units = step.output_shape[0] if len(step.output_shape) in (1, 3) else 0
        count = min(self._at_once, units - seeking.first)
        if count < 1:
            return nothing
        self._chance.manual_seed(seeking.first)
        low, high, mean = some.amin(0), some.amax(0), some.mean(0)
        noise = torch.randn((count, *mean.shape), generator=self._chance).to(some.device)
        x = torch.clamp(mean + noise * _NOISE * (high.max() - low.min()), low, high)
        values = torch.zeros(count, device=some.device)
        box = self._seen(step)
        black, white, around = (each.float().cpu().numpy() for each in (*_limits(low, high), mean))
        return _Under(seeking, weights, units, x, low, high, mean, values, box, Ground(black, white, around, box))

    def _seen(self, step: Step) -> Box:
        """The part of the picture that is seen by the value that is to grow."""
        _, height, width = self._plan.input_shape
        field = receptive_fields(self._plan).get(step.name)
        if field is None or len(step.output_shape) != 3:
            return 0, 0, height, width
        top, left, bottom, right = field.seen_by(step.output_shape[1] // 2, step.output_shape[2] // 2)
        box = max(0, top), max(0, left), min(height, bottom), min(width, right)
        return box if box[0] < box[2] and box[1] < box[3] else (0, 0, height, width)

    def _climb(self, under: _Under, began: float, limit: float) -> None:
        while under.rounds < under.until:
            self._round(under)
            under.rounds += 1
            if self._waiting() or monotonic() - began >= limit:
                break

    def _round(self, under: _Under) -> None:
        x, (top, left, bottom, right) = under.x, under.box
        side = max(bottom - top, right - left)
        far = round(side * _JITTER)
        shift = [int(torch.randint(-far, far + 1, (), generator=self._chance)) for _ in range(2)]
        gradient, under.values = self._gradient(under, x.roll(shift, (2, 3)))
        gradient = gradient.roll([-way for way in shift], (2, 3))
        done = min(1.0, under.rounds / ROUNDS)
        sigma = side * (_COARSE + (_FINE - _COARSE) * done)
        noise = torch.randn(x.shape, generator=self._chance).to(x.device)
        # Where nothing pulls, look elsewhere. (Asking whether that is so anywhere would wait for the device.)
        gradient = smoothed(torch.where(_length(gradient) < 1e-12, noise, gradient), sigma)
        length = _length(gradient)
        # As long a step for a field of a few pixels as for a whole picture.
        share = math.sqrt((bottom - top) * (right - left) / math.prod(x.shape[2:]))
        step = _STEP * (1 - 0.7 * done) * (under.high.max() - under.low.min()) * share
        x = x + step * gradient / length.clamp(min=1e-12)
        under.x = torch.clamp(x + _DECAY * (under.mean - x), under.low, under.high)

    def _gradient(self, under: _Under, x: Tensor) -> tuple[Tensor, Tensor]:
        """How the picture must change for its unit to give more, and what the unit gives, (pictures,)."""
        name = self._source[under.seeking.layer]
        goal = self._goal(name)
        before, poolings = self._behind_activation(name)
        asked = {name, goal, before}
        with at_inference(self._root), torch.enable_grad():
            x = x.detach().requires_grad_(True)
            given = self._models(asked, whole=asked)(x)
            numbers = torch.arange(len(x), device=x.device) + under.seeking.first
            aim = _middle(given[goal], numbers)
            if poolings:
                loud = given[before]
                loud = loud - loud.detach().amin()  # an L2 norm would take values below 0 for such above
                for pooling in poolings:
                    loud = pooling(loud)
                aim = torch.where(aim == 0, _middle(loud, numbers), aim)
            if goal == name and self._ends_in_shares(name):
                aim = aim.clamp(min=1e-12).log()  # near 1 a share hardly moves; its logarithm does
            (gradient,) = torch.autograd.grad(aim.sum(), x)
        return gradient.detach(), _middle(given[name].detach(), numbers).float()

    def _goal(self, name: str) -> str:
        """The step whose value is to grow: before an activation function, which may be flat where it stands."""
        step = self._plan.step(name)
        alone = step is not None and step.layer.category is Category.ACTIVATION and len(step.inputs) == 1
        if step is None or not alone or self._ends_in_shares(name):
            return name
        before = step.inputs[0]
        return before if step.input_shapes[0] == step.output_shape and before != self._plan.input else name

    def _behind_activation(self, name: str) -> tuple[str, list[nn.Module]]:
        """Of a pooling behind an activation function: the step before that, and the poolings that follow it.

        Where the function gives 0 in all of the window, nothing comes back through it: pooled as if it were not there,
        what is before it tells how to get a value above 0. Nothing (and `name` itself) where there is none.
        """
        poolings: list[nn.Module] = []
        step = self._plan.step(name)
        while step is not None and step.layer.category is Category.POOLING:
            if not step.builds_module or len(step.inputs) != 1:
                return name, []
            poolings.insert(0, self._root.get_submodule(step.name))
            step = self._plan.step(step.inputs[0])
        before = self._goal(step.name) if step is not None and poolings else name
        return (before, poolings) if step is not None and before not in (step.name, name) else (name, [])

    def _ends_in_shares(self, name: str) -> bool:
        step = self._plan.step(name)
        return step is not None and step.layer.kind() == "Softmax"


def _middle(values: Tensor, numbers: Tensor) -> Tensor:
    """Of each sample the value of its own unit; of a map the one in its middle."""
    own = values[torch.arange(len(values), device=values.device), numbers]
    return own[:, own.shape[1] // 2, own.shape[2] // 2] if own.dim() == 3 else own


def _limits(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """The values of black and of white, (channels, 1, 1), from what each pixel is at least and at most."""
    return low.amin((1, 2), keepdim=True), high.amax((1, 2), keepdim=True)


def _length(gradient: Tensor) -> Tensor:
    return gradient.square().mean((1, 2, 3), keepdim=True).sqrt()


def smoothed(pictures: Tensor, sigma: float) -> Tensor:
    """Pictures (count, channels, height, width), blurred by a Gaussian of so many pixels."""
    reach = math.ceil(2 * sigma)
    if sigma < 0.3 or reach < 1:
        return pictures
    places = torch.arange(-reach, reach + 1, device=pictures.device, dtype=pictures.dtype)
    weights = torch.exp(-places.square() / (2 * sigma * sigma))
    weights = weights / weights.sum()
    channels = pictures.shape[1]
    across = weights.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    down = weights.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    found = functional.conv2d(pictures, across, padding=(0, reach), groups=channels)
    return functional.conv2d(found, down, padding=(reach, 0), groups=channels)
