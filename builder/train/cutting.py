"""Ends a forward pass between two layers once the run is to stop: one of a very large network takes seconds.

It costs a run nothing until then: only a wish to stop puts hooks on the layers. Nothing that is kept is touched by half
a pass, so a run that goes on later gives the figures that it would have given. Knows no commands.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import CodeType

from torch import nn
from torch.utils.hooks import RemovableHandle

from builder.train.learner import Learner
from builder.train.loop import evaluate


class Cutting:
    """Ends the pass of a learner that is under way, on the thread that makes it, by an exception."""

    def __init__(self, learner: Learner, thread: int, error: Callable[[], Exception]) -> None:
        """Begin: on any thread.

        Args:
            thread: identifier of the one that trains; `error` makes what is raised there.
        """
        self._thread, self._error = thread, error
        self._passes: tuple[CodeType, ...] = (evaluate.__code__,)
        if forgets(learner.root):
            self._passes += (Learner.forward.__code__,)
        self._hooks: list[RemovableHandle] = [
            module.register_forward_pre_hook(self._hook) for module in learner.root.modules()
        ]

    def end(self) -> None:
        """Leave the layers as they were."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def _hook(self, _module: nn.Module, _given: object) -> None:
        # Looks inside the network go through the same layers: they are short, and may come between phases of a step.
        if threading.get_ident() == self._thread and self._under_way():
            raise self._error()

    def _under_way(self) -> bool:
        frame = sys._getframe(1)
        while frame is not None and frame.f_back is not None:
            if frame.f_code in self._passes:
                return True
            frame = frame.f_back
        return False


def forgets(root: nn.Module) -> bool:
    """Whether a pass in training leaves nothing behind: no running averages, and no layer of somebody else's code."""
    if any(True for _ in root.buffers()):
        return False
    return all(type(module).__module__.partition(".")[0] in ("torch", "builder") for module in root.modules())
