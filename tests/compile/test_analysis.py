"""The analysis table gives the lectures' numbers, and receptive fields are what gradients say."""

from __future__ import annotations

import json

import pytest

from builder.compile.analysis import ReceptiveField, analyse, receptive_fields, total
from builder.compile.network import infer_network
from builder.compile.plan import make_plan
from builder.graph.model import Edge, Graph, Node
from builder.project.templates import load, templates
from tests.compile.networks import chain, lenet5, plan_of, vgg16


def test_lenet5():
    table = analyse(plan_of(lenet5()))
    counts = [layer.parameters for layer in table.layers if layer.parameters]
    assert counts == [156, 2416, 48120, 10164, 850]
    assert table.total.parameters == table.total.trainable == 61706
    conv = table.layer("conv1")
    assert conv is not None
    assert (conv.neurons, conv.weights, conv.biases, conv.output_shape) == (4704, 150, 6, (6, 28, 28))
    assert conv.activation_bytes == 4704 * 4
    assert conv.multiply_adds == 28 * 28 * 6 * 25
    assert conv.inputs == ("input",)


def test_json_has_the_agreed_fields_and_nothing_else():
    table = json.loads(json.dumps(analyse(plan_of(lenet5())).json()))
    assert set(table) == {"input", "layers", "total"}
    assert table["input"] == [1, 32, 32]
    assert set(table["total"]) == {"parameters", "trainable", "multiply_adds", "activation_bytes"}
    expected = "name kind inputs output_shape neurons weights biases parameters trainable multiply_adds"
    assert list(table["layers"][0]) == [*expected.split(), "activation_bytes", "receptive_field"]
    pool = next(layer for layer in table["layers"] if layer["name"] == "pool2")
    assert pool["receptive_field"] == {"size": [16, 16], "stride": [4, 4], "offset": [0, 0]}
    assert table["layers"][-1]["receptive_field"] is None


def test_vgg16_as_the_lectures_list_it():
    table = analyse(plan_of(vgg16()))
    weights = [layer.weights for layer in table.layers if layer.weights]
    assert weights == [
        *(1728, 36864, 73728, 147456, 294912, 589824, 589824, 1179648, 2359296, 2359296),
        *(2359296, 2359296, 2359296, 102760448, 16777216, 4096000),
    ]
    assert table.total.parameters == 138357544
    first, last = table.layer("conv1_1"), table.layer("pool5")
    assert first is not None
    assert last is not None
    assert first.neurons == 3211264
    assert (last.output_shape, last.neurons) == ((512, 7, 7), 25088)


def test_one_7x7_against_three_3x3():
    def conv(name: str, kernel: int) -> tuple:  # type: ignore[type-arg]
        return (name, "Conv2d", {"filters": 16, "kernel_size": kernel, "padding": kernel // 2})

    large = analyse(plan_of(chain(conv("a", 7), shape=(16, 256, 256))))
    small = analyse(plan_of(chain(conv("a", 3), conv("b", 3), conv("c", 3), shape=(16, 256, 256))))
    assert (large.total.parameters, large.total.multiply_adds) == (12560, 822083584)
    assert (small.total.parameters, small.total.multiply_adds) == (6960, 3 * 16 * 16 * 9 * 65536)
    fields = [table.layers[-1].receptive_field for table in (large, small)]
    assert fields[0] == fields[1] == ReceptiveField((7, 7), (1, 1), (-3, -3))


@pytest.mark.parametrize(("stride", "sizes"), [(1, [3, 5, 7]), (2, [3, 7, 15])])
def test_three_3x3_layers(stride, sizes):
    specs = [(f"c{number}", "Conv2d", {"kernel_size": 3, "stride": stride}) for number in range(3)]
    table = analyse(plan_of(chain(*specs)))
    found = [layer.receptive_field.size for layer in table.layers if layer.receptive_field]
    assert found == [(size, size) for size in sizes]


def test_a_network_of_ten_to_the_eleven_parameters_is_analysed_at_once():
    table = analyse(plan_of(chain(("fc", "Linear", {"features": 10**9}), shape=(100,))))
    assert table.total.parameters == 101 * 10**9


# Each is a stack of layers on a 3×40×36 picture; all are linear in their input once the weights are positive.
STACKS = {
    "plain": [("Conv2d", {"kernel_size": 3}), ("Conv2d", {"kernel_size": [5, 3]})],
    "strided and padded": [
        ("Conv2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
        ("Conv2d", {"kernel_size": [3, 5], "stride": [1, 2], "padding": [0, 2]}),
        ("AvgPool2d", {}),
    ],
    "dilated": [("Conv2d", {"kernel_size": 3, "dilation": 2, "padding": 2}), ("Conv2d", {"dilation": [1, 3]})],
    "lenet-like": [
        ("Conv2d", {"kernel_size": 5}),
        ("AvgPool2d", {}),
        ("Conv2d", {"kernel_size": 5}),
        ("AvgPool2d", {}),
    ],
}


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_receptive_fields_are_what_gradients_say(stack):
    import torch

    from builder.compile.module import build

    specs = [(f"layer{number}", kind, params) for number, (kind, params) in enumerate(stack)]
    plan = plan_of(chain(*specs, shape=(3, 40, 36)))
    field = receptive_fields(plan)[specs[-1][0]]
    assert field is not None
    model = build(plan)
    with torch.no_grad():
        for tensor in model.parameters():
            tensor.fill_(1.0)
    picture = torch.ones(1, 3, 40, 36, requires_grad=True)
    output = model(picture)
    for row, column in ((0, 0), (1, 2), (output.shape[2] - 1, output.shape[3] - 1)):
        (gradient,) = torch.autograd.grad(output[0, 0, row, column], picture, retain_graph=True)
        rows, columns = (gradient[0, 0].sum(dim=axis).nonzero().flatten().tolist() for axis in (1, 0))
        top, left, bottom, right = field.seen_by(row, column)
        assert (rows[0], rows[-1] + 1) == (max(0, top), min(40, bottom))
        assert (columns[0], columns[-1] + 1) == (max(0, left), min(36, right))


def test_joined_branches_see_the_box_around_both():
    nodes = [Node("i", "Input", {"shape": [1, 20, 20]}), Node("s", "Concatenate"), Node("o", "Output")]
    nodes += [Node("a", "Conv2d", {"kernel_size": 1}), Node("b", "Conv2d", {"kernel_size": 5, "padding": 2})]
    wires = [Edge("i", "a"), Edge("i", "b"), Edge("a", "s"), Edge("b", "s", 0, 1), Edge("s", "o")]
    assert receptive_fields(plan_of(Graph.of(nodes, wires)))["s"] == ReceptiveField((5, 5), (1, 1), (-2, -2))


def test_the_centre_of_a_field():
    assert ReceptiveField((5, 5), (1, 1), (-2, -2)).centre == (0, 0)
    assert ReceptiveField((6, 5), (2, 2), (0, 0)).centre == (2.5, 2)


@pytest.mark.parametrize("name", [template.name for template in templates()])
def test_the_sums_alone_are_those_of_the_table(name: str) -> None:
    flat = infer_network(load(name).network).flat
    assert total(flat) == analyse(make_plan(flat)).total
