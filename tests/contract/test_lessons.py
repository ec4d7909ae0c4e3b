"""What every lesson keeps to, whoever wrote it: it can be read, its set-ups open, check clean and learn."""

from __future__ import annotations

import importlib
import math
from collections import Counter

import pytest

from builder.compile.network import infer_network
from builder.graph.problems import Severity
from builder.project.check import check
from builder.project.document import Project
from builder.project.edits import set_setting, set_settings
from builder.project.job import make_job
from builder.project.lessons import LINK, TOPICS, Lesson, SetUp, find, lessons
from builder.project.set_ups import project_of
from builder.train import headless

importlib.import_module("builder.ui.views")

MOST_CHARACTERS = 1500  # of a step: more is no page beside a canvas

every_lesson = pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.key)
every_set_up = pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(set_up, id=f"{lesson.key}-{set_up.name}".replace(" ", "_"))
        for lesson in lessons()
        for set_up in lesson.set_ups
    ],
)


def test_lessons_are_told_apart() -> None:
    for names in ([lesson.key for lesson in lessons()], [lesson.title for lesson in lessons()]):
        assert not [name for name, count in Counter(names).items() if count > 1]
    assert {lesson.topics[0] for lesson in lessons()} <= set(TOPICS)


@every_lesson
def test_a_lesson_says_what_one_does_and_what_one_should_see(lesson: Lesson) -> None:
    texts = [part for step in lesson.steps for part in step.parts if isinstance(part, str)]
    assert lesson.set_ups
    assert any("**What you should see:**" in text for text in texts)
    assert any("**To think about**" in text for text in texts)
    assert any(text.lstrip().startswith("1. ") or "\n1. " in text for text in texts)
    for step in lesson.steps:
        size = sum(len(part) for part in step.parts if isinstance(part, str))
        assert size <= MOST_CHARACTERS, step.title
        assert step.parts


@every_lesson
def test_no_link_leads_nowhere(lesson: Lesson) -> None:
    for link in lesson.links:
        if link.startswith(LINK):
            assert find(link.removeprefix(LINK)) is not None, link
        else:
            assert link.startswith("https://"), link


@every_set_up
def test_what_a_set_up_names_is_there(set_up: SetUp) -> None:
    from builder.ui.views.base import all_views

    project = project_of(set_up)
    flat = infer_network(project.network).flat
    if set_up.select:
        assert set_up.select in flat.graph.nodes or set_up.select in project.graph.nodes  # a layer, or a block
    views = {view.key: view for view in all_views()}
    assert set(set_up.views) <= set(views)
    places = [views[key].behind or key for key in set_up.views]
    assert len(set(places)) == len(places), "one of them hides another"


@every_set_up
def test_a_set_up_checks_clean(set_up: SetUp) -> None:
    assert [str(problem) for problem in check(project_of(set_up)) if problem.severity is Severity.ERROR] == []


def briefly(project: Project) -> Project:
    """The same for a few steps on few samples."""
    if project.data.points > 100:
        project = set_setting(project, "data.points", 100)
    limit = min(project.data.limit or 64, 64)
    return set_settings(project, [f"data.limit={limit}", "training.epochs=1", "training.batch_size=32"])


@every_set_up
def test_a_set_up_learns_from_data_that_are_at_hand(set_up: SetUp) -> None:
    result = headless.train(make_job(briefly(project_of(set_up))), lambda _event: None, None)
    # A set-up may be there to show how training fails; then it does so by its learning rate.
    assert result.problem is None or result.problem.where.startswith("training.optimizer"), result.problem
    if result.problem is None:
        assert len(result.epochs) == 1
        assert math.isfinite(result.epochs[0].train_loss)
