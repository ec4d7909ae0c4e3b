"""What importing costs while a window is open. Knows no part of the window."""

from __future__ import annotations

import builtins

import PySide6.QtCore  # noqa: F401  (puts its hook into `import`)


def plain_imports() -> None:
    """Take PySide's look at the source of each imported module out of `import`.

    It searches for `from __feature__ import snake_case` and its like, which nothing here uses, and takes a tenth of the
    start and of the import of PyTorch. What lies below it stays: the hook that serves `from PySide6.QtX import *`.
    """
    below = getattr(builtins, "__orig_import__", None)
    if below is not None:
        builtins.__import__ = below
