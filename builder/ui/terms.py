"""One line on each figure of a network and on each way to look into it, for the tool tips and lines beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from builder.inspect.question import Method

TERMS: Final[Mapping[str, str]] = {
    "Layers": "All layers, those inside blocks counted too.",
    "Parameters": "The numbers that are learned: all weights and biases.",
    "Multiply-adds": "Multiplications, each with an addition, that one sample costs on its way through the network.",
    "Activations, one sample": "Memory for the outputs of all layers, for one sample: 4 bytes a number. Training keeps "
    "them for the backward pass, for every sample of a batch.",
}

METHODS: Final[Mapping[Method, tuple[str, str]]] = {
    Method.GRAD_CAM: (
        "ReLU(Σₖ αₖ·Aₖ), αₖ = mean of ∂y/∂Aₖ",
        "the maps A of {layer}, each weighted by how much the score y rises with it",
    ),
    Method.SALIENCY: (
        "|∂y/∂x|",
        "how much the score y changes when a pixel changes a little; of a colour picture, its most sensitive channel",
    ),
    Method.INTEGRATED_GRADIENTS: (
        "x · mean of ∂y/∂x from 0 to x",
        "what each pixel adds to the score y on the way from the mean of the data to this picture",
    ),
    Method.OCCLUSION: (
        "y(x) − y(x without a patch)",
        "how far the score y falls when a patch is covered with the mean of the data; the mean of all patches there",
    ),
}
"""By method, its formula and what it means, of `{layer}` where it looks at one; `SCORE` says what y is."""

PRINCIPAL: Final = (
    "(x − μ)·v₁ and (x − μ)·v₂",
    "the outputs x of {layer} along the two directions v in which they spread most (PCA); μ is their mean",
)
T_SNE: Final = (
    "min Σ pᵢⱼ·log(pᵢⱼ/qᵢⱼ)",
    "which outputs of {layer} are neighbours (p) is kept for the points, too (q); how far apart groups lie, and how "
    "large they are, tells little",
)
ITSELF: Final = ("x₁ and x₂", "the numbers that {layer} gives, as they are: there are no more of them")
"""The ways to show the outputs of a layer as points: the formula of each, and what it means."""

SCORE: Final = "y is the score of the class, before a final softmax or sigmoid."

GRADIENT: Final = (
    "∂L/∂a: how much the loss L of the pinned input changes when a value a that a layer gives changes a little."
)
