"""The rows of the analysis table as a Qt model: what stands in each cell, and in which order. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from builder.compile.limits import size
from builder.compile.table import Row
from builder.layers.base import brief, show, show_pair

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
SHARE = Qt.ItemDataRole.UserRole
"""Role of a cell's share of the whole network, from 0 to 1; None where a share means nothing."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        tip: what its figures mean.
        text: of a row.
        key: what rows are sorted by.
        total: the same figure of the whole network, where a share of it is worth a bar.
        figures: whether it holds numbers, which stand at the right.
    """

    title: str
    tip: str
    text: Callable[[Row], str]
    key: Callable[[Row], Any]
    share: Callable[[Row], int] | None = None
    figures: bool = True


def _count(title: str, tip: str, value: Callable[[Row], int], *, share: bool = False) -> Column:
    return Column(title, tip, lambda row: f"{value(row):,}" if value(row) else "–", value, value if share else None)


def _sees(row: Row) -> str:
    return "–" if row.receptive_field is None else show_pair(row.receptive_field.size)


def _trainable(row: Row) -> str:
    if row.trainable:
        return f"{row.trainable:,}"
    return "frozen" if row.weights + row.biases else "–"


COLUMNS = (
    Column("Layer", "Its name; blocks can be folded", lambda row: row.label or "Whole network", lambda row: row.name,
           figures=False),
    Column("Kind", "What it is", lambda row: row.kind if row.name else "", lambda row: row.kind, figures=False),
    Column("Output", "Shape of what it gives, for one sample", lambda row: show(row.output_shape),
           lambda row: (len(row.output_shape), row.output_shape)),
    _count("Neurons", "How many numbers it gives, for one sample", lambda row: row.neurons),
    _count("Weights", "Learned numbers that are multiplied with values; the bar is the share of the network",
           lambda row: row.weights, share=True),
    _count("Biases", "Learned numbers that are added", lambda row: row.biases),
    Column("Trainable", "Learned numbers that training changes; frozen where it changes none of those that there are",
           _trainable, lambda row: row.trainable),
    _count("Multiply-adds", "Multiplications with an addition, for one sample; the bar is the share of the network",
           lambda row: row.multiply_adds, share=True),
    Column("Memory", "Memory of its output for the whole batch; the bar is the share of the network",
           lambda row: size(row.activation_bytes), lambda row: row.activation_bytes, lambda row: row.activation_bytes),
    Column("Sees", "Receptive field: the part of the input that one cell of the output depends on, height × width",
           _sees, lambda row: row.receptive_field.size if row.receptive_field else (0, 0)),
    Column("Step", "How far apart in the input the fields of neighbouring cells lie",
           lambda row: brief(row.receptive_field.stride) if row.receptive_field else "–",
           lambda row: row.receptive_field.stride if row.receptive_field else (0, 0)),
    Column("Centre", "Middle of what the first cell sees; 0 is the middle of the first input cell, row and column",
           lambda row: ", ".join(f"{place:g}" for place in row.receptive_field.centre) if row.receptive_field else "–",
           lambda row: row.receptive_field.centre if row.receptive_field else (0.0, 0.0)),
)  # fmt: skip


@dataclass(eq=False)
class _Entry:
    """A row in its place: Qt asks for parents, which rows do not know."""

    row: Row
    parent: _Entry | None
    place: int = 0
    children: list[_Entry] = field(default_factory=list)


class TableModel(QAbstractItemModel):
    """A line with the totals, then the layers and blocks, sorted within each block.

    Attributes:
        table: the whole network's row; None while there is nothing to show.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.table: Row | None = None
        self._top: list[_Entry] = []
        self._entries: dict[str, _Entry] = {}
        self._former = self._entries  # an index that a view still holds must not point at what is freed
        self._order = (-1, Qt.SortOrder.AscendingOrder)

    def show_table(self, table: Row | None) -> None:
        """Show another table; where names and folds are the same, only the figures change."""
        if table == self.table:
            return
        same = table is not None and self.table is not None and _outline(table) == _outline(self.table)
        self.table = table
        if same and table is not None:
            self._refill(table)
            if self._order[0] > 0:
                self._reorder()
            return
        self.beginResetModel()
        self._build()
        self.endResetModel()

    def _refill(self, table: Row) -> None:
        todo = [table]
        while todo:
            row = todo.pop()
            self._entries[row.name].row = row
            todo.extend(row.children)
        self._tell(QModelIndex())

    def _tell(self, parent: QModelIndex) -> None:
        count = self.rowCount(parent)
        if count:
            self.dataChanged.emit(self.index(0, 0, parent), self.index(count - 1, len(COLUMNS) - 1, parent))
        for place in range(count):
            self._tell(self.index(place, 0, parent))

    def _build(self) -> None:
        self._former, self._top, self._entries = self._entries, [], {}
        if self.table is None:
            return
        total = _Entry(self.table, None)
        self._entries[""] = total
        self._top = [total, *(self._entry(child, None) for child in self.table.children)]
        self._arrange()

    def _entry(self, row: Row, parent: _Entry | None) -> _Entry:
        made = self._entries[row.name] = _Entry(row, parent)
        made.children = [self._entry(child, made) for child in row.children]
        return made

    def _arrange(self) -> None:
        column, order = self._order
        down = order == Qt.SortOrder.DescendingOrder
        levels = [self._top[1:], *(entry.children for entry in self._entries.values())]
        at = {row: place for place, row in enumerate(self._rows())}
        for level in levels:
            if column >= 0:
                level.sort(key=lambda entry: COLUMNS[column].key(entry.row), reverse=down)
            else:
                level.sort(key=lambda entry: at[entry.row.name])
        self._top[1:] = levels[0]
        for level in (self._top, *levels[1:]):
            for place, entry in enumerate(level):
                entry.place = place

    def _rows(self) -> list[str]:
        """Names in order of execution."""
        found: list[str] = []
        todo = list(reversed(self.table.children)) if self.table is not None else []
        while todo:
            row = todo.pop()
            found.append(row.name)
            todo.extend(reversed(row.children))
        return found

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort within each block; -1 is the order of execution. The totals stay on top."""
        known, self._order = self._order, (column, order)
        if known != self._order and self.table is not None:
            self._reorder()

    def _reorder(self) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        kept = [index.internalPointer() for index in before]
        self._arrange()
        after = [self._index(entry, old.column()) for entry, old in zip(kept, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def index_of(self, name: str) -> QModelIndex:
        """The first cell of a layer or block; invalid when there is none of this name."""
        entry = self._entries.get(name)
        return QModelIndex() if entry is None or not name else self._index(entry, 0)

    def row_at(self, index: Index) -> Row | None:
        """The row of a cell."""
        return index.internalPointer().row if index.isValid() else None

    def _index(self, entry: _Entry, column: int) -> QModelIndex:
        return self.createIndex(entry.place, column, entry)

    # What Qt asks ---------------------------------------------------------------------------------------------------

    def index(self, row: int, column: int, parent: Index = _ROOT) -> QModelIndex:
        level = parent.internalPointer().children if parent.isValid() else self._top
        if not (0 <= row < len(level) and 0 <= column < len(COLUMNS)):
            return QModelIndex()
        return self.createIndex(row, column, level[row])

    def parent(self, index: Index = _ROOT) -> QModelIndex:  # type: ignore[override]
        above = index.internalPointer().parent if index.isValid() else None
        return QModelIndex() if above is None else self._index(above, 0)

    def rowCount(self, parent: Index = _ROOT) -> int:
        if not parent.isValid():
            return len(self._top)
        return len(parent.internalPointer().children) if parent.column() == 0 else 0

    def columnCount(self, parent: Index = _ROOT) -> int:
        return len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column, row = COLUMNS[index.column()], index.internalPointer().row
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.figures else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.name or None
        if role == SHARE and column.share is not None and row.name and self.table is not None:
            return column.share(row) / max(column.share(self.table), 1)
        return None

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way != Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.figures else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.InitialSortOrderRole and column.figures:
            return Qt.SortOrder.DescendingOrder  # who sorts by a figure looks for the largest
        return None


def _outline(table: Row) -> tuple[Any, ...]:
    return (table.name, tuple(_outline(child) for child in table.children))
