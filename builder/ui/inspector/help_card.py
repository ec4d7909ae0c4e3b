"""What a kind of layer does, when one uses it and where it comes from."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from builder.layers.base import Layer
from builder.ui.widgets.labels import label
from builder.ui.widgets.section import Section

_ADDRESS = re.compile(r"https?://\S+")


class HelpCard(QWidget):
    """The help text of one kind of layer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[type[Layer] | None, str] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._does, self._used = Section("What it does"), Section("When it is used")
        self._does_text, self._used_text = label("", "muted", wrap=True), label("", "muted", wrap=True)
        self._does.add(self._does_text)
        self._used.add(self._used_text)
        self._source = label("", "note", wrap=True)
        self._source.setTextFormat(Qt.TextFormat.RichText)
        self._source.setOpenExternalLinks(True)
        for widget in (self._does, self._used, self._source):
            column.addWidget(widget)

    def show_layer(self, layer: type[Layer] | None, kind: str) -> None:
        """Show a kind of layer; None for one that this program does not know."""
        if (layer, kind) == self._shown:
            return
        self._shown = layer, kind
        if layer is None:
            self._does_text.setText(
                f"This program has no layer of kind {kind}. It is kept as it is, with its parameters and wires, and "
                "saved unchanged; replace or remove it to train."
            )
        else:
            self._does_text.setText(layer.help())
        use = layer.use if layer is not None else ""
        self._used_text.setText(use)
        self._used.setVisible(bool(use))
        source = layer.source if layer is not None else ""
        self._source.setText(source_link(source))
        self._source.setToolTip(source)
        self._source.setVisible(bool(source))


def source_link(source: str) -> str:
    """A source as rich text: a link under the words before an address, or else named after its site."""
    found = _ADDRESS.search(source)
    if found is None:
        return html.escape(source)
    address, words = found[0], source[: found.start()].rstrip(" ,:")
    if not words:
        parts = urlsplit(address)
        page = parts.path.rstrip("/").rpartition("/")[2].removesuffix(".html")
        words = f"{parts.netloc.removeprefix('www.')}: {page}" if page else parts.netloc
    return f'Source: <a href="{html.escape(address)}">{html.escape(words)}</a>{html.escape(source[found.end() :])}'
