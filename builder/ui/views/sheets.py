"""What a matrix of confusions says as a table: the scores of each class, and the most frequent mistakes.

A `Sheet` is text with the values behind it; `SheetTable` shows one, sorted as the user likes.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
)

from builder.inspect.scores import mistakes, scores
from builder.ui.theme import font, theme
from builder.ui.views.matrix import Confusions

Index = QModelIndex | QPersistentModelIndex
Wish = tuple[int, int | None]
"""Wrong answers that a row tells of: true class, and said class or None for any."""
Value = str | float
MOST_MISTAKES = 200
RIGHT = "The means count each class the same; right is the share of all samples."
TOP5 = "Top-5 accuracy: the share of samples of which the true class has one of the five highest scores."
_ROW = 20  # pixels; ten classes with their mean fit into the place of the view
_PAD = 26  # beside the words of a cell


@dataclass(frozen=True)
class Column:
    """A column: its heading, what that means, and whether figures stand in it."""

    title: str
    help: str
    figures: bool = True


@dataclass(frozen=True)
class Row:
    """A row: its values (a number from 0 to 1 is a share), what it leads to, and what its words mean."""

    values: tuple[Value, ...]
    wish: Wish | None = None
    tip: str = ""

    def text(self, number: int) -> str:
        """What stands in a cell."""
        value = self.values[number]
        if isinstance(value, str):
            return value
        if isinstance(value, int):
            return f"{value:,}"
        return "–" if math.isnan(value) else f"{100 * value:.1f} %"


@dataclass(frozen=True)
class Sheet:
    """A table; `last` stays at the bottom however the rows are sorted."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    last: Row | None = None

    def csv(self) -> str:
        """As comma-separated values, unrounded."""
        rows = (*self.rows, *((self.last,) if self.last is not None else ()))
        plain = [[_plain(value) for value in row.values] for row in rows]
        return as_csv([[column.title for column in self.columns], *plain])


def _unknown(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _plain(value: Value) -> Value:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.8g}"
    return value


def as_csv(rows: list[list[Any]]) -> str:
    """Rows as comma-separated values."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def counts_csv(shown: Confusions) -> str:
    """The matrix itself as comma-separated values: a row for a true class, a column for a said one."""
    rows = zip(shown.names, shown.counts.tolist(), strict=True)
    return as_csv([["is \\ says", *shown.names], *([name, *row] for name, row in rows)])


def per_class(shown: Confusions) -> Sheet:
    """Precision, recall and F1 of each class, and what it is taken for most often; their means at the bottom."""
    columns = (
        Column("class", "The class.", figures=False),
        Column("precision", "Of the samples that the network says are of the class, the share that is: TP / (TP + FP)"),
        Column("recall", "Of the samples of the class, the share that the network finds: TP / (TP + FN)"),
        Column("F1", "The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN)"),
        Column("samples", "How many samples are of the class"),
        Column("most often taken for", "The class that the network mixes it up with most often", figures=False),
    )
    found = scores(shown.counts)
    worst = {mistake.true: mistake for mistake in reversed(mistakes(shown.counts, shown.counts.size))}
    rows = []
    for number, name in enumerate(shown.names):
        wrong = worst.get(number)
        figures = (float(part[number]) for part in (found.precision, found.recall, found.f1))
        taken = f"{shown.names[wrong.said]} ({wrong.samples:,})" if wrong else ""
        rows.append(Row((name, *figures, int(found.count[number]), taken), (number, None) if wrong else None))
    right = "" if math.isnan(found.accuracy) else f"{100 * found.accuracy:.1f} % right"
    tip = RIGHT
    if shown.top5 is not None:
        right, tip = f"{right}, top-5 accuracy {100 * shown.top5:.1f} %", f"{RIGHT} {TOP5}"
    return Sheet(columns, tuple(rows), Row(("mean", *found.means(), int(found.count.sum()), right), tip=tip))


def worst(shown: Confusions) -> Sheet:
    """The most frequent mistakes, the most frequent first."""
    columns = (
        Column("is", "The true class", figures=False),
        Column("says", "The class that the network says", figures=False),
        Column("samples", "How many samples are mixed up like this"),
        Column("of its class", "The share of the samples of the true class"),
    )
    rows = [
        Row((shown.names[true], shown.names[said], samples, float(shown.shares[true, said])), (true, said))
        for true, said, samples in mistakes(shown.counts, MOST_MISTAKES)
    ]
    return Sheet(columns, tuple(rows))


def sheet_picture(sheet: Sheet, title: str) -> QImage:
    """All rows as an image with a title, for a file."""
    words, figures = font(15), font(14, mono=True)
    rows = (*sheet.rows, *((sheet.last,) if sheet.last is not None else ()))
    widths = []
    for number, column in enumerate(sheet.columns):
        metrics = QFontMetricsF(figures if column.figures else words)
        cells = [metrics.horizontalAdvance(row.text(number)) for row in rows]
        widths.append(max(QFontMetricsF(words).horizontalAdvance(column.title), *cells, 40.0) + 28)
    image = QImage(max(480, round(sum(widths)) + 40), 84 + 28 * len(rows), QImage.Format.Format_RGB32)
    image.fill(theme().color("panel"))
    painter = QPainter(image)
    painter.setPen(theme().color("text"))
    painter.setFont(font(20, bold=True))
    painter.drawText(QRectF(24, 8, image.width() - 48, 32), Qt.AlignmentFlag.AlignVCenter, title)
    painter.fillRect(QRectF(24, 70, sum(widths) - 8, 1), theme().color("line"))
    left = 24.0
    for number, (column, width) in enumerate(zip(sheet.columns, widths, strict=True)):
        side = Qt.AlignmentFlag.AlignRight if column.figures else Qt.AlignmentFlag.AlignLeft
        box = QRectF(left, 42, width - 20, 26)
        painter.setPen(theme().color("muted"))
        painter.setFont(words)
        painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, column.title)
        painter.setPen(theme().color("text"))
        painter.setFont(figures if column.figures else words)
        for line, row in enumerate(rows):
            if row is sheet.last:
                painter.setFont(font(14 if column.figures else 15, bold=True, mono=column.figures))
            place = box.translated(0, 32 + 28 * line)
            painter.drawText(place, side | Qt.AlignmentFlag.AlignVCenter, row.text(number))
        left += width
    painter.end()
    return image


class _Model(QAbstractTableModel):
    """A sheet for Qt."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.sheet = Sheet((), ())
        self._sorted: tuple[int, Qt.SortOrder] = (-1, Qt.SortOrder.AscendingOrder)
        self._rows: list[Row] = []

    def show_sheet(self, sheet: Sheet) -> None:
        """Have these rows, in the order that was chosen."""
        if sheet.columns != self.sheet.columns:
            self.beginResetModel()
            self.sheet = sheet
            self._sorted = (-1, Qt.SortOrder.AscendingOrder)
            self._arrange()
            self.endResetModel()
            return
        # Not reset: that would scroll to the top and drop the selection at every epoch.
        self.layoutAboutToBeChanged.emit()
        self.sheet = sheet
        self._arrange()
        self.layoutChanged.emit()

    def row(self, index: Index) -> Row:
        """The row of a cell."""
        return self._rows[index.row()]

    def last(self, index: Index) -> bool:
        """Whether a cell is in the row that stays at the bottom."""
        return self._rows[index.row()] is self.sheet.last

    def _arrange(self) -> None:
        column, order = self._sorted
        rows = list(self.sheet.rows)
        if 0 <= column < len(self.sheet.columns):
            unknown = [row for row in rows if _unknown(row.values[column])]
            rows = [row for row in rows if not _unknown(row.values[column])]
            rows.sort(key=lambda row: row.values[column], reverse=order is Qt.SortOrder.DescendingOrder)
            rows += unknown
        self._rows = rows + ([self.sheet.last] if self.sheet.last is not None else [])

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        self._sorted = column, order
        self._arrange()
        self.layoutChanged.emit()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.sheet.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column = self.sheet.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.row(index).text(index.column())
        if role == Qt.ItemDataRole.ToolTipRole and self.row(index).wish is not None:
            return "Double-click to pin the next such sample"
        if role == Qt.ItemDataRole.ToolTipRole and self.row(index).tip:
            return self.row(index).tip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.figures else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.sheet.columns):
            return None
        column = self.sheet.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.help
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.figures else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


class _Cells(QStyledItemDelegate):
    """Figures in the figures' font, the bottom row in bold; all of it `zoom` times the usual size."""

    def __init__(self, parent: QObject, zoom: float) -> None:
        super().__init__(parent)
        self._zoom = zoom

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), round(_ROW * self._zoom))

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        model = index.model()
        assert isinstance(model, _Model)
        option.font = _face(model.sheet.columns[index.column()], self._zoom, bold=model.last(index))


def _face(column: Column, zoom: float, *, bold: bool) -> QFont:
    return font(round((11 if column.figures else 12) * zoom), bold=bold, mono=column.figures)


class SheetTable(QTreeView):
    """Shows a `Sheet`.

    Attributes:
        asked: a row that leads to wrong answers was double-clicked, or Enter pressed on it: its `Wish`.
    """

    asked = Signal(object)

    def __init__(self, zoom: float = 1.0) -> None:
        """`zoom` times the usual size."""
        super().__init__()
        self._zoom = zoom
        self._widths: list[int] = []  # that the columns needed so far
        self._model = _Model(self)
        self.setModel(self._model)
        self.setItemDelegate(_Cells(self, zoom))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setAllColumnsShowFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSortIndicatorClearable(True)
        if zoom != 1.0:
            header.setStyleSheet(f"QHeaderView::section {{ font-size: {round(11 * zoom)}px; }}")
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.activated.connect(self._ask)

    @property
    def sheet(self) -> Sheet:
        """What is shown."""
        return self._model.sheet

    def texts(self) -> list[list[str]]:
        """Every row as it reads, in its order."""
        rows = self._model.rowCount()
        return [[self._model.index(i, j).data() for j in range(len(self.sheet.columns))] for i in range(rows)]

    def show_sheet(self, sheet: Sheet) -> None:
        """Show this."""
        other = sheet.columns != self.sheet.columns
        if other:
            self.header().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self._model.show_sheet(sheet)
        self.setAccessibleName(", ".join(column.title for column in sheet.columns))
        before = [0] * len(sheet.columns) if other else self._widths
        self._widths = [max(self._needed(number), width) for number, width in enumerate(before)]
        for number, width in enumerate(self._widths):
            if width > before[number]:  # only then, since the user may have chosen another
                self.setColumnWidth(number, width)

    def _needed(self, column: int) -> int:
        """The width of a column: Qt's own leaves each heading the room of a sort arrow, which stands above ours."""
        metrics = QFontMetricsF(_face(self.sheet.columns[column], self._zoom, bold=True))
        widest = max((metrics.horizontalAdvance(row[column]) for row in self.texts()), default=0.0)
        if self.sheet.columns[column].figures:
            widest = max(widest, metrics.horizontalAdvance("100.0 %"))  # it may come to that
        heading = QFontMetricsF(font(round(11 * self._zoom))).horizontalAdvance(self.sheet.columns[column].title)
        return round(max(widest, heading)) + _PAD

    def _ask(self, index: QModelIndex) -> None:
        wish = self._model.row(index).wish
        if wish is not None:
            self.asked.emit(wish)
