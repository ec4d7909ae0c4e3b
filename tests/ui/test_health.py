"""What is wrong with a layer, said on the card that is the cause."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from builder.compile.infer import Inference, infer
from builder.data.settings import DataSettings
from builder.graph.edits import add_node
from builder.graph.model import Graph, Node
from builder.inspect.picture import Health
from builder.project import templates
from builder.project.check import check
from builder.project.edits import set_setting
from builder.ui.canvas.face import Badge
from builder.ui.document import Document
from builder.ui.health import badges, input_note, on_cards, warnings

WELL = Health(0.0, 1.0, dead=0.0, saturated=0.1, gradient=0.01)


def network(name: str) -> Inference:
    return infer(templates.load(name).network.graph)


def only(found: dict[str, Badge], card: str) -> tuple[str, str]:
    assert list(found) == [card]
    return found[card].text, found[card].role


def test_a_healthy_network_has_no_badges() -> None:
    inference = network("lenet5")
    assert badges(dict.fromkeys(inference.graph.nodes, WELL), inference) == {}


def test_dead_units_are_counted_on_the_card_before_the_activation() -> None:
    inference = network("fashion-cnn")
    activation = next(name for name, node in inference.graph.nodes.items() if node.kind == "ReLU")
    before = inference.graph.incoming[activation][0].source
    shape = inference.shape(activation)
    assert shape is not None
    few = badges({activation: Health(0.1, 1.0, dead=2 / shape[0], saturated=0.0)}, inference)
    assert only(few, before) == ("2 dead", "warn")
    assert activation in few[before].words
    assert only(badges({activation: Health(0.0, 0.0, 1.0, 0.0)}, inference), before) == (f"{shape[0]} dead", "bad")


@pytest.mark.parametrize(("share", "role"), [(0.6, "warn"), (0.9, "bad")])
def test_saturation(share: float, role: str) -> None:
    found = badges({"tanh2": Health(0.0, 1.0, 0.0, share)}, network("lenet5"))
    assert only(found, "conv2") == ("saturated", role)
    assert f"{100 * share:.0f} % of the values of tanh2" in found["conv2"].words


@pytest.mark.parametrize(("name", "answer"), [("lenet5", "softmax1"), ("perceptron", "sigmoid1")])
def test_sure_answers_are_neither_dead_nor_saturated(name: str, answer: str) -> None:
    inference = network(name)
    assert badges({answer: Health(0.1, 0.3, dead=0.5, saturated=0.9)}, inference) == {}
    not_finite = badges({answer: Health(math.nan, 0.3, dead=0.5, saturated=0.9)}, inference)
    assert [badge.text for badge in not_finite.values()] == ["not a number"]


def test_zeros_that_are_no_activation_are_no_dead_units() -> None:
    assert badges({"pool1": Health(0.0, 0.0, 1.0, 0.0)}, network("lenet5")) == {}


def test_what_is_no_number_outranks_the_rest() -> None:
    found = badges({"conv1": Health(math.nan, 1.0, 0.0, 0.0), "tanh1": Health(0.0, 1.0, 0.0, 0.5)}, network("lenet5"))
    assert only(found, "conv1") == ("not a number", "bad")


def test_gradients_that_vanish_are_told_by_comparison() -> None:
    health = {"conv1": Health(0, 1, 0, 0, gradient=1e-9), "conv2": Health(0, 1, 0, 0, gradient=0.0), "fc2": WELL}
    found = badges(health, network("lenet5"))
    assert {name: badge.text for name, badge in found.items()} == {"conv1": "gradient vanishes", "conv2": "no gradient"}
    assert "10,000,000 times" in found["conv1"].words
    before_training = {name: Health(0, 1, 0, 0, gradient=None) for name in health}
    assert badges(before_training, network("lenet5")) == {}


def test_a_block_shows_the_worst_of_what_is_inside(qapp: object) -> None:
    document = Document(templates.load("vgg16"))
    badge = Badge("no gradient", "bad", "Why.")
    found = {"conv3.1.conv": Badge("1 dead", "warn", ""), "conv3.2.conv": badge, "fc1": badge}
    assert on_cards(found, document.shown_as) == {"conv3": badge._replace(words="conv3.2.conv: Why."), "fc1": badge}
    document.open_block("conv3")
    assert on_cards(found, document.shown_as) == {}  # the first copy is well
    document.next_copy(2)
    assert on_cards(found, document.shown_as) == {"conv": badge._replace(words="conv3.2.conv: Why.")}


def test_layers_that_are_gone_are_left_out() -> None:
    assert badges({"gone": Health(math.nan, 1.0, 0.0, 0.0)}, network("lenet5")) == {}


def test_the_input_tells_where_its_data_come_from() -> None:
    assert input_note(DataSettings(dataset="mnist")) == "MNIST, normalised"
    assert input_note(DataSettings(dataset="mnist", normalise="none")) == "MNIST"


def test_what_is_wrong_with_a_node_only_in_its_surroundings_stands_on_its_card() -> None:
    project = templates.load("lenet5")
    inference = infer(project.graph)
    assert warnings(check(project), inference) == {}
    misfit = set_setting(project, "data.dataset", "moons")
    found = warnings(check(misfit), inference)
    assert {name: badge[:2] for name, badge in found.items()} == {
        "input": ("does not fit", "bad"),
        "fc2": ("does not fit", "bad"),
    }
    twice = project.with_graph(add_node(project.graph, Node("again", "Input")))
    inference = infer(twice.graph)
    assert warnings(check(twice), inference)["again"].text == "second input"
    # What is wrong with the node itself stands on its card anyway.
    alone = project.with_graph(Graph.of([Node("fc", "Linear")]))
    inference = infer(alone.graph)
    assert "fc" not in warnings(check(alone), inference)


@pytest.mark.parametrize("wild", [math.nan, math.inf])
def test_a_gradient_that_is_no_number_is_no_measure_for_the_others(wild: float) -> None:
    health = {"conv1": replace(WELL, gradient=wild), "conv2": WELL, "fc1": replace(WELL, gradient=1e-9)}
    assert only(badges(health, network("lenet5")), "fc1") == ("gradient vanishes", "warn")
