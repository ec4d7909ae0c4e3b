"""What training makes small, and what counts as a right answer. Knows tensors; knows neither networks nor data sets.

`scores` are what the network gives before a final softmax or sigmoid that belongs to the loss (see
`Plan.before_loss`): the loss from scores is exact where the loss from probabilities is not.
"""

from __future__ import annotations

import torch.nn.functional as functional
from torch import Tensor

from builder.train.messages import MANY, TOP
from builder.train.settings import Loss


class Objective:
    """One of the losses.

    Attributes:
        kind: its name in the settings.
        counts: whether answers can be right or wrong (classes), so that there is an accuracy.
        weights: how much a sample of each class counts while training, float32 (classes,); None for all the same.
    """

    def __init__(self, kind: Loss, *, counts: bool, weights: Tensor | None = None) -> None:
        self.kind, self.counts, self.weights = kind, counts, weights

    def training_loss(self, scores: Tensor, target: Tensor) -> Tensor:
        """The same as `loss`, but each sample counts by its class where there are weights.

        The mean is over the samples, not over their weights: so the parts of a batch that several processes share
        add up to the same.
        """
        if self.weights is None:
            return self.loss(scores, target)
        if self.kind == "cross-entropy":
            return functional.cross_entropy(scores, target, self.weights, reduction="sum") / len(target)
        weights = self.weights[target].reshape(scores.shape)
        return functional.binary_cross_entropy_with_logits(scores, _as_scores(scores, target), weights)

    def loss(self, scores: Tensor, target: Tensor) -> Tensor:
        """Mean loss of a batch: scores (samples, outputs, ...), target (samples,) or shaped like the scores."""
        if self.kind == "cross-entropy":
            return functional.cross_entropy(scores, target)
        wanted = _as_scores(scores, target)
        if self.kind == "binary-cross-entropy":
            return functional.binary_cross_entropy_with_logits(scores, wanted)
        if self.kind == "absolute-error":
            return functional.l1_loss(scores, wanted)
        return functional.mse_loss(scores, wanted)

    def correct(self, scores: Tensor, target: Tensor) -> Tensor:
        """Which answers are right: bool (samples,). Only where it `counts`."""
        said, true = self.classes(scores, target)
        return said == true

    def classes(self, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """The class that each answer names, and the true one: int64 (samples,) both. Only where it `counts`."""
        if _one_for_two(scores):
            limit = 0.0 if self.kind == "binary-cross-entropy" else 0.5
            return (scores.reshape(-1) > limit).long(), (target.reshape(-1) > 0.5).long()
        return scores.argmax(1), target

    def in_top(self, scores: Tensor, target: Tensor) -> Tensor | None:
        """Whether the true class has one of the five highest scores: bool (samples,). Only where it `counts`.

        None for up to five classes, of which each one has. Does not wait for the device.
        """
        if self.class_count(scores) < MANY:
            return None
        return (scores.topk(TOP, dim=1).indices == target[:, None]).any(1)

    def certainty(self, scores: Tensor) -> Tensor:
        """How sure each answer is of the class that it names: (samples,), for comparing. Only where it `counts`."""
        answer = self.answer(scores)
        if _one_for_two(scores):
            return (answer.reshape(-1) - 0.5).abs()
        return answer.amax(1)

    def class_count(self, scores: Tensor) -> int:
        """How many classes these scores tell apart. Only where it `counts`."""
        return 2 if _one_for_two(scores) else scores.shape[1]

    def answer(self, scores: Tensor) -> Tensor:
        """What the network says, for a reader: probabilities, or for errors between numbers the values themselves."""
        if self.kind == "cross-entropy":
            return scores.softmax(1)
        return scores.sigmoid() if self.kind == "binary-cross-entropy" else scores


def _one_for_two(scores: Tensor) -> bool:
    """Whether there is a single output: one class where it is high, the other where it is low."""
    return scores.dim() == 1 or scores.shape[1] == 1


def _as_scores(scores: Tensor, target: Tensor) -> Tensor:
    """The target in the form of the scores: class numbers become 0 and 1, one column a class if there are several."""
    if not target.is_floating_point() and scores.dim() == 2 and scores.shape[1] > 1:
        return functional.one_hot(target, scores.shape[1]).to(scores.dtype)
    return target.to(scores.dtype).reshape(scores.shape)
