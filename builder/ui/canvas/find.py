"""The bar that finds layers by name or kind and comments by their text: goes from match to match, also into blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QWidget

from builder.graph.expansion import Level
from builder.graph.instance import INPUT, OUTPUT
from builder.graph.model import Graph, Node
from builder.graph.steps import Path, block_names
from builder.layers.registry import find as find_kind
from builder.ui.theme import theme
from builder.ui.widgets.buttons import small_button
from builder.ui.widgets.labels import Text

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView
    from builder.ui.document import Document

_WIDTH, _HEIGHT = 300, 40
_LEGIBLE = 0.5  # zoom at which the name on a card can be read


class Match(NamedTuple):
    """What was found: the blocks in which it stands, one in another, and its name; a comment's, or a layer's."""

    path: Path
    name: str
    comment: bool = False


class FindBar(QFrame):
    """Type a part of a name or a comment; Enter goes on, Shift+Enter goes back, Escape closes.

    Attributes:
        field: what is looked for; count: which match of how many is shown.
        matches: the layers found, and behind them the comments.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._at = -1
        self.matches: tuple[Match, ...] = ()
        self.setObjectName("findBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find a layer or comment")
        self.field.setAccessibleName("Find a layer by its name or kind, or a comment by its text")
        self.count = Text("", role="muted", size=11)
        self.count.setFixedWidth(64)
        self.count.alignment = Qt.AlignmentFlag.AlignRight
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 4, 4)
        row.setSpacing(4)
        buttons: list[QWidget] = [
            small_button("chevron-up", "Previous match", lambda: self.step(-1)),
            small_button("chevron-down", "Next match", lambda: self.step(1)),
            small_button("close", "Close", self.close_up),
        ]
        for widget in (self.field, self.count, *buttons):
            row.addWidget(widget)
        self.field.textChanged.connect(self._look)
        self.field.installEventFilter(self)
        theme().changed.connect(self._recolour)
        self._recolour()
        self.hide()

    def ask(self) -> None:
        """Open, with what was looked for last selected."""
        self.place()
        self.show()
        self.raise_()
        self.field.setFocus()
        self.field.selectAll()
        self._look(self.field.text())

    def place(self) -> None:
        """Stand in the upper right corner of the canvas."""
        width = min(_WIDTH, self._view.width() - 24)
        self.setGeometry(self._view.width() - width - 12, 12, width, _HEIGHT)

    def close_up(self) -> None:
        """Close, and give the focus back to the canvas."""
        self.hide()
        self._view.setFocus()

    def step(self, by: int) -> None:
        """Go to the next match, or (-1) the one before; behind the last comes the first."""
        if self.matches:
            self._at = (self._at + by) % len(self.matches)
            self._go()

    def _recolour(self) -> None:
        self.setStyleSheet(
            f"#findBar {{ background: {theme().hex('raised')}; border: 1px solid {theme().hex('line')};"
            " border-radius: 8px; }"
        )

    def _look(self, words: str) -> None:
        self.matches = _found(self._view, words)
        # While one types, the page stays: into a block one goes with Enter.
        self._at = 0 if self.matches and self.matches[0].path == self._view.document.opened else -1
        if self._at == 0:
            self._go()
        self._count(words)

    def _go(self) -> None:
        view, (path, name, comment) = self._view, self.matches[self._at]
        view.document.show_page(path)
        view.document.select(() if comment else (name,), (name,) if comment else ())
        item = view.canvas.comments.get(name) if comment else view.canvas.nodes.get(name)
        if item is not None and view.document.opened == path:
            if view.zoom() < _LEGIBLE or not view.visible_area().contains(item.box()):
                view.centerOn(item.box().center())
            view.zoom_at_least(_LEGIBLE)
        self._count(self.field.text())

    def _count(self, words: str) -> None:
        if not words.strip():
            self.count.set_text("")
        elif not self.matches:
            self.count.set_text("nothing", "warn")
        else:
            at = f"{self._at + 1} of " if self._at >= 0 else ""
            self.count.set_text(f"{at}{len(self.matches)}", "muted")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.close_up()
                return True
        return False


def _found(view: CanvasView, words: str) -> tuple[Match, ...]:
    """Layers and blocks, then comments, that are meant by the words; of each those of the page shown first.

    Each word must stand in the name or kind of the layer or of a block around it, and one of them in its own; or all of
    them in the text of a comment.
    """
    parts = words.lower().split()
    if not parts:
        return ()
    layers: list[Match] = []
    comments: list[Match] = []
    for path, graph in _pages(view.document):
        around = ".".join(path).lower()
        for node in graph.nodes.values():
            own = _text(node)
            if path and path != view.document.opened and node.kind in (INPUT, OUTPUT):
                continue  # every block has ends of its own
            if any(part in own for part in parts) and all(part in own or part in around for part in parts):
                layers.append(Match(path, node.name))
        for name, comment in graph.comments.items():
            if all(part in comment.text.lower() for part in parts):
                comments.append(Match(path, name, comment=True))
    # The page shown comes first; on each, what is called so (conv2) before what is only of such a kind (Conv2d).
    opened = view.document.opened
    layers.sort(key=lambda match: (match.path != opened, not any(part in match.name.lower() for part in parts)))
    return (*layers, *comments)


def _pages(document: Document) -> Iterator[tuple[Path, Graph]]:
    """The page shown, then every other; of the copies of a repeated block, the first speaks for all."""
    yield document.opened, document.graph
    shown = block_names(document.opened)
    todo: list[tuple[Path, Level]] = [((), document.known.expansion.root)]
    while todo:
        path, level = todo.pop()
        if path != shown:
            yield path, level.graph
        inside = [((*path, name), written.copies[0]) for name, written in level.instances.items() if written.copies]
        todo += reversed(inside)


def _text(node: Node) -> str:
    kind = find_kind(node.kind)
    block = str(node.params.get("definition", ""))
    return f"{node.name} {node.kind} {kind.title if kind is not None else ''} {block}".lower()
