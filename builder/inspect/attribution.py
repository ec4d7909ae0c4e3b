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

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, nn

from builder.compile.plan import Plan
from builder.inspect.activations import at_inference, named_classes
from builder.inspect.question import Attribution, Method, Named, Question
from builder.inspect.rewired import Rewired
from builder.inspect.sparing import Asked, CutShortError, Sparing

STEPS = 32  # on the way from the mean of the data to the picture
VALUES = 1 << 25  # numbers that the layers give for the samples of one pass, all of which are in memory at once
_PARTS = 5  # of a side of the picture is an occluding patch
_FINENESS = 3  # times the patch moves on its own length
REMEMBERED = 4  # rewired models kept

Pick = Callable[[Tensor], Tensor]  # the score of the class asked for: (samples, outputs) to (samples,)


def _nobody() -> bool:
    return False


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
        self._models = Rewired(root, plan, REMEMBERED)
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
        elif self._classes or not single:
            number = named_classes(scores, self._answer)
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
        model = self._models((self._scores,))
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
            values = self._models({source, self._scores}, whole=(source,))(x.detach().requires_grad_(True))
            value, score = values[source], pick(values[self._scores]).sum()
            found = None
            if score.requires_grad and value.requires_grad:
                (found,) = torch.autograd.grad(score, value, allow_unused=True)
        return value.detach(), torch.zeros_like(value) if found is None else found


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


class Explainer(Sparing[Attribution]):
    """Answers the question of the moment, now and then."""

    def __init__(self, attributor: Attributor) -> None:
        super().__init__()
        self._attributor = attributor

    def begin(
        self, asked: Asked | None, x: Tensor, scores: Tensor, target: float | None, *, fresh: bool | None
    ) -> Mapping[str, Tensor]:
        """Work out an answer, where one is wanted and due: what is to be fetched for `end`.

        Args:
            fresh: as of `Sparing`.
        """
        question = asked.question if asked is not None else None
        assert question is None or isinstance(question, Question)

        def work() -> Mapping[str, Tensor]:
            found = self._attributor(question, x, scores, target) if question is not None else None
            return {} if found is None else {"attribution": found[0], "attributed": found[1]}

        def failed() -> Attribution:
            return Attribution(question or Question(), 0, np.empty((0, 0), np.float32))

        return self.work_out(asked, work, failed, fresh=fresh)

    def end(self, asked: Asked | None, arrays: Mapping[str, NDArray[Any]]) -> Attribution | None:
        """The newest answer, with what has arrived."""
        if asked is None:
            return None
        if "attribution" in arrays:
            assert isinstance(asked.question, Question)
            self.newest = Attribution(asked.question, int(arrays["attributed"][0]), arrays["attribution"])
        newest = self.newest
        return newest if newest is not None and newest.question == asked.question else None
