"""The catalogue of layers. Importing this package registers all of them; none of them imports torch.

How to add a layer: write one class in the file of its category (see `builder/README.md`).
"""

# The order here is the order in which the palette shows the layers of one category.
# isort: off
from builder.layers import data
from builder.layers import (
    activation,
    adaptive,
    attention,
    convolution,
    dense,
    merge,
    normalisation,
    operation,
    pooling,
    regularisation,
    resize,
    structure,
    transposed,
)
# isort: on

__all__ = [
    "activation",
    "adaptive",
    "attention",
    "convolution",
    "data",
    "dense",
    "merge",
    "normalisation",
    "operation",
    "pooling",
    "regularisation",
    "resize",
    "structure",
    "transposed",
]
