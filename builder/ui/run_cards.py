"""What the cards on the canvas show of a run: a layer that is another one since the run began shows none of it.

While one goes through a step phase by phase, also which way it has just gone: with gradients on the cards behind the
backward phase, until the update.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from builder.compile.infer import Inference
from builder.inspect.picture import Picture
from builder.train.messages import Inside, State, Way
from builder.ui.canvas.passing import Passing
from builder.ui.canvas.view import CanvasView
from builder.ui.document import Document
from builder.ui.live import Live
from builder.ui.views.paint import figure

OVER_PLANE = "Each card shows what its layer gives for every point of the plane."


class RunCards(QObject):
    """Draws each look inside the run on the cards, as far as they still stand for what the run is made of.

    Attributes:
        passing: tells which way a step has just gone.
    """

    def __init__(self, document: Document, live: Live, canvas: CanvasView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._live, self._canvas = document, live, canvas
        self._run: Inference = document.flat
        self._picture: Picture | None = None
        self.passing = Passing(canvas)
        self._way: Way | None = None
        self._partly = False  # some card shows less than the picture holds
        self._compared = (self._run, self._run)  # the last two that were compared, and what differs
        self._different: frozenset[str] = frozenset()
        live.state_changed.connect(self._state_changed)
        live.inside_changed.connect(self._inside_changed)
        live.cards_due.connect(self._draw)
        live.cleared.connect(self._clear)
        document.changed.connect(lambda _old, _new: self._edited())

    def _state_changed(self, state: State) -> None:
        if state is State.PREPARING:  # what is built is the network as it stands at this moment
            self._run = self._document.flat

    def _clear(self) -> None:
        self._picture, self._partly, self._way = None, False, None
        self._canvas.set_thumbnails(None)
        self._show_way(None)

    def _inside_changed(self, inside: Inside | None) -> None:
        way = inside.way if inside is not None else None
        if way is self._way:
            return
        before, self._way = self._way, way
        self._show_way(self._picture)
        if self._picture is not None and Way.BACKWARD in (before, way):
            self._draw(self._picture)

    def _show_way(self, picture: Picture | None) -> None:
        """Tell which way the step has gone; back, as soon as it is known what came."""
        back = picture.backward if picture is not None else None
        if self._way is not Way.BACKWARD:
            self._canvas.canvas.show_way(self._way)
            self.passing.tell(self._way, OVER_PLANE if picture is not None and picture.plane is not None else "")
        elif back is not None and back.missing:
            self._canvas.canvas.show_way(None)
            self.passing.tell(self._way, back.missing, needed=True)
        elif back is not None:
            shown = {name: self._document.flat_name(name) for name in self._canvas.canvas.nodes}
            aside = frozenset(name for name, full in shown.items() if full not in back.reached)
            self._canvas.canvas.show_way(self._way, aside)
            loss = f"the loss of the pinned input, {figure(back.loss)}"
            if back.guessed:
                loss += " if its answer were right"
            self.passing.tell(self._way, f"Each card shows how {loss}, changes with what its layer gives.")

    def _edited(self) -> None:
        if self._picture is not None and (self._live.stale or self._partly):
            self._draw(self._picture)

    def _draw(self, picture: Picture) -> None:
        self._picture = picture
        if self._way is Way.BACKWARD:
            self._show_way(picture)
        elif picture.backward is not None:  # another view has asked for it
            picture = replace(picture, backward=None)
        others = self._others() if self._live.stale else frozenset()
        self._partly = bool(others)
        if others:
            kept = {name: values for name, values in picture.activations.items() if name not in others}
            back = picture.backward
            if back is not None:
                left = {name: values for name, values in back.gradients.items() if name not in others}
                back = replace(back, gradients=left)
            picture = replace(picture, activations=kept, backward=back)
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
