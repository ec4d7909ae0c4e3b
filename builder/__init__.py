"""TorchCanvas: design a neural network on a canvas, train it and look inside while it learns."""

__version__ = "0.1.0"
