"""The JSON form of a project: value to text and back, versions and their migrations. Knows no disk, no torch, no Qt.

What a reader gives is sound enough to be shown and mended: names are unique identifiers and wires join nodes that are
there. Whether kinds are known, parameters are in range and wires close a circle is not asked here: such a project
opens, and the problem is shown where it is.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from builder.data.settings import DataSettings
from builder.graph.checks import MOST_PORTS, faults
from builder.graph.frozen import FrozenDict, freeze, thaw
from builder.graph.model import Block, BlockParameter, Comment, Edge, Graph, Network, Node, Point
from builder.graph.names import LONGEST, NAME
from builder.graph.parameters import Parameters, problems_of
from builder.graph.problems import Problem, ProblemError
from builder.project.document import Project
from builder.train.settings import TrainingSettings

FORMAT = "torchcanvas-project"
VERSION = 4  # 2 added comments, and weights to begin with; 3 more ways to train, augmentation; 4 cycled momentum


def _steady_momentum(form: dict[str, Any]) -> dict[str, Any]:
    """Before version 4 the schedule one-cycle left the momentum as it was."""
    training = form.get("training")
    schedule = training.get("schedule") if isinstance(training, dict) else None
    if not isinstance(training, dict) or not isinstance(schedule, dict) or schedule.get("kind") != "one-cycle":
        return form
    return {**form, "training": {**training, "schedule": {"cycle_momentum": False, **schedule}}}


# From each older version, what makes the next one out of it.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda form: form,
    2: lambda form: form,
    3: _steady_momentum,
}

# What the readers of version 2 know of the training; they refuse a file with anything else.
_SETTINGS_OF_2 = {"epochs", "batch_size", "loss", "optimizer", "schedule", "seed", "weights", "device"}
_OPTIMIZER_OF_2 = {"kind", "learning_rate", "weight_decay", "momentum", "nesterov", "beta1", "beta2"}
_KINDS_OF_2 = {"sgd", "adam", "constant", "cosine"}

DEPTH = 40  # brackets within brackets; more than any network needs, less than any stack bears
DIGITS = 100  # of a whole number; more than any number that means something
CANVAS = 1e7  # pixels from the middle

P = TypeVar("P", bound=Parameters)


# Value to text ------------------------------------------------------------------------------------------------------


def encode(project: Project) -> str:
    """The text of a project file: keys in a fixed order, one setting, one node, one wire a line."""
    text = _layout(to_json(project), (), "") + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can escape and UTF-8 cannot hold
        return json.dumps(to_json(project), indent=1) + "\n"
    return text


def to_json(project: Project) -> dict[str, Any]:
    """The same as plain JSON values."""
    graphs = (project.graph, *(block.graph for block in project.network.blocks.values()))
    version = max(version_of(*graphs), _version_of_data(project.data), _version_of_training(project.training))
    form: dict[str, Any] = {"format": FORMAT, "version": version, "name": project.name}
    if project.notes:
        form["notes"] = project.notes
    form["data"] = project.data.plain()
    form["training"] = project.training.plain()
    form["network"] = graph_to_json(project.graph)
    if project.network.blocks:
        form["blocks"] = {name: block_to_json(block) for name, block in project.network.blocks.items()}
    return form


def version_of(*graphs: Graph) -> int:
    """The oldest version of the form whose readers understand these graphs: a file needs no newer program than that."""
    return 2 if any(graph.comments for graph in graphs) else 1


def _version_of_data(data: DataSettings) -> int:
    """The same for the settings of the data."""
    new = data.augmentation.on or data.label_noise or data.rare != 1 or data.normalise in ("features", "whiten")
    return 3 if new or data.folds or data.fold != 1 else 1


def _version_of_training(training: TrainingSettings) -> int:
    """The same for the settings of the training."""
    plain = training.plain()
    if training.schedule.kind == "one-cycle":
        return 4
    groups = [plain.get(name, {}) for name in ("optimizer", "schedule")]
    unknown = (plain.keys() - _SETTINGS_OF_2) | (groups[0].keys() - _OPTIMIZER_OF_2)
    unknown |= {group["kind"] for group in groups if group} - _KINDS_OF_2
    if unknown or training.loss == "absolute-error":
        return 3
    return 2 if training.weights else 1


def graph_to_json(graph: Graph) -> dict[str, Any]:
    """Nodes, wires and comments, as the file, the clipboard and the library of blocks hold them."""
    nodes = []
    for node in graph.nodes.values():
        entry: dict[str, Any] = {"name": node.name, "kind": node.kind}
        if node.params:
            entry["params"] = thaw(node.params)
        if node.name in graph.positions:
            entry["at"] = [_short(number) for number in graph.positions[node.name]]
        nodes.append(entry)
    edges = [[*edge] if edge.source_port or edge.target_port else [edge.source, edge.target] for edge in graph.edges]
    form: dict[str, Any] = {"nodes": nodes, "edges": edges}
    if graph.comments:
        form["comments"] = [_comment_to_json(name, comment) for name, comment in graph.comments.items()]
    return form


def _comment_to_json(name: str, comment: Comment) -> dict[str, Any]:
    at, size = [_short(number) for number in comment.at], [_short(comment.width), _short(comment.height)]
    form: dict[str, Any] = {"name": name, "text": comment.text, "at": at, "size": size}
    return form | ({"colour": comment.colour} if comment.colour else {})


def block_to_json(block: Block) -> dict[str, Any]:
    """A definition, as the file, the clipboard and the library of blocks hold it."""
    form: dict[str, Any] = {}
    if block.help:
        form["help"] = block.help
    if block.parameters:
        form["parameters"] = [
            {"name": p.name, "default": thaw(p.default)} | ({"help": p.help} if p.help else {})
            for p in block.parameters
        ]
    return form | graph_to_json(block.graph)


def _short(number: float) -> float:
    return int(number) if float(number).is_integer() else number


def _layout(value: Any, path: tuple[str, ...], indent: str) -> str:
    """JSON text in which settings, nodes, wires and comments have a line each and nothing else is broken."""
    deeper = indent + "  "
    if value and isinstance(value, dict) and (len(path) < 2 or (path[0] == "blocks" and len(path) == 2)):
        lines = [f"{deeper}{_line(key)}: {_layout(item, (*path, key), deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if value and isinstance(value, list) and path[0] in ("network", "blocks"):
        return "[\n" + ",\n".join(deeper + _line(item) for item in value) + f"\n{indent}]"
    return _line(value)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


# Text to value ------------------------------------------------------------------------------------------------------


def decode(text: str) -> Project:
    """The project that this text holds. Raises `ProblemError` for everything that is not one."""
    return from_json(parse(text))


def parse(text: str) -> Any:
    """JSON values of bounded depth and finite numbers. Raises `ProblemError`."""
    try:
        value = json.loads(text, parse_float=_finite, parse_int=_whole, parse_constant=_finite)
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise ProblemError(_broken(text, error)) from None
    _check_depth(value)
    return value


def from_json(form: Any) -> Project:
    """The project that these JSON values hold. Raises `ProblemError`."""
    _check_depth(form)
    form = migrate(_a(dict, form, "the file"))
    _only(form, ("format", "version", "name", "notes", "data", "training", "network", "blocks"), "the file")
    blocks = {
        name: block_from_json(name, item, f"blocks, {_quote(name)}")
        for name, item in _a(dict, form.get("blocks", {}), "blocks").items()
    }
    return Project(
        name=_a(str, form.get("name", "Untitled"), "name"),
        network=Network(graph_from_json(form.get("network", {}), "network"), FrozenDict(blocks)),
        data=_settings(DataSettings, form.get("data", {}), "data"),
        training=_settings(TrainingSettings, form.get("training", {}), "training"),
        notes=_a(str, form.get("notes", ""), "notes"),
    )


def migrate(form: dict[str, Any]) -> dict[str, Any]:
    """The same project in the form of the present version. Raises `ProblemError` when it is none, or a newer one."""
    if form.get("format") != FORMAT:
        raise _refuse("not-a-project", "this is not a TorchCanvas project: it does not say so in its first line.")
    version = form.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _refuse("bad-file", f"{_quote(version)} is no version of the project format.", "version")
    if version > VERSION:
        message = f"this project is of format version {version}; this program reads versions up to {VERSION}."
        raise _refuse("newer-version", message, hint="Open it with a newer TorchCanvas.")
    while version < VERSION:
        form = MIGRATIONS[version](form)
        version += 1
    return form


def graph_from_json(form: Any, place: str = "network") -> Graph:
    """The graph that `graph_to_json` wrote. Raises `ProblemError`."""
    form = _a(dict, form, place)
    _only(form, ("nodes", "edges", "comments", "help", "parameters"), place)
    nodes: dict[str, Node] = {}
    positions: dict[str, Point] = {}
    for number, entry in enumerate(_a(list, form.get("nodes", []), f"{place}, nodes"), 1):
        node, at = _node(entry, f"{place}, node {number}")
        if node.name in nodes:
            raise _refuse("name-taken", f"there are two layers called {node.name}.", place)
        nodes[node.name] = node
        if at is not None:
            positions[node.name] = at
    edges = [
        _edge(entry, f"{place}, wire {number}")
        for number, entry in enumerate(_a(list, form.get("edges", []), f"{place}, edges"), 1)
    ]
    comments: dict[str, Comment] = {}
    for number, entry in enumerate(_a(list, form.get("comments", []), f"{place}, comments"), 1):
        name, comment = _comment(entry, f"{place}, comment {number}")
        if name in comments:
            raise _refuse("name-taken", f"there are two comments called {name}.", place)
        comments[name] = comment
    graph = Graph(FrozenDict(nodes), tuple(edges), FrozenDict(positions), FrozenDict(comments))
    if found := faults(graph):
        raise ProblemError(found[0])
    return graph


def _node(entry: Any, place: str) -> tuple[Node, Point | None]:
    entry = _a(dict, entry, place)
    _only(entry, ("name", "kind", "params", "at"), place)
    name = _a(str, entry.get("name"), f"{place}, name")
    kind = _a(str, entry.get("kind"), f"{place}, kind")
    node = Node(name, kind, freeze(_a(dict, entry.get("params", {}), f"{place}, params")))
    return node, _point(entry["at"], f"{place}, at") if "at" in entry else None


def _point(value: Any, place: str) -> Point:
    numbers = _a(list, value, place)
    if len(numbers) != 2 or not all(_is_number(number) and abs(number) <= CANVAS for number in numbers):
        raise _refuse("bad-file", f"{_quote(value)} is no place on the canvas.", place)
    return Point(float(numbers[0]), float(numbers[1]))


def _comment(entry: Any, place: str) -> tuple[str, Comment]:
    entry = _a(dict, entry, place)
    _only(entry, ("name", "text", "at", "size", "colour"), place)
    width, height = _point(entry.get("size"), f"{place}, size")
    text, colour = _a(str, entry.get("text"), f"{place}, text"), _a(str, entry.get("colour", ""), f"{place}, colour")
    at = _point(entry.get("at"), f"{place}, at")
    return _a(str, entry.get("name"), f"{place}, name"), Comment(text, at, width, height, colour)


def _edge(entry: Any, place: str) -> Edge:
    parts = _a(list, entry, place)
    names, ports = parts[:2], parts[2:]
    fits = len(names) == 2 and len(ports) in (0, 2) and all(isinstance(name, str) for name in names)
    if not fits or not all(type(port) is int and 0 <= port < MOST_PORTS for port in ports):
        raise _refuse("bad-file", f"{_quote(entry)} is no wire.", place, 'Write ["source", "target"].')
    return Edge(*parts)


def block_from_json(name: str, form: Any, place: str) -> Block:
    """The definition that `block_to_json` wrote. Raises `ProblemError`."""
    if not NAME.match(name) or len(name) > 2 * LONGEST:  # in the library of blocks it becomes the name of a file
        raise _refuse("bad-name", f"{_quote(name)} cannot be the name of a block.", place)
    form = _a(dict, form, place)
    parameters: list[BlockParameter] = []
    for number, entry in enumerate(_a(list, form.get("parameters", []), f"{place}, parameters"), 1):
        here = f"{place}, parameter {number}"
        entry = _a(dict, entry, here)
        _only(entry, ("name", "default", "help"), here)
        default = freeze(entry.get("default"))
        words = _a(str, entry.get("help", ""), f"{here}, help")
        parameters.append(BlockParameter(_parameter_name(entry.get("name"), parameters, here), default, words))
    words = _a(str, form.get("help", ""), f"{place}, help")
    return Block(name, graph_from_json(form, place), tuple(parameters), words)


def _parameter_name(value: Any, others: Iterable[BlockParameter], place: str) -> str:
    name: str = _a(str, value, f"{place}, name")
    if not NAME.match(name):
        raise _refuse("bad-name", f"{_quote(name)} cannot be the name of a parameter.", place)
    if any(other.name == name for other in others):
        raise _refuse("name-taken", f"there are two parameters called {_cut(name)}.", place)
    return name


def _settings(kind: type[P], form: Any, place: str) -> P:
    try:
        return kind.model_validate(_a(dict, form, place))
    except ValidationError as error:
        raise ProblemError(problems_of(error, place)[0]) from None


# Small readers ------------------------------------------------------------------------------------------------------

WORDS: dict[type[Any], str] = {dict: "an object in braces", list: "a list in brackets", str: "a text in quotes"}


def _a(kind: type[Any], value: Any, place: str) -> Any:
    if not isinstance(value, kind):
        found = "nothing" if value is None else _quote(value)
        raise _refuse("bad-file", f"here stands {found}, where {WORDS[kind]} is needed.", place)
    return value


def _only(form: Mapping[str, Any], known: Iterable[str], place: str) -> None:
    for key in form:
        if key not in known:
            raise _refuse("bad-file", f"this program knows nothing called {_quote(key)} here.", place)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _refuse("bad-file", f"{_cut(text)} is no number that can be used.")
    return number


def _whole(text: str) -> int:
    if len(text) > DIGITS:
        raise _refuse("bad-file", f"a number of {len(text):,} digits is no number that can be used.")
    return int(text)


def _check_depth(value: Any) -> None:
    layer = [value]
    for _ in range(DEPTH):
        inner: list[Any] = []
        for item in layer:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        if not inner:
            return
        layer = inner
    raise _too_deep()


def _too_deep() -> ProblemError:
    return _refuse("bad-file", f"brackets are nested more than {DEPTH} deep; no project needs that.")


def _broken(text: str, error: json.JSONDecodeError) -> Problem:
    if not text.lstrip().startswith("{"):
        return Problem("not-a-project", "this is not a TorchCanvas project: it is not JSON.")
    if error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated string"):
        return Problem("truncated", f"the file is cut off: it ends in the middle of line {error.lineno}.")
    return Problem("bad-file", f"the file is damaged at line {error.lineno}, column {error.colno}.")


def _refuse(code: str, message: str, place: str = "", hint: str = "") -> ProblemError:
    return ProblemError(Problem(code, message, where=place, hint=hint))


def _quote(value: Any) -> str:
    return _cut(reprlib.repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
