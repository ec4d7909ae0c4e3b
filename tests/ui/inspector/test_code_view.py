"""The source on screen: whatever text follows another, all of it is there, and only what differs is painted."""

from __future__ import annotations

import random

import pytest
from PySide6.QtGui import QPaintEvent, QRegion
from pytestqt.qtbot import QtBot

from builder.ui.inspector.code_panel import CodeView

LINES = [f"        self.conv{number} = nn.Conv2d({number}, {8 * number}, kernel_size=3)" for number in range(60)]


class Seen(CodeView):
    """A view that notes what it paints."""

    def __init__(self) -> None:
        super().__init__()
        self.painted = QRegion()

    def paintEvent(self, event: QPaintEvent) -> None:
        self.painted += event.region()
        super().paintEvent(event)


@pytest.fixture
def view(qtbot: QtBot) -> Seen:
    made = Seen()
    qtbot.addWidget(made)
    made.resize(500, 400)
    with qtbot.waitExposed(made):
        made.show()
    made.show_text("\n".join(LINES))
    qtbot.waitUntil(lambda: not made.painted.isEmpty())
    return made


def line(view: CodeView, number: int) -> QRegion:
    block = view.document().findBlockByNumber(number)
    area = view.blockBoundingGeometry(block).translated(view.contentOffset()).toAlignedRect()
    return QRegion(area.intersected(view.viewport().rect()))


def test_any_text_may_follow_any_other(view: Seen) -> None:
    chance = random.Random(0)
    for _ in range(300):
        lines = view.toPlainText().split("\n")
        for _change in range(chance.randint(1, 4)):
            place = chance.randrange(len(lines))
            match chance.randrange(4):
                case 0:
                    lines.insert(place, f"    x = self.fc{chance.randrange(9)}(x)")
                case 1 if len(lines) > 1:
                    del lines[place]
                case 2:
                    lines[place] = lines[place].replace("3", str(chance.randrange(99)))
                case _:
                    lines[place] = "" if lines[place] else "x = 33"
        view.show_text("\n".join(lines))
        assert view.toPlainText() == "\n".join(lines)


def test_lines_that_change_are_painted_and_no_others(view: Seen, qtbot: QtBot) -> None:
    lines = list(LINES)
    lines[3] = lines[3].replace("24", "1,024")
    lines[9] = lines[9].replace("size=3", "size=5")
    view.painted = QRegion()
    view.show_text("\n".join(lines))
    qtbot.waitUntil(lambda: not view.painted.isEmpty())
    for number in (3, 9):
        assert (line(view, number) - view.painted).isEmpty()
    for number in (1, 6, 12):
        assert not view.painted.intersects(line(view, number).boundingRect().adjusted(0, 1, 0, -1))


def test_where_lines_come_or_go_all_below_is_painted(view: Seen, qtbot: QtBot) -> None:
    view.painted = QRegion()
    view.show_text("\n".join([*LINES[:5], "new", *LINES[5:]]))
    qtbot.waitUntil(lambda: not view.painted.isEmpty())
    for number in range(5, 12):
        assert (line(view, number) - view.painted).isEmpty()


def test_the_tint_goes_with_its_lines(view: Seen) -> None:
    def tinted() -> list[str]:
        return [tint.cursor.block().text() for tint in view.extraSelections()]

    view.mark((6, 7))
    assert tinted() == LINES[5:7]
    view.show_text("\n".join(["new", *LINES]))
    view.mark((7, 8))
    assert tinted() == LINES[5:7]
    view.show_text("\n".join(["new", *LINES[:5], "other", *LINES[6:]]))
    view.mark((7, 8))
    assert tinted() == ["other", LINES[6]]
    view.mark(())
    assert tinted() == []
