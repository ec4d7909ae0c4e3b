"""Models over a network's own modules that return chosen values, kept while somebody goes on asking for them.

Knows plans and modules; runs nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import torch
from torch import fx, nn

from builder.compile.module import rewire
from builder.compile.plan import Plan


class Rewired:
    """The models of one network by what they return; of those, the ones that were asked for last are kept.

    The window asks for the same nodes thirty times a second.
    """

    def __init__(self, root: nn.Module, plan: Plan, remembered: int) -> None:
        self._root, self._plan, self._remembered = root, plan, remembered
        self._models: OrderedDict[tuple[frozenset[str], frozenset[str]], fx.GraphModule] = OrderedDict()

    def __call__(self, steps: Iterable[str], whole: Iterable[str] = ()) -> fx.GraphModule:
        """A model that returns the values of these steps (or of the input) in a dict by name.

        Args:
            whole: those of them that are returned as they were before others work on them in place.
        """
        key = frozenset(steps), frozenset(whole)
        model = self._models.get(key)
        if model is None:
            model = rewire(self._root, self._plan, sorted(key[0]))
            if key[1]:
                _keep_whole(model, key[1])
            self._models[key] = model
            if len(self._models) > self._remembered:
                self._models.popitem(last=False)
        self._models.move_to_end(key)
        return model


def _keep_whole(model: fx.GraphModule, names: Iterable[str]) -> None:
    """Let those who use these values have copies: the code of a user's file may change them in place."""
    end: Any = model.graph.output_node()
    for name in names:
        value = end.args[0][name]
        with model.graph.inserting_after(value):
            copy = model.graph.call_function(torch.clone, (value,))
        value.replace_all_uses_with(copy, delete_user_cb=lambda user, copy=copy: user not in (copy, end))
    model.recompile()
