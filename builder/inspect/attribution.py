"""Which parts of a picture speak for a class: Grad-CAM, saliency, integrated gradients and occlusion.

Every method asks for the score of the class, which is what the loss works on: before a final softmax or sigmoid, where
a network that is sure still has gradients. Written with `torch.autograd` and the plan, so that any step can be looked
at, also one that is no module (a sum, a concatenation), and so that nothing of the training is touched: no hook hangs
on its modules, no gradient arrives in `.grad`. Tests compare it with captum, which is not used here: it hooks modules,
imports matplotlib's pyplot with it (0.3 to 0.6 s, in which a window stood still for 90 to 125 ms, and 33 MB), and was
1.5 times as slow for integrated gradients and 1.4 to 7 times for occlusion.

Sources: Grad-CAM: Selvaraju and others, 2017, https://arxiv.org/abs/1610.02391; saliency: Simonyan, Vedaldi and
Zisserman, 2013, https://arxiv.org/abs/1312.6034; integrated gradients: Sundararajan, Taly and Yan, 2017,
https://arxiv.org/abs/1703.01365; occlusion: Zeiler and Fergus, 2013, https://arxiv.org/abs/1311.2901.
"""

from __future__ import annotations

import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, fx, nn

from builder.compile.module import rewire
from builder.compile.plan import Plan
from builder.inspect.activations import at_inference
from builder.inspect.question import Attribution, Method, Named, Question

SHARE = 0.05  # of the time, which answers may take
STEPS = 32  # on the way from the mean of the data to the picture
VALUES = 1 << 25  # numbers that the layers give for the samples of one pass, all of which are in memory at once
_PARTS = 5  # of a side of the picture is an occluding patch
_FINENESS = 3  # times the patch moves on its own length
REMEMBERED = 4  # rewired models kept

Pick = Callable[[Tensor], Tensor]  # the score of the class asked for: (samples, outputs) to (samples,)

log = logging.getLogger(__name__)


def _nobody() -> bool:
    return False


class CutShortError(Exception):
    """Somebody waits for something else."""


class Attributor:
    """Answers questions about one network."""

    def __init__(
        self,
        root: nn.Module,
        plan: Plan,
        scores: str,
        answer: Callable[[Tensor], Tensor],
        *,
        classes: bool,
        waiting: Callable[[], bool] = _nobody,
    ) -> None:
        """Look into `root`.

        Args:
            scores: the step whose value the loss works on; `answer` makes of it what the network says.
            classes: whether answers are classes; a single output then tells two apart.
            waiting: whether somebody waits, so that an answer that takes many passes is to be cut short.
        """
        self._waiting = waiting
        self._root, self._plan, self._scores, self._answer = root, plan, scores, answer
        self._classes = classes
        self._models: OrderedDict[str, fx.GraphModule] = OrderedDict()
        values = sum(math.prod(step.output_shape) for step in plan.steps)
        self._at_once = max(1, VALUES // max(1, values))

    def __call__(
        self, question: Question, x: Tensor, scores: Tensor, target: float | None
    ) -> tuple[Tensor, Tensor] | None:
        """The values, float32 (height, width), and the number of the class, int64 (1,); None where there are none.

        Raises `CutShortError` when somebody waits.

        Args:
            x: the picture, (1, channels, height, width).
            scores: what the network gives for it, (1, outputs).
            target: its class, if somebody knows it.
        """
        if x.dim() != 4 or scores.dim() != 2:
            return None
        chosen = self._choose(question.of, scores, target)
        if chosen is None:
            return None
        number, pick = chosen
        match question.method:
            case Method.GRAD_CAM:
                if self._plan.step(question.layer) is None:
                    return None
                values = self._grad_cam(question.layer, x, pick)
            case Method.SALIENCY:
                values = self._gradients(self._plan.input, x, pick)[1][0].abs().amax(0)
            case Method.INTEGRATED_GRADIENTS:
                values = self._integrated(x, pick)
            case Method.OCCLUSION:
                values = self._occluded(x, pick(scores), pick)
        return values.detach(), number

    def _choose(self, of: int | Named, scores: Tensor, target: float | None) -> tuple[Tensor, Pick] | None:
        single = scores.shape[1] == 1
        if of is Named.TRUTH and self._classes and target is not None:
            of = int(target)
        if isinstance(of, int):
            if of >= (2 if single and self._classes else scores.shape[1]):
                return None
            number = torch.tensor([of], device=scores.device)
        elif not single:
            number = scores.argmax(1)
        elif self._classes:
            number = (self._answer(scores)[0] > 0.5).long()
        else:
            number = torch.zeros(1, dtype=torch.int64, device=scores.device)
        if not single:
            return number, lambda values: values.gather(1, number.expand(len(values), 1))[:, 0]
        if not self._classes:
            return number, lambda values: values[:, 0]
        return number, lambda values: values[:, 0] * (2 * number - 1)  # one output: high for class 1, low for class 0

    def _grad_cam(self, layer: str, x: Tensor, pick: Pick) -> Tensor:
        maps, gradient = self._gradients(layer, x, pick)
        weights = gradient.mean((2, 3), keepdim=True)
        seen = functional.relu((weights * maps).sum(1, keepdim=True))
        return functional.interpolate(seen, size=x.shape[2:], mode="bilinear")[0, 0]

    def _integrated(self, x: Tensor, pick: Pick) -> Tensor:
        total = torch.zeros_like(x[0])
        places = (torch.arange(STEPS, device=x.device) + 0.5) / STEPS  # the middles of as many equal parts of the way
        for some in self._passes(places):
            total += self._gradients(self._plan.input, x * some.view(-1, 1, 1, 1), pick)[1].sum(0)
        return (x[0] * total / STEPS).sum(0)

    def _occluded(self, x: Tensor, whole: Tensor, pick: Pick) -> Tensor:
        hidden = patches(x.shape[2], x.shape[3]).to(x.device)
        model = self._model(self._scores)
        fall = torch.zeros(x.shape[2:], device=x.device)
        with at_inference(self._root):
            for some in self._passes(hidden):
                scores = pick(model(x * ~some[:, None])[self._scores])
                fall += ((whole - scores).view(-1, 1, 1) * some).sum(0)
        return fall / hidden.sum(0)

    def _passes(self, whole: Tensor) -> Iterator[Tensor]:
        for number, some in enumerate(whole.split(self._at_once)):  # type: ignore[no-untyped-call]
            if number and self._waiting():
                raise CutShortError
            yield some

    def _gradients(self, source: str, x: Tensor, pick: Pick) -> tuple[Tensor, Tensor]:
        """The value of a node for a batch, and the gradient of the score with respect to it."""
        with at_inference(self._root), torch.enable_grad():
            values = self._model(source)(x.detach().requires_grad_(True))
            value, score = values[source], pick(values[self._scores]).sum()
            found = None
            if score.requires_grad and value.requires_grad:
                (found,) = torch.autograd.grad(score, value, allow_unused=True)
        return value.detach(), torch.zeros_like(value) if found is None else found

    def _model(self, source: str) -> fx.GraphModule:
        """A model that gives the value of a node, as it was before others work on it in place, and the scores."""
        model = self._models.get(source)
        if model is None:
            model = rewire(self._root, self._plan, sorted({source, self._scores}))
            _keep_whole(model, source)
            self._models[source] = model
            if len(self._models) > REMEMBERED:
                self._models.popitem(last=False)
        self._models.move_to_end(source)
        return model


def _keep_whole(model: fx.GraphModule, source: str) -> None:
    """Let those who use the value of `source` have a copy: the code of a user's file may change it in place."""
    end: Any = model.graph.output_node()
    value = end.args[0][source]
    with model.graph.inserting_after(value):
        copy = model.graph.call_function(torch.clone, (value,))
    value.replace_all_uses_with(copy, delete_user_cb=lambda user: user not in (copy, end))
    model.recompile()


def patches(height: int, width: int) -> Tensor:
    """Where patches hide a picture: bool (patches, height, width). Every pixel is hidden by one at least."""
    (side, tops), (across, lefts) = _places(height), _places(width)
    hidden = torch.zeros(len(tops) * len(lefts), height, width, dtype=torch.bool)
    for number, (top, left) in enumerate((top, left) for top in tops for left in lefts):
        hidden[number, top : top + side, left : left + across] = True
    return hidden


def _places(length: int) -> tuple[int, list[int]]:
    """The side of a patch, and where patches begin on a side of the picture."""
    side = min(length, max(2, round(length / _PARTS)))
    starts = list(range(0, length - side + 1, max(1, side // _FINENESS)))
    return side, starts if starts[-1] == length - side else [*starts, length - side]


@dataclass(frozen=True)
class Asked:
    """What is to be found out: which question, about which sample, with which weights."""

    question: Question
    source: object
    weights: object


class Explainer:
    """Answers the question of the moment, now and then: the newest answer stays until there is another one.

    Attributes:
        cut_short: the last answer was given up, since somebody waited.
    """

    def __init__(self, attributor: Attributor) -> None:
        self._attributor = attributor
        self._asked: Asked | None = None  # what the newest answer is to
        self._newest: Attribution | None = None
        self._due = -math.inf
        self.cut_short = False

    def begin(
        self, asked: Asked | None, x: Tensor, scores: Tensor, target: float | None, *, fresh: bool | None
    ) -> Mapping[str, Tensor]:
        """Work out an answer, where one is wanted and due: what is to be fetched for `end`.

        Args:
            fresh: whether it must not be older than the weights; None for no work at all.
        """
        if asked is None:
            self._asked = self._newest = None
            self.cut_short = False
            return {}
        before, began = self._asked, time.monotonic()
        another = before is None or (asked.question, asked.source) != (before.question, before.source)
        if another:
            self._asked = self._newest = None
        if asked == before or fresh is None or not (another or fresh or began >= self._due):
            return {}
        self._asked, self.cut_short = asked, False
        try:
            found = self._attributor(asked.question, x, scores, target)
        except CutShortError:
            self._asked, self.cut_short = before if not another else None, True
            found = None
        except (RuntimeError, MemoryError):  # too large, or no way back through a user's own code
            log.debug("no answer to %s", asked.question, exc_info=True)
            self._newest = Attribution(asked.question, 0, np.empty((0, 0), np.float32))
            found = None
        ended = time.monotonic()
        self._due = ended + (ended - began) / SHARE
        return {} if found is None else {"attribution": found[0], "attributed": found[1]}

    def end(self, asked: Asked | None, arrays: Mapping[str, NDArray[Any]]) -> Attribution | None:
        """The newest answer, with what has arrived."""
        if asked is None:
            return None
        if "attribution" in arrays:
            self._newest = Attribution(asked.question, int(arrays["attributed"][0]), arrays["attribution"])
        newest = self._newest
        return newest if newest is not None and newest.question == asked.question else None
