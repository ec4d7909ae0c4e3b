"""Lessons: text for a class with set-ups that a click opens. Values, and the reader of their files. No Qt, no network.

A lesson is one Markdown file in `resources/lessons/`. It begins with a head in TOML between two lines of `+++`; each
heading of the second level begins a step. A fenced block called `setup` is TOML too and says what a click opens; what
it may say is declared here, and `set_ups` carries it out. Nothing of it is evaluated.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from builder import resources
from builder.graph.parameters import problems_of
from builder.graph.problems import Problem, ProblemError
from builder.layers.initialisation import Initialisation
from builder.project.search import rank

TOPICS = ("First steps", "Convolution", "Learning", "Deep networks", "Looking inside")
LINK = "lesson:"  # what a link to another lesson begins with, before its key

_HEAD = re.compile(r"\+\+\+\n(.*?\n)\+\+\+\n", re.DOTALL)
_FENCE = re.compile(r"^```setup\n(.*?)^```[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^## +(.+?)[ \t]*$\n?", re.MULTILINE)
_NAME = re.compile(r"(?:(\d+)-)?([a-z0-9-]+)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")

Word = Annotated[str, Field(min_length=1, max_length=200)]
M = TypeVar("M", bound=BaseModel)


class _Value(BaseModel):
    # Built at first use, as all parameters are: the start of the program does not wait for lessons.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Head(_Value):
    """What a file says of its lesson before the text.

    Attributes:
        title: in the list, and above the text.
        aim: what one finds out, one line.
        minutes: that it takes in a class.
        topics: where it stands in the list (the first one), and what else finds it.
    """

    title: Word
    aim: Word
    minutes: Annotated[int, Field(ge=1, le=180)]
    topics: Annotated[tuple[Literal[TOPICS], ...], Field(min_length=1)]  # type: ignore[valid-type]


class Change(_Value):
    """Another kind, or other parameters, for one layer or for all of a kind; or their removal.

    Attributes:
        layer: the name of one layer, kind: of all of this kind, also those in blocks. One of the two.
        becomes: the kind that they are replaced by; parameters that it has too are kept.
        params: parameters that get these values.
        remove: they are taken out, and their neighbours joined.
    """

    layer: str = ""
    kind: str = ""
    becomes: str = ""
    params: dict[str, Any] = Field(default_factory=dict)
    remove: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> Any:
        if bool(self.layer) == bool(self.kind):
            raise ValueError("a change names either a layer or a kind of layer")
        if not (self.becomes or self.params or self.remove):
            raise ValueError("a change says what the layer becomes, its params, or remove = true")
        return self


class Row(_Value):
    """One layer of a network that is written as a row, or several layers `times` times.

    Attributes:
        kind: of the layer; name: on the canvas, by default its stem and a number; params: what is not as usual.
        of: layers to be repeated, in the place of one layer.
    """

    kind: str = ""
    name: str = ""
    params: dict[str, Any] = Field(default_factory=dict)
    times: Annotated[int, Field(ge=1, le=200)] = 1
    of: tuple[Row, ...] = ()

    @model_validator(mode="after")
    def _one_thing(self) -> Any:
        if bool(self.kind) == bool(self.of):
            raise ValueError("a row's entry is one kind of layer, or what is repeated")
        return self


class SetUp(_Value):
    """What a click opens: a project, and where to look.

    Attributes:
        name: on its card, and of its run among the curves; unlike all others of its lesson.
        note: what it is, in a few words, below the name.
        template: the built-in network, or network: layers in a row. One of the two.
        settings: `training.epochs=5` and the like, exactly as `--set` takes them.
        change: of layers, in this order.
        begin: how the weights of all layers begin.
        select: the layer, by its dotted name, to be selected on the canvas.
        view: key of the view that comes to the front, or the keys of some that stand side by side.
        run: whether there is something to train; without it, there is only something to look at.
        place: file and line, for messages.
    """

    name: Annotated[str, Field(min_length=1, max_length=24)]
    note: Annotated[str, Field(max_length=80)] = ""
    template: str = ""
    network: tuple[Row, ...] = ()
    settings: tuple[str, ...] = ()
    change: tuple[Change, ...] = ()
    begin: Initialisation | None = None
    select: str = ""
    view: str | tuple[str, ...] = ()
    run: bool = True
    place: str = Field("", exclude=True)

    @property
    def views(self) -> tuple[str, ...]:
        """Keys of all that come to the front."""
        return (self.view,) if isinstance(self.view, str) else self.view

    @model_validator(mode="after")
    def _one_network(self) -> Any:
        if bool(self.template) == bool(self.network):
            raise ValueError("a set-up names a template or writes a network, one of the two")
        return self


Part = str | SetUp
"""Markdown, or a set-up that stands between it."""


@dataclass(frozen=True)
class Step:
    """One page of a lesson.

    Attributes:
        title: its heading; "" for what stands before the first one.
        parts: text and set-ups, in their order.
    """

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes:
        key: stable name, that links use: of the file, without number and ending.
        number: of the file; 0 without one.
        title, aim, minutes, topics: as in `Head`.
        steps: at least one.
    """

    key: str
    number: int
    title: str
    aim: str
    minutes: int
    topics: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def set_ups(self) -> tuple[SetUp, ...]:
        """All of its set-ups."""
        return tuple(part for step in self.steps for part in step.parts if isinstance(part, SetUp))

    @property
    def links(self) -> tuple[str, ...]:
        """What its text links to: addresses, and other lessons (`lesson:key`)."""
        texts = (part for step in self.steps for part in step.parts if isinstance(part, str))
        return tuple(link for text in texts for link in _LINK.findall(text))

    @property
    def label(self) -> str:
        """What stands before its title where other things stand beside it."""
        return f"Lesson {self.number}" if self.number else "Lesson"

    @property
    def headings(self) -> str:
        """Aim, topics and the headings of the steps."""
        return " ".join((self.aim, *self.topics, *(step.title for step in self.steps)))

    def rank(self, words: str) -> int | None:
        """How near these words come to naming it: by title (0, 1), headings (2) or text (3); see `search.rank`."""
        parts = (part for step in self.steps for part in step.parts)
        text = " ".join(part if isinstance(part, str) else f"{part.name} {part.note}" for part in parts)
        return rank(words, f"{self.label} {self.title}", self.headings, text)


@lru_cache(maxsize=1)
def lessons() -> tuple[Lesson, ...]:
    """All lessons that come with the program, in the order of their files. Raises `ProblemError` for a faulty one."""
    return tuple(read(path) for path in sorted(resources.path("lessons").glob("*.md")))


def find(key: str) -> Lesson | None:
    """The lesson of this key; None when there is none."""
    return next((lesson for lesson in lessons() if lesson.key == key), None)


def read(path: Path) -> Lesson:
    """The lesson in a file. Raises `ProblemError` with file and line."""
    return parse(path.read_text("utf-8").replace("\r\n", "\n"), path.name)


def parse(text: str, file: str) -> Lesson:
    """The lesson that a text says. Raises `ProblemError` with file and line."""
    name = _NAME.fullmatch(file.removesuffix(".md"))
    if name is None:
        raise _fault(file, 1, "the file of a lesson is called by a number and small letters, such as 03-kernels.md.")
    head = _HEAD.match(text)
    if head is None:
        raise _fault(file, 1, "a lesson begins with a head in TOML between two lines of +++.")
    known = _value(Head, head.group(1), file, 2)
    steps = tuple(_steps(text, head.end(), file))
    if not steps:
        raise _fault(file, _line(text, head.end()), "a lesson has text.")
    number, key = name.groups()
    lesson = Lesson(key, int(number or 0), known.title, known.aim, known.minutes, known.topics, steps)
    seen: set[str] = set()
    for set_up in lesson.set_ups:
        if set_up.name in seen:
            message = f"two set-ups are called {set_up.name}: their runs could not be told apart."
            raise ProblemError(Problem("bad-lesson", message, where=set_up.place))
        seen.add(set_up.name)
    return lesson


def _steps(text: str, start: int, file: str) -> Iterator[Step]:
    """Cut at the headings; those inside of fenced blocks are comments of TOML."""
    fences = [match.span() for match in _FENCE.finditer(text, start)]
    headings = [
        match
        for match in _HEADING.finditer(text, start)
        if not any(low <= match.start() < high for low, high in fences)
    ]
    ends = [match.start() for match in headings] + [len(text)]
    for title, begin, end in zip(
        ["", *(match.group(1) for match in headings)], [start, *(match.end() for match in headings)], ends, strict=True
    ):
        parts = tuple(_parts(text, begin, end, file))
        if parts or title:
            yield Step(title, parts)


def _parts(text: str, begin: int, end: int, file: str) -> Iterator[Part]:
    place = begin
    for match in _FENCE.finditer(text, begin, end):
        if words := text[place : match.start()].strip():
            yield words
        line = _line(text, match.start(1))
        yield _placed(_value(SetUp, match.group(1), file, line), f"{file}, line {line - 1}")
        place = match.end()
    if words := text[place:end].strip():
        yield words


def _placed(set_up: SetUp, place: str) -> SetUp:
    """The same set-up, said to stand there."""
    return set_up.model_copy(update={"place": place})


def _value(kind: type[M], toml: str, file: str, line: int) -> M:
    """Read TOML that begins at this line of the file."""
    try:
        return kind.model_validate(tomllib.loads(toml))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        at = line + (int(found.group(1)) - 1 if found else 0)
        message = f"this is no TOML: {str(error).partition(' (at')[0].lower()}."
        raise _fault(file, at, message) from None
    except ValidationError as error:
        problems = [
            replace(problem, where=f"{file}, line {line + _line_of(toml, problem.field)}")
            for problem in problems_of(error, file)
        ]
        raise ProblemError(*(replace(problem, code="bad-lesson") for problem in problems)) from None


def _line_of(toml: str, key: str) -> int:
    """How many lines below the first one a key is given its value; 0 where it is not."""
    lines = toml.splitlines()
    return next((n for n, text in enumerate(lines) if key and re.match(rf"\[*{re.escape(key)}\b", text.strip())), 0)


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _fault(file: str, line: int, message: str) -> ProblemError:
    return ProblemError(Problem("bad-lesson", message, where=f"{file}, line {line}"))
