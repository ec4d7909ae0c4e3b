"""Shows a sum as it stands in a textbook: subscripts, exponents, the result in bold, in a box of its own."""

from __future__ import annotations

import html
import re

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

INDENT = 16  # pixels, of the lines that continue one
_SCRIPT = re.compile(r"([_^])\{([^{}]*)\}")
_OPERATOR = re.compile(r"(?<= )([+−·/=]) ")
_NUMBER = re.compile(r"[−-]?[0-9][0-9,.]*(e[−+-]?[0-9]+)?")
# A subscript within an exponent (`e^{x_i}`) has signs of its own: rich text cannot nest the two.
_INNER = {f"_{plain}": low for plain, low in zip("0123456789ij", "₀₁₂₃₄₅₆₇₈₉ᵢⱼ", strict=True)}


def rich(text: str) -> str:
    """`H_{out}` and `x^{2}` as rich text; minus signs and thin spaces as a printer sets them.

    The last number behind an equals sign is the result and stands out.
    """

    def script(match: re.Match[str]) -> str:
        tag = "sub" if match[1] == "_" else "sup"
        inner = match[2]
        for plain, low in _INNER.items():
            inner = inner.replace(plain, low)
        return f"<{tag}>{inner}</{tag}>"

    marked = _SCRIPT.sub(script, html.escape(text, quote=False))
    return marked.replace(" - ", " − ")


def _hanging(text: str) -> str:
    """Rich text whose second and later lines are indented, and begin with an operator."""
    text = _OPERATOR.sub("\\1\N{NO-BREAK SPACE}", text)
    style = f"margin: 0 0 0 {INDENT}px; text-indent: -{INDENT}px"
    return "".join(f'<p style="{style}">{line}</p>' for line in text.split("\n"))


def with_result(text: str) -> str:
    """`rich`, with the result in bold: the plain number at the end of an equation, or else at its beginning."""
    if "\n" in text:
        return "\n".join(map(with_result, text.split("\n")))
    parts = text.split(" = ")
    for index in (-1, 0):
        if _NUMBER.fullmatch(parts[index]):
            return " = ".join(
                f"<b>{rich(part)}</b>" if place == index % len(parts) else rich(part)
                for place, part in enumerate(parts)
            )
    return rich(text)


class FormulaBox(QFrame):
    """One formula: its general form, muted, and below it the same with numbers.

    The text can be selected; it wraps at spaces, with the following lines indented.
    """

    def __init__(self, general: str, numbers: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._texts: dict[QLabel, str] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 7, 10, 7)
        column.setSpacing(3)
        self._general = self._line(rich(general), "formula-general" if numbers else "formula") if general else None
        self._numbers = self._line(with_result(numbers), "formula") if numbers else None
        for line in (self._general, self._numbers):
            if line is not None:
                column.addWidget(line)

    def set_text(self, general: str, numbers: str) -> None:
        """Show other numbers in place; both forms must be there (or absent) as they were at first."""
        for line, text in ((self._general, rich(general)), (self._numbers, with_result(numbers))):
            if line is not None:
                self._texts[line] = text
                line.setText(_hanging(text))

    def text(self) -> str:
        """What is written in the box, marks of the rich text included."""
        return "\n".join(self._texts[line] for line in (self._general, self._numbers) if line is not None)

    def _line(self, text: str, role: str) -> QLabel:
        made = QLabel(_hanging(text))
        self._texts[made] = text
        made.setProperty("role", role)
        made.setTextFormat(Qt.TextFormat.RichText)
        made.setWordWrap(True)
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return made
