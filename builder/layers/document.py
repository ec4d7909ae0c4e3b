"""The help card of a layer: all that a reader may want to know of it, with this node's own numbers put in.

The same card serves the inspector and the documentation page. No Qt: how it looks is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass

from builder.graph.model import Shape
from builder.layers.base import Formula, Layer, Shapes


@dataclass(frozen=True)
class HelpField:
    """One parameter: its label, what it does, and its value in this node as text."""

    name: str
    title: str
    help: str
    value: str


@dataclass(frozen=True)
class HelpCard:
    """What there is to know of one node.

    Attributes:
        title, category: name in the palette, and its heading.
        what: what the layer does, one to three sentences.
        use: when one uses it, one sentence.
        formulas: the arithmetic, most important first; without numbers as long as the shapes are unknown.
        fields: the parameters.
        source: paper or page as text; `link` is the address in it, empty when there is none.
    """

    kind: str
    title: str
    category: str
    what: str
    use: str
    formulas: tuple[Formula, ...]
    fields: tuple[HelpField, ...]
    source: str
    link: str


def card(layer: Layer, inputs: tuple[Shape | None, ...] = (), output: Shape | None = None) -> HelpCard:
    """The help card of a layer.

    Args:
        inputs, output: shapes as far as they are known; where one is not, the first example's stand in and the
            formulas carry no numbers.
    """
    link = next((word for word in layer.source.replace(",", " ").split() if word.startswith("https://")), "")
    return HelpCard(
        kind=layer.kind(),
        title=layer.title,
        category=layer.category.value,
        what=layer.help(),
        use=layer.use,
        formulas=_formulas(layer, inputs, output),
        fields=tuple(
            HelpField(name, field.title or name, field.description or "", _words(getattr(layer, name)))
            for name, field in type(layer).model_fields.items()
        ),
        source=layer.source,
        link=link,
    )


def _formulas(layer: Layer, inputs: tuple[Shape | None, ...], output: Shape | None) -> tuple[Formula, ...]:
    known: Shapes = tuple(shape for shape in inputs if shape is not None)
    if output is not None and len(known) == len(inputs):
        return layer.formulas(known, output)
    example = type(layer).examples[0]
    usual = type(layer).model_validate(dict(example.params))
    found = usual.formulas(example.inputs, usual.output_shape(example.inputs))
    return tuple(Formula(formula.title, formula.general) for formula in found)


def _words(value: object) -> str:
    """A parameter's value as a reader would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "×".join(str(item) for item in value)
    if isinstance(value, float):
        return f"{value:g}"
    title = getattr(type(value), "title", None)
    return title if isinstance(title, str) else str(value)
