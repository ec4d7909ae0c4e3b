"""What the training panel says of optimiser, schedule and regularisation, and of the rate of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from builder.project import templates
from builder.project.edits import set_setting
from builder.train.messages import Finished, Prepared, Progress, Reason, State
from builder.train.settings import SGD, AdamW, Cosine, OneCycle, Plateau, RMSprop, StepDecay, TrainingSettings
from builder.ui.document import Document
from builder.ui.inspector.rate_curve import MOST, RateCurve
from builder.ui.inspector.training_panel import TrainingPanel
from builder.ui.status import ended_words, training_words

KINDS = {
    group: [kind() for kind in get_args(TrainingSettings.model_fields[group].annotation)]
    for group in ("optimizer", "schedule")
}


@pytest.fixture
def panel(qtbot: QtBot) -> TrainingPanel:
    shown = TrainingPanel(Document(templates.load("lenet5")))
    qtbot.addWidget(shown)
    shown.resize(340, 900)
    shown.show()
    return shown


def set_up(panel: TrainingPanel, **training: Any) -> str:
    """What the panel says of these settings."""
    document = panel._document
    document.commit("Change", replace(document.value, training=document.value.training.changed(**training)))
    return panel.rules.texts()


@pytest.mark.parametrize(
    ("group", "chosen"),
    [(group, kind) for group, kinds in KINDS.items() for kind in kinds],
    ids=lambda value: str(value),
)
def test_each_rule_and_each_schedule_has_its_formula(panel: TrainingPanel, group: str, chosen: Any) -> None:
    found = set_up(panel, **{group: chosen})
    assert "η" in found
    assert chosen.formula().count("\n") <= 3
    assert panel.rules._rate.isHidden() == (panel._document.value.training.schedule.kind == "constant")


def test_a_batch_larger_than_the_training_part_says_what_is_done(panel: TrainingPanel) -> None:
    row = panel.form.row("batch_size")
    set_up(panel, batch_size=64)
    assert row.gives.isHidden()
    set_up(panel, batch_size=2000)
    assert row.gives.text() == ("more than the 1,298 training samples: each step takes all of them, one step an epoch")
    document = panel._document
    document.commit("Data", set_setting(document.value, "data.limit", 100))
    set_up(panel, batch_size=101)
    assert "the 100 training samples" in row.gives.text()
    set_up(panel, batch_size=100)
    assert row.gives.isHidden()


def test_letters_are_told_that_stand_there(panel: TrainingPanel) -> None:
    plain = set_up(panel, optimizer=SGD(momentum=0))
    assert "the learning rate." in plain
    assert "μ" not in plain
    assert "μ the momentum" in set_up(panel, optimizer=SGD(nesterov=True))
    assert "memory of the squared gradient" in set_up(panel, optimizer=RMSprop(centered=True, momentum=0.5))


def test_what_keeps_weights_small_is_told_only_where_it_does(panel: TrainingPanel) -> None:
    assert panel.rules._small.isHidden()
    found = set_up(panel, l1=0.01, max_norm=3, optimizer=SGD(weight_decay=0.1), regularise_after=2)
    for words in ("L ← L + 0.01·Σ|w|", "g ← g + 0.1·w", "≤ 3 for each unit", "from epoch 3 on"):
        assert words in found
    assert "L1, weight decay and max norm, from epoch 3 on." in found
    assert "w ← w − η·0.01·w" in set_up(panel, l1=0, max_norm=0, optimizer=AdamW(), regularise_after=0)


def test_the_heading_over_rarely_used_settings_counts_what_is_not_as_usual(panel: TrainingPanel) -> None:
    (heading,) = (b for b in panel.form.findChildren(QToolButton) if b.text() == "More")
    set_up(panel, warmup=2, patience=3)
    assert heading.text() == "More · 2 changed"
    folded = not panel.form.row("warmup").isVisible()
    heading.click()
    assert panel.form.row("warmup").isVisible() is folded
    assert heading.text() == "More · 2 changed"
    heading.click()
    assert panel.form.row("warmup").isVisible() is not folded
    panel.form.show_fields(["epochs", "patience"])  # what does not apply does not count
    assert heading.text() == "More · 1 changed"
    set_up(panel, patience=0)
    assert heading.text() == "More"


def test_a_warm_up_is_told(panel: TrainingPanel) -> None:
    found = set_up(panel, warmup=1.5)
    assert "In the warm-up before, η rises evenly for 1.5 epochs." in found
    assert panel.rules.curve.rate_at(0) < panel.rules.curve.rate_at(0.1)


def test_steps_are_the_most_there_can_be_where_it_may_stop_early(panel: TrainingPanel) -> None:
    panel.set_prepared(Prepared("cpu", 61706, 1269, 269, 270, ("0", "1")))
    set_up(panel, patience=3, epochs=10, batch_size=2000)
    assert "1 step an epoch, on the full set" in panel.steps_text.text()
    assert panel.steps_text.text().endswith("at most")
    assert panel.early_text.isVisible()
    assert panel.early_text.text().startswith("Stops early after 3 epochs in a row without a better validation loss")
    set_up(panel, patience=0, epochs=10, batch_size=64)
    assert panel.early_text.isHidden()
    assert panel.steps_text.text().endswith("<b>200</b>")


def test_a_last_sample_that_would_be_alone_is_no_step(panel: TrainingPanel) -> None:
    panel.set_prepared(Prepared("cpu", 61706, 129, 20, 20, ("0", "1")))
    set_up(panel, epochs=10, batch_size=64)
    assert "⌊129 samples / 64⌋ = 2 steps an epoch, without the last sample" in panel.steps_text.text()
    assert panel.steps_text.text().endswith("2 steps · 10 epochs = <b>20</b>")
    set_up(panel, epochs=10, batch_size=63)
    assert "⌈129 samples / 63⌉ = 3 steps an epoch" in panel.steps_text.text()


def test_class_weights_are_told_as_sums_of_the_most_frequent_and_the_rarest_class(panel: TrainingPanel) -> None:
    assert panel._weights_formula.isHidden()
    set_up(panel, class_weights="balanced")
    assert panel._weights_formula.isVisible()
    assert "L = −w·log p" in panel._loss_formula.text()
    assert "validation and test loss are not" in panel._loss_text.text()
    panel.set_prepared(Prepared("cpu", 17, 1500, 90, 90, ("0", "1", "2"), class_counts=(700, 750, 50)))
    assert "w of 1: 1,500 / (3·750) = <b>0.667</b>" in panel._weights_formula.text()
    assert "w of 2: 1,500 / (3·50) = <b>10</b>" in panel._weights_formula.text()
    assert "w of 0" not in panel._weights_formula.text()
    set_up(panel, loss="squared-error")
    assert panel._weights_formula.isHidden()


def running(step: int, rate: float, **more: Any) -> Progress:
    return Progress(State.RUNNING, 1, 2, step, 200, rate=rate, **more)


def test_the_rate_of_the_step_is_told_where_the_schedule_changes_it(panel: TrainingPanel) -> None:
    row = panel.form.row("optimizer.learning_rate")
    set_up(panel, optimizer=SGD(learning_rate=0.05), schedule=Cosine())
    panel.set_progress(running(100, 0.0251))
    assert row.gives.text() == "now 0.0251, by the schedule"
    assert row.gives.isVisible()
    panel.set_progress(running(101, 0.05))
    assert not row.gives.isVisible()
    panel.set_progress(running(102, 0.01))
    panel.set_progress(replace(running(102, 0.01), state=State.FINISHED))
    assert not row.gives.isVisible(), "it is over"
    panel.set_progress(running(103, 0.01))
    panel.forget_run()
    assert not row.gives.isVisible()
    assert panel.rules.curve.trace == []


def test_the_curve_follows_its_run_and_keeps_few_points(qtbot: QtBot) -> None:
    curve = RateCurve()
    qtbot.addWidget(curve)
    curve.resize(260, 84)
    curve.show_plan(TrainingSettings(epochs=10, schedule=StepDecay(factor=0.5, every=5)), 100)
    assert curve.rate_at(0.49) == pytest.approx(0.05)
    assert curve.rate_at(0.51) == pytest.approx(0.025)
    planned = drawn(curve)
    for step in range(1, 100_001, 7):
        curve.follow(Progress(State.RUNNING, 1, 10, step, 100_000, rate=0.05 if step < 50_000 else 0.03))
    assert len(curve.trace) <= 1.1 * MOST
    assert curve.trace[-1][1] == 0.03
    followed = drawn(curve)
    assert followed != planned
    points = list(curve.trace)
    curve.follow(Progress(State.FINISHED, 10, 10, 100_000, 100_000, rate=0.0))
    assert curve.trace == points, "there is no step under way"
    assert drawn(curve) != followed
    curve.follow(Progress(State.RUNNING, 1, 10, 3, 100_000, rate=0.05))
    assert curve.trace == [(3, 0.05)], "another run"
    curve.forget()
    assert drawn(curve) == planned


def test_the_curve_tells_the_rate_under_the_pointer(qtbot: QtBot) -> None:
    curve = RateCurve()
    qtbot.addWidget(curve)
    curve.resize(260, 84)
    curve.show_plan(TrainingSettings(schedule=OneCycle()), 0)
    before = drawn(curve)
    at, none = QPointF(100, 40), Qt.MouseButton.NoButton
    curve.mouseMoveEvent(QMouseEvent(QMouseEvent.Type.MouseMove, at, at, none, none, Qt.KeyboardModifier.NoModifier))
    assert drawn(curve) != before


@pytest.mark.parametrize(("rule", "letter"), [(SGD(), "μ"), (AdamW(), "β")])
def test_the_momentum_of_one_cycle_is_told_and_drawn(panel: TrainingPanel, rule: Any, letter: str) -> None:
    words = set_up(panel, optimizer=rule, schedule=OneCycle(rise=0.5))
    assert f"{letter}" in words.partition("from 0.95 to 0.85, then back")[0].splitlines()[-1]
    curve = panel.rules.curve
    assert [curve.momentum_at(share) for share in (0.0, 0.5, 1.0)] == pytest.approx([0.95, 0.85, 0.95])
    dotted = drawn(curve)
    words = set_up(panel, optimizer=rule, schedule=OneCycle(rise=0.5, cycle_momentum=False))
    assert "0.95" not in words
    assert curve.momentum_at(0.5) is None
    assert drawn(curve) != dotted


def drawn(curve: RateCurve) -> QImage:
    return curve.grab().toImage()


def test_the_status_line_shows_the_rate_of_the_step() -> None:
    settings = TrainingSettings(optimizer=SGD(learning_rate=0.05), batch_size=32)
    assert training_words(settings) == "SGD 0.05, momentum 0.9 · batch 32 · seed 0"
    assert training_words(settings, "0.05") == training_words(settings)
    assert training_words(settings, "0.0123") == "SGD 0.05 → 0.0123, momentum 0.9 · batch 32 · seed 0"
    cycled = TrainingSettings(optimizer=SGD(), batch_size=32, schedule=OneCycle())
    assert training_words(cycled) == "SGD 0.05, momentum 0.85 to 0.95 · batch 32 · seed 0"
    assert training_words(TrainingSettings(optimizer=RMSprop(), schedule=Plateau())).startswith("RMSprop 0.01 · batch")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Finished(Reason.EARLY, 90, best_epoch=7, best_loss=0.1), "stopped early, back to epoch 7"),
        (Finished(Reason.COMPLETED, 90, best_epoch=7, best_loss=0.1), "done, best: epoch 7"),
        (Finished(Reason.COMPLETED, 90), "done"),
        (Finished(Reason.STOPPED, 1090), "stopped at step 1,090"),
    ],
)
def test_how_a_run_ended(event: Finished, words: str) -> None:
    assert ended_words(event) == words
