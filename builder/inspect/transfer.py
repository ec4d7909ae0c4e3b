"""Tensors on their way from the training device to NumPy, without making the training wait.

On CUDA a copy that was only started holds wrong values: so the values are cloned on the stream that made them, copied
on a side stream into pinned memory, and may be read once that stream's event has completed. Elsewhere copying is
immediate. Knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor


class Fetch:
    """Some tensors being copied. Begin, go on with other work, and read when `ready`.

    Floating-point values arrive as float32, all others as they are; each array is contiguous and belongs to the caller.
    """

    def __init__(self, tensors: Mapping[str, Tensor], side: torch.cuda.Stream | None = None) -> None:
        self._event: torch.cuda.Event | None = None
        if side is None:
            self._copies = {name: _own(tensor).to("cpu") for name, tensor in tensors.items()}
            return
        owned = {name: _own(tensor) for name, tensor in tensors.items()}
        side.wait_stream(torch.cuda.current_stream(side.device))
        self._copies = {}
        with torch.cuda.stream(side):
            for name, tensor in owned.items():
                pinned = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
                self._copies[name] = pinned.copy_(tensor, non_blocking=True)
                # The allocator must not hand this memory out again before the side stream has read it.
                tensor.record_stream(side)
            self._event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._event.record(side)

    @property
    def ready(self) -> bool:
        """Whether reading would not wait."""
        return self._event is None or self._event.query()  # type: ignore[no-untyped-call]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The values; waits for them when they are still on their way."""
        if self._event is None:
            return {name: tensor.numpy() for name, tensor in self._copies.items()}
        self._event.synchronize()
        # Pinned memory is scarce: what the window keeps lies in ordinary memory.
        return {name: tensor.numpy().copy() for name, tensor in self._copies.items()}


def side_stream(device: torch.device) -> torch.cuda.Stream | None:
    """A stream for copies, where the device has streams; keep it, and hand it to each `Fetch`."""
    if device.type != "cuda":
        return None
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


def _own(tensor: Tensor) -> Tensor:
    tensor = tensor.detach()
    kind = torch.float32 if tensor.is_floating_point() else tensor.dtype
    return tensor.to(kind, copy=True, memory_format=torch.contiguous_format)
