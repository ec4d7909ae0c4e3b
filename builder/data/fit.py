"""Whether a data set goes with a network: pure rules on shapes, quick enough to run at every edit. No torch, no data.

Knows no layer: whoever calls it names the nodes, and the parameter that sets the number of outputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from builder.data.augmentation import augmentation_problems
from builder.data.catalogue import DataSet, Task, data_sets, find
from builder.data.settings import WHITENED, DataSettings
from builder.graph.frozen import FrozenDict
from builder.graph.model import Shape
from builder.graph.problems import AddAfter, Edit, Fix, Problem, SetParams, SetSetting

CROSS_ENTROPY, BINARY, SQUARED = "cross-entropy", "binary-cross-entropy", "squared-error"
_DISTANCES = {SQUARED, "absolute-error"}  # between numbers, however many
_LOSS = "training.loss"
_DATASET = "data.dataset"
_MISFITS = ("data-misfit", "output-misfit")
_USE_DIGITS = Fix("Use the built-in digits", (SetSetting(_DATASET, "digits"),))
Other = Callable[[], Fix]
"""The data to offer instead, asked for where nothing but other data mends it."""
Answers = Callable[[Shape], Shape | None]
"""What the network would answer with, were its input of this shape; None where it would not do."""


@dataclass(frozen=True)
class Ends:
    """The names at both ends of the network, for placing problems and fixes; empty where unknown.

    Attributes:
        input: the input node; its parameter `shape` is the input's shape.
        output: the node whose value is compared with the target.
        units: the parameter of `output` that sets how many numbers it gives.
        asks: the loss that the last layer is a part of, as a sigmoid is of binary cross-entropy; empty for none.
        behind: the node behind which another layer would give the scores.
    """

    input: str = ""
    output: str = ""
    units: str = ""
    asks: str = ""
    behind: str = ""


def check_fit(
    settings: DataSettings,
    input_shape: Shape | None,
    output_shape: Shape | None,
    loss: str,
    ends: Ends | None = None,
    answers: Answers = lambda _shape: None,
) -> tuple[Problem, ...]:
    """What keeps the chosen data set from training a network with these shapes; shapes that are unknown are not judged.

    Where the network or the data set may give way, the other data set is among what is offered.

    Args:
        loss: `cross-entropy`, `binary-cross-entropy`, `squared-error` or `absolute-error`.
        answers: asked only where another input may mend it.
    """

    @cache
    def fitting() -> Fix | None:
        if input_shape is None or output_shape is None:
            return None
        return _other_data(settings, input_shape, output_shape, loss)

    found = _check(settings, input_shape, output_shape, loss, ends or Ends(), answers, lambda: fitting() or _USE_DIGITS)
    if not any(problem.code in _MISFITS for problem in found) or (other := fitting()) is None:
        return found
    info = find(settings.dataset)
    # Pictures are asked of a network that gives a list: it was not made for such data.
    alien = info is not None and bool(info.target_shape) and output_shape is not None and len(output_shape) == 1
    return tuple(_offering(problem, other, first=alien) if problem.code in _MISFITS else problem for problem in found)


def _other_data(settings: DataSettings, input_shape: Shape, output_shape: Shape, loss: str) -> Fix | None:
    """The first data set, of those that need no download, that goes with the network as it is."""
    for key, info in data_sets().items():
        if info.download_size or key == settings.dataset:
            continue
        other = settings.model_copy(update={"dataset": key})
        if not _check(other, input_shape, output_shape, loss, Ends(), lambda _shape: None, lambda: _USE_DIGITS):
            return _USE_DIGITS if key == "digits" else Fix(f"Use {info.title}", (SetSetting(_DATASET, key),))
    return None


def _offering(problem: Problem, other: Fix, *, first: bool) -> Problem:
    """The problem, for which other data are offered too: before all else, or where there is nothing else yet."""
    if other in problem.fixes:
        return problem
    if first or problem.fix is None:
        return replace(problem, fix=other)
    return replace(problem, also=(*problem.also, other))


def _check(
    settings: DataSettings,
    input_shape: Shape | None,
    output_shape: Shape | None,
    loss: str,
    ends: Ends,
    answers: Answers,
    other: Other,
) -> tuple[Problem, ...]:
    info = find(settings.dataset)
    if info is None:
        message = f"this program has no data set called {settings.dataset}."
        return (Problem("no-such-data-set", message, where=_DATASET, fix=_USE_DIGITS),)
    trouble = info.trouble()
    if trouble is not None:
        return (trouble,)
    found = list(augmentation_problems(settings, info, input_shape))
    if input_shape is not None:
        misfit = input_problem(info, input_shape, ends.input, answers, other)
        found += [problem for problem in (misfit, whitening_problem(settings, input_shape)) if problem is not None]
    if output_shape is not None:
        found += list(_output_problems(info, output_shape, loss, ends, answers, other))
    return tuple(found)


def input_problem(
    info: DataSet,
    shape: Shape,
    node: str = "",
    answers: Answers = lambda _shape: None,
    other: Other = lambda: _USE_DIGITS,
) -> Problem | None:
    """Why samples of this data set cannot be brought to the input's shape; None when they can.

    Pictures go into a grey or colour picture of any size, or flat into as many numbers as they have values. Numbers go
    into just as many.
    """
    if info.shape == shape:
        return None
    if not info.pictures:
        return _numbers_problem(info, shape, node, answers, other)
    count = math.prod(info.shape)
    if shape == (count,) or (len(shape) == 3 and shape[0] in (1, 3, info.shape[0])):
        return None
    needs = f"{info.title} has pictures of {_show(info.shape)}"
    if len(shape) == 1:
        message = f"{needs}, {count} values each, but the input takes {_amount(shape[0])}."
        hint = "Make the input a picture, or let it take all values of a picture in a row."
        return _misfit(message, hint, _reshape(node, (count,), f"Make the input {count} numbers"), node)
    message = f"{needs}, but the input is {_show(shape)}."
    hint = "An input for pictures is channels × height × width, with 1 channel for grey or 3 for colour."
    wanted = (info.shape[0], *shape[1:]) if len(shape) == 3 else info.shape
    return _misfit(message, hint, _reshape(node, wanted, f"Make the input {_show(wanted)}"), node)


def whitening_problem(settings: DataSettings, shape: Shape) -> Problem | None:
    """Why samples cannot be whitened for this input; None when they can, or need not be."""
    values = math.prod(shape)
    if settings.normalise != "whiten" or values <= WHITENED:
        return None
    message = f"whitening works on {WHITENED:,} values at most, but the input ({_show(shape)}) has {values:,}."
    fix = Fix("Use mean 0, variance 1", (SetSetting("data.normalise", "standardise"),))
    return Problem("too-large-to-whiten", message, where="data.normalise", fix=fix)


def _numbers_problem(info: DataSet, shape: Shape, node: str, answers: Answers, other: Other) -> Problem:
    message = f"{info.title} gives {_amount(info.shape[0])} a sample, but the input is {_show(shape)}."
    if len(shape) == 1 or answers(info.shape) is not None:
        hint = "The input must take as many numbers as a sample has."
        return _misfit(message, hint, _reshape(node, info.shape, f"Make the input {_amount(info.shape[0])}"), node)
    # What lies behind a picture input works on pictures: other data mends it, another input would break it.
    hint = "Choose a data set of pictures, or begin with a network for points."
    return _misfit(message, hint, other(), node)


def _misfit(message: str, hint: str, fix: Fix | None, node: str = "") -> Problem:
    field = "shape" if node else ""
    return Problem("data-misfit", message, where=node or _DATASET, field=field, hint=hint, fix=fix)


def _reshape(node: str, shape: Shape, title: str) -> Fix | None:
    return Fix(title, (SetParams(node, FrozenDict({"shape": shape})),)) if node else None


def _output_problems(
    info: DataSet, shape: Shape, loss: str, ends: Ends, answers: Answers, other: Other
) -> Iterator[Problem]:
    where = ends.output or _LOSS
    if info.target_shape:
        yield from _picture_problems(info, shape, loss, ends, answers, other)
        return
    if len(shape) != 1:
        message = f"the network answers with {_show(shape)}, but {info.title} needs a list of numbers."
        hint = "End with Flatten and Linear."
        yield Problem("output-misfit", message, where=where, hint=hint, fix=_flat_end(info, loss, ends))
        return
    classes, outputs = len(info.classes), shape[0]
    allowed = _allowed(info, loss)
    if allowed is None or outputs in allowed:
        return
    if info.task is Task.REGRESSION:
        yield _needs_squared_error(info, "numbers", loss)
    elif loss == BINARY and classes != 2:
        message = f"binary cross-entropy tells two classes apart, but {info.title} has {classes}."
        edits: tuple[Edit, ...] = (_use(CROSS_ENTROPY),)
        if outputs != classes and ends.units:
            edits += (_units(ends, classes),)
        hint = "Cross-entropy compares one output for each class."
        yield Problem("loss-misfit", message, where=_LOSS, hint=hint, fix=_mend("Use cross-entropy", edits))
    else:
        wanted = max(allowed)
        message = (
            f"{info.title} has {classes} classes, so {LOSSES.get(loss, loss)} needs "
            f"{_outputs(wanted)}, but the network gives {outputs}."
        )
        yield Problem("output-misfit", message, where=where, field=ends.units if ends.output else "",
                      fix=_output_fix(info, loss, outputs, wanted, ends))  # fmt: skip


def _flat_end(info: DataSet, loss: str, ends: Ends) -> Fix | None:
    allowed = _allowed(info, loss)
    if not allowed or not ends.behind:
        return None
    # Each goes right behind the node, so that the second stands before the first.
    scores = AddAfter(ends.behind, "Linear", FrozenDict({"features": max(allowed)}))
    return Fix("Add Flatten and Linear", (scores, AddAfter(ends.behind, "Flatten")))


def _picture_problems(
    info: DataSet, shape: Shape, loss: str, ends: Ends, answers: Answers, other: Other
) -> Iterator[Problem]:
    wanted = info.target_shape
    if shape != wanted:
        message = f"{info.title} asks for pictures of {_show(wanted)}, but the network answers with {_show(shape)}."
        filters = "1 filter" if wanted[0] == 1 else f"{wanted[0]} filters"
        hint = f"Such a network ends with a convolution of {filters} and gives {_show(wanted)}."
        fix = _picture_end(info, shape, ends, answers, other)
        yield Problem("output-misfit", message, where=ends.output or _LOSS, hint=hint, fix=fix)
    if loss not in _DISTANCES:
        yield _needs_squared_error(info, "pictures", loss)


def _picture_end(info: DataSet, shape: Shape, ends: Ends, answers: Answers, other: Other) -> Fix | None:
    """What makes the answer a picture of the size that is asked for: another input, another last layer, or both.

    A network that answers with a list of numbers was not made for such data: others are offered for it.
    """
    wanted = info.target_shape
    if len(shape) == 1:
        return other()
    titles: list[str] = []
    edits: list[Edit] = []
    if shape[1:] != wanted[1:] and ends.input:
        titles.append(f"make the input {_show(info.shape)}")
        edits.append(SetParams(ends.input, FrozenDict({"shape": info.shape})))
        shape = answers(info.shape) or ()
    if shape != wanted and shape[1:] == wanted[1:] and ends.behind:
        titles.append(f"add a 1×1 convolution to {_show(wanted)}")
        edits.append(AddAfter(ends.behind, "PointwiseConv2d", FrozenDict({"filters": wanted[0]})))
        shape = wanted
    words = " and ".join(titles)
    return Fix(words[0].upper() + words[1:], tuple(edits)) if shape == wanted else None


def _needs_squared_error(info: DataSet, what: str, loss: str) -> Problem:
    message = f"{info.title} asks for {what}, which {LOSSES.get(loss, loss)} cannot compare."
    return Problem("loss-misfit", message, where=_LOSS, fix=_mend("Use squared error", (_use(SQUARED),)))


def _allowed(info: DataSet, loss: str) -> frozenset[int] | None:
    """How many outputs the loss can compare with this data set's targets; None for any number."""
    classes = len(info.classes)
    if info.task is Task.REGRESSION:
        return None if loss in _DISTANCES else frozenset()
    if loss == BINARY:
        return frozenset({1}) if classes == 2 else frozenset()
    if loss in _DISTANCES and classes == 2:
        return frozenset({1, 2})
    return frozenset({classes})


def _output_fix(info: DataSet, loss: str, outputs: int, wanted: int, ends: Ends) -> Fix | None:
    if info.task is Task.BINARY and loss == CROSS_ENTROPY and outputs == 1:
        return _mend("Use binary cross-entropy", (_use(BINARY),))
    if info.task is Task.BINARY and loss == BINARY and outputs == 2:
        return _mend("Use cross-entropy", (_use(CROSS_ENTROPY),))
    if info.task is Task.BINARY and loss == CROSS_ENTROPY and ends.asks == BINARY and ends.units:
        return _mend("Use binary cross-entropy with 1 output", (_use(BINARY), _units(ends, 1)))
    if ends.output and ends.units:
        return _mend(f"Give {ends.output} {_outputs(wanted)}", (_units(ends, wanted),))
    return None


def _mend(title: str, edits: tuple[Edit, ...]) -> Fix:
    return Fix(title, edits)


def _use(loss: str) -> Edit:
    return SetSetting(_LOSS, loss)


def _units(ends: Ends, count: int) -> Edit:
    return SetParams(ends.output, FrozenDict({ends.units: count}))


LOSSES = {
    CROSS_ENTROPY: CROSS_ENTROPY,
    BINARY: "binary cross-entropy",
    SQUARED: "squared error",
    "absolute-error": "absolute error",
}
"""What each loss is called within a sentence."""


def _show(shape: Shape) -> str:
    return "×".join(str(size) for size in shape) if len(shape) > 1 else _amount(shape[0])


def _amount(count: int) -> str:
    return "1 number" if count == 1 else f"{count} numbers"


def _outputs(count: int) -> str:
    return "1 output" if count == 1 else f"{count} outputs"


def enlargement(size: tuple[int, int], room: tuple[int, int]) -> int:
    """How often `pad` repeats each pixel of a picture: 0 when it is larger than the input, which has to shrink it.

    An enlarged picture leaves a margin of a sixteenth at each side, as LeNet-5 has it (28 pixels in 32): what stands at
    the very border is seen by few windows. On the built-in digits that is worth half a point of accuracy.

    Args:
        size: (height, width) of the picture.
        room: (height, width) of the input.
    """
    whole = min(room[0] // size[0], room[1] // size[1])
    return whole if whole < 2 else max(1, min(7 * room[0] // (8 * size[0]), 7 * room[1] // (8 * size[1])))
