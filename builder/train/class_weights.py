"""How much the samples of each class count in the loss, so that a rare class counts as much as a frequent one."""

from __future__ import annotations

from collections.abc import Sequence


def balanced(counts: Sequence[int]) -> tuple[float, ...]:
    """n / (K · n_c) for each class c with n_c samples of n, K being the classes that have any.

    Over all samples the weights have a mean of 1, so a learning rate that suits the plain loss suits this one too. A
    class without samples, which no sample can ask for, gets what a single sample would.

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.utils.class_weight.compute_class_weight.html
    """
    total, there = sum(counts), sum(count > 0 for count in counts)
    return tuple(total / (there * max(1, count)) for count in counts)
