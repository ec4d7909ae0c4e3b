"""A device that is not there: tensors that say they lie on CUDA (or MPS), and compute on the CPU behind that.

A real device refuses to mix its tensors with those of the CPU, and so does this one, with the same words. It computes
real values, so that whole runs can be made on it. It also notes each time that the CPU would have waited for it.

To C++, which has no such device, the tensors are on `meta`: nothing is done there with them that this does not see.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

aten = torch.ops.aten

# What may have one tensor here and one there.
_COPIES = {aten.copy_.default, aten._to_copy.default}
# How much comes out depends on the values: the CPU waits to learn it.
_WAITS = {
    aten._local_scalar_dense.default, aten.nonzero.default, aten.masked_select.default, aten.bincount.default,
    aten.equal.default, aten._unique2.default, aten.unique_dim.default, aten.repeat_interleave.Tensor,
}  # fmt: skip


_Generator = torch.Generator  # the name stands for `FarGenerator` meanwhile


class FarTensor(Tensor):
    """One tensor on the device that is not there; `near` holds its values."""

    near: Tensor
    place: torch.device

    @staticmethod
    def __new__(cls, near: Tensor, place: torch.device) -> FarTensor:
        made: FarTensor = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, near.size(), strides=near.stride(), storage_offset=near.storage_offset(), dtype=near.dtype,
            layout=near.layout, device="meta",
        )  # fmt: skip
        made.near, made.place = near, place
        return made

    device = property(lambda self: self.place)  # type: ignore[assignment]
    is_cuda = property(lambda self: self.place.type == "cuda")  # type: ignore[assignment]
    is_mps = property(lambda self: self.place.type == "mps")  # type: ignore[assignment]
    is_meta = property(lambda self: False)  # type: ignore[assignment]

    def __repr__(self, **_: Any) -> str:
        return f"far {self.near!r}"

    def record_stream(self, stream: Any) -> None:
        """What a real one tells its allocator."""

    def tolist(self) -> Any:
        """PyTorch has it for no subclass."""
        return self.cpu().tolist()

    def pin_memory(self, *_: Any) -> Tensor:
        raise RuntimeError("only dense CPU tensors can be pinned")

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError(f"{func} of a far tensor outside of the mode: on another thread?")


class FarGenerator(_Generator):
    """A generator of the device that is not there.

    Attributes:
        made: every one so far, by what C++ knows it as: it does not give back the Python object.
    """

    made: ClassVar[dict[int, FarGenerator]] = {}
    place: torch.device

    def __new__(cls, device: Any = "cpu") -> Any:
        place = torch.device(device)
        if place.type == "cpu":
            return _Generator()
        made = _Generator.__new__(cls)
        made.place = place
        cls.made[made._cdata] = made
        return made


class Far(TorchDispatchMode):
    """Inside, `device` is there.

    Attributes:
        own: what is drawn from where no generator is named.
        waits: where the CPU would have waited for the device: the operation, and the lines of ours that led to it.
    """

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device
        self.own = FarGenerator(device)
        self.waits: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        leaves = tree_leaves((args, kwargs))
        far = [leaf for leaf in leaves if isinstance(leaf, FarTensor)]
        near = [leaf for leaf in leaves if isinstance(leaf, Tensor) and not isinstance(leaf, FarTensor)]
        if far and func not in _COPIES and any(tensor.dim() for tensor in near):
            raise RuntimeError(f"Expected all tensors to be on the same device, but got {self.device} and cpu ({func})")
        wished = kwargs.get("device")
        if wished is not None and wished.type == "meta":  # C++ says where it believes its tensors to be
            wished = self.device
        there = bool(far) if wished is None else wished.type == self.device.type
        if func is aten.copy_.default:
            there = isinstance(args[0], FarTensor)
        if there and any(argument.name == "generator" for argument in func._schema.arguments):
            kwargs.setdefault("generator", self.own)  # what names no generator draws from the device's own
        self._check(func, args, kwargs, there=there, far=bool(far))
        if wished is not None:
            kwargs["device"] = torch.device("cpu")
        kwargs.pop("pin_memory", None)
        known = {id(tensor.near): tensor for tensor in far}
        inner_args, inner_kwargs = tree_map(lambda leaf: leaf.near if isinstance(leaf, FarTensor) else leaf,
                                            (args, kwargs))  # fmt: skip
        found = func(*inner_args, **inner_kwargs)

        def outer(value: Any) -> Any:
            if not isinstance(value, Tensor) or not there:
                return value
            if self.device.type == "mps" and value.dtype == torch.float64:
                raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support it")
            same = known.get(id(value))
            return FarTensor(value, self.device) if same is None else same

        return tree_map(outer, found) if there else found

    def _check(self, func: Any, args: Any, kwargs: dict[str, Any], *, there: bool, far: bool) -> None:
        generator = kwargs.get("generator")
        if generator is not None and (generator._cdata in FarGenerator.made) is not there:
            raise RuntimeError(f"Expected a generator of another device ({func})")
        at_once = kwargs.get("non_blocking", False) or (func is aten.copy_.default and args[2:] == (True,))
        waits = func in _WAITS or (not there and not at_once)
        if func is aten.index.Tensor:
            waits = any(index is not None and index.dtype in (torch.bool, torch.uint8) for index in args[1])
        if far and waits:
            lines = [f"{line.filename.rpartition('/builder/')[2]}:{line.lineno}" for line in traceback.extract_stack()
                     if "/builder/" in line.filename]  # fmt: skip
            self.waits.append(f"{func} at {' > '.join(lines[-3:])}")


class _Stream:
    """Work in order, all of it done at once."""

    def __init__(self, device: Any = None) -> None:
        self.device = torch.device(device or "cuda:0")

    def wait_stream(self, other: Any) -> None:
        pass


class _Event:
    """Completed as soon as it is recorded."""

    def record(self, stream: Any = None) -> None:
        pass

    def query(self) -> bool:
        return True

    def synchronize(self) -> None:
        pass


@contextmanager
def _within(stream: Any) -> Iterator[None]:
    yield


def _nothing(*_: Any) -> None:
    pass


@contextmanager
def faraway(kind: str, patch: pytest.MonkeyPatch) -> Iterator[Far]:
    """Inside, this machine has a device of this kind ("cuda" or "mps"), for the calling thread."""
    from builder.data.augmenter import _points
    from builder.data.prepare import forget
    from builder.train import learner

    # With its number: C++ would ask a device without one for it.
    place = torch.device(kind, 0)
    patch.setattr(learner, "choose_device", lambda wish: place)
    far = Far(place)
    patch.setattr(torch, "Generator", FarGenerator)
    if kind == "mps":
        patch.setattr(torch.mps, "get_rng_state", far.own.get_state)
        patch.setattr(torch.mps, "set_rng_state", far.own.set_state)
        patch.setattr(torch.mps, "manual_seed", far.own.manual_seed)
    else:
        patch.setattr(torch.cuda, "_lazy_init", _nothing)
        patch.setattr(torch.cuda, "default_generators", (far.own,))
        patch.setattr(torch.cuda, "get_rng_state", lambda _: far.own.get_state())
        patch.setattr(torch.cuda, "set_rng_state", lambda state, _: far.own.set_state(state))
        patch.setattr(torch.cuda, "manual_seed_all", far.own.manual_seed)
        patch.setattr(torch.cuda, "Stream", _Stream)
        patch.setattr(torch.cuda, "Event", _Event)
        patch.setattr(torch.cuda, "current_stream", _Stream)
        patch.setattr(torch.cuda, "stream", _within)
    # Not into the parameters that there are: C++ would fill them without asking for `near`.
    patch.setattr(torch.__future__, "_overwrite_module_params_on_conversion", True)
    lifts = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)  # or `torch.tensor(..., device=...)` would go to the device by itself
    try:
        with far:
            yield far
    finally:
        torch._C._set_only_lift_cpu_tensors(lifts)
        forget()  # others must not get tensors of a device that is gone
        _points.cache_clear()
        FarGenerator.made.clear()
