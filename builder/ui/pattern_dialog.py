"""The generator: three numbers of the pattern grammar, what comes of them, and a button that opens it as a network."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget

from builder.compile.analysis import analyse
from builder.compile.network import infer_network
from builder.compile.plan import make_plan
from builder.graph.model import Network, Shape
from builder.graph.problems import ProblemError
from builder.layers.base import Role, show
from builder.project.document import Project
from builder.project.patterns import Pattern, formula, generate
from builder.ui.document import Document
from builder.ui.inspector.form import Form
from builder.ui.inspector.panel import Figures
from builder.ui.widgets.formula import FormulaBox
from builder.ui.widgets.labels import label
from builder.ui.words import sentence


class PatternDialog(QDialog):
    """Makes a network for the input and the classes that the document has now.

    Attributes:
        made: the network was opened.
        pattern: the numbers chosen so far.
        form: the numbers; create: the button.
    """

    made = Signal()

    def __init__(self, document: Document, adopt: Callable[[Project], bool], parent: QWidget | None = None) -> None:
        """Show the form.

        Args:
            adopt: opens a project that stands in no file yet; false when the user wants to keep the one there is.
        """
        super().__init__(parent)
        self._document, self._adopt = document, adopt
        self.pattern = Pattern()
        self._network: Network | None = None
        self.shape, self.classes = _ends(document)
        self.setWindowTitle("Network from a pattern")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(14)
        column.addWidget(label("Network from a pattern", "title"))
        words = (
            "Most convolutional classifiers follow one pattern: convolutions in stages, each followed by a pooling, "
            "then dense layers. Data and training stay as they are set now."
        )
        column.addWidget(label(words, "muted", wrap=True))
        self.formula = FormulaBox("", "–")
        column.addWidget(self.formula)
        self.form = Form(Pattern)
        self.form.edited.connect(self._edited)
        column.addWidget(self.form)
        self.figures = Figures()
        column.addWidget(self.figures)
        self.error = label("", "bad", wrap=True)
        column.addWidget(self.error)
        buttons = QDialogButtonBox()
        self.create_button = buttons.addButton("Create", QDialogButtonBox.ButtonRole.AcceptRole)
        self.create_button.setProperty("kind", "primary")
        buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.setMinimumWidth(460)
        self._renew()

    def _edited(self, path: str, value: object, _gesture: bool) -> None:
        try:
            self.pattern = self.pattern.changed(**{path: value})
        except ValidationError:
            return  # the form has said so
        self._renew()

    def _renew(self) -> None:
        self.form.show_values(self.pattern)
        self.formula.set_text("", formula(self.pattern))
        network = generate(self.pattern, self.shape, self.classes)
        known = infer_network(network)
        rows = [("Input", show(self.shape)), ("Layers", f"{len(known.flat.nodes):,}")]
        message = ""
        try:
            total = analyse(make_plan(known.flat)).total
            rows += [("Parameters", f"{total.parameters:,}"), ("Multiply-adds", f"{total.multiply_adds:,}")]
        except ProblemError as error:
            problem = error.problems[0]
            message = f"{problem.where}: {problem.message}" if problem.where else sentence(problem.message)
        self._network = network if not message else None
        self.figures.show_rows(rows)
        self.error.setText(message)
        self.error.setVisible(bool(message))
        self.create_button.setEnabled(not message)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Enter in a field means that field; the button box has made its first button the default one.
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or not isinstance(self.focusWidget(), QLineEdit):
            super().keyPressEvent(event)

    def accept(self) -> None:
        """Open the network as a project of its own, with the data and the training that are set now."""
        if self._network is None:
            return
        value: Project = self._document.value
        training = value.training.changed(weights="")  # those of another network
        if not self._adopt(Project(network=self._network, data=value.data, training=training)):
            return
        self.made.emit()
        super().accept()


def _ends(document: Document) -> tuple[Shape, int]:
    """What the network takes and how many numbers it gives, as the one on the canvas has it."""
    flat = document.flat
    ends = {info.layer.role: info.output for info in flat.nodes.values() if info.layer is not None and info.output}
    shape, output = ends.get(Role.INPUT), ends.get(Role.OUTPUT)
    return shape or (1, 32, 32), output[0] if output is not None and len(output) == 1 else 10
