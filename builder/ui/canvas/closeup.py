"""What a card or a pill says when it is seen from near, and where: its words, its badge, the button of a fix.

Made once for a face, and only when it is painted or pointed at. Knows nothing of items.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF

from builder.ui.canvas import face as look
from builder.ui.canvas.face import PAD, Face
from builder.ui.canvas.texts import advance, elided, parts_within, static


class Closeup:
    """The texts of one card, laid out in its own coordinates.

    Attributes:
        name, headline, footer: each in one line, as it is drawn.
        badge_area: of the badge; empty where there is none.
        fix_area: of the button that takes the fix; empty where none is offered.
    """

    def __init__(self, face: Face, badge: str) -> None:
        width = face.size.width() - 2 * PAD
        self.badge_area = QRectF()
        free = width
        if badge and not face.compact:
            wide = advance(badge, look.BADGE) + 12
            self.badge_area = QRectF(face.size.width() - wide - 7, 7, wide, 17)
            free = face.size.width() - wide - PAD - 12
        elif face.compact and badge:
            self.badge_area = QRectF(face.size.width() - 11, -6, 17, 17)
        # A long name beside a badge: the badge gives way downwards, to the line of the headline's end.
        below = bool(badge) and not face.compact and advance(face.name, look.NAME, True) > free
        if below:
            self.badge_area.moveTop(face.size.height() - 25)
            free = width
        self.name = static(elided(face.name, look.NAME, free, bold=True))
        self.headline = static(elided(parts_within(face.headline, look.HEADLINE, width), look.HEADLINE, width))
        footer = width - (self.badge_area.width() + 4 if below else 0)
        words = face.footer
        if below:
            # The number, or the name of the data; a number of which the end is missing would be another number.
            shorter = (words, words.split(" ")[0].rstrip(","))
            words = next((text for text in shorter if advance(text, look.NOTE) <= footer), "")
        self.footer = static(elided(words, look.NOTE, footer))
        self.fix_area = QRectF()
        if face.problem is not None and not face.compact and not face.picture and face.problem.fix is not None:
            wide = min(advance(face.problem.fix.title, look.HEADLINE) + 20, width)
            self.fix_area = QRectF(PAD, face.size.height() - 34, wide, 23)
