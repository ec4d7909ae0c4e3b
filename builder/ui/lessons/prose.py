"""The text of a lesson, to be read from the back row: larger than that of controls, with air between its lines."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextDocument, QTextFrameFormat, QTextTable
from PySide6.QtWidgets import QLabel, QSizePolicy

from builder.ui.theme import font, theme

SIZE = 15  # pixels
INDENT = 22.0  # pixels, of a list's entries: Qt's own would take a seventh of the panel
LINE = 135.0  # per cent of the font's own height


class Prose(QLabel):
    """Markdown that wraps, and whose links tell that they were clicked (`linkActivated`)."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self._markdown = markdown
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        flags = Qt.TextInteractionFlag
        self.setTextInteractionFlags(
            flags.TextSelectableByMouse | flags.LinksAccessibleByMouse | flags.LinksAccessibleByKeyboard
        )
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme().changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self.setText(rich(self._markdown))


def rich(markdown: str) -> str:
    """Markdown as rich text in the program's look."""
    document = QTextDocument()
    document.setDefaultFont(font(SIZE))
    document.setMarkdown(markdown, QTextDocument.MarkdownFeature.MarkdownDialectGitHub)
    cursor = QTextCursor(document)
    block = document.begin()
    while block.isValid():
        form = QTextBlockFormat()
        form.setLineHeight(LINE, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        entry = block.textList()
        if entry is not None:
            shape = entry.format()
            shape.setIndent(0)
            entry.setFormat(shape)
            form.setLeftMargin(INDENT)
        form.setBottomMargin(4.0 if entry is not None else 8.0)
        form.setTopMargin(0.0)
        cursor.setPosition(block.position())
        if cursor.currentTable() is not None:
            form.setBottomMargin(0.0)  # the cell has its own space around
        cursor.mergeBlockFormat(form)
        block = block.next()
    for frame in document.rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            _behead(frame)
            grid = frame.format().toTableFormat()
            grid.setBorderBrush(theme().color("wire"))
            grid.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)  # Qt's own has a light and a dark side
            grid.setBorderCollapse(True)
            grid.setCellPadding(4)
            frame.setFormat(grid)
    found = document.toHtml()
    link = theme().hex("accent")
    return found.replace("<head>", f"<head><style>a {{ color: {link}; text-decoration: none; }}</style>", 1)


def _behead(table: QTextTable) -> None:
    """Take the first row off a table whose headings are all empty: Markdown knows no table without."""
    cells = [table.cellAt(0, column) for column in range(table.columns())]
    if table.rows() > 1 and all(cell.firstPosition() == cell.lastPosition() for cell in cells):
        table.removeRows(0, 1)
