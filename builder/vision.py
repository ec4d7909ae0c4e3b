"""The one door to torchvision: import it through here, so that it also opens beside a torch built for the CPU only.

On Linux the registry's torchvision is built for CUDA. Beside a CPU-only torch its compiled operators cannot be loaded,
and its import ends because it registers shapes for two of them. None of them is needed here, so it is enough that
their names exist. Knows nothing of the program; any room may use it. Torch is imported on the first call only.
"""

from __future__ import annotations

import sys
import threading
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from builder.graph.problems import Problem, ProblemError

# What torchvision registers shapes for while it is imported, whether its compiled part could be loaded or not.
SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

# The same for a Python file that knows nothing of this program; it has torch already.
STATEMENT = """try:
    import torchvision
except RuntimeError:  # it is built for CUDA and torch is not: it misses two operators, which are not needed here
    missing = torch.library.Library("torchvision", "FRAGMENT")
    missing.define("{}")
    missing.define("{}")
    import torchvision
""".format(*SCHEMAS)

_lock = threading.Lock()
_libraries: list[Any] = []  # a torch.library.Library takes its operators with it when it is collected


def let_torchvision_in() -> None:
    """Make that code which knows nothing of this door can import torchvision, too. Without one, nothing happens."""
    with _lock:
        if "torchvision" not in sys.modules:
            _define_missing_operators()


def import_torchvision(name: str = "torchvision") -> ModuleType:
    """The module `torchvision`, or one below it such as `"torchvision.datasets"`. Takes about a second at first.

    Raises:
        ProblemError: torchvision is missing or does not belong to the installed torch.
    """
    let_torchvision_in()
    with _lock:
        try:
            with warnings.catch_warnings():
                # The compiled JPEG reader is missing for the same reason; pictures are read with Pillow.
                warnings.filterwarnings("ignore", message="Failed to load image Python extension")
                return import_module(name)
        except (ImportError, RuntimeError) as error:
            message = f"torchvision cannot be used: {str(error).splitlines()[0]}."
            hint = "Install the torchvision that belongs to the installed torch."
            raise ProblemError(Problem("no-torchvision", message, hint=hint)) from error


def _define_missing_operators() -> None:
    torch: Any = import_module("torch")
    if _compiled_part_loads():
        return  # it defines them itself, and would not forgive a second definition
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in SCHEMAS:
        if not hasattr(torch.ops.torchvision, schema.partition("(")[0]):
            library.define(schema)
    _libraries.append(library)


def _compiled_part_loads() -> bool:
    torch: Any = import_module("torch")
    spec = find_spec("torchvision")  # finds the folder; runs nothing of it
    folders = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    for path in (path for folder in folders for path in (*folder.glob("_C*.so"), *folder.glob("_C*.pyd"))):
        try:
            torch.ops.load_library(path)
        except (OSError, RuntimeError):
            continue
        return True
    return False
