"""What a model does, written down: `torch.fx` with values whose sizes are known.

The model runs once on values that have sizes but no numbers. So whatever it calculates from sizes (how to flatten, how
far to pad) is a plain number in the record, and only what depends on the numbers themselves cannot be followed. Knows
no layer of the catalogue.
"""

from __future__ import annotations

import logging
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch
from torch import fx, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from builder.compile.importing.refusal import Refusal
from builder.graph.model import Shape
from builder.graph.problems import Problem, ProblemError

SAMPLES = 2  # of a batch of real numbers
BATCH = 1009  # samples of the made-up batch: a prime that no other size is, so that it is known wherever it appears

# Modules that are one layer though they are not part of torch.nn.
_WHOLE = frozenset({"LayerNorm2d", "StochasticDepth", "ShiftedWindowAttention", "ShiftedWindowAttentionV2",
                   "RelativePositionalMultiHeadAttention"})  # fmt: skip

# Modules whose result has the size of their input: it need not be found out, which for batch norm takes long.
_KEEPING = (
    nn.BatchNorm2d, nn.Dropout, nn.Dropout2d, nn.GELU, nn.Hardsigmoid, nn.Hardswish, nn.Identity, nn.ReLU, nn.ReLU6,
    nn.Sigmoid, nn.SiLU, nn.Tanh,
)  # fmt: skip


def trace(model: nn.Module, shape: Shape, whole: frozenset[str] = frozenset(), samples: int = BATCH) -> fx.Graph:
    """What `model` does with one input of this shape (batch left out); each node's `meta["value"]` tells its result.

    The model is left as it was. Training of others goes on meanwhile.

    Args:
        whole: paths of modules that are one step each. They are run on real numbers, since what they do may depend on
            these; `meta["work"]` tells the multiply-adds for one sample.
        samples: in the made-up batch.

    Raises:
        Refusal: it cannot be followed; the problem names the place in its source.
    """
    tracer = _Tracer(shape, whole, samples)
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    talkative = logging.getLogger("torch._subclasses.fake_tensor")  # it prints what is a Problem here
    silent, talkative.disabled = talkative.disabled, True
    try:
        with _own_gradients_refused(tracer):
            return tracer.trace(model)
    except ProblemError:
        raise
    except Exception as error:  # the model is somebody's program: it may fail in any way
        raise Refusal(_refusal(error, tracer), tracer.place[-1] if tracer.place else "") from error
    finally:
        talkative.disabled = silent
        for module, training in modes:
            module.training = training


def follow(model: nn.Module, shape: Shape, whole: frozenset[str] = frozenset()) -> fx.Graph:
    """The same, of a model that may do another thing with another number of samples, which no graph can say.

    Raises:
        Refusal: it does so, as is found out with a few samples, or cannot be followed.
    """
    graph, few = trace(model, shape, whole), trace(model, shape, whole, SAMPLES)
    for one, other in zip_longest(graph.nodes, few.nodes):
        if one is None or other is None or (one.op, one.target) != (other.op, other.target):
            place = (one or other).meta.get("place", "")
            message = "what it does here depends on the number of samples, so it cannot be drawn as a fixed graph."
            where, hint = place or type(model).__name__, "Put such a choice outside of the model."
            raise Refusal(Problem("cannot-trace", message, where=where, hint=hint), place)
    return graph


@contextmanager
def _own_gradients_refused(tracer: _Tracer) -> Iterator[None]:
    """Functions with a gradient of their own are not followed: what they calculate would lose it."""
    usual = torch.autograd.Function.__dict__["apply"]

    def apply(cls: type[torch.autograd.Function], *args: Any, **kwargs: Any) -> Any:
        if not tracer.idle and any(isinstance(value, fx.Proxy) for value in (*args, *kwargs.values())):
            raise _Unknown(f"{cls.__name__} has a gradient of its own")
        return usual.__get__(None, cls)(*args, **kwargs)

    torch.autograd.Function.apply = classmethod(apply)  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        torch.autograd.Function.apply = usual  # type: ignore[method-assign]


class _Value(fx.Proxy):
    """A tensor of known sizes in a model that is being followed."""

    @property
    def known(self) -> Any:
        """The made-up value."""
        return self.node.meta["value"]

    def __getattr__(self, name: str) -> Any:
        if name in _TOLD:
            return getattr(self.known, name)
        return super().__getattr__(name)

    def size(self, dim: int | None = None) -> Any:
        """Sizes, as plain numbers."""
        return self.known.size() if dim is None else self.known.size(dim)

    def __len__(self) -> int:
        return len(self.known)

    def __iter__(self) -> Any:
        return (self[index] for index in range(len(self.known)))  # type: ignore[index]

    def __bool__(self) -> bool:
        raise _Unknown


class _Unknown(Exception):
    """The model asks for something that only real numbers could tell."""


# What is known of a tensor without its numbers: answered at once.
# fmt: off
_TOLD = frozenset({
    "shape", "ndim", "dtype", "device", "layout", "requires_grad", "dim", "numel", "nelement", "itemsize", "is_cuda",
    "is_floating_point", "is_complex", "ndimension", "is_contiguous", "stride",
})
# fmt: on


class _Tracer(fx.Tracer):
    """Follows one model; see `trace`."""

    proxy_buffer_attributes = True

    def __init__(self, shape: Shape, whole: frozenset[str], samples: int) -> None:
        super().__init__(param_shapes_constant=True)
        self.shape, self.whole, self.samples = shape, whole, samples
        self.place: list[str] = []  # the modules that it is in
        self._mode = FakeTensorMode(allow_non_fake_inputs=True)
        self._measuring = False
        self._work = 0  # of the module run last
        self._thread = threading.get_ident()

    @property
    def idle(self) -> bool:
        """Whether this is no step of the model: a layer at work inside, or another thread's model altogether."""
        return self._measuring or threading.get_ident() != self._thread

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        name = type(m).__name__
        if module_qualified_name in self.whole:
            return True
        return super().is_leaf_module(m, module_qualified_name) or (
            name in _WHOLE and type(m).__module__.startswith("torchvision.")
        )

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if self.idle:
            return forward(*args, **kwargs)
        self.place.append(self.path_of_module(m))
        result = super().call_module(m, forward, args, kwargs)
        self.place.pop()  # left where it is when something fails: it says where
        return result

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        return attr_val if self.idle else super().getattr(attr, attr_val, parameter_proxy_cache)

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Value(node, self)

    def create_proxy(self, kind: str, target: Any, args: Any, kwargs: Any, *rest: Any, **options: Any) -> Any:
        if kind == "call_function" and not _of_torch(target):
            return target(*args, **kwargs)  # somebody asked that it be recorded whole: follow it all the same
        options.pop("proxy_factory_fn", None)
        value = self._measure(kind, target, args, kwargs)
        if kind in ("call_function", "call_method") and not _holds_tensor(value):
            return value
        proxy = super().create_proxy(kind, target, args, kwargs, *rest, **options)
        proxy.node.meta["value"] = value
        proxy.node.meta["place"] = self.place[-1] if self.place else ""
        if kind == "call_module" and target in self.whole:
            proxy.node.meta["work"] = self._work
        return proxy

    def _measure(self, kind: str, target: Any, args: Any, kwargs: Any) -> Any:
        """The made-up result of one step."""
        if kind == "placeholder":
            weight = next(self.root.parameters(), None)
            with self._mode:
                return torch.empty(self.samples, *self.shape, device=weight.device if weight is not None else None)
        if kind == "get_attr":
            owner, _, name = target.rpartition(".")
            self._measuring = True
            try:
                return getattr(self.root.get_submodule(owner), name)
            finally:
                self._measuring = False
        if kind == "output":
            return None
        values, options = _known(args), _known(kwargs)
        if kind == "call_module" and target in self.whole:
            return self._run(self.root.get_submodule(target), values, options)
        if kind == "call_module" and type(self.root.get_submodule(target)) in _KEEPING:
            return values[0]
        self._measuring = True
        try:
            with self._mode, torch.no_grad():
                if kind == "call_module":
                    return self.root.get_submodule(target)(*values, **options)
                if kind == "call_method":
                    return getattr(values[0], target)(*values[1:], **options)
                return target(*values, **options)
        finally:
            self._measuring = False

    def _run(self, module: nn.Module, values: Any, options: Any) -> torch.Tensor:
        """The made-up result of a module that is run on real numbers."""
        if options or not all(
            isinstance(value, torch.Tensor) and value.shape[:1] == (self.samples,) for value in values
        ):
            raise _Unknown("it is given more than the values of layers")
        generator = torch.Generator().manual_seed(0)
        some = [torch.randn(SAMPLES, *value.shape[1:], generator=generator).to(value.device) for value in values]
        self._measuring = True
        try:
            with torch.no_grad(), FlopCounterMode(display=False) as counter, warnings.catch_warnings(action="ignore"):
                result = module(*some)
        finally:
            self._measuring = False
        if not isinstance(result, torch.Tensor) or result.dim() < 2 or result.shape[0] != SAMPLES:
            raise _Unknown("it gives something that is no value for each sample")
        self._work = counter.get_total_flops() // (2 * SAMPLES)
        with self._mode:
            return torch.empty(self.samples, *result.shape[1:], dtype=result.dtype, device=result.device)


def _of_torch(function: Any) -> bool:
    module = getattr(function, "__module__", None) or ""
    return module.partition(".")[0] in ("torch", "_operator", "operator", "builtins", "") or module == "math"


def _known(value: Any) -> Any:
    """Arguments with the made-up values in place of what stands for them."""
    if isinstance(value, fx.Proxy):
        return value.node.meta["value"]
    if isinstance(value, (tuple, list)):
        return type(value)(_known(item) for item in value)
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, slice):
        return slice(_known(value.start), _known(value.stop), _known(value.step))
    return value


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(_holds_tensor(item) for item in value)
    return isinstance(value, torch.Tensor)


def _refusal(error: Exception, tracer: _Tracer) -> Problem:
    """What could not be followed, and where that stands."""
    own = (str(Path(torch.__file__).parent), str(Path(__file__).parent))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(own)]
    line = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    place = " in ".join(part for part in (tracer.place[-1] if tracer.place else "", line) if part)
    sizes = "×".join(map(str, tracer.shape))
    if isinstance(error, _Unknown) and error.args:
        hint = "Write it as a module of its own in the file, so that it can be run as a whole."
        return Problem("cannot-trace", f"{error}, so it cannot be drawn as a graph.", where=place, hint=hint)
    if isinstance(error, (_Unknown, fx.proxy.TraceError)) or "data-dependent" in str(error).lower():
        message = "what it does here depends on the numbers themselves, so it cannot be drawn as a fixed graph."
        return Problem("cannot-trace", message, where=place, hint="Put such a choice outside of the model.")
    if isinstance(error, TypeError) and "argument" in str(error):
        message = "here it calls something with arguments that do not fit; a model needs one input, a tensor."
        return Problem("cannot-trace", message, where=place)
    message = f"the model cannot be run on an input of {sizes} here."
    return Problem(
        "cannot-trace",
        message,
        where=place,
        hint="Name the size of one input that it was made for, such as 3x32x32 (--input).",
    )
