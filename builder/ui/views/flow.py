"""Statistics of every layer side by side: how large a gradient reaches it, what it puts out, how much of it is dead."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from builder.compile.infer import Inference
from builder.inspect.picture import Attention, Picture
from builder.ui.theme import font, theme
from builder.ui.views import layer_plot
from builder.ui.views import layer_values as values
from builder.ui.views.base import Subject, view
from builder.ui.views.frame import Choice, ViewFrame
from builder.ui.views.layer_plot import LayerPlot
from builder.ui.views.seen import SeenView
from builder.ui.views.takeaway import LargeWindow
from builder.ui.widgets.buttons import menu_button, small_button


@view("flow")
class FlowView(SeenView):
    """Whether gradients vanish or explode on their way through the network, and what its layers do to the values.

    Attributes:
        look: what is shown; None while there is nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.look: layer_plot.Look | None = None
        self.enlarged: EnlargedLayers | None = None
        self._subject: Subject | None = None
        self._layers: tuple[Inference, dict[str, values.Layer]] | None = None  # of the network that they are of
        self._newest: values.Look | None = None
        self._first: values.Look | None = None
        self._first_gradient: values.Look | None = None  # the first behind a backward pass
        self.plot = LayerPlot()
        self.plot.chosen.connect(self.layer_asked)
        self.frame = ViewFrame(self.title, self.plot, self.short)
        self.choice = Choice([each.name for each in values.MEASURES], "What is shown of each layer", self._choose)
        self.frame.head.add(self.choice, -2)  # it says what the bars mean
        self._buttons = [
            small_button("enlarge", "Enlarge", self.enlarge),
            menu_button("Copy or save the plot or its figures", self.actions_menu),
        ]
        enlarge, more = self._buttons
        self.frame.head.add(enlarge, in_menu=True)
        self.frame.head.add(more, -1, in_menu=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.frame)
        self.refresh()

    @property
    def measure(self) -> values.Measure:
        """The figure that is shown."""
        return values.MEASURES[self.choice.value]

    def sizeHint(self) -> QSize:
        return QSize(360, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(144, 112)  # with head and tabs no higher than the others

    def attention(self) -> Attention:
        return Attention(statistics=True)

    def set_subject(self, subject: Subject) -> None:
        self._subject = subject
        self.refresh()

    def _known(self) -> dict[str, values.Layer]:
        """The layers of the network, looked through only when somebody wants to see them: it changes at every edit."""
        if self._subject is None:
            return {}
        inference = self._subject.inference
        if self._layers is None or self._layers[0] is not inference:
            self._layers = inference, values.layers(inference)
        return self._layers[1]

    def note_picture(self, picture: Picture) -> None:
        """Keep the first look of a run even where nobody sees it here: the cards may have asked for it."""
        health = picture.health
        if not health or (self._newest is not None and health is self._newest.health):
            return  # measured now and then only, and few pictures bring it
        self._newest = values.Look(picture.step, health)
        self._first = self._first or self._newest
        if self._first_gradient is None and self._newest.has_gradient:
            self._first_gradient = self._newest
        self.refresh()

    def show_picture(self, picture: Picture) -> None:
        self.note_picture(picture)

    def clear(self) -> None:
        self._newest = self._first = self._first_gradient = None
        self.refresh()

    def _choose(self, _number: int) -> None:
        self.refresh()

    def draw_anew(self) -> None:
        super().draw_anew()
        made = self._made()
        if isinstance(made, str):
            self.look = None
            self.frame.set_empty(made)
        else:
            self.look = made
            self.frame.set_empty("")
            self.plot.show_look(made)
            if self.enlarged is not None:
                self.enlarged.plot.show_look(made)
        for button in self._buttons:
            button.setEnabled(self.look is not None)
        self.frame.head.arrange()

    def _made(self) -> layer_plot.Look | str:
        measure, newest = self.measure, self._newest
        if newest is None or self._subject is None:
            return self.awaited("The layers are compared here once the data is loaded.")
        gradient = measure is values.GRADIENT
        first = self._first_gradient if gradient else self._first
        first = None if first is newest else first
        found = values.bars(measure, self._known(), newest, first)
        if not found:
            return measure.nothing
        if gradient and not newest.has_gradient:
            return self.bid("Make a step or press Run: the gradient of each layer stands here from the first step on.")
        first_step = first.step if first is not None else None
        return layer_plot.Look(measure, tuple(found), first_step, frozenset(self._subject.selection))

    # Enlarge, copy, save --------------------------------------------------------------------------------------------

    def make_enlarged(self) -> QWidget:
        return EnlargedLayers(self)

    @property
    def filled(self) -> bool:
        return self.look is not None

    def image(self) -> QImage | None:
        """The plot with its title, large enough for a slide; None while there is nothing."""
        if self.look is None:
            return None
        image = QImage(960, 580, QImage.Format.Format_RGB32)
        image.fill(theme().color("panel"))
        painter = QPainter(image)
        painter.setFont(font(15, bold=True))
        painter.setPen(theme().color("text"))
        painter.drawText(QRectF(12, 8, 900, 28), Qt.AlignmentFlag.AlignVCenter, f"{self.title} · {self.measure.name}")
        layer_plot.Frame(self.look, QRectF(0, 44, 960, 528), text=layer_plot.LARGE).paint(painter)
        painter.end()
        return image

    def table(self) -> str:
        """All figures of all layers as comma-separated values, at the first look of the run and at the newest."""
        looks = (("first", self._first), ("first gradient", self._first_gradient), ("newest", self._newest))
        return values.table(self._known(), [(name, look) for name, look in looks if look is not None])


class EnlargedLayers(LargeWindow):
    """A second plot of the same bars in a large window."""

    def __init__(self, shown: FlowView) -> None:
        plot = LayerPlot(layer_plot.LARGE)
        super().__init__(shown, shown.title, plot, 1100, 640)
        self.plot = plot
        plot.chosen.connect(shown.layer_asked)
