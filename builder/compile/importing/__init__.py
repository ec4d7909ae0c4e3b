"""The road in from PyTorch: a model becomes a network on the canvas, with its weights. Nothing here draws or trains.

`trace` runs a model once on made-up values and writes down what it does; `modules` and `functions` know which layer of
the catalogue does the same; `convert` puts these together; `sources` knows where models come from.
"""

from builder.compile.importing.convert import ImportResult
from builder.compile.importing.sources import import_model, load

__all__ = ["ImportResult", "import_model", "load"]
