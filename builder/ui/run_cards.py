"""What the cards on the canvas show of a run: a layer that is another one since the run began shows none of it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from builder.compile.infer import Inference
from builder.inspect.picture import Picture
from builder.train.messages import State
from builder.ui.canvas.view import CanvasView
from builder.ui.document import Document
from builder.ui.live import Live


class RunCards(QObject):
    """Draws each look inside the run on the cards, as far as they still stand for what the run is made of."""

    def __init__(self, document: Document, live: Live, canvas: CanvasView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._live, self._canvas = document, live, canvas
        self._run: Inference = document.flat
        self._picture: Picture | None = None
        self._partly = False  # some card shows less than the picture holds
        self._compared = (self._run, self._run)  # the last two that were compared, and what differs
        self._different: frozenset[str] = frozenset()
        live.state_changed.connect(self._state_changed)
        live.cards_due.connect(self._draw)
        live.cleared.connect(self._clear)
        document.changed.connect(lambda _old, _new: self._edited())

    def _state_changed(self, state: State) -> None:
        if state is State.PREPARING:  # what is built is the network as it stands at this moment
            self._run = self._document.flat

    def _clear(self) -> None:
        self._picture, self._partly = None, False
        self._canvas.set_thumbnails(None)

    def _edited(self) -> None:
        if self._picture is not None and (self._live.stale or self._partly):
            self._draw(self._picture)

    def _draw(self, picture: Picture) -> None:
        self._picture = picture
        others = self._others() if self._live.stale else frozenset()
        self._partly = bool(others)
        if others:
            kept = {name: values for name, values in picture.activations.items() if name not in others}
            picture = replace(picture, activations=kept)
        self._canvas.set_thumbnails(picture)
        if others:
            self._canvas.canvas.forget_pictures(others)

    def _others(self) -> frozenset[str]:
        """Nodes of the flat network that the run has not got, or not like this."""
        run, now = self._run, self._document.flat
        if self._compared[0] is not run or self._compared[1] is not now:  # asked for with every picture
            nodes = run.graph.nodes
            self._compared = (run, now)
            self._different = frozenset(
                name
                for name, node in now.graph.nodes.items()
                if nodes.get(name) != node or run.shape(name) != now.shape(name)
            )
        return self._different
