"""Where samples lie: each one a point, near to those for which the selected layer gives something alike."""

from __future__ import annotations

import csv
import io

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from builder.inspect.cloud import Cloud, Gathering, Places, turned
from builder.inspect.picture import Attention, Picture
from builder.inspect.unfold import LEAST
from builder.train.messages import Finished
from builder.train.unfolding import Unfolding
from builder.ui.terms import ITSELF, PRINCIPAL, T_SNE
from builder.ui.theme import font, theme
from builder.ui.views.base import Subject, view
from builder.ui.views.board import Board
from builder.ui.views.class_legend import ClassLegend
from builder.ui.views.frame import Choice, ViewFrame
from builder.ui.views.maps import node_to_show
from builder.ui.views.paint import ENLARGED
from builder.ui.views.scatter import TOLD_APART, Frame, Scatter
from builder.ui.views.seen import SeenView
from builder.ui.views.takeaway import LargeWindow
from builder.ui.widgets.buttons import menu_button, small_button

NOT_YET = "Where the samples lie appears here once the data is loaded."
UNSOUND = "{} gives nothing yet: mend the problem first."
NOT_IN_RUN = "The network that is trained has no such layer: reset the run to look into the network as it is now."
FAILED = "This cannot be shown: some of what the layer gives is no number, or there is too little memory."
FEW = "There are too few samples here to show how they lie."
UNDER_WAY = "The samples are being gathered."
BEING_UNFOLDED = "t-SNE is being worked out"
GLIDING = "the points are on their way"
T_SNE_ANEW = "t-SNE is worked out anew for each picture, which takes some seconds each time."
METHODS = ("PCA", "t-SNE")
PCA, TSNE = range(2)
LISTEN = 50  # milliseconds between two looks at how far t-SNE is


@view("cloud")
class CloudView(SeenView):
    """Samples as points, by what the selected layer gives for each.

    Attributes:
        frame: head and content; board: what is in it.
        shown: what the board shows; None while there is nothing.
        method, of: the choices in the head: how points are found, and the class that is lit.
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown: Scatter | None = None
        self.enlarged: EnlargedCloud | None = None
        self._subject: Subject | None = None
        self._cloud: Cloud | None = None  # the newest of PCA
        self._before: Scatter | None = None  # what was shown last, also of another run: points stay near there
        self._moving = False  # a run goes on
        self._wanting = False  # t-SNE waits for what it begins from
        self._step: int | None = None  # with the weights of which step; None for any
        self._unfolding: Unfolding | None = None
        self._unfolded: tuple[Cloud, Places, float] | None = None  # the newest of t-SNE, of what, and its share
        self._found: Places | None = None  # the last points of t-SNE
        self._listen = QTimer(self, interval=LISTEN)
        self._listen.timeout.connect(self._hear)
        self.board = Board()
        self.listen_to(self.board)
        self.frame = ViewFrame(self.title, self.board, self.short)
        self.method = Choice(METHODS, "How the many numbers of a layer become two", self._choose_method)
        self.of = Choice(["all classes"], "Which class is lit", self._choose_class)
        self.again = small_button("reset", "Work t-SNE out again, as the network is now", self.begin)
        self.halt = small_button("stop", "Stop t-SNE where it is", self.stop)
        self._buttons = [
            small_button("enlarge", "Enlarge", self.enlarge),
            menu_button("Copy or save the picture or its figures", self.actions_menu),
        ]
        head, (enlarge, more) = self.frame.head, self._buttons
        head.add(self.of, 4)
        head.add(self.method, -3)
        head.add(self.again, -2)
        head.add(self.halt, -2)
        head.add(enlarge, in_menu=True)
        head.add(more, -9, in_menu=True)
        for control in (self.of, self.again, self.halt):
            head.set_present(control, False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.frame)
        theme().changed.connect(self.refresh)
        self.destroyed.connect(lambda: self._unfolding and self._unfolding.stop())
        self.refresh()

    def sizeHint(self) -> QSize:
        return QSize(360, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(144, 112)

    def node(self) -> str | None:
        """The layer that is looked at: the same as that of the feature maps."""
        return node_to_show(self._subject)

    # What it is told ------------------------------------------------------------------------------------------------

    def attention(self) -> Attention:
        name = self.node()
        if name is None or (self.method.value == TSNE and not self._wanting):
            return Attention()
        return Attention(cloud=Gathering(name, wide=self.method.value == TSNE))

    def set_subject(self, subject: Subject) -> None:
        self._subject = subject
        self.refresh()

    def show_picture(self, picture: Picture) -> None:
        cloud = picture.cloud
        if cloud is None or cloud.layer != self.node():
            return
        if cloud is self._cloud and not (self._wanting and cloud.wide is not None):
            return
        before, self._cloud = self._cloud, cloud
        self._moving = before is not None and before.layer == cloud.layer and before.step != cloud.step
        if self.method.value == TSNE and self._wanting and not cloud.more and self._step in (None, cloud.step):
            if cloud.wide is None and len(cloud.points):
                return  # it was asked for, and is still to come
            self._wanting = False
            self.attention_changed.emit()
            self._unfold(cloud)
        self.refresh()

    def set_finished(self, event: Finished) -> None:
        self._moving = False
        if self.method.value == TSNE:
            self._unfolded = None
            self.refresh()

    def clear(self) -> None:
        self._give_up()
        self._cloud = self._unfolded = None
        self._wanting = self._moving = False
        self.refresh()

    def listen_to(self, board: Board) -> None:
        """Hear what is clicked there."""
        board.plot.asked.connect(self._ask)
        board.legend.picked.connect(lambda number: self.of.choose(0 if number is None else number + 1))

    def _ask(self, number: int) -> None:
        shown, subject = self.shown, self._subject
        # Without a validation part the samples are those of training, in all views.
        if shown is not None and subject is not None and shown.samples.part in (subject.part.value, "training"):
            self.sample_asked.emit(int(shown.samples.positions[number]))

    # t-SNE ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Work t-SNE out, with the weights as they are."""
        self._give_up()
        self._wanting, self._step = True, None
        self._show_buttons()
        self.attention_changed.emit()

    @property
    def at_each_moment(self) -> str:
        return T_SNE_ANEW if self.method.value == TSNE else ""

    def follow(self, step: int, *, first: bool) -> None:
        """Work t-SNE out with the weights of this step; from where the points lay, but not for the first picture: that
        would begin with groups which the network comes to see only later."""
        if self.method.value != TSNE or self.node() is None:
            return
        if first:
            self._before = self._found = None
        self.begin()
        self._step = step

    @property
    def under_way(self) -> str:
        if self.method.value == TSNE and (self._wanting or self._unfolding is not None):
            share = self._unfolded[2] if self._unfolding is not None and self._unfolded is not None else 0.0
            return f"{BEING_UNFOLDED}: {100 * share:.0f} %"
        return GLIDING if self.board.plot.gliding else ""

    def stop(self) -> None:
        """Leave the points where t-SNE has brought them by now."""
        self._give_up()
        if self._unfolded is not None:
            self._unfolded = (*self._unfolded[:2], 1.0)
        self.refresh()

    def _give_up(self) -> None:
        if self._unfolding is not None:
            self._unfolding.stop()
            self._unfolding = None
        self._listen.stop()

    def _unfold(self, cloud: Cloud) -> None:
        if cloud.wide is None or len(cloud.points) < LEAST:
            return
        before = self._before
        same = before is not None and before.samples.shared(cloud.samples) == len(cloud.points) == len(before.points)
        start = before.points if same and before is not None else cloud.points
        self._unfolded = (cloud, start, 0.0)
        self._unfolding = Unfolding(cloud.wide, start, unfolded=start is self._found)
        self._listen.start()

    def _hear(self) -> None:
        found = self._unfolding.mailbox.take() if self._unfolding is not None else None
        if found is None or self._unfolded is None:
            return
        cloud, start, _ = self._unfolded
        # t-SNE knows no directions: left alone, the points would spin from one look to the next.
        self._found = start if found.points is None else found.points @ turned(found.points, start)
        self._unfolded = (cloud, self._found, found.share)
        if found.share >= 1.0:
            self._listen.stop()
            self._unfolding = None
        self.refresh()

    # What is shown --------------------------------------------------------------------------------------------------

    def _choose_method(self, _number: int) -> None:
        self._give_up()
        self._unfolded, self._wanting = None, False
        self.attention_changed.emit()
        self.refresh()

    def _choose_class(self, _number: int) -> None:
        self.refresh()

    def draw_anew(self) -> None:
        super().draw_anew()
        name = self.node()
        if self.method.value == TSNE and name is not None and not self._wanting:
            known = self._unfolded[0] if self._unfolded is not None else None
            failed = self._cloud is not None and self._cloud.layer == name and len(self._cloud.points) < LEAST
            if not failed and (known is None or known.layer != name):
                self.begin()
        classes = self._subject.classes if self._subject is not None else ()
        self.of.set_names(["all classes", *classes])
        self.frame.head.set_present(self.of, bool(classes))
        made = self._made()
        if made == UNDER_WAY and self.shown is not None:
            self._show_buttons()
            return  # until there are others, the last points stay, with the name of their layer
        self.frame.head.title.set_text(self.title if name is None else f"{self.title} · {name}")
        self.shown = None if isinstance(made, str) else made
        for button in self._buttons:
            button.setEnabled(self.shown is not None)
        self._show_buttons()
        if self.shown is None:
            self.frame.set_empty(str(made))
        else:
            self.frame.set_empty("")
            self._before = self.shown
            self._show()
        self.frame.head.arrange()

    def _show(self) -> None:
        assert self.shown is not None
        frames = 3 if self._moving else 8  # while a run goes on, the cores are needed elsewhere
        words, more = self.words()
        self.board.show_scatter(self.shown, words, more, frames)
        if self.enlarged is not None:
            self.enlarged.setWindowTitle(self.whole_title())
            self.enlarged.board.show_scatter(self.shown, words, more, frames)

    def _show_buttons(self) -> None:
        busy = self._unfolding is not None
        self.frame.head.set_present(self.halt, busy)
        self.frame.head.set_present(self.again, self.method.value == TSNE and not busy)

    def _of(self) -> Cloud | None:
        """What the points are of."""
        if self.method.value == TSNE and self._unfolded is not None:
            return self._unfolded[0]
        return self._cloud

    def _made(self) -> Scatter | str:
        name, cloud, subject = self.node(), self._of(), self._subject
        if subject is None or name is None:
            selection = subject.selection if subject is not None else ()
            return UNSOUND.format(selection[0]) if selection else self.awaited(NOT_YET)
        if cloud is None or cloud.layer != name:
            return self.awaited(NOT_YET) if cloud is None else UNDER_WAY
        if cloud.failed or not len(cloud.points):
            return FAILED if cloud.failed else self.missing(name, NOT_IN_RUN)
        if len(cloud.points) < 2:
            return UNDER_WAY if cloud.more else FEW
        points, pinned, axes = self._placed(cloud)
        chosen = self.of.value - 1 if self.of.value and subject.classes else None
        names = subject.classes or _numbered(cloud)
        cross = self.method.value == PCA
        return Scatter(points, cloud.samples, cloud.said, names, chosen, pinned, axes, cross)

    def _placed(self, cloud: Cloud) -> tuple[Places, tuple[float, float] | None, tuple[str, ...]]:
        """Points, the pinned sample, and names of the axes that are the layer's own numbers."""
        if self.method.value == TSNE and self._unfolded is not None:
            points = self._unfolded[1]
            return points, self._among(points, cloud), ()
        before = self._before
        if cloud.plain:
            names = tuple(f"unit {number + 1}" for number in range(cloud.units))
            return (cloud.points if cloud.units > 1 else _spread(cloud.points)), cloud.pinned, names
        if before is not None and not before.axes:
            count = before.samples.shared(cloud.samples)
            if count:
                turn = turned(cloud.points[:count], before.points[:count])
                pinned = None if cloud.pinned is None else np.asarray(cloud.pinned) @ turn
                place = None if pinned is None else (float(pinned[0]), float(pinned[1]))
                return self._unmoved(cloud.points @ turn), place, ()
        return cloud.points, cloud.pinned, ()

    def _among(self, points: Places, cloud: Cloud) -> tuple[float, float] | None:
        """Where the pinned sample lies, if it is one of these."""
        subject = self._subject
        if subject is None or subject.own:
            return None
        at = np.flatnonzero(cloud.samples.positions == subject.sample)
        return (float(points[at[0], 0]), float(points[at[0], 1])) if len(at) else None

    def _unmoved(self, points: Places) -> Places:
        """The very points that are shown, where these are no others: then nothing glides."""
        before = self._before
        same = before is not None and before.points.shape == points.shape and np.allclose(before.points, points)
        return before.points if same and before is not None else points

    def words(self) -> tuple[str, str]:
        """What is shown, in a line; and what that means."""
        cloud = self._of()
        if cloud is None:
            return "", ""
        total, many = cloud.samples.total, len(cloud.points)
        samples = (
            f"{many:,} of {total:,} {cloud.samples.part} samples"
            if many < total
            else f"{many:,} {cloud.samples.part} samples"
        )
        parts = [f"step {cloud.step:,}", samples]
        formula, means = PRINCIPAL
        if self.method.value == TSNE:
            formula, means = T_SNE
            share = self._unfolded[2] if self._unfolded is not None else 0.0
            if share < 1.0:
                parts.insert(0, f"{BEING_UNFOLDED}: {100 * share:.0f} %")
        elif cloud.plain:
            formula, means = ITSELF
        elif sum(cloud.shares) > 0:
            first, second = (100 * each for each in cloud.shares)
            parts.insert(0, f"{first + second:.0f} % of the variance ({first:.0f} + {second:.0f})")
        else:
            parts.insert(0, "the same for every sample")
        more = [f"{formula}: {means.format(layer=cloud.layer)}."]
        if cloud.pooled is not None:
            size = "×".join(str(each) for each in cloud.pooled)
            more.append(f"Its {cloud.units:,} numbers were averaged over space to {size} before.")
        if cloud.mixed is not None:
            more.append(f"They were mixed at random into {cloud.mixed:,} sums, which keeps distances roughly.")
        if cloud.samples.targets is None:
            more.append("There are no classes here, so all points have one colour.")
        if cloud.more:
            more.append("More samples follow.")
        if cloud.plain and cloud.units == 1:
            more.append("Up and down means nothing here.")
        return " · ".join(parts), " ".join(more)

    # Enlarge, copy, save --------------------------------------------------------------------------------------------

    def whole_title(self) -> str:
        cloud = self._of()
        return f"{self.title} · {cloud.layer} · {METHODS[self.method.value]}" if cloud is not None else self.title

    def make_enlarged(self) -> QWidget:
        return EnlargedCloud(self)

    @property
    def filled(self) -> bool:
        return self.shown is not None

    def image(self) -> QImage | None:
        if self.shown is None:
            return None
        legend = ClassLegend(ENLARGED)
        names = self.shown.names if len(self.shown.names) <= TOLD_APART else ()
        legend.show_classes(names, self.shown.chosen, ring=bool(names) and bool(self.shown.wrong.any()))
        foot = legend.height_for(1072)
        image = QImage(1120, round(860 + foot), QImage.Format.Format_RGB32)
        image.fill(theme().color("panel"))
        painter = QPainter(image)
        painter.setFont(font(20, bold=True))
        painter.setPen(theme().color("text"))
        painter.drawText(QRectF(24, 8, 1072, 32), Qt.AlignmentFlag.AlignVCenter, self.whole_title())
        painter.setFont(font(round(11 * ENLARGED)))
        painter.setPen(theme().color("muted"))
        painter.drawText(QRectF(24, 40, 1072, 26), Qt.AlignmentFlag.AlignVCenter, self.words()[0])
        Frame(self.shown, QRectF(24, 68, 1072, 776), zoom=ENLARGED).paint(painter)
        painter.translate(QPointF(24, 852))
        legend.paint(painter, 1072)
        painter.end()
        legend.deleteLater()
        return image

    def table(self) -> str:
        """Every point as comma-separated values."""
        shown, text = self.shown, io.StringIO()
        if shown is None:
            return ""
        out = csv.writer(text, lineterminator="\n")
        out.writerow(("sample", "class", "answer", "x", "y"))
        for number, (x, y) in enumerate(shown.points):
            target = shown.target(number)
            said = "" if shown.said is None else shown.name(int(shown.said[number]))
            name = "" if target < 0 else shown.name(target)
            out.writerow((int(shown.samples.positions[number]) + 1, name, said, f"{x:.6g}", f"{y:.6g}"))
        return text.getvalue()


class EnlargedCloud(LargeWindow):
    """The same points in a large window."""

    def __init__(self, shown: CloudView) -> None:
        board = Board(rows=4, zoom=ENLARGED)
        super().__init__(shown, shown.whole_title(), board, 980, 860)
        self.board = board
        shown.listen_to(board)


def _numbered(cloud: Cloud) -> tuple[str, ...]:
    """Numbers for classes that have no names."""
    targets = cloud.samples.targets
    return () if targets is None or not len(targets) else tuple(str(each) for each in range(int(targets.max()) + 1))


def _spread(points: Places) -> Places:
    """Points of one number, spread upwards so that they do not cover each other."""
    reach = float(np.ptp(points[:, 0])) or 1.0
    golden = np.arange(len(points)) * 0.6180339887 % 1.0
    return np.column_stack([points[:, 0], (golden - 0.5) * 0.4 * reach])
