"""Every classification model of torchvision becomes a network that computes the same, to the last digit; with blocks,
it is the same network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from builder.compile.importing import ImportResult
from builder.compile.importing.nest import nest
from builder.compile.importing.sources import import_model, torchvision_names
from builder.compile.infer import Inference, infer
from builder.compile.module import build
from builder.compile.network import infer_flat
from builder.compile.plan import make_plan
from builder.graph.model import Shape
from tests.compile.importing.quick import fill, model_of

NAMES = torchvision_names()
FIXED = {"maxvit_t": (3, 224, 224), "inception_v3": (3, 80, 80)}  # the others take any picture


def options_of(name: str) -> dict[str, Any]:
    return {"image_size": 64 if name != "vit_h_14" else 56} if name.startswith("vit_") else {}


def shape_of(name: str) -> Shape:
    return FIXED.get(name, (3, 56, 56) if name == "vit_h_14" else (3, 64, 64))


def first_layers(model: Any) -> None:
    model.encoder.layers = model.encoder.layers[:2]


def first_blocks(model: Any) -> None:
    for stage in model.trunk_output:
        for name in list(stage._modules)[1:]:
            del stage._modules[name]


def first_of_each(model: Any) -> None:
    for number, stage in enumerate(model.features):
        if number % 2:
            model.features[number] = stage[:2]


# Too large to be run in a test: run with fewer of their equal blocks, and all of them compared without numbers.
SHORTER: dict[str, Callable[[Any], None]] = {
    "vit_h_14": first_layers,
    "vit_l_16": first_layers,
    "vit_l_32": first_layers,
    "regnet_y_128gf": first_blocks,
    "regnet_y_32gf": first_blocks,
    "regnet_x_32gf": first_blocks,
    "convnext_large": first_of_each,
}


def compiled(model: nn.Module, shape: Shape) -> tuple[nn.Module, dict[str, torch.Tensor]]:
    """The model made from the imported network, with the weights that came with it."""
    result = import_model(model, shape)
    known = infer(result.network.graph)
    check_blocks(result, known)
    plan = make_plan(known)
    with torch.device("meta"):
        net = build(plan)
    net.load_state_dict(result.weights, assign=True)
    return net.eval(), result.weights


def check_blocks(result: ImportResult, flat: Inference) -> None:
    """Written out, the network with blocks is the one without, under other names."""
    network, names = nest(result.network.graph, result.scopes, result.classes)
    known = infer_flat(network)
    assert known.errors == ()
    assert set(names.values()) == known.nodes.keys()
    for name, info in flat.nodes.items():
        other = known.nodes[names[name]]
        assert (info.layer, info.inputs, info.output) == (other.layer, other.inputs, other.output)
    edges = {edge._replace(source=names[edge.source], target=names[edge.target]) for edge in flat.graph.edges}
    assert edges == set(known.graph.edges)
    parts = (key.partition(".") for key in result.weights)
    assert {f"{names[name]}.{rest}" for name, _, rest in parts} == result.nested().weights.keys()


def test_all_are_there() -> None:
    assert len(NAMES) >= 80
    assert set(SHORTER) | set(FIXED) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_outputs_agree(name: str) -> None:
    model = model_of(name, **options_of(name))
    SHORTER.get(name, lambda model: None)(model)
    fill(model)
    shape = shape_of(name)
    net, _ = compiled(model, shape)
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted, got = model(x), net(x)
    assert wanted.isfinite().all()
    assert wanted.std() > 0
    assert torch.equal(wanted, got)


@pytest.mark.parametrize("name", SHORTER)
def test_large_ones_have_all_their_weights(name: str) -> None:
    model = model_of(name, **options_of(name))
    _, weights = compiled(model, shape_of(name))

    def sizes(tensors: dict[str, torch.Tensor]) -> list[tuple[int, ...]]:
        # The places of tokens stand in the model with a batch of one, which a layer's own numbers do not have.
        return sorted(tuple(t.shape[1:] if t.dim() > 2 and t.shape[0] == 1 else t.shape) for t in tensors.values())

    assert sizes(weights) == sizes(model.state_dict())
