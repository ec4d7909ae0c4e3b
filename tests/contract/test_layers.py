"""What every layer of the catalogue must keep. A new layer is covered without a change here."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from itertools import pairwise
from typing import Any, Literal, get_args, get_origin

import annotated_types
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic.fields import FieldInfo
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from builder.compile.infer import infer
from builder.compile.module import build
from builder.compile.source import to_source
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Edge, Graph, Node, Shape
from builder.graph.parameters import Parameters
from builder.graph.problems import ProblemError
from builder.layers.base import Call, Layer, Remedy, Role, ShapeError, Shapes
from builder.layers.document import card
from builder.layers.edits import apply
from builder.layers.registry import kinds, make
from tests.contract.layer_cases import CASES, KINDS, WORKING, Case, evaluate, on_meta, plan_of, run

each_kind = pytest.mark.parametrize("kind", KINDS)
each_case = pytest.mark.parametrize("case", CASES, ids=repr)
each_working = pytest.mark.parametrize("case", WORKING, ids=repr)

FIELDS = [(kind, name) for kind, layer in kinds().items() for name in layer.model_fields]
each_field = pytest.mark.parametrize(("kind", "name"), FIELDS)


# Parameters


@each_kind
def test_defaults_are_valid_and_are_stored_as_nothing(kind: str) -> None:
    layer = make(kind, FrozenDict())
    assert type(layer).model_validate(layer.model_dump()) == layer
    assert layer.plain() == {}


@each_case
def test_json_round_trip(case: Case) -> None:
    stored = json.loads(json.dumps(case.layer.plain()))
    assert make(case.kind, freeze(stored)) == case.layer


def constraints(annotation: Any, metadata: list[Any]) -> list[annotated_types.BaseMetadata]:
    """Bounds of a field or, for a tuple, of its items; wherever the annotation holds them."""
    found = [item for entry in metadata for item in getattr(entry, "metadata", [entry])]
    for part in get_args(annotation):
        if hasattr(part, "__metadata__"):
            found += constraints(part.__origin__, list(part.__metadata__))
    return [item for item in found if isinstance(item, annotated_types.BaseMetadata)]


def refused_values(field: FieldInfo) -> list[Any]:
    """Values just beyond each bound that the field declares, and of a wrong type."""
    annotation = field.annotation
    if get_origin(annotation) is Literal:
        return ["no such choice", None]
    if annotation is bool:
        return ["perhaps", 7, None]
    values: list[Any] = ["text", None, float("nan"), float("inf")]
    step = 0.5 if annotation is float else 1
    for bound in constraints(annotation, list(field.metadata)):
        match bound:
            case annotated_types.Ge(ge=limit):
                values.append(limit - step)
            case annotated_types.Gt(gt=limit):
                values.append(limit)
            case annotated_types.Le(le=limit):
                values.append(limit + step)
            case annotated_types.Lt(lt=limit):
                values.append(limit)
    return values


def refusal(kind: str, params: dict[str, Any]) -> set[str]:
    """The fields that the problems name."""
    with pytest.raises(ProblemError) as caught:
        make(kind, freeze(params))
    for problem in caught.value.problems:
        assert problem.message.endswith("."), problem
        assert "pydantic" not in problem.message
    return {problem.field for problem in caught.value.problems}


@each_field
def test_values_beyond_the_bounds_are_refused_at_their_field(kind: str, name: str) -> None:
    field = kinds()[kind].model_fields[name]
    for value in refused_values(field):
        assert name in refusal(kind, {name: value}), value


@each_field
def test_numbers_are_bounded_on_both_sides(kind: str, name: str) -> None:
    field = kinds()[kind].model_fields[name]
    if field.annotation in (int, float) or get_origin(field.annotation) is tuple:
        found = constraints(field.annotation, list(field.metadata))
        assert any(isinstance(bound, (annotated_types.Ge, annotated_types.Gt)) for bound in found)
        assert any(isinstance(bound, (annotated_types.Le, annotated_types.Lt)) for bound in found)


@each_kind
def test_an_unknown_parameter_is_refused(kind: str) -> None:
    assert refusal(kind, {"colour": "red"}) == {"colour"}


@pytest.mark.parametrize(
    ("kind", "params", "field"),
    [
        ("MaxPool2d", {"kernel_size": 3, "padding": 2}, "padding"),
        ("AvgPool2d", {"kernel_size": [4, 2], "padding": [2, 2]}, "padding"),
        ("WeightedAvgPool2d", {"radius": 2, "padding": 2}, "padding"),
        ("Conv2d", {"kernel_size": 4, "border": "same"}, "border"),
        ("ConvTranspose2d", {"stride": 2, "output_padding": 2}, "output_padding"),
        ("Permute", {"order": [1, 1, 2]}, "order"),
        ("Mean", {"axes": [2, 2]}, "axes"),
        ("Linear", {"initialisation": {"kind": "uniform", "low": 1, "high": 0}}, "initialisation"),
        ("Linear", {"initialisation": {"kind": "no such scheme"}}, "initialisation"),
    ],
)
def test_values_that_do_not_go_together_are_refused_at_the_field_at_fault(
    kind: str, params: dict[str, Any], field: str
) -> None:
    assert refusal(kind, params) == {field}


# Shapes


@each_working
def test_declared_shape_is_the_real_one(case: Case) -> None:
    assert case.output == on_meta(case.layer, case.inputs)[0]


@each_working
def test_declared_weights_are_the_real_ones(case: Case) -> None:
    module = on_meta(case.layer, case.inputs)[1]
    real = {} if module is None else {name: tuple(tensor.shape) for name, tensor in module.named_parameters()}
    assert case.layer.weights(case.inputs) == real
    assert case.layer.parameter_count(case.inputs) == sum(math.prod(shape) for shape in real.values())


shapes = st.lists(st.integers(1, 9), min_size=1, max_size=4).map(tuple)


def values_of(field: FieldInfo) -> st.SearchStrategy[Any]:
    """Values that may or may not be valid, mostly small."""
    if get_origin(field.annotation) is Literal:
        return st.sampled_from(get_args(field.annotation))
    if field.annotation is bool:
        return st.booleans()
    if field.annotation is float:
        return st.sampled_from([0.1, 0.5, 1.0, 0.0, -1.0])
    if get_origin(field.annotation) is tuple:
        return st.integers(0, 4) | st.tuples(st.integers(0, 4), st.integers(0, 4)) | shapes
    if field.annotation is int:
        return st.integers(0, 4)
    return st.just(field.default)


def layers_of(kind: str) -> st.SearchStrategy[Layer]:
    fields = kinds()[kind].model_fields.items()

    def mended(params: dict[str, Any]) -> Layer:
        while True:
            try:
                return make(kind, freeze(params))
            except ProblemError as error:
                params = {k: v for k, v in params.items() if k not in {problem.field for problem in error.problems}}

    return st.fixed_dictionaries({}, optional={name: values_of(field) for name, field in fields}).map(mended)


def wires_of(kind: str) -> st.SearchStrategy[Shapes]:
    """Shapes of every rank, and often of a rank that the layer's examples have."""
    layer = kinds()[kind]
    ranks = {len(shape) for example in layer.examples for shape in example.inputs} or {1}
    usual = st.sampled_from(sorted(ranks)).flatmap(lambda rank: st.tuples(*[st.integers(1, 9)] * rank))
    shape = usual | usual | usual | shapes
    ports = layer.ports
    if not ports.variadic:
        return st.tuples(*[shape] * len(ports.inputs))
    alike = st.tuples(shape, st.integers(ports.least, 3)).map(lambda pair: (pair[0],) * pair[1])
    return alike | st.lists(shape, min_size=ports.least, max_size=3).map(tuple)


@each_kind
@settings(max_examples=25)
@given(data=st.data())
def test_any_input_gives_the_real_shape_or_a_readable_refusal(kind: str, data: st.DataObject) -> None:
    layer = data.draw(layers_of(kind))
    inputs = data.draw(wires_of(kind))
    try:
        declared = layer.output_shape(inputs)
    except ShapeError as error:
        check_refusal(layer, inputs, error)
        return
    assert all(type(size) is int and size > 0 for size in declared)
    assert len(layer.headline()) <= 60
    layer.formulas(inputs, declared)
    layer.window(inputs)
    if layer.role is Role.LAYER:
        real, module = on_meta(layer, inputs)
        assert declared == real
        weights = {} if module is None else {name: tuple(t.shape) for name, t in module.named_parameters()}
        assert layer.weights(inputs) == weights


def check_refusal(layer: Layer, inputs: Shapes, error: ShapeError) -> None:
    """The words are for a reader, the place exists, and what is offered takes the error away."""
    assert error.message.endswith(".")
    assert not error.hint or error.hint.endswith(".")
    assert not re.search(r"[Tt]ensor|[Ee]xpected|dim\b|\(\d+,", error.message)
    assert error.field == "" or error.field in type(layer).model_fields
    assert 0 <= error.port < len(inputs)
    for remedy in error.remedies:
        check_remedy(layer, inputs, error, remedy)


def check_remedy(layer: Layer, inputs: Shapes, error: ShapeError, remedy: Remedy) -> None:
    assert sum(bool(part) for part in (remedy.insert, remedy.change, remedy.replace, remedy.remove)) == 1
    if remedy.remove:
        return
    if remedy.insert:
        new = make(remedy.insert, remedy.insert_params).output_shape((inputs[error.port],))
        inputs = (*inputs[: error.port], new, *inputs[error.port + 1 :])
    elif remedy.replace:
        layer = make(remedy.replace, remedy.insert_params)
    else:
        layer = make(layer.kind(), freeze({**layer.model_dump(mode="json"), **remedy.change}))
    assert again(layer, inputs) != (error.message, error.port)  # it may mend one of several faults


def again(layer: Layer, inputs: Shapes) -> tuple[str, int] | None:
    """What the layer still refuses; None when it takes these inputs."""
    try:
        layer.output_shape(inputs)
    except ShapeError as error:
        return error.message, error.port
    return None


# The compiled model and its source


def example_model(case: Case) -> tuple[torch.nn.Module, torch.Tensor, str]:
    plan = plan_of(case)
    torch.manual_seed(0)
    return build(plan), torch.randn(2, *plan.input_shape), to_source(plan)


@each_working
def test_source_computes_what_the_model_computes(case: Case) -> None:
    model, x, text = example_model(case)
    names: dict[str, Any] = {}
    exec(compile(text, repr(case), "exec"), names)
    copy = names["Net"]()
    copy.load_state_dict(model.state_dict())
    for training in (True, False):
        model.train(training)
        copy.train(training)
        results = []
        for net in (model, copy):
            torch.manual_seed(1)
            results.append(net(x))
        assert torch.equal(*results)
        assert tuple(results[0].shape[1:]) == case.output


def test_source_begins_like_the_model_in_a_fresh_interpreter() -> None:
    """Every layer's source, run in one other process, with nothing of this program in reach."""
    texts, wanted = {}, {}
    for case in WORKING:
        plan = plan_of(case)
        texts[repr(case)] = (to_source(plan), (2, *plan.input_shape))
        torch.manual_seed(5)
        model = build(plan).eval()
        with torch.no_grad():
            wanted[repr(case)] = float(model(torch.ones(2, *plan.input_shape)).double().sum())
    program = (
        "import json, sys, torch\n"
        "found = {}\n"
        "for name, (text, shape) in json.load(sys.stdin).items():\n"
        "    names = {}\n"
        "    exec(text, names)\n"
        "    torch.manual_seed(5)\n"
        "    net = names['Net']().eval()\n"
        "    with torch.no_grad():\n"
        "        found[name] = float(net(torch.ones(shape)).double().sum())\n"
        "assert not any(name.startswith('builder') for name in sys.modules)\n"
        "json.dump(found, sys.stdout)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(texts), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == wanted


# Numbers


@each_working
def test_multiply_adds_are_those_that_are_counted(case: Case) -> None:
    """Convolutions and matrix products are counted by torch as two operations for each multiply-and-add."""
    batch = 2  # normalisations refuse a single sample
    tensors = [torch.randn(batch, *shape) for shape in case.inputs]
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
        run(case.layer, case.inputs, tensors)
    counted = counter.get_total_flops() // (2 * batch)
    declared = case.layer.multiply_adds(case.inputs, case.output)
    if counted:
        assert declared == counted
    else:
        assert 0 <= declared <= 4 * math.prod(case.output) * len(case.inputs)


PICTURES = [
    case
    for case in WORKING
    if len(case.inputs) == 1 and len(case.inputs[0]) == 3 and case.layer.window(case.inputs) is not None
]


def cells(place: int, size: int, stride: int, padding: int, dilation: int, length: int) -> set[int]:
    first = place * stride - padding
    return {cell for cell in range(first, first + dilation * size, dilation) if 0 <= cell < length}


@pytest.mark.parametrize("case", PICTURES, ids=repr)
def test_an_output_sees_its_window_and_nothing_else(case: Case) -> None:
    torch.manual_seed(3)
    window = case.layer.window(case.inputs)
    assert window is not None
    if len(case.output) != 3:
        assert math.prod(case.inputs[0][1:]) == math.prod(case.output[1:])
        return
    x = torch.randn(300, *case.inputs[0]).requires_grad_()
    y, module = run(case.layer, case.inputs, [x])
    if case.kind == "Sign":  # flat nearly everywhere: there is no gradient to follow
        return
    if module is not None:
        module.eval()  # batch norm: the pictures of a batch shall not see each other
        forward = case.layer.lower(case.inputs).forward
        y = evaluate(forward, [x], module) if forward else module(x)
    _, high, wide = case.output
    for place in {(high // 2, wide // 2), (high // 2, max(0, wide // 2 - 1))}:
        # A random weight for each channel: a softmax adds up to one whatever goes in.
        weights = torch.randn(y.shape[:2])
        (gradient,) = torch.autograd.grad((y[:, :, place[0], place[1]] * weights).sum(), x, retain_graph=True)
        seen = {(int(r), int(c)) for r, c in (gradient.abs().amax(dim=(0, 1)) > 0).nonzero()}
        rows, columns = (
            cells(place[a], window.size[a], window.stride[a], window.padding[a], window.dilation[a], x.shape[2 + a])
            for a in (0, 1)
        )
        assert seen == {(row, column) for row in rows for column in columns}


# Initial weights

SCHEMES = [
    {"kind": "zeros"},
    {"kind": "constant", "value": 0.25},
    {"kind": "normal", "mean": 1.0, "deviation": 0.4},
    {"kind": "uniform", "low": -0.7, "high": 0.7},
    {"kind": "xavier-normal", "gain": 2.0},
    {"kind": "xavier-uniform"},
    {"kind": "kaiming-normal", "slope": 0.5},
    {"kind": "kaiming-uniform"},
]
CHOOSING = [kind for kind, layer in kinds().items() if "initialisation" in layer.model_fields]


@pytest.mark.parametrize("kind", CHOOSING)
@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme["kind"])
def test_every_scheme_names_every_weight_that_the_layer_has(kind: str, scheme: dict[str, Any]) -> None:
    layer = make(kind, freeze({"initialisation": scheme}))
    inputs = kinds()[kind].examples[0].inputs
    calls = dict(layer.initial(inputs))
    assert calls.keys() == layer.weights(inputs).keys()
    assert all(isinstance(call, Call) and call.target.startswith("torch.nn.init.") for call in calls.values())
    assert make(kind, FrozenDict()).initial(inputs) == ()


# Documentation


@each_kind
def test_documentation_is_complete(kind: str) -> None:
    layer = kinds()[kind]
    assert layer.title[:1].isupper()
    assert len(layer.title) <= 24
    assert re.fullmatch(r"[a-z][a-z0-9_]*", layer.stem)
    assert not layer.stem[-1].isdigit()
    assert layer.category
    assert re.fullmatch(r"[A-Z].{20,400}\.", layer.help())
    assert re.fullmatch(r".{10,120}\.", layer.use)
    assert "https://" in layer.source
    assert layer.keywords
    assert layer.title.casefold() not in (word.casefold() for word in layer.keywords)
    assert len(layer.examples) >= 2 or not layer.model_fields
    assert layer.examples


def test_titles_are_unique() -> None:
    titles = [layer.title for layer in kinds().values()]
    assert len(set(titles)) == len(titles)


@each_field
def test_every_parameter_has_a_label_and_a_sentence(kind: str, name: str) -> None:
    field = kinds()[kind].model_fields[name]
    assert field.title
    assert len(field.title) <= 24
    assert field.description
    assert field.description.endswith(".")
    if get_origin(field.annotation) is Literal:
        choices = (field.json_schema_extra or {})["choices"]
        assert choices.keys() == set(get_args(field.annotation))


@each_case
def test_headline_is_short(case: Case) -> None:
    assert 0 < len(case.layer.headline()) <= 34


def evaluated(text: str) -> float | None:
    """The value of one side of a sum; None when it holds words."""
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    for sign, python in (
        ("·", "*"),
        ("−", "-"),
        ("⌊", "floor("),
        ("⌋", ")"),
        ("⌈", "ceil("),
        ("⌉", ")"),
        ("^{2}", "**2"),
    ):
        text = text.replace(sign, python)
    text = re.sub(r"√(\d+)", r"sqrt(\1)", text).replace("√(", "sqrt(")
    if re.sub(r"floor|ceil|sqrt|[\d.e+*/()\s-]", "", text) or not re.search(r"\d", text):
        return None
    return float(eval(text, {"floor": math.floor, "ceil": math.ceil, "sqrt": math.sqrt}))


@each_case
def test_the_arithmetic_is_right(case: Case) -> None:
    """Each line holds on both sides of its equals signs, and parameters and sizes are told as they are."""
    formulas = case.layer.formulas(case.inputs, case.output)
    assert formulas
    for formula in formulas:
        assert formula.title
        assert formula.general
        for line in formula.numbers.split("\n"):
            sides = [value for side in line.split(" = ") if (value := evaluated(side)) is not None]
            assert all(math.isclose(side, sides[0], rel_tol=1e-3) for side in sides), line
    text = {formula.title: formula.numbers for formula in formulas}
    count = case.layer.parameter_count(case.inputs)
    if count:
        assert f"{count:,}" in text["Parameters"].replace("\n", " ").split(" ")
    if case.inputs and len(case.output) == 3 and case.output[1:] != case.inputs[0][1:] and len(case.inputs) == 1:
        changed = [now for was, now in zip(case.inputs[0], case.output, strict=False) if was != now]
        for size in changed[-2:]:
            assert re.search(rf"(?<!\d){size}(?!\d)", text["Output size"])
    work = case.layer.multiply_adds(case.inputs, case.output)
    if "Multiply-adds" in text:
        assert text["Multiply-adds"].endswith(f"= {work:,}")


@each_case
def test_help_card(case: Case) -> None:
    full = card(case.layer, case.inputs, case.output)
    assert full.link.startswith("https://")
    assert full.formulas == case.layer.formulas(case.inputs, case.output)
    assert [field.name for field in full.fields] == list(type(case.layer).model_fields)
    unknown = card(case.layer, (None,) * len(case.inputs), None)
    assert unknown.formulas
    assert not any(formula.numbers for formula in unknown.formulas)


def test_a_variant_documents_itself() -> None:
    """Fields that hold parameters of their own (initialisation) are told as a word, not as Python."""
    layer = make("Linear", freeze({"initialisation": {"kind": "kaiming-normal"}}))
    assert isinstance(layer, Parameters)
    words = {field.name: field.value for field in card(layer).fields}
    assert words["initialisation"] == "Kaiming, normal"


# Fixes, through the whole of inference


def one_problem(graph: Graph) -> Any:
    (problem,) = [problem for problem in infer(graph).problems() if problem.code == "shape-mismatch"]
    return problem


def chain(shape: Shape, *nodes: Node) -> Graph:
    every = (Node("x", "Input", freeze({"shape": shape})), *nodes, Node("y", "Output"))
    return Graph.of(every, [Edge(a.name, b.name) for a, b in pairwise(every)])


@pytest.mark.parametrize(
    ("shape", "node", "title"),
    [
        ((16, 5, 5), Node("it", "Linear"), "Insert Flatten"),
        ((784,), Node("it", "Conv2d"), "Insert Reshape to 1×28×28"),
        ((84,), Node("it", "BatchNorm2d"), "Use Batch norm, flat"),
        ((16, 5, 5), Node("it", "BatchNorm1d"), "Use Batch norm"),
        ((84,), Node("it", "Dropout2d"), "Use Dropout"),
        ((1, 3, 3), Node("it", "Conv2d", freeze({"kernel_size": 5})), "Set padding to 1"),
        ((1, 3, 1), Node("it", "Conv2d", freeze({"kernel_size": 3})), "Set padding to 0×1"),
        ((1, 1, 3), Node("it", "MaxPool2d"), "Set the window to 1×2"),
        ((1, 1, 1), Node("it", "MaxPool2d"), "Remove it"),
        ((1, 1, 1), Node("it", "WeightedAvgPool2d", freeze({"padding": 0})), "Remove it"),
        ((3, 8, 8), Node("it", "Conv2d", freeze({"groups": 2})), "Use one group"),
        ((3, 8, 8), Node("it", "CenterCrop"), "Set the size to 8×8"),
    ],
)
def test_the_offered_fix_mends_it(shape: Shape, node: Node, title: str) -> None:
    graph = chain(shape, node)
    problem = one_problem(graph)
    assert problem.fix.title == title
    for edit in problem.fix.edits:
        graph = apply(graph, edit)
    assert infer(graph).errors == ()


@pytest.mark.parametrize("kind", ["Add", "Multiply"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"filters": 8, "padding": 1}, {"filters": 4, "padding": 1}),
        ({"filters": 8, "padding": 1, "stride": 2}, {"filters": 4, "padding": 1}),
        ({"filters": 4, "padding": 1}, {"filters": 8, "padding": 1, "stride": 2}),
    ],
)
def test_branches_of_different_shape_are_offered_a_projection(
    kind: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    nodes = [
        Node("x", "Input", freeze({"shape": [1, 16, 16]})),
        Node("a", "Conv2d", freeze(first)),
        Node("b", "Conv2d", freeze(second)),
        Node("it", kind),
        Node("y", "Output"),
    ]
    edges = [Edge("x", "a"), Edge("x", "b"), Edge("a", "it", 0, 0), Edge("b", "it", 0, 1), Edge("it", "y")]
    graph = Graph.of(nodes, edges)
    problem = one_problem(graph)
    assert problem.fix.title.startswith("Insert 1×1 convolution to 8×") or "to 4×" in problem.fix.title
    for edit in problem.fix.edits:
        graph = apply(graph, edit)
    assert infer(graph).errors == ()
