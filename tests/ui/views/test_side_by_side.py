"""What is shown of a network that answers with a picture."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from builder.inspect.picture import Attention, Picture
from builder.project import templates
from builder.ui.views.sample import SampleView
from builder.ui.views.side_by_side import error_of, side_by_side
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked


def picture(channels: int, side: int = 4, *, wanted: bool = True) -> Picture:
    rng = np.random.default_rng(0)
    shape = channels, side, side
    return Picture(
        1,
        Attention(),
        np.zeros(shape, np.uint8),
        rng.random(shape, np.float32),
        None,
        np.full(channels * side * side, 0.5, np.float32),
        wanted=np.full(shape, 0.25, np.float32) if wanted else None,
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_input_answer_and_what_is_wanted_stand_beside_each_other(channels: int) -> None:
    seen = picture(channels)
    look = side_by_side("Pinned input", seen)
    assert look is not None
    assert len(look.captions) == 3 * channels
    assert [text.split(",")[0] for text in look.captions[:3]] == ["input", "answer", "wanted"]
    assert look.describe is not None
    assert look.describe(1, 0, 0) == f"{look.name(1)} · 0.5\nrow 1, column 1"
    assert look.describe(2, 4, 0) == look.name(2)  # on the words beneath
    assert look.values[0, 2, 3] == seen.fitted[0, 2, 3]
    assert error_of(seen) == pytest.approx(0.0625)


def test_an_input_of_another_form_is_left_out() -> None:
    seen = picture(1)
    other = Picture(1, Attention(), seen.raw, seen.fitted[:, :2], None, seen.output, wanted=seen.wanted)
    look = side_by_side("Pinned input", other)
    assert look is not None
    assert look.captions == ("answer", "wanted")


def test_where_no_picture_is_wanted_nothing_of_the_kind_is_shown() -> None:
    assert side_by_side("Pinned input", picture(1, wanted=False)) is None
    assert error_of(picture(1, wanted=False)) is None


def test_the_clean_picture_stands_beside_the_answer(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("denoiser")))
    until_parked(qtbot, window)
    sample = window.views["sample"]
    assert isinstance(sample, SampleView)
    qtbot.waitUntil(lambda: sample.picture is not None, timeout=PATIENCE)
    seen = sample.picture
    assert seen is not None
    assert seen.wanted is not None
    assert seen.wanted.shape == seen.fitted.shape
    noise = np.std(seen.fitted / np.std(seen.fitted) - seen.wanted / np.std(seen.wanted))
    assert noise > 0.1  # it is another picture
    assert sample.content.verdict.text.startswith("mean square of the difference: ")
