"""Layers by third parties: a good one joins the catalogue, a broken one is reported and leaves nothing behind."""

from __future__ import annotations

import pytest

from builder.compile.infer import infer
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Edge, Graph, Node
from builder.graph.problems import ProblemError, Severity
from builder.layers import plugins
from builder.layers.registry import kinds, make

GOOD = '''
from typing import ClassVar
from builder.layers.base import Call, Category, Example, Layer
from builder.layers.registry import register

@register
class Twice(Layer):
    """Adds its input to itself."""
    title: ClassVar[str] = "Twice"
    category: ClassVar[Category] = Category.STRUCTURE
    stem: ClassVar[str] = "twice"
    examples: ClassVar[tuple[Example, ...]] = (Example(((4,),)),)

    def output_shape(self, inputs):
        return (4,) if inputs[0] == (4,) else inputs[1]

    def lower(self, inputs):
        return Call("torch.nn.Identity")
'''


def test_a_good_one_joins_once(install_plugin) -> None:  # type: ignore[no-untyped-def]
    install_plugin("plugin_good", GOOD)
    assert plugins.load_plugins() == ()
    assert make("Twice", FrozenDict()).output_shape(((4,),)) == (4,)
    assert plugins.load_plugins() == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import no_such_module_anywhere", "no_such_module_anywhere"),
        ("def (", "SyntaxError"),
        ("raise SystemError('out of order')", "out of order"),
        (GOOD.replace('stem: ClassVar[str] = "twice"', ""), "Twice has no stem"),
        (GOOD.replace("(Example(((4,),)),)", "()"), "Twice has no examples"),
        (GOOD.replace("class Twice", "class Conv2d"), "two layers are called Conv2d"),
        (GOOD + "\nraise ValueError('too late')", "too late"),
        (GOOD.replace("(4,) if", "(4 // 0,) if"), "the layer Twice fails at its example 1: ZeroDivisionError"),
        (GOOD.replace("def lower", "def higher"), "fails at its example 1: NotImplementedError"),
        (GOOD.replace("def output", "size: int\n    def output"), "size"),
    ],
)
def test_a_broken_one_is_reported_and_skipped(install_plugin, text: str, words: str) -> None:  # type: ignore[no-untyped-def]
    before = dict(kinds())
    install_plugin("plugin_broken", text)
    install_plugin("plugin_good", GOOD)
    (problem,) = plugins.load_plugins()
    assert problem.code == "broken-plugin"
    assert problem.severity is Severity.WARNING
    assert "plugin_broken" in problem.message
    assert words in problem.message
    assert "\n" not in problem.message
    assert kinds().keys() == {*before, "Twice"}


def test_a_rule_that_fails_later_is_a_problem_of_its_node(install_plugin) -> None:  # type: ignore[no-untyped-def]
    install_plugin("plugin_good", GOOD)
    assert plugins.load_plugins() == ()
    nodes = [Node("input", "Input", freeze({"shape": (5,)})), Node("twice", "Twice"), Node("output", "Output")]
    known = infer(Graph.of(nodes, [Edge("input", "twice"), Edge("twice", "output")]))
    (problem,) = known.errors
    assert (problem.code, problem.where) == ("broken-plugin", "twice")
    assert "IndexError" in problem.message
    assert "plugin_good" in problem.hint


def test_its_nodes_are_of_an_unknown_kind_without_it() -> None:
    with pytest.raises(ProblemError) as caught:
        make("Twice", FrozenDict())
    assert caught.value.problems[0].code == "unknown-layer"
