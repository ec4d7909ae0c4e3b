"""Which classes the network takes for which: the matrix of confusions, the scores of each class, the worst mistakes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from builder.inspect.picture import Part
from builder.inspect.scores import Counts
from builder.train.messages import EpochEnded, FindMistake, Finished, Prepared
from builder.ui.placement import resize_within_screen
from builder.ui.theme import font, theme
from builder.ui.views.base import Subject, view
from builder.ui.views.frame import MARGIN, Choice, ViewFrame
from builder.ui.views.matrix import SCALE, Confusions, Matrix, Place, lay_out, paint_matrix
from builder.ui.views.paint import ENLARGED
from builder.ui.views.scale import HEIGHT, ColourBar, paint_scale
from builder.ui.views.seen import SeenView
from builder.ui.views.sheets import SheetTable, counts_csv, per_class, sheet_picture, worst
from builder.ui.widgets.buttons import menu_button, small_button
from builder.ui.widgets.labels import Text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMS = ("matrix", "scores per class", "mistakes")
MATRIX, PER_CLASS, MISTAKES = range(3)
PARTS = (Part.VALIDATION, Part.TEST)
MOST_PAST = 200  # epochs whose counts are kept, to be looked back at
_BAR_FROM = 190  # pixels of height: in a lower panel the matrix needs all of them


class Board(QWidget):
    """The matrix above its colour bar, or one of the tables in their place."""

    def __init__(self, zoom: float = 1.0) -> None:
        """`zoom` times the usual size."""
        super().__init__()
        self.matrix, self.bar, self.table = Matrix(zoom), ColourBar(zoom), SheetTable(zoom)
        self.bar.set_scale(SCALE)
        self.bar.setToolTip("The share of the samples of a class: of a row. Small shares get more of the colours.")
        self._map = QWidget()
        for part in (self.matrix, self.bar):
            part.setParent(self._map)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._map)
        self._stack.addWidget(self.table)
        self._shown: Confusions | None = None
        self.matrix.hovered.connect(self._point)

    def show_confusions(self, shown: Confusions, form: int) -> None:
        """Show this, as one of `FORMS`."""
        self._shown = shown
        if form == MATRIX:
            self.matrix.show_confusions(shown)
            self._stack.setCurrentWidget(self._map)
        else:
            self.table.show_sheet(per_class(shown) if form == PER_CLASS else worst(shown))
            self._stack.setCurrentWidget(self.table)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        width, height = self.width() - 2 * MARGIN, self.height()
        low = height < _BAR_FROM
        self.bar.setVisible(not low)
        self.matrix.setGeometry(MARGIN, 0, width, height - (4 if low else self.bar.height() + 6))
        layout = self.matrix.layout_now()
        if layout is not None:
            cells = layout.cells.translated(self.matrix.pos())
            self.bar.setGeometry(0, round(cells.bottom()) + 4, self.width(), self.bar.height())
            self.bar.set_span(cells.left(), cells.width())

    def _point(self, place: Place | None) -> None:
        self.bar.set_mark(float(self._shown.shares[place]) if self._shown is not None and place is not None else None)


class EnlargedBoard(QDialog):
    """The same in a large window of its own that goes on following the training."""

    def __init__(self, view: ConfusionView) -> None:
        super().__init__(view)
        self._title = Text(bold=True, size=round(12 * ENLARGED))
        self.board = Board(ENLARGED)
        view.listen_to(self.board)
        row = QHBoxLayout()
        row.setContentsMargins(MARGIN, 8, MARGIN, 0)
        row.addWidget(self._title, 1)
        row.addWidget(small_button("copy", "Copy this picture", view.copy_picture))
        row.addWidget(small_button("save", "Save this picture", view.save_picture))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.addLayout(row)
        column.addWidget(self.board, 1)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        resize_within_screen(self, 860, 800)

    def show_confusions(self, shown: Confusions, form: int, title: str) -> None:
        """Show this."""
        self._title.set_text(title)
        self.setWindowTitle(title)
        self.board.show_confusions(shown, form)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().color("panel"))


@view("confusion")
class ConfusionView(SeenView):
    """The matrix of confusions of the validation part, and of the test part once the run has ended.

    Attributes:
        frame: head and content; board: what is in it.
        shown: what the board shows; None while there is nothing.
        form, part: the choices in the head.
    """

    enlarged: EnlargedBoard | None = None

    def __init__(self) -> None:
        super().__init__()
        self.shown: Confusions | None = None
        self._subject: Subject | None = None
        self._counts: dict[Part, Counts] = {}
        self._top5: dict[Part, float | None] = {}
        self._epoch: EpochEnded | None = None
        self._past: deque[EpochEnded] = deque(maxlen=MOST_PAST)
        self._then: EpochEnded | None = None  # the earlier epoch that is looked at
        self._begun = False  # a step was made
        self._classes = True  # what is learned has such, as far as is known
        self.board = Board()
        self.listen_to(self.board)
        self.frame = ViewFrame(self.title, self.board, self.short)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.frame)
        self.form = Choice(FORMS, "The matrix, the scores of each class, or the most frequent mistakes", self._choose)
        self.part = Choice([part.value for part in PARTS], "The part of the data that was asked", self._choose)
        self._buttons = [
            small_button("enlarge", "Enlarge", self.enlarge),
            menu_button("Copy or save the picture or its figures", self.actions_menu),
        ]
        head = self.frame.head
        head.add(self.part, 2)
        head.add(self.form, 1)
        enlarge, more = self._buttons
        head.add(enlarge, in_menu=True)
        head.add(more, -1, in_menu=True)
        head.set_present(self.part, False)
        theme().changed.connect(self.refresh)

    def sizeHint(self) -> QSize:
        return QSize(360, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(144, 112)

    # What it is told ------------------------------------------------------------------------------------------------

    def set_subject(self, subject: Subject) -> None:
        before = self._subject.classes if self._subject is not None else ()
        self._subject = subject
        if subject.classes != before:
            self.refresh()

    def set_prepared(self, event: Prepared) -> None:
        self._classes = bool(event.classes)
        self.refresh()

    def add_scalars(self, rows: NDArray[np.float64]) -> None:
        if not self._begun:
            self._begun = True
            self.refresh()

    def add_epoch(self, epoch: EpochEnded) -> None:
        self._epoch = epoch
        self._past.append(epoch)
        if epoch.confusion is not None:
            self._counts[PARTS[0]], self._top5[PARTS[0]] = epoch.confusion, epoch.validation_top5
        self.refresh()

    def show_moment(self, step: int | None) -> None:
        """Of an earlier epoch, the validation part is known, and the test part is not."""
        epoch = next((past for past in self._past if past.step == step), None) if step is not None else None
        if epoch is not self._then:
            self._then = epoch
            self.refresh()

    def set_finished(self, event: Finished) -> None:
        if event.confusion is not None:
            self._counts[PARTS[1]], self._top5[PARTS[1]] = event.confusion, event.test_top5
            self.refresh()

    def clear(self) -> None:
        self._counts.clear()
        self._past.clear()
        self._epoch = self._then = None
        self._begun = False
        self.part.show_value(0)
        self.refresh()

    def listen_to(self, board: Board) -> None:
        """Hear what is clicked there: the worst sample of that kind is asked for, then the next worst."""
        board.matrix.chosen.connect(lambda place: self._ask(*place) if board.matrix.wrong(place) else None)
        board.table.asked.connect(lambda wish: self._ask(*wish))

    def _ask(self, true: int, said: int | None) -> None:
        part, subject = PARTS[self.part.value], self._subject
        after = subject.sample if subject is not None and subject.part is part and not subject.own else -1
        self.mistake_asked.emit(FindMistake(after, true, said, part))

    # What is shown --------------------------------------------------------------------------------------------------

    def _choose(self, _number: int) -> None:
        self.refresh()

    def _find(self) -> Confusions | str:
        """What to show, or words that say why there is nothing."""
        part = PARTS[self.part.value] if self._then is None else PARTS[0]
        counts = self._counts.get(part) if self._then is None else self._then.confusion
        if counts is None:
            if self._classes and self._epoch is None:
                told = "this shows which classes the network takes for which."
                if self._begun:
                    return f"After the first epoch, {told}"
                return self.bid(f"Press Run: after each epoch, {told}")
            if self._classes and self._epoch is not None and self._epoch.validation_loss is None:
                return "No samples are kept back for validation, so none are counted here."
            return "This network tells no classes apart, so it can take none for another."
        classes = self._subject.classes if self._subject is not None else ()
        names = classes if len(classes) == len(counts) else tuple(str(number) for number in range(len(counts)))
        seen = self._then or self._epoch
        epoch = f", epoch {seen.epoch}" if seen is not None and part == PARTS[0] else ""
        top5 = self._top5.get(part) if self._then is None else self._then.validation_top5
        return Confusions(counts, names, f"{part.value} part{epoch}", top5)

    def draw_anew(self) -> None:
        super().draw_anew()
        self.frame.head.set_present(self.part, len(self._counts) > 1 and self._then is None)
        if len(self._counts) == 1:
            self.part.show_value(PARTS.index(next(iter(self._counts))))
        found = self._find()
        self.shown = None if isinstance(found, str) else found
        for button in self._buttons:
            button.setEnabled(self.shown is not None)
        if self.shown is None:
            self.frame.set_empty(str(found))
            return
        self.frame.set_empty("")
        self.board.show_confusions(self.shown, self.form.value)
        if self.enlarged is not None and self.enlarged.isVisible():
            self.enlarged.show_confusions(self.shown, self.form.value, self.whole_title())

    # What can be done with it ---------------------------------------------------------------------------------------

    def whole_title(self) -> str:
        what = self.title if self.form.value == MATRIX else ("", "Scores per class", "Mistakes")[self.form.value]
        return f"{what} · {self.shown.origin}" if self.shown is not None else what

    def make_enlarged(self) -> QWidget:
        return EnlargedBoard(self)

    @property
    def filled(self) -> bool:
        return self.shown is not None

    def image(self) -> QImage | None:
        """What is shown as an image with a title, large enough for a slide; None while there is nothing."""
        if self.shown is None:
            return None
        if self.form.value != MATRIX:
            sheet = per_class(self.shown) if self.form.value == PER_CLASS else worst(self.shown)
            return sheet_picture(sheet, self.whole_title())
        return _matrix_picture(self.shown, self.whole_title())

    def table(self) -> str:
        """The figures that are shown as comma-separated values."""
        if self.shown is None:
            return ""
        if self.form.value == MATRIX:
            return counts_csv(self.shown)
        return (per_class(self.shown) if self.form.value == PER_CLASS else worst(self.shown)).csv()


def _matrix_picture(shown: Confusions, title: str) -> QImage:
    layout = lay_out(shown.names, QRectF(0, 0, 1152, 900), ENLARGED)
    cells = layout.cells
    width = max(640, round(cells.right()) + 48)
    image = QImage(width, round(cells.bottom() + HEIGHT * ENLARGED) + 72, QImage.Format.Format_RGB32)
    image.fill(theme().color("panel"))
    painter = QPainter(image)
    painter.setFont(font(20, bold=True))
    painter.setPen(theme().color("text"))
    painter.drawText(QRectF(24, 8, width - 48, 32), Qt.AlignmentFlag.AlignVCenter, title)
    painter.translate(24, 44)
    paint_matrix(painter, layout, shown)
    painter.translate(cells.left(), cells.bottom() + 10)
    painter.scale(ENLARGED, ENLARGED)
    paint_scale(painter, QRectF(0, 0, max(240.0, cells.width()) / ENLARGED, HEIGHT), SCALE)
    painter.end()
    return image
