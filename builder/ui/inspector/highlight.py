"""Colours Python text line by line. Lines that were seen before cost nothing."""

from __future__ import annotations

from functools import lru_cache

from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token
from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from builder.ui.theme import theme

# For each kind of word, its colour in the dark and in the light theme; from strong to weak kinship.
_INKS = {
    Keyword: ("#c792ea", "#8250df"),
    Name.Builtin.Pseudo: ("#f78c6c", "#a8450f"),
    Name.Builtin: ("#82aaff", "#0550ae"),
    Name.Class: ("#ffcb6b", "#8a5a00"),
    Name.Function: ("#82aaff", "#0550ae"),
    Name.Namespace: ("#e7e9ee", "#1c2230"),
    Number: ("#f78c6c", "#a8450f"),
    String: ("#a5d67f", "#116329"),
    Comment: ("#7c8698", "#6e7781"),
    Operator: ("#98a1b0", "#57606a"),
}

_lexer = PythonLexer(ensurenl=False, stripnl=False)


@lru_cache(maxsize=8192)
def spans(line: str) -> tuple[tuple[int, int, object], ...]:
    """(start, length, kind) of each coloured word of one line."""
    found = []
    place = 0
    for token, text in _lexer.get_tokens(line):
        kind = token
        while kind is not Token and kind not in _INKS:
            kind = kind.parent
        if kind is not Token and text.strip():
            found.append((place, len(text), kind))
        place += len(text)
    return tuple(found)


class PythonHighlighter(QSyntaxHighlighter):
    """Colours a document in the theme in force; only lines that changed are looked at again."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[object, QTextCharFormat] = {}
        self._choose()
        theme().changed.connect(self._recolour)

    def _choose(self) -> None:
        for kind, inks in _INKS.items():
            made = QTextCharFormat()
            made.setForeground(QColor(inks[0 if theme().dark else 1]))
            self._formats[kind] = made

    def _recolour(self) -> None:
        self._choose()
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        for start, length, kind in spans(text):
            self.setFormat(start, length, self._formats[kind])
