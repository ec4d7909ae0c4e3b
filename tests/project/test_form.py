"""The JSON form: equal after a round trip, readable in a diff, and never anything but a Problem for bad text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.compile.infer import infer
from builder.data.settings import DataSettings
from builder.graph.comments import COLOURS, LEAST_HEIGHT, LEAST_WIDTH, MOST
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Block, BlockParameter, Comment, Edge, Graph, Network, Node, Point
from builder.graph.names import name_problem
from builder.graph.problems import ProblemError
from builder.project import form
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.form import decode, encode, from_json, to_json
from builder.project.weights import with_weights
from builder.train.settings import Adam, OneCycle, TrainingSettings

SMALL = Project(
    name="Zwei Schichten",
    network=Network(
        Graph.of(
            [Node("input", "Input", freeze({"shape": [1, 8, 8]})), Node("flat", "Flatten"), Node("mystery", "Quux")],
            [Edge("input", "flat"), Edge("flat", "mystery", 1, 2)],
            {"input": Point(0, 0), "flat": Point(180, 12.5)},
        )
    ),
    training=TrainingSettings(epochs=3, optimizer=Adam(beta1=0.5)),
)


def fault(text: str) -> str:
    with pytest.raises(ProblemError) as caught:
        decode(text)
    assert len(caught.value.problems) == 1
    problem = caught.value.problems[0]
    assert len(str(problem)) < 400
    return f"{problem.code}: {problem}"


def altered(**parts: object) -> str:
    return json.dumps({**to_json(SMALL), **parts})


def network(*nodes: object, edges: object = ()) -> str:
    return altered(network={"nodes": nodes, "edges": edges})


def test_reads_well_and_stays_the_same() -> None:
    assert encode(SMALL) == (
        "{\n"
        '  "format": "torchcanvas-project",\n'
        '  "version": 1,\n'
        '  "name": "Zwei Schichten",\n'
        '  "data": {},\n'
        '  "training": {\n'
        '    "epochs": 3,\n'
        '    "optimizer": {"kind": "adam", "beta1": 0.5}\n'
        "  },\n"
        '  "network": {\n'
        '    "nodes": [\n'
        '      {"name": "input", "kind": "Input", "params": {"shape": [1, 8, 8]}, "at": [0, 0]},\n'
        '      {"name": "flat", "kind": "Flatten", "at": [180, 12.5]},\n'
        '      {"name": "mystery", "kind": "Quux"}\n'
        "    ],\n"
        '    "edges": [\n'
        '      ["input", "flat"],\n'
        '      ["flat", "mystery", 1, 2]\n'
        "    ]\n"
        "  }\n"
        "}\n"
    )


def test_moving_one_node_changes_one_line() -> None:
    moved = SMALL.with_graph(Graph.of(SMALL.graph.nodes.values(), SMALL.graph.edges, {"flat": Point(1, 2)}))
    both = zip(encode(SMALL).splitlines(), encode(moved).splitlines(), strict=True)
    assert sum(old != new for old, new in both) == 2  # the one that moved and the one that lost its place


def with_comments(*comments: object) -> str:
    return altered(network={"comments": comments})


def test_comments_have_a_line_each_and_raise_the_version() -> None:
    said = {
        "comment1": Comment("LeCun 1998\nfive by five", Point(0, -80), 180, 60.5),
        "comment2": Comment("", Point(8, 8), 64, 32, "green"),
    }
    block = Block("D", Graph.of([], comments=said))
    inside = replace(SMALL, network=SMALL.network.with_block(block))
    on_canvas = SMALL.with_graph(replace(SMALL.graph, comments=FrozenDict(said)))
    lines = encode(on_canvas).splitlines()
    assert lines[-6:-3] == [
        '    "comments": [',
        '      {"name": "comment1", "text": "LeCun 1998\\nfive by five", "at": [0, -80], "size": [180, 60.5]},',
        '      {"name": "comment2", "text": "", "at": [8, 8], "size": [64, 32], "colour": "green"}',
    ]
    for project in (inside, on_canvas):
        assert '"version": 2,' in encode(project)
        assert decode(encode(project)) == project
    assert '"version": 1,' in encode(SMALL), "what uses nothing new stays open to older programs"


CARD = {"name": "comment1", "text": "", "at": [0, 0], "size": [100, 50]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (with_comments("a"), "bad-file: network, comment 1"),
        (with_comments({**CARD, "at": [0]}), "bad-file: network, comment 1, at"),
        (with_comments({**CARD, "at": [0, 1e9]}), "bad-file: network, comment 1, at"),
        (with_comments({**CARD, "size": [1, 1]}), "bad-comment: comment1: a comment is"),
        (with_comments({**CARD, "text": 7}), "bad-file: network, comment 1, text"),
        (with_comments({**CARD, "text": "a" * 20_000}), "bad-comment: comment1: a comment may have 10,000 letters"),
        (with_comments({**CARD, "colour": "mauve"}), "bad-comment: comment1: 'mauve' is no colour"),
        (with_comments({**CARD, "font": "Comic"}), "bad-file: network, comment 1: this program knows nothing"),
        (with_comments({**CARD, "name": "a b"}), "bad-name: a b"),
        (with_comments(CARD, CARD), "name-taken: network: there are two comments called comment1"),
    ],
)
def test_a_bad_comment_is_one_problem(text: str, expected: str) -> None:
    assert fault(text).startswith(expected)


scalars = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars | st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
names = st.from_regex(r"\A[A-Za-z][A-Za-z0-9_]{0,8}\Z").filter(lambda name: name_problem(name) is None)
places = st.floats(-1e6, 1e6).map(lambda number: round(number, 3))


cards = st.builds(
    Comment,
    st.text(),
    st.builds(Point, places, places),
    st.floats(LEAST_WIDTH, MOST),
    st.floats(LEAST_HEIGHT, MOST),
    st.sampled_from(COLOURS),
)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    chosen = draw(st.lists(names, unique=True, max_size=6))
    kinds = st.sampled_from(["Input", "Conv2d", "Add", "Output"]) | st.text(max_size=8)
    nodes = [Node(name, draw(kinds), freeze(draw(st.dictionaries(st.text(), values, max_size=3)))) for name in chosen]
    edges: dict[tuple[str, int], Edge] = {}
    if chosen:
        one, port = st.sampled_from(chosen), st.integers(0, 3)
        for edge in draw(st.lists(st.builds(Edge, one, one, port, port), max_size=8)):
            edges[edge.target, edge.target_port] = edge
    where = draw(st.dictionaries(st.sampled_from(chosen), st.builds(Point, places, places))) if chosen else {}
    return Graph.of(nodes, edges.values(), where, draw(st.dictionaries(names, cards, max_size=3)))


@st.composite
def projects(draw: st.DrawFn) -> Project:
    blocks = {
        name: Block(name, draw(graphs()), (BlockParameter("channels", freeze(draw(values)), draw(st.text())),), "help")
        for name in draw(st.lists(names, unique=True, max_size=2))
    }
    return Project(
        name=draw(st.text()),
        network=Network(draw(graphs()), FrozenDict(blocks)),
        data=DataSettings(validation=draw(st.floats(0, 0.9)), seed=draw(st.integers(0, 9))),
        training=TrainingSettings(epochs=draw(st.integers(1, 9)), optimizer=Adam(beta1=draw(st.floats(0, 0.9)))),
        notes=draw(st.text()),
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(projects())
def test_round_trip(project: Project) -> None:
    text = encode(project)
    text.encode()
    again = decode(text)
    assert again == project
    assert encode(again) == text


@given(st.sampled_from(["\ud800", "a\udfffb"]))
def test_half_a_surrogate_pair_survives(name: str) -> None:
    assert decode(encode(Project(name=name)).encode().decode()).name == name


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_json_is_a_project_or_a_problem(data: st.DataObject) -> None:
    whole = to_json(SMALL)
    victim: dict[str, object] = data.draw(st.sampled_from([whole, whole["network"], whole["network"]["nodes"][0]]))
    key = data.draw(
        st.sampled_from([*victim, "at", "params", "blocks", "notes", "data", "comments"]) | st.text(max_size=4)
    )
    victim[key] = data.draw(values)
    try:
        infer(from_json(whole).graph)
    except ProblemError as error:
        assert len(error.problems) == 1  # noqa: PT017


@given(values)
def test_random_values_are_no_project(value: object) -> None:
    with pytest.raises(ProblemError):
        from_json(value)


@given(st.text())
def test_random_text_is_no_project(text: str) -> None:
    with pytest.raises(ProblemError):
        decode(text)


def test_cut_off_anywhere_is_a_problem() -> None:
    text = encode(SMALL)
    for length in range(len(text) - 2):
        assert fault(text[:length]).startswith(("truncated", "not-a-project", "bad-file")), text[:length]
    assert fault(text[:200]).startswith("truncated: the file is cut off: it ends in the middle of line")


def test_every_byte_damaged_is_a_project_or_a_problem() -> None:
    text = encode(SMALL)
    for place in range(0, len(text), 3):
        for byte in '{"9\0':
            try:
                decode(text[:place] + byte + text[place + 1 :])
            except ProblemError as error:
                assert len(error.problems) == 1  # noqa: PT017


NEW = [
    {"loss": "absolute-error"}, {"warmup": 1}, {"patience": 1}, {"l1": 1}, {"max_norm": 1}, {"regularise_after": 1},
    {"class_weights": "balanced"},
    {"optimizer": {"kind": "adam", "eps": 0.1}},
    *({"optimizer": {"kind": kind}} for kind in ("adamw", "rmsprop")),
    *({"schedule": {"kind": kind}} for kind in ("step", "exponential", "plateau")),
]  # fmt: skip
NEWEST = [{"schedule": {"kind": "one-cycle"}}, {"schedule": {"kind": "one-cycle", "cycle_momentum": False}}]
OLD = [
    {"optimizer": {"kind": "adam", "beta1": 0.5, "weight_decay": 0.1}},
    {"optimizer": {"kind": "sgd", "nesterov": True}},
    {"schedule": {"kind": "cosine", "last": 0.1}}, {"loss": "squared-error", "batch_size": 3}, {"warmup": 0, "l1": 0},
    {"schedule": {"kind": "constant"}},
]  # fmt: skip


@pytest.mark.parametrize(
    ("training", "version"),
    [*((newest, 4) for newest in NEWEST), *((new, 3) for new in NEW), *((old, 1) for old in OLD)],
)
def test_only_what_older_programs_do_not_know_raises_the_version(training: dict[str, Any], version: int) -> None:
    project = Project(training=TrainingSettings(**training))
    assert to_json(project)["version"] == version
    assert decode(encode(project)) == project


def test_every_way_to_train_is_told_apart_by_version() -> None:
    """What is added from now on needs a look at `_version_of_training`."""
    fields = TrainingSettings.model_fields
    known = {"epochs", "batch_size", "loss", "optimizer", "schedule", "seed", "weights", "device"}
    new = {name for entry in NEW for name in entry}
    assert set(fields) == known | new
    for group in ("optimizer", "schedule"):
        kinds = {kind.model_fields["kind"].default for kind in get_args(fields[group].annotation)}
        assert kinds == {entry[group]["kind"] for entry in (*NEWEST, *NEW, *OLD) if group in entry}


def test_before_version_4_one_cycle_left_the_momentum_as_it_was() -> None:
    text = encode(Project(training=TrainingSettings(schedule=OneCycle())))
    assert decode(text).training.schedule == OneCycle()
    assert decode(text.replace('"version": 4', '"version": 3')).training.schedule == OneCycle(cycle_momentum=False)


@pytest.mark.parametrize(
    "change",
    [
        "augmentation.rotation=15",
        "augmentation.flip_vertical=true",
        "label_noise=0.1",
        "normalise=whiten",
        "rare=0.1",
        "folds=5",
        "fold=2",
    ],
)
def test_what_older_programs_do_not_know_of_data_raises_the_version(change: str) -> None:
    path, _, value = change.partition("=")
    project = set_setting(SMALL, f"data.{path}", value)
    assert to_json(project)["version"] == 3
    assert decode(encode(project)) == project
    back = set_setting(project, f"data.{path}", DEFAULTS[path])
    assert encode(back) == encode(SMALL), "what is off leaves no trace"


DEFAULTS: dict[str, object] = {
    "augmentation.rotation": 0.0, "augmentation.flip_vertical": False, "label_noise": 0.0, "normalise": "standardise",
    "rare": 1.0, "folds": 0, "fold": 1,
}  # fmt: skip


def test_weights_to_begin_with_raise_the_version() -> None:
    """A program that knows no such setting must say that it is too old, not that the file is bad."""
    project = Project()
    assert to_json(project)["version"] == 1
    assert to_json(with_weights(project, "a.safetensors"))["version"] == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "not-a-project"),
        ("import torch", "not-a-project: this is not a TorchCanvas project: it is not JSON."),
        ("[]", "bad-file: the file: here stands [], where an object in braces is needed."),
        ("{}", "not-a-project"),
        (altered(format="other"), "not-a-project"),
        (altered(version="1"), "bad-file"),
        (altered(version=True), "bad-file"),
        (altered(version=0), "bad-file"),
        (altered(version=7), "newer-version: this project is of format version 7; this program reads versions up to 4"),
        (altered(nmae="x"), "bad-file: the file: this program knows nothing called 'nmae' here."),
        (altered(name=3), "bad-file: name: here stands 3, where a text in quotes is needed."),
        (altered(training={"epochs": 0}), "bad-parameter: training.epochs: 0 is out of range: it must be at least 1."),
        (altered(training={"optimizer": {"kind": "magic"}}), "bad-parameter: training.optimizer"),
        (altered(data={"colour": 1}), "bad-parameter: data.colour"),
        (altered(blocks={"../b": {}}), "bad-name: blocks, '../b': '../b' cannot be the name of a block."),
        (altered(blocks={"b" * 300: {}}), "bad-name: blocks, 'bbb"),
        (altered(blocks={"b": {"parameters": [{"name": 1}]}}), "bad-file: blocks, 'b', parameter 1, name"),
        (altered(blocks={"b": {"parameters": [{"name": "a b"}]}}), "bad-name: blocks, 'b', parameter 1: 'a b' cannot"),
        (altered(blocks={"b": {"parameters": [{"name": "c"}] * 2}}), "name-taken: blocks, 'b', parameter 2: there are"),
        (network({"name": "a", "kind": "ReLU"}, {"name": "a", "kind": "Tanh"}), "name-taken: network: there are two"),
        (network({"name": "1a", "kind": "ReLU"}), "bad-name: 1a.name: '1a' cannot be a name."),
        (network({"name": "a" * 5 + "\n", "kind": "ReLU"}), "bad-name"),
        (network({"name": "a", "kind": "ReLU", "at": [0]}), "bad-file"),
        (network({"name": "a", "kind": "ReLU", "at": [0, 1e300]}), "bad-file"),
        (network({"name": "a", "kind": "ReLU", "at": [True, 0]}), "bad-file"),
        (network({"name": "a"}), "bad-file: network, node 1, kind: here stands nothing"),
        (network({"name": "a", "kind": "ReLU", "params": [1]}), "bad-file: network, node 1, params"),
        (network("a"), "bad-file: network, node 1"),
        (network({"name": "a", "kind": "ReLU"}, edges=[["a", "b"]]), "bad-wire: b: the wire"),
        (network({"name": "a", "kind": "ReLU"}, edges=[["a"]]), "bad-file: network, wire 1"),
        (network({"name": "a", "kind": "ReLU"}, edges=[["a", "a", 0, 10**12]]), "bad-file: network, wire 1"),
        (network({"name": "a", "kind": "ReLU"}, edges=[["a", "a"], ["a", "a"]]), "bad-wire: a: the wire"),
        (altered().replace('"epochs": 3', '"epochs": NaN'), "bad-file: NaN is no number"),
        (altered().replace('"epochs": 3', '"epochs": -Infinity'), "bad-file: -Infinity is no number"),
        (altered().replace('"epochs": 3', '"epochs": 1e999'), "bad-file: 1e999 is no number"),
        (altered().replace('"epochs": 3', '"epochs": ' + "9" * 5000), "bad-file: a number of 5,000 digits"),
        (altered(data={"x": json.loads("[" * 60 + "]" * 60)}), "bad-file: brackets are nested"),
        ("[" * 1_000_000, "bad-file: brackets are nested"),
        ('{"a":' * 1_000_000, "bad-file: brackets are nested"),
    ],
    ids=lambda value: str(value)[-40:],
)  # fmt: skip
def test_bad_text_is_one_problem(text: str, expected: str) -> None:
    assert fault(text).startswith(expected)


def test_what_can_be_mended_opens() -> None:
    circle = decode(
        network({"name": "a", "kind": "ReLU"}, {"name": "b", "kind": "ReLU"}, edges=[["a", "b"], ["b", "a"]])
    )
    assert {problem.code for problem in infer(circle.graph).nodes["a"].problems} == {"cycle"}
    huge = decode(network({"name": "a", "kind": "Linear", "params": {"features": 10**30}}))
    assert [problem.field for problem in infer(huge.graph).nodes["a"].problems] == ["features"]
    strange = decode(network({"name": "a", "kind": "Quux", "params": {"z": [1, {"y": None}], "a": 0.5}}))
    assert [problem.code for problem in infer(strange.graph).nodes["a"].problems] == ["unknown-layer"]
    assert '"params": {"z": [1, {"y": null}], "a": 0.5}' in encode(strange)


def test_older_versions_migrate_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "VERSION", 3)  # the migrations below lead there
    monkeypatch.setitem(form.MIGRATIONS, 1, lambda old: {**old, "name": old["name"] + " one"})
    monkeypatch.setitem(form.MIGRATIONS, 2, lambda old: {**old, "name": old["name"] + " two"})
    assert decode(altered(version=1)).name == "Zwei Schichten one two"
    assert decode(altered(version=2)).name == "Zwei Schichten two"
