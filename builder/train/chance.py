"""Random numbers of a learner's own, though PyTorch's dropout draws from generators that the whole process shares.

Whatever else draws meanwhile (another trainer, a view), a run with a seed gets the same numbers, and leaves the
process's generators as they were.
"""

from __future__ import annotations

import threading
from types import TracebackType

import torch
from torch import Tensor

_one_at_a_time = threading.Lock()


class Chance:
    """Inside `with`, the default generators give this stream's numbers; outside, the stream rests.

    Reading and writing a generator's state does not wait for the device.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self._cuda = device if device.type == "cuda" else None
        with _one_at_a_time:
            outer = self._read()
            torch.default_generator.manual_seed(seed)
            if self._cuda is not None:
                torch.cuda.default_generators[self._cuda.index or 0].manual_seed(seed)
            self._own = self._read()
            self._write(outer)
        self._outer = self._own

    def __enter__(self) -> None:
        _one_at_a_time.acquire()
        self._outer = self._read()
        self._write(self._own)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._own = self._read()
        self._write(self._outer)
        _one_at_a_time.release()

    @property
    def state(self) -> dict[str, Tensor]:
        """Where the stream stands, to be stored."""
        return dict(zip(("cpu", "device"), self._own, strict=False))

    @state.setter
    def state(self, stored: dict[str, Tensor]) -> None:
        self._own = tuple(stored[name] for name in ("cpu", "device") if name in stored)[: len(self._own)]

    def _read(self) -> tuple[Tensor, ...]:
        states = [torch.default_generator.get_state()]
        if self._cuda is not None:
            states.append(torch.cuda.get_rng_state(self._cuda))
        return tuple(states)

    def _write(self, states: tuple[Tensor, ...]) -> None:
        torch.default_generator.set_state(states[0])
        if self._cuda is not None and len(states) > 1:
            torch.cuda.set_rng_state(states[1], self._cuda)


class NoChance(Chance):
    """For a network in which nothing is random: costs nothing."""

    def __init__(self) -> None:
        self._own: tuple[Tensor, ...] = ()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
