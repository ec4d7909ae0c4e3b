"""The panel of the analysis table: totals and every layer, following each edit while it is seen."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QSpinBox,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from builder.compile.analysis import Analysis, analyse
from builder.compile.plan import make_plan
from builder.compile.table import NUMBERS, make_table, to_csv
from builder.graph.problems import ProblemError
from builder.ui.document import Document
from builder.ui.table.model import COLUMNS, SHARE, TableModel
from builder.ui.theme import font, theme
from builder.ui.views import export
from builder.ui.views.frame import ViewFrame
from builder.ui.views.paint import ENLARGED
from builder.ui.views.takeaway import LargeWindow
from builder.ui.widgets.buttons import small_button

_ROW = 24
_PAD = 8


class _Cells(QStyledItemDelegate):
    """Paints cells: figures in the figures' font, a bar behind those that have a share, the totals in bold."""

    def __init__(self, parent: QWidget, zoom: float) -> None:
        super().__init__(parent)
        self._zoom = zoom

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width() + 2 * _PAD, round(_ROW * self._zoom))

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        total = not index.parent().isValid() and index.row() == 0
        figures = COLUMNS[index.column()].figures
        option.font = font(round((11 if figures else 12) * self._zoom), bold=total, mono=figures)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        share = index.data(SHARE)
        if share:  # over the cell, so that a selected row keeps its bars
            area = QRectF(option.rect).adjusted(4, 4, -4, -4)
            bar = QRectF(area.x(), area.y(), max(2.0, area.width() * share), area.height())
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("accent", 0.28))
            painter.drawRoundedRect(bar, 2, 2)
            painter.restore()


class AnalysisPanel(QWidget):
    """What every layer costs and sees.

    Attributes:
        frame: head and content; view: the table; model: its rows.
        large: the newest window with a larger copy of it; None before somebody wants one.
        batch, number: for how many samples, and in which type of number, memory is counted.
        said: a sentence for the status line.
        ask_path: asks where to save; a test puts its own here.
    """

    said = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None, zoom: float = 1.0) -> None:
        """`zoom` times as large as usual; the usual one offers a larger copy of itself."""
        super().__init__(parent)
        self._document = document
        self.large: LargeWindow | None = None
        self.ask_path: export.Ask = export.ask_path
        self.model = TableModel(self)
        self.view = QTreeView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(_Cells(self.view, zoom))
        self.view.setUniformRowHeights(True)
        self.view.setAlternatingRowColors(True)
        self.view.setAllColumnsShowFocus(True)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setAccessibleName("Analysis of the layers")
        self.view.setIndentation(round(16 * zoom))
        header = self.view.header()
        header.setFont(font(round(12 * zoom)))
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.view.setSortingEnabled(True)
        self._fitting = False
        self._fitted = True  # until the user chooses the width of a column
        header.sectionResized.connect(self._column_resized)
        self.frame = ViewFrame("Analysis", self.view)
        self._fill_head(alone=zoom > 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.frame)
        self._analysis: Analysis | None = None
        self._following = False
        self._grown = False
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._renew)
        self._reveal = QTimer(self, singleShot=True, interval=0)  # the table has its new size a moment later
        self._reveal.timeout.connect(self._show_row)
        document.inferred.connect(self._renew_soon)
        document.replaced.connect(self._start_anew)
        document.selected.connect(self._renew_soon)
        document.page_changed.connect(self._renew_soon)
        self.view.selectionModel().selectionChanged.connect(lambda _new, _old: self._select())
        self._open: set[str] = set()
        self.view.expanded.connect(lambda index: self._fold(index, opened=True))
        self.view.collapsed.connect(lambda index: self._fold(index, opened=False))
        self.model.modelReset.connect(self._unfold)
        theme().changed.connect(self.view.viewport().update)

    def _fill_head(self, *, alone: bool) -> None:
        self.batch = QSpinBox()
        self.batch.setRange(1, 1_000_000)
        self.batch.setPrefix("batch ")
        self.batch.setFixedSize(112, 24)
        self.batch.lineEdit().setTextMargins(4, 0, 0, 0)
        self.batch.setToolTip("How many samples the memory is counted for")
        self.batch.setAccessibleName("Batch size")
        self.batch.valueChanged.connect(self._renew_soon)
        self.number = QComboBox()
        self.number.addItems(list(NUMBERS))
        self.number.setFixedHeight(24)
        self.number.setToolTip("Type of number that the memory is counted for")
        self.number.setAccessibleName("Type of number")
        self.number.currentIndexChanged.connect(self._renew_soon)
        self._buttons = (
            small_button("copy", "Copy the table", self.copy),
            small_button("save", "Save the table…", self.save),
        )
        for spare, widget in enumerate((self.batch, self.number, *self._buttons)):
            self.frame.head.add(widget, spare)
        if not alone:
            self.frame.head.add(small_button("enlarge", "Enlarge", self.enlarge), -1)

    def head(self) -> QWidget:
        """Title and controls, for a dock that shows them as its title bar."""
        return self.frame.head

    def sizeHint(self) -> QSize:
        return QSize(900, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 120)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._later.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.isVisible():
            self._reveal.start()

    # Keeping up -----------------------------------------------------------------------------------------------------

    def _renew_soon(self, *_news: object) -> None:
        if self.isVisible():
            self._later.start()

    def _start_anew(self) -> None:
        """Another network may need other widths."""
        self._grown = False
        self._renew_soon()

    def _renew(self) -> None:
        if not self.isVisible():
            return
        try:
            analysis = analyse(make_plan(self._document.flat))
        except ProblemError:
            words = "The figures appear once nothing is wrong with the network."
            self.frame.set_empty(words if self._document.flat.nodes else "There is nothing to count yet.")
            for button in self._buttons:
                button.setEnabled(False)
            return
        table = make_table(analysis, batch=self.batch.value(), number=self.number.currentText())
        self._following = True  # what a new table does to the selection is nobody's wish
        try:
            self.model.show_table(table)
        finally:
            self._following = False
        self.frame.set_empty("")
        for button in self._buttons:
            button.setEnabled(True)
        self._fit_columns()
        self._show_selection()

    def _fit_columns(self) -> None:
        """Make columns wide enough for what stands in them; narrower they do not become under the eyes of the user."""
        if not self._fitted:
            return
        self._fitting = True
        try:
            for column in range(len(COLUMNS)):
                before = self.view.columnWidth(column)
                self.view.resizeColumnToContents(column)
                if self._grown and self.view.columnWidth(column) < before:
                    self.view.setColumnWidth(column, before)
            self._grown = True
        finally:
            self._fitting = False

    def _column_resized(self, _column: int, _before: int, _after: int) -> None:
        if not self._fitting and self.isVisible():
            self._fitted = False

    def _fold(self, index: QModelIndex, *, opened: bool) -> None:
        row = self.model.row_at(index)
        if row is not None:
            (self._open.add if opened else self._open.discard)(row.name)
            if opened:
                self._fit_columns()

    def _unfold(self) -> None:
        """Blocks that were open stay open, also when the network has other layers now."""
        for name in tuple(self._open):
            index = self.model.index_of(name)
            if index.isValid():
                self.view.setExpanded(index, True)

    def _selected_rows(self) -> list[QModelIndex]:
        """The rows of what is selected in the document."""
        document = self._document
        wanted = []
        for name in document.selection:
            index = self.model.index_of(document.full_name(name))
            if not index.isValid():  # an entrance or exit of a block: what comes in or leaves there
                index = self.model.index_of(document.flat_name(name) or "")
            if index.isValid():
                wanted.append(index)
        return wanted

    def _show_selection(self) -> None:
        selection, wanted = self.view.selectionModel(), self._selected_rows()
        if wanted == selection.selectedRows():
            return
        self._following = True
        try:
            flags = selection.SelectionFlag
            selection.clearSelection()
            for index in wanted:
                selection.select(index, flags.Select | flags.Rows)
            if wanted:
                with QSignalBlocker(selection):
                    selection.setCurrentIndex(wanted[-1], flags.NoUpdate)
                self.view.scrollTo(wanted[-1])
        finally:
            self._following = False
        self.view.viewport().update()

    def _show_row(self) -> None:
        """Keep the row that was selected last in sight."""
        rows = self._selected_rows()
        if rows and not self.view.visualRect(rows[-1]).isEmpty():  # not in a block that was folded since
            self.view.scrollTo(rows[-1])

    def _select(self) -> None:
        """The user has chosen rows: select what they stand for."""
        if self._following:
            return
        rows = [self.model.row_at(index) for index in self.view.selectionModel().selectedRows()]
        names = [row.name for row in rows if row is not None and row.name]
        if not names:
            return
        here = [name for name in names if name in self._document.graph.nodes]
        if not self._document.opened and len(here) == len(names):
            self._document.select(here)
        else:
            self._document.go_to(names[-1])

    def enlarge(self) -> None:
        """Show the table in a window of its own, as large as the screen has room for: few rows fit below the views."""
        room = self.screen().availableGeometry()
        wide, high = room.width() - 60, room.height() - 80
        zoom = min(ENLARGED, max(1.01, (wide - 40) / max(1, self.view.header().length())))
        shown = AnalysisPanel(self._document, zoom=zoom)
        shown.said.connect(self.said)
        shown.batch.setValue(self.batch.value())
        shown.number.setCurrentIndex(self.number.currentIndex())
        self.large = LargeWindow(self, "Analysis", shown, wide, high)
        self.large.show()

    # Out of the window ----------------------------------------------------------------------------------------------

    def copy(self) -> None:
        """Put the table onto the clipboard, as comma-separated values."""
        if self.model.table is not None:
            QGuiApplication.clipboard().setText(to_csv(self.model.table))
            self.said.emit("The table is on the clipboard.")

    def save(self) -> None:
        """Ask for a place and write the table there, as comma-separated values."""
        if self.model.table is not None:
            words = export.save_text(self, to_csv(self.model.table), "analysis", self.ask_path)
            if words:
                self.said.emit(words)
