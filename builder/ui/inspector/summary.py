"""What stands in the layer panel while no single layer is selected: figures of the network, or of the selection."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.compile.analysis import Total, total
from builder.compile.infer import Inference
from builder.compile.limits import size
from builder.graph.problems import Problem, ProblemError
from builder.ui.document import Document
from builder.ui.inspector.panel import Figures, Panel, ProblemColumn
from builder.ui.theme import font, theme
from builder.ui.widgets.labels import label
from builder.ui.widgets.section import Section


@dataclass(frozen=True)
class Bar:
    """One bar of `Bars`."""

    name: str
    amount: int
    color: QColor


class Bars(QWidget):
    """Which layers hold the parameters: a bar for each, the longest for the largest."""

    ROW = 18

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[Bar, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def show_bars(self, bars: tuple[Bar, ...]) -> None:
        """Show these, in this order."""
        self._bars = bars
        self.setAccessibleDescription(", ".join(f"{bar.name} {bar.amount:,}" for bar in bars))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self.ROW * len(self._bars))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = max((bar.amount for bar in self._bars), default=1) or 1
        names, figures = font(11), font(11, mono=True)
        painter.setFont(figures)
        number_width = max((painter.fontMetrics().horizontalAdvance(f"{b.amount:,}") for b in self._bars), default=0)
        room = max(10, self.width() - 84 - number_width - 10)
        for index, bar in enumerate(self._bars):
            y = index * self.ROW
            painter.setFont(names)
            painter.setPen(theme().color("muted"))
            name = painter.fontMetrics().elidedText(bar.name, Qt.TextElideMode.ElideRight, 76)
            painter.drawText(QRectF(0, y, 78, self.ROW), Qt.AlignmentFlag.AlignVCenter, name)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(bar.color)
            width = max(2.0, room * bar.amount / top)
            painter.drawRoundedRect(QRectF(84, y + self.ROW / 2 - 3, width, 6), 2, 2)
            painter.setFont(figures)
            painter.setPen(theme().color("text"))
            place = QRectF(self.width() - number_width - 2, y, number_width + 2, self.ROW)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, f"{bar.amount:,}")


class SelectionSummary(Panel):
    """The network as a whole, or several layers together."""

    MOST_BARS = 12

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._others: tuple[Problem, ...] = ()
        self.title = label("", "title", wrap=True)
        self.note = label("", "muted", wrap=True)
        self.figures = Figures()
        self.problems = ProblemColumn(place=True)
        self.problems.fix_asked.connect(document.apply_fix)
        self.problems.activated.connect(lambda problem: document.go_to(problem.where))
        self._share = Section("Where the parameters are")
        self.bars = Bars()
        self._share.add(self.bars)
        for widget in (self.title, self.problems, self.figures, self._share, self.note):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._show)

    def set_problems(self, others: tuple[Problem, ...]) -> None:
        """Problems of the project that the network alone does not have."""
        self._others = others
        self.renew()

    def renew(self) -> None:
        """The network or the selection is another one; what is shown follows behind the edit."""
        self._later.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def _show(self) -> None:
        if not self.isVisible():
            return
        inference = self._document.inference
        chosen = tuple(name for name in self._document.selection if name in inference.nodes)
        if len(chosen) > 1:
            self._show_selection(inference, chosen)
        else:
            self._show_network(inference)

    def _show_network(self, inference: Inference) -> None:
        sums: Total | None = None
        with contextlib.suppress(ProblemError):
            sums = total(self._document.flat)
        self.title.setText(self._document.title)
        rows = [("Layers", f"{len(self._document.flat.nodes):,}")]
        bars: tuple[Bar, ...] = ()
        if sums is not None:
            rows += [
                ("Parameters", f"{sums.parameters:,}"),
                ("Multiply-adds", f"{sums.multiply_adds:,}"),
                ("Activations, one sample", size(sums.activation_bytes)),
            ]
            bars = self._bars(inference)
        self.figures.show_rows(rows)
        self.problems.show_problems((inference.errors if sums is None else self._others)[:4])
        self.bars.show_bars(bars)
        self._share.setVisible(bool(bars))
        if not inference.nodes:
            self.note.setText("The canvas is empty. Drag a layer onto it, or choose a network (File > New…).")
        elif sums is None:
            self.note.setText("The figures appear once nothing is wrong with the network.")
        else:
            self.note.setText("Select a layer to see and change it.")

    def _bars(self, inference: Inference) -> tuple[Bar, ...]:
        """One for each layer and each block of the graph shown that has parameters; only the largest of many."""
        found = []
        for name in inference.order:
            info = inference.nodes[name]
            if info.parameters and info.layer is not None:
                found.append(Bar(name, info.parameters, theme().category(info.layer.category)))
        if len(found) > self.MOST_BARS:
            least = sorted((bar.amount for bar in found), reverse=True)[self.MOST_BARS - 1]
            found = [bar for bar in found if bar.amount >= least][: self.MOST_BARS]
        return tuple(found)

    def _show_selection(self, inference: Inference, names: tuple[str, ...]) -> None:
        self.title.setText(f"{len(names)} layers selected")
        infos = [inference.nodes[name] for name in names]
        kinds = Counter(info.node.kind for info in infos)
        rows = [(kind, f"{count}") for kind, count in kinds.most_common()]
        parameters = sum(info.parameters for info in infos)
        rows.append(("Parameters", f"{parameters:,}"))
        self.figures.show_rows(rows)
        self.problems.show_problems(problem for info in infos for problem in info.problems)
        self._share.hide()
        self.note.setText("Select one layer to change its parameters.")
