"""One line on each figure of a network, for the tool tips beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TERMS: Final[Mapping[str, str]] = {
    "Layers": "All layers, those inside blocks counted too.",
    "Parameters": "The numbers that are learned: all weights and biases.",
    "Multiply-adds": "Multiplications, each with an addition, that one sample costs on its way through the network.",
    "Activations, one sample": "Memory for the outputs of all layers, for one sample: 4 bytes a number. Training keeps "
    "them for the backward pass, for every sample of a batch.",
}
