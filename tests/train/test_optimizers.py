"""Each optimiser is PyTorch's own, with its defaults unless something else is asked for."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import torch
from torch import nn

from builder.train.learner import make_optimizer
from builder.train.settings import SGD, Adam, AdamW, RMSprop, TrainingSettings

KINDS = get_args(TrainingSettings.model_fields["optimizer"].annotation)
FORMS = {"fused", "foreach"}  # ways to compute the same


def made(chosen: Any) -> torch.optim.Optimizer:
    return make_optimizer(nn.Linear(2, 1), TrainingSettings(optimizer=chosen))


@pytest.mark.parametrize("kind", KINDS)
def test_the_defaults_are_pytorchs(kind: Any) -> None:
    chosen = kind(learning_rate=0.001, momentum=0) if kind is SGD else kind()
    ours = made(chosen)
    theirs = getattr(torch.optim, kind.__name__)(nn.Linear(2, 1).parameters())
    assert type(ours) is type(theirs)
    assert {name: value for name, value in ours.defaults.items() if name not in FORMS} == {
        name: value for name, value in theirs.defaults.items() if name not in FORMS
    }


@pytest.mark.parametrize("kind", KINDS)
def test_it_takes_one_pass_over_all_weights_where_pytorch_can(kind: Any) -> None:
    made_so = bool(made(kind()).defaults.get("fused"))
    try:
        getattr(torch.optim, kind.__name__)(nn.Linear(2, 1).parameters(), fused=True)
    except TypeError:
        assert not made_so
    else:
        assert made_so


@pytest.mark.parametrize(
    ("chosen", "options"),
    [
        (SGD(momentum=0.5, nesterov=True, weight_decay=0.1), {"momentum": 0.5, "nesterov": True, "weight_decay": 0.1}),
        (SGD(momentum=0, nesterov=True), {"momentum": 0, "nesterov": False}),
        (Adam(beta1=0.8, beta2=0.99, eps=1e-5), {"betas": (0.8, 0.99), "eps": 1e-5, "weight_decay": 0}),
        (AdamW(weight_decay=0.2, eps=1e-4), {"weight_decay": 0.2, "eps": 1e-4, "betas": (0.9, 0.999)}),
        (AdamW(weight_decay=0), {"weight_decay": 0}),
        (RMSprop(alpha=0.9, eps=1e-4, momentum=0.3, centered=True),
         {"alpha": 0.9, "eps": 1e-4, "momentum": 0.3, "centered": True}),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_asked_for_gets_there(chosen: Any, options: dict[str, Any]) -> None:
    defaults = made(chosen).defaults
    assert {name: defaults[name] for name in options} == options
