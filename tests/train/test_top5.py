"""Top-5 accuracy: of data with more than five classes, in all figures of an evaluation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from builder.train import loop
from builder.train.headless import train
from builder.train.learner import make_learner
from builder.train.objective import Objective
from builder.train.reading import load_run
from tests.train.networks import picture_job, point_job


@pytest.mark.parametrize("loss", ["cross-entropy", "squared-error"])
def test_it_agrees_with_sorting_by_hand(monkeypatch: pytest.MonkeyPatch, loss: str) -> None:
    monkeypatch.setattr(loop, "at_once", lambda _learner: 20)
    learner = make_learner(picture_job(loss=loss), lambda *_: None, lambda: False)
    part = learner.data.validation
    figures = loop.evaluate(learner, part, lambda: None)
    assert figures is not None
    x, target = learner.load(part.order(), part)
    learner.root.eval()
    ranked = learner.model(x).detach().argsort(dim=1, descending=True).tolist()
    right = [true in best[:5] for true, best in zip(target.tolist(), ranked, strict=True)]
    assert figures.top5 == sum(right) / len(right)
    assert 0 < sum(right) < len(right)


@pytest.mark.parametrize(("classes", "there"), [(2, False), (5, False), (6, True), (100, True)])
def test_it_is_a_figure_from_six_classes_on(classes: int, there: bool) -> None:
    found = Objective("cross-entropy", counts=True).in_top(torch.eye(classes), torch.arange(classes))
    assert (found is not None) == there
    assert found is None or found.tolist() == [True] * classes


def test_a_network_that_says_the_same_of_all_classes_is_not_right_of_all() -> None:
    found = Objective("cross-entropy", counts=True).in_top(torch.zeros(10, 10), torch.arange(10))
    assert found is not None
    assert int(found.sum()) == 5


def test_epochs_and_the_end_tell_it_and_so_does_the_folder(tmp_path: Path) -> None:
    result = train(picture_job(), run_folder=tmp_path / "run")
    told = [ended.validation_top5 for ended in result.epochs]
    assert all(share is not None and 0 <= share <= 1 for share in told)
    run = load_run(tmp_path / "run")
    assert [ended.validation_top5 for ended in run.epochs] == told
    assert run.end is not None
    assert run.end["test_top5"] == result.finished.test_top5


def test_it_is_absent_where_it_does_not_apply(tmp_path: Path) -> None:
    result = train(point_job(), run_folder=tmp_path / "run")
    assert [ended.validation_top5 for ended in result.epochs] == [None, None]
    assert result.finished.test_top5 is None
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert not any("top5" in name for row in rows for name in row)
