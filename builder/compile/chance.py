"""Random numbers of one's own, though PyTorch's dropout and initial weights draw from generators of the whole process.

Whatever else draws meanwhile (another trainer, a view, an export), a run with a seed gets the same numbers, and leaves
the process's generators as they were.
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
        self._device = device
        with _one_at_a_time:
            outer = self._read()
            torch.default_generator.manual_seed(seed)
            if device.type == "cuda":
                torch.cuda.default_generators[device.index or 0].manual_seed(seed)
            elif device.type == "mps":
                torch.mps.manual_seed(seed)
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
        if kind is None:  # what was cut short is made again as a whole
            self._own = self._read()
        self._write(self._outer)
        _one_at_a_time.release()

    @property
    def state(self) -> dict[str, Tensor]:
        """Where the stream stands, to be stored."""
        return dict(zip(("cpu", "device"), self._own, strict=False))

    @state.setter
    def state(self, stored: dict[str, Tensor]) -> None:
        # A run that comes from another kind of device has stored nothing for this one: it begins as a fresh one does.
        self._own = tuple(stored.get(name, own) for name, own in self.state.items())

    def _read(self) -> tuple[Tensor, ...]:
        states = [torch.default_generator.get_state()]
        if self._device.type == "cuda":
            states.append(torch.cuda.get_rng_state(self._device))
        elif self._device.type == "mps":
            states.append(torch.mps.get_rng_state())
        return tuple(states)

    def _write(self, states: tuple[Tensor, ...]) -> None:
        torch.default_generator.set_state(states[0])
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(states[1], self._device)
        elif self._device.type == "mps":
            torch.mps.set_rng_state(states[1])


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
