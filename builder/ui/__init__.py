"""The window: the only room with PySide6 and pyqtgraph."""
