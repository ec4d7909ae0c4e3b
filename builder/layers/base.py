"""What a layer kind declares. One class holds all that the program knows of a layer.

From it come the palette entry, the search, the inspector form, validation, live shapes, the generated code, the help
card, the file format and the contract tests. Nothing here imports torch: a layer *names* what it lowers to.

Annotations are values here, not text as elsewhere: pydantic evaluates those of `Layer` for every layer anew.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from builder.graph.frozen import FrozenDict
from builder.graph.model import Shape
from builder.graph.parameters import Parameters

Shapes = tuple[Shape, ...]


class Category(Enum):
    """Where a layer stands in the palette; also chooses its colour. The value is the heading."""

    DATA = "Input and output"
    CONVOLUTION = "Convolution"
    POOLING = "Pooling"
    ACTIVATION = "Activation"
    NORMALISATION = "Normalisation"
    DENSE = "Dense"
    REGULARISATION = "Regularisation"
    STRUCTURE = "Structure"
    BLOCK = "Blocks"


class Role(Enum):
    """What the compiler does with a layer: a value enters, is worked on, or leaves."""

    INPUT = "input"
    LAYER = "layer"
    OUTPUT = "output"


@dataclass(frozen=True)
class Ports:
    """Input and output ports, by label. With `variadic`, the last input repeats, and at least `least` must be wired."""

    inputs: tuple[str, ...] = ("in",)
    outputs: tuple[str, ...] = ("out",)
    variadic: bool = False
    least: int = 1


@dataclass(frozen=True)
class Input:
    """Placeholder in a `Call`: the node's input at `port`; with `port=None`, the list of all of them."""

    port: int | None = 0


@dataclass(frozen=True)
class Own:
    """Placeholder in the `forward` of a `Call`: a tensor of the module that it builds, by its `state_dict` name."""

    tensor: str


GETITEM, LIST = "operator.getitem", "builtins.list"  # the targets outside torch: a part of a value; a tuple as a list
FILE = "file"  # the target that means a part of a model in a Python file: name, SHA-256, class, path of the part
MODULE = "self"  # the target that means the module itself, in the `forward` of the call that builds it


@dataclass(frozen=True, init=False)
class Call:
    """A call as data: `Call("torch.nn.Conv2d", 1, 6, kernel_size=5)`.

    A call whose arguments (nested calls included) hold an `Input` is evaluated in `forward`. Any other call builds a
    module once, and `forward` calls that module with the node's inputs in port order.

    Attributes:
        target: full dotted name of something in `torch` or `torchvision`, `GETITEM`, `LIST` or `FILE`; never anything
            else.
        args: positional arguments: numbers, strings, booleans, None, slices, `...`, tuples of these, `Input`s and
            `Call`s.
        kwargs: keyword arguments, likewise.
        forward: for a call that builds a module which is not simply called with the inputs: what is evaluated in its
            place. There, `Own` stands for the module's tensors and the target `MODULE` for the module itself.
    """

    target: str
    args: tuple[Any, ...]
    kwargs: FrozenDict[str, Any]
    forward: "Call | None"

    def __init__(self, target: str, *args: Any, **kwargs: Any) -> None:
        object.__setattr__(self, "target", target)
        object.__setattr__(self, "args", args)
        object.__setattr__(self, "kwargs", FrozenDict(kwargs))
        object.__setattr__(self, "forward", None)

    def used(self, forward: "Call") -> "Call":
        """The same call for a module that `forward` says how to use."""
        call = Call(self.target, *self.args, **self.kwargs)
        object.__setattr__(call, "forward", forward)
        return call

    @property
    def builds_module(self) -> bool:
        """Whether this call makes a module (rather than being evaluated in `forward`)."""
        return not any(_holds_input(value) for value in (*self.args, *self.kwargs.values()))


def _holds_input(value: Any) -> bool:
    if isinstance(value, Input):
        return True
    if isinstance(value, Call):
        return not value.builds_module
    return isinstance(value, tuple) and any(_holds_input(item) for item in value)


@dataclass(frozen=True)
class Formula:
    """A sum to show a student: the general form and the same with this node's numbers put in.

    Subscripts are written `H_{out}`, exponents `x^{2}`; everything else is plain Unicode text.
    """

    title: str
    general: str
    numbers: str = ""


@dataclass(frozen=True)
class Window:
    """How a layer looks at its input, for receptive fields; each pair is (height, width), in input cells."""

    size: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Example:
    """One configuration with its input shapes, for documentation and contract tests; a good set covers the edges."""

    inputs: Shapes
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Remedy:
    """What would mend an unfit input, in the layer's own terms.

    Exactly one of `insert` (kind of a layer to put before the port), `change` (parameters of this layer), `replace`
    (kind of a layer to stand in this one's place) and `remove` (do without this layer) is set; `insert_params` belong
    to the new layer of either kind. The title of a removal is the layer's name, put in by who knows it.
    """

    title: str
    insert: str = ""
    insert_params: FrozenDict[str, Any] = FrozenDict()
    change: FrozenDict[str, Any] = FrozenDict()
    replace: str = ""
    remove: bool = False


class ShapeError(Exception):
    """A layer cannot take its inputs. `message` says what it got and what it needs, in a student's words.

    Attributes:
        remedies: what would mend it, the most likely to be meant first.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        field: str = "",
        port: int = 0,
        remedy: Remedy | None = None,
        also: tuple[Remedy, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message, self.hint, self.field, self.port = message, hint, field, port
        self.remedies = (remedy, *also) if remedy is not None else also


INSERT_FLATTEN = Remedy("Insert Flatten", insert="Flatten")
REMOVE = Remedy("Remove", remove=True)


class Layer(Parameters):
    """Base of all layers: the fields are the parameters, the class variables describe the kind.

    The first paragraph of a layer's docstring is its help text: what it does, in plain words, one to three sentences.

    Attributes:
        title: name in the palette.
        category: heading in the palette, and colour.
        stem: new nodes are called stem1, stem2, ...
        keywords: further words that find it.
        use: when one uses it, one sentence.
        source: where it comes from: a paper, or the address of PyTorch's page.
        ports: see `Ports`.
        role: see `Role`.
        compact: drawn as a small pill instead of a card (activations, flatten).
        auxiliary: an output that only helps training; a network needs one that is not.
        fused_with: name of the loss that works on this layer's input instead (softmax with cross-entropy).
        squeezes: its values are held between bounds or cut off at zero: no scores for a loss that is to work on them.
        units: the parameter that alone decides how many numbers it gives; empty when its input has a say.
        offered: whether palette and search show it; what only an import makes is not for drawing by hand.
        examples: see `Example`.
    """

    title: ClassVar[str]
    category: ClassVar[Category]
    stem: ClassVar[str]
    keywords: ClassVar[tuple[str, ...]] = ()
    use: ClassVar[str] = ""
    source: ClassVar[str] = ""
    ports: ClassVar[Ports] = Ports()
    role: ClassVar[Role] = Role.LAYER
    compact: ClassVar[bool] = False
    auxiliary: ClassVar[bool] = False
    fused_with: ClassVar[str] = ""
    squeezes: ClassVar[bool] = False
    units: ClassVar[str] = ""
    offered: ClassVar[bool] = True
    examples: ClassVar[tuple[Example, ...]] = ()

    @classmethod
    def kind(cls) -> str:
        """The name that files and nodes use."""
        return cls.__name__

    @classmethod
    def help(cls) -> str:
        """What the layer does: the first paragraph of the docstring on one line."""
        return " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())

    def output_shape(self, inputs: Shapes) -> Shape:
        """Shape of the output for inputs of these shapes, batch dimension left out. Raises `ShapeError`."""
        raise NotImplementedError

    def lower(self, inputs: Shapes) -> Call:
        """The PyTorch call that this layer is, for inputs of these (fitting) shapes."""
        raise NotImplementedError

    def headline(self) -> str:
        """Kind and key numbers on one line for the card: "Conv 5x5, 16, pad 2" (with a real multiplication sign)."""
        return self.title

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        """Learned tensors by their `state_dict` name, with their shapes."""
        return {}

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        """Multiplications-and-additions for one sample, each pair counted as one."""
        return 0

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        """The arithmetic to show, most important first."""
        return ()

    def window(self, inputs: Shapes) -> Window | None:
        """How one output cell looks at the input; None when it sees all of it, or no single window tells it."""
        return Window()

    def initial(self, inputs: Shapes) -> tuple[tuple[str, Call], ...]:
        """How the learned tensors begin, by their `state_dict` name; those left out begin as PyTorch has it.

        Each call names a function in `torch.nn.init` that fills a tensor in place. The compiler passes the tensor as
        the first argument, before the call's own.
        """
        return ()

    def parameter_count(self, inputs: Shapes) -> int:
        """Number of learned numbers."""
        return sum(math.prod(shape) for shape in self.weights(inputs).values())


def unusual(layer: Layer, **usual: Any) -> dict[str, Any]:
    """The named parameters whose value is not PyTorch's own default, so that a call says no more than it must.

    A square pair becomes one number.
    """
    found = {name: getattr(layer, name) for name in usual}
    return {name: short(value) for name, value in found.items() if value != usual[name]}


def short(value: Any) -> Any:
    """A square pair as its one number, as a person would write it; everything else as it is."""
    square = isinstance(value, tuple) and len(value) == 2 and value[0] == value[1]
    return value[0] if square else value


def product(numbers: Shape) -> str:
    """(16, 5, 5) as the sum to show: 16·5·5."""
    return "·".join(str(number) for number in numbers)


def show(shape: Shape) -> str:
    """A shape for a reader: 16×5×5; a single number stands alone."""
    return "×".join(str(size) for size in shape) if shape else "one number"


def show_pair(pair: tuple[int, int]) -> str:
    """(5, 5) as 5×5, for kernels."""
    return f"{pair[0]}×{pair[1]}"


def brief(pair: tuple[int, int]) -> str:
    """(2, 2) as 2, (2, 1) as 2×1, for strides and paddings."""
    return str(pair[0]) if pair[0] == pair[1] else show_pair(pair)
