"""The window: the only room with PySide6 and pyqtgraph."""

from builder.ui.imports import plain_imports

plain_imports()
