"""The catalogue of layers. Importing this package registers all of them; none of them imports torch.

How to add a layer: write one class in the file of its category (see `builder/README.md`).
"""

from builder.layers import activation, convolution, data, dense, normalisation, pooling, regularisation, structure

__all__ = [
    "activation",
    "convolution",
    "data",
    "dense",
    "normalisation",
    "pooling",
    "regularisation",
    "structure",
]
