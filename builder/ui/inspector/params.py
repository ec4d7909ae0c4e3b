"""One parameter of a node changed, as the node stores it: only what differs from the layer's defaults. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from builder.graph.frozen import FrozenDict, freeze, thaw
from builder.graph.model import Node
from builder.graph.parameters import Parameters
from builder.layers.block import layer_of
from builder.layers.registry import find
from builder.ui.document import Document


def with_param(node: Node, path: str, value: Any) -> dict[str, Any]:
    """The stored parameters of `node` with the one at a dotted path replaced.

    Where other parameters do not fit (a file from elsewhere), all are kept as they are written.
    """
    plain = value.plain() if isinstance(value, Parameters) else value
    params: dict[str, Any] = thaw(node.params)
    name, _, rest = path.partition(".")
    if rest:
        layer = find(node.kind)
        field = layer.model_fields[name].get_default(call_default_factory=True) if layer is not None else None
        whole = params.get(name, field.plain() if isinstance(field, Parameters) else {})
        params[name] = _put(dict(whole), rest, plain)
    else:
        params[name] = plain
    kind = find(node.kind)
    if kind is None:
        return params
    try:
        return kind.model_validate(params).plain()
    except ValidationError:
        return params


def with_argument(document: Document, name: str, parameter: str, value: Any) -> FrozenDict[str, Any]:
    """The stored parameters of a block with another value for one of its own; what is the default is not stored."""
    node = document.graph.nodes[name]
    given = node.params.get("arguments")
    arguments = dict(given) if isinstance(given, Mapping) else {}
    block = document.value.network.blocks.get(str(node.params.get("definition")))
    defaults = {p.name: p.default for p in block.parameters} if block is not None else {}
    if block is not None:
        with suppress(ValidationError):  # 3×3 is stored as 3, as in a layer
            value = layer_of(block).model_validate({parameter: thaw(value)}).model_dump(mode="json")[parameter]
    arguments[parameter] = freeze(value)
    if parameter in defaults and arguments[parameter] == defaults[parameter]:
        del arguments[parameter]
    params = node.params.without("arguments")
    return params.set("arguments", FrozenDict(arguments)) if arguments else params


def _put(values: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    name, _, rest = path.partition(".")
    values[name] = _put(dict(values.get(name) or {}), rest, value) if rest else value
    return values
