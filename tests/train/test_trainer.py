"""The thread: commands, events, pictures. Nothing here sleeps: every wait is for an event."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from builder.compile.infer import infer
from builder.compile.plan import make_plan
from builder.compile.weights import trained
from builder.inspect.attribution import Attributor, patches
from builder.inspect.picture import Attention, Part
from builder.inspect.question import Method, Question
from builder.train.job import Job
from builder.train.mailbox import Mailbox
from builder.train.messages import (
    EpochEnded,
    Failed,
    FindMistake,
    Finished,
    MistakeFound,
    Pause,
    Phase,
    Prepared,
    Reason,
    Resume,
    SaveWeights,
    SetLearningRate,
    SetPace,
    State,
    StateChanged,
    StepBatch,
    StepPhase,
    Stop,
    TakeSnapshot,
    Warned,
    Way,
    WeightsSaved,
)
from builder.train.reading import load_run
from builder.train.trainer import Trainer
from tests.train.conftest import PATIENCE, Flight, wait_for_picture
from tests.train.networks import picture_job, point_job

Fly = Callable[..., Flight]
EVERYTHING = Attention(frozenset({"conv1", "relu1", "fc1", "output"}), frozenset({"conv1", "fc1"}), statistics=True)


def rest(flight: Flight) -> StateChanged:
    """The next time that the trainer comes to rest."""
    return flight.until(StateChanged, lambda event: event.state is State.PAUSED)  # type: ignore[no-any-return]


def final_weights(folder: Path) -> dict[str, torch.Tensor]:
    run = load_run(folder)
    return load_file(run.weights[max(run.weights)])


def test_a_run_says_what_it_does_and_ends(fly: Fly) -> None:
    flight = fly(picture_job())
    finished = flight.finish()
    assert finished.reason is Reason.COMPLETED
    assert len(flight.all(EpochEnded)) == 2
    assert len(flight.all(Prepared)) == 1
    assert flight.heard[-1] is finished
    assert flight.trainer.progress.state is State.FINISHED
    assert flight.trainer.progress.step == 8


def test_parked_it_waits_at_step_0_and_shows_the_initial_network(fly: Fly, tmp_path: Path) -> None:
    flight = fly(picture_job(), run_folder=tmp_path / "run", attention=EVERYTHING, paused=True)
    assert rest(flight).inside is None
    picture = wait_for_picture(flight)
    assert picture.step == 0
    assert flight.trainer.progress.step == 0
    assert not (tmp_path / "run").exists()
    flight.trainer.send(Resume())
    assert flight.finish().step == 8
    assert (tmp_path / "run" / "run.json").exists()


def test_one_batch_at_a_time(fly: Fly) -> None:
    flight = fly(picture_job(), paused=True)
    rest(flight)
    for step in (1, 2, 3):
        flight.trainer.send(StepBatch())
        assert rest(flight).inside is None
        assert flight.trainer.progress.step == step


def test_steps_asked_for_in_a_row_are_all_made(fly: Fly) -> None:
    flight = fly(picture_job(), paused=True)
    rest(flight)
    for _ in range(3):
        flight.trainer.send(StepBatch())
    while flight.trainer.progress.step < 3:
        rest(flight)
    flight.trainer.send(StepBatch())
    while flight.trainer.progress.step < 4:
        rest(flight)


def test_one_phase_at_a_time(fly: Fly) -> None:
    flight = fly(picture_job(), paused=True)
    rest(flight)
    seen = []
    for _ in range(6):
        flight.trainer.send(StepPhase())
        seen.append(rest(flight).inside)
    phases = [inside.phase if inside is not None else None for inside in seen]
    assert phases == [Phase.FORWARD, Phase.LOSS, Phase.BACKWARD, Phase.UPDATE, None, Phase.FORWARD]
    forward, _, backward, update = seen[:4]
    assert forward is not None
    assert backward is not None
    assert update is not None
    assert forward.loss is None
    assert forward.samples == update.samples > 0
    assert backward.loss == update.loss
    assert backward.loss is not None
    assert backward.loss > 0
    assert backward.gradient is None
    assert update.gradient is not None
    assert update.gradient > 0
    assert flight.trainer.take_scalars()[0, 1] == pytest.approx(backward.loss)
    assert flight.trainer.progress.step == 1
    flight.trainer.send(StepBatch())  # finishes the step under way
    assert rest(flight).inside is None
    assert flight.trainer.progress.step == 2


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (point_job(batch_size=1), r"[AB], x = \(−?\d\.\d\d, −?\d\.\d\d\)"),
        (picture_job(batch_size=1), r"\d"),
        (picture_job(), ""),
    ],
)
def test_the_only_sample_of_a_batch_is_told(fly: Fly, job: Job, words: str) -> None:
    flight = fly(job, paused=True)
    rest(flight)
    flight.trainer.send(StepPhase())
    inside = rest(flight).inside
    assert inside is not None
    assert re.fullmatch(words, inside.sample), inside.sample


def test_which_way_a_step_has_gone_is_told_to_those_who_go_phase_by_phase(fly: Fly) -> None:
    flight = fly(picture_job(), paused=True)
    rest(flight)
    ways = []
    for _ in range(5):
        flight.trainer.send(StepPhase())
        inside = rest(flight).inside
        ways.append(inside.way if inside is not None else None)
    assert ways == [None, Way.FORWARD, Way.FORWARD, Way.BACKWARD, None]
    # Somebody who stops a run somewhere in a step has not gone that way.
    pilot, real = flight.trainer._pilot, flight.trainer._pilot.before

    def stop_before_update(phase: Phase) -> None:
        if phase is Phase.UPDATE:
            flight.trainer.send(Pause())
        real(phase)

    pilot.before = stop_before_update  # type: ignore[method-assign]
    flight.trainer.send(Resume())
    stopped = rest(flight).inside
    assert stopped is not None
    assert (stopped.phase, stopped.way) == (Phase.UPDATE, None)
    flight.trainer.send(StepPhase())
    assert rest(flight).inside is None


def test_pause_and_resume(fly: Fly) -> None:
    flight = fly(picture_job(epochs=100_000))
    flight.until(EpochEnded)
    flight.trainer.send(Pause())
    rest(flight)
    step = flight.trainer.progress.step
    flight.trainer.attend(EVERYTHING)
    assert wait_for_picture(flight).step == step
    assert flight.trainer.progress.step == step
    flight.trainer.send(Resume())
    flight.until(StateChanged, lambda event: event.state is State.RUNNING)
    flight.until(EpochEnded)
    flight.trainer.send(Stop())
    assert flight.finish().reason is Reason.STOPPED
    assert flight.trainer.progress.step > step


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("method", [None, *Method])
def test_looking_and_pausing_change_nothing(fly: Fly, tmp_path: Path, method: Method | None, gradients: bool) -> None:
    """Weights to the last digit, moving averages of batch norm and numbers of dropout included."""
    fly(picture_job(), run_folder=tmp_path / "undisturbed").finish()

    attention = replace(EVERYTHING, question=Question(method, layer="bn1") if method is not None else None)
    names = frozenset({"input", "bn1", "drop1", "fc1"}) if gradients else frozenset()
    attention = replace(attention, gradients=names)
    flight = fly(picture_job(), run_folder=tmp_path / "watched", attention=attention, paused=True)
    rest(flight)
    for number in range(12):
        picture = wait_for_picture(flight)
        assert (picture.attribution is None) is (method is None)
        assert picture.attribution is None or picture.attribution.values.any()
        assert (set(picture.backward.gradients) if picture.backward is not None else set()) == names
        torch.rand(5)
        flight.trainer.send(StepPhase() if number % 3 else StepBatch())
        rest(flight)
    flight.trainer.attend(Attention(frozenset({"bn1", "drop1"}), sample=3, gradients=names))
    flight.trainer.send(Resume())
    assert flight.finish().reason is Reason.COMPLETED

    first, second = final_weights(tmp_path / "undisturbed"), final_weights(tmp_path / "watched")
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert "bn1.running_mean" in first


def test_networks_built_beside_a_run_change_nothing_of_it(fly: Fly, tmp_path: Path) -> None:
    """An export begins with one, and a prediction; both on threads of their own."""
    job = picture_job(epochs=15)
    fly(job, run_folder=tmp_path / "undisturbed").finish()
    plan = make_plan(infer(job.graph))
    flight = fly(job, run_folder=tmp_path / "accompanied")
    built = 0
    while flight.trainer.progress.state is not State.FINISHED:
        trained(plan)
        built += 1
    assert flight.finish().reason is Reason.COMPLETED
    assert built
    first, second = final_weights(tmp_path / "undisturbed"), final_weights(tmp_path / "accompanied")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_while_paused_looking_elsewhere_gives_another_picture(fly: Fly) -> None:
    flight = fly(picture_job(), attention=Attention(frozenset({"conv1"})), paused=True)
    rest(flight)
    assert set(wait_for_picture(flight).activations) == {"conv1"}
    other = Attention(frozenset({"fc1"}), sample=2)
    flight.trainer.attend(other)
    picture = wait_for_picture(flight, lambda picture: picture.attention == other)
    assert set(picture.activations) == {"fc1"}
    assert picture.activations["fc1"].shape == (10,)


@pytest.mark.parametrize("ended", [False, True])
def test_a_look_that_takes_long_is_cut_short_by_a_command_and_made_after_it(
    fly: Fly, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    monkeypatch.setattr("builder.inspect.attribution.VALUES", 1)  # one sample in a pass
    flight = fly(picture_job(), paused=not ended)
    flight.finish() if ended else rest(flight)
    passes, real = [], Attributor._passes

    def interrupted(self: Attributor, whole: torch.Tensor) -> Iterator[torch.Tensor]:
        first = not passes
        for some in real(self, whole):
            passes.append(some)
            if first and len(passes) == 2:
                flight.trainer.send(SetPace(0.0))
            yield some

    monkeypatch.setattr(Attributor, "_passes", interrupted)
    flight.trainer.attend(Attention(question=Question(Method.OCCLUSION)))
    picture = wait_for_picture(flight, lambda picture: picture.attribution is not None)
    assert picture.attribution is not None
    assert picture.attribution.values.any()
    assert len(passes) == 2 + len(patches(8, 8))


def test_nobody_looking_makes_no_picture(fly: Fly) -> None:
    flight = fly(picture_job())
    flight.finish()
    assert flight.trainer.mailbox.empty


def test_after_the_end_the_trained_network_can_be_looked_at(fly: Fly) -> None:
    flight = fly(picture_job())
    flight.finish()
    flight.trainer.attend(replace(EVERYTHING, question=Question(Method.OCCLUSION)))
    picture = wait_for_picture(flight)
    assert picture.step == 8
    assert picture.attribution is not None
    assert flight.trainer.alive
    flight.trainer.send(Stop())
    assert flight.trainer.close(PATIENCE)


def test_the_learning_rate_can_be_changed(fly: Fly) -> None:
    flight = fly(picture_job(), paused=True)
    rest(flight)
    flight.trainer.send(SetLearningRate(0.007))
    flight.trainer.send(SetLearningRate(-1.0))
    flight.trainer.send(StepBatch())
    rest(flight)
    assert flight.trainer.progress.learning_rate == 0.007
    assert [event.problem.where for event in flight.all(Warned)] == ["training.optimizer.learning_rate"]


def test_another_learning_rate_leads_elsewhere(fly: Fly, tmp_path: Path) -> None:
    for rate, name in ((0.05, "same"), (0.5, "other")):
        flight = fly(picture_job(), run_folder=tmp_path / name, paused=True)
        rest(flight)
        flight.trainer.send(SetLearningRate(rate))
        flight.trainer.send(Resume())
        flight.finish()
    fly(picture_job(), run_folder=tmp_path / "untouched").finish()
    untouched = final_weights(tmp_path / "untouched")["fc1.weight"]
    assert torch.equal(untouched, final_weights(tmp_path / "same")["fc1.weight"])
    assert not torch.equal(untouched, final_weights(tmp_path / "other")["fc1.weight"])


def test_a_loss_that_goes_astray_is_told_once_for_each_learning_rate(fly: Fly) -> None:
    flight = fly(picture_job(epochs=40), paused=True)
    rest(flight)
    flight.trainer.send(SetLearningRate(50.0))
    flight.trainer.send(Resume())
    flight.finish()
    (told,) = [event.problem for event in flight.all(Warned)]
    assert told.code == "diverging"
    assert told.where == "training.optimizer.learning_rate"
    assert told.fix is not None
    assert told.fix.title == "Use learning rate 0.05"  # 5 and 0.5 lead astray too


HOUR = 3600.0


def slowed(fly: Fly) -> Flight:
    """A run that has made its first step, and waits an hour for the second."""
    flight = fly(picture_job(), attention=EVERYTHING, paused=True)
    rest(flight)
    flight.trainer.send(SetPace(HOUR))
    flight.trainer.send(Resume())
    wait_for_picture(flight, lambda picture: picture.step == 1)
    return flight


def test_a_run_that_is_slowed_down_shows_each_step_and_says_how_long_it_takes(fly: Fly) -> None:
    flight = slowed(fly)
    progress = flight.trainer.progress
    assert (progress.state, progress.step) == (State.RUNNING, 1)
    assert flight.trainer.take_scalars()[:, 0].tolist() == [1]
    assert progress.seconds_left == HOUR * (progress.steps - 1)
    assert 0 < progress.images_per_second < 1
    flight.trainer.send(SetPace(0))
    assert flight.finish().step == 8
    assert flight.trainer.progress.images_per_second > 1


def test_a_run_that_is_slowed_down_obeys_at_once(fly: Fly) -> None:
    flight = slowed(fly)
    flight.trainer.attend(Attention(frozenset({"fc1"}), frozenset()))
    assert set(wait_for_picture(flight, lambda picture: "conv1" not in picture.activations).activations) == {"fc1"}
    flight.trainer.send(Pause())
    assert rest(flight).inside is None
    flight.trainer.send(StepBatch())
    rest(flight)
    assert flight.trainer.progress.step == 2
    flight.trainer.send(Resume())
    flight.trainer.send(Stop())
    assert flight.finish().reason is Reason.STOPPED


def test_no_point_of_the_curve_is_lost(fly: Fly) -> None:
    flight = fly(point_job(epochs=40))
    taken = []
    for _ in range(20):
        flight.until(EpochEnded)
        taken.append(flight.trainer.take_scalars())
    flight.finish()
    taken.append(flight.trainer.take_scalars())
    rows = np.concatenate(taken)
    assert rows.shape[1] == 3
    assert rows[:, 0].tolist() == list(range(1, flight.trainer.progress.step + 1))
    assert np.isfinite(rows).all()
    assert len(flight.trainer.take_scalars()) == 0


def test_a_snapshot_on_demand(fly: Fly, tmp_path: Path) -> None:
    flight = fly(picture_job(), run_folder=tmp_path / "run", paused=True)
    rest(flight)
    for _ in range(3):
        flight.trainer.send(StepBatch())
        rest(flight)
    flight.trainer.send(TakeSnapshot())
    flight.trainer.send(StepBatch())
    rest(flight)
    assert sorted(load_run(tmp_path / "run").weights) == [0, 1, 2, 3, 4]  # 3 was asked for


def saved(flight: Flight, path: Path) -> dict[str, torch.Tensor]:
    """The weights as they are now, by way of a file."""
    flight.trainer.send(SaveWeights(path))
    assert flight.until(WeightsSaved) == WeightsSaved(path)
    return load_file(path)


def alike(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_weights_are_saved_between_two_steps_of_a_running_training(fly: Fly, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    flight = fly(picture_job(epochs=4), paused=True)
    rest(flight)
    for _ in range(2):  # up to the loss: the training goes on from inside a step
        flight.trainer.send(StepPhase())
        rest(flight)
    flight.trainer.send(Resume())
    flight.trainer.send(SaveWeights(path))
    flight.until(WeightsSaved)
    with safe_open(path, framework="pt") as file:
        step = int(file.metadata()["step"])
    assert step > 0
    assert flight.finish().reason is Reason.COMPLETED
    again = fly(picture_job(epochs=4), paused=True)
    rest(again)
    for _ in range(step):
        again.trainer.send(StepBatch())
        rest(again)
    assert alike(load_file(path), saved(again, tmp_path / "again.safetensors"))


def test_weights_are_saved_in_a_pause_inside_a_step(fly: Fly, tmp_path: Path) -> None:
    flight = fly(picture_job(), paused=True)
    rest(flight)
    before = saved(flight, tmp_path / "before.safetensors")
    for phase in (Phase.FORWARD, Phase.LOSS, Phase.BACKWARD, Phase.UPDATE):
        flight.trainer.send(StepPhase())
        assert rest(flight).inside.phase is phase
    assert torch.equal(saved(flight, tmp_path / "inside.safetensors")["fc1.weight"], before["fc1.weight"])
    flight.trainer.send(StepPhase())
    rest(flight)
    assert not alike(saved(flight, tmp_path / "after.safetensors"), before)


def test_training_begins_again_with_saved_weights(fly: Fly, tmp_path: Path) -> None:
    first = fly(picture_job(), run_folder=tmp_path / "first")
    first.finish()
    path = tmp_path / "mine.safetensors"
    path.write_text("another file, which is replaced")
    assert alike(saved(first, path), final_weights(tmp_path / "first"))
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["mine.safetensors"]
    (tmp_path / "plain").touch()
    saved(first, tmp_path / "new.safetensors")
    assert (tmp_path / "new.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode
    second = fly(replace(picture_job(), weights=path), paused=True)
    rest(second)
    assert second.all(Prepared)[0].carried.fresh == ()
    assert alike(saved(second, tmp_path / "begun.safetensors"), load_file(path))


@pytest.mark.parametrize("after", [0, 1])
def test_weights_that_were_asked_for_are_saved_though_the_run_ends(fly: Fly, tmp_path: Path, after: int) -> None:
    path = tmp_path / "mine.safetensors"
    flight = fly(picture_job(epochs=1000), paused=True)
    rest(flight)
    flight.trainer.send(Resume())
    commands = [SaveWeights(path), Stop()]
    for command in commands[::-1] if after else commands:
        flight.trainer.send(command)
    assert flight.trainer.close(PATIENCE)
    assert load_file(path)


def test_weights_that_cannot_be_saved_do_not_end_the_training(fly: Fly, tmp_path: Path) -> None:
    flight = fly(picture_job(), paused=True)
    rest(flight)
    flight.trainer.send(SaveWeights(tmp_path / "absent" / "mine.safetensors"))
    told = flight.until(WeightsSaved)
    assert told.problem is not None
    assert told.problem.code == "no-such-folder"
    flight.trainer.send(Resume())
    assert flight.finish().reason is Reason.COMPLETED


def test_stopping_inside_a_step_finishes_the_step(fly: Fly) -> None:
    flight = fly(picture_job(), paused=True)
    rest(flight)
    flight.trainer.send(StepPhase())
    rest(flight)
    flight.trainer.send(Stop())
    assert flight.finish().step == 1


def test_a_failing_batch_ends_the_run_and_not_the_thread(fly: Fly, monkeypatch: pytest.MonkeyPatch) -> None:
    from builder.data.resident import ResidentPart

    flight = fly(picture_job(), attention=EVERYTHING, paused=True)
    rest(flight)

    def fail(self: object, rows: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(ResidentPart, "batch", fail)
        flight.trainer.send(Resume())
        assert flight.finish().reason is Reason.FAILED
    assert [event.problem.code for event in flight.all(Failed)] == ["out-of-memory"]
    assert flight.trainer.close(PATIENCE)


def test_a_picture_that_cannot_be_made_does_not_end_the_run(fly: Fly, monkeypatch: pytest.MonkeyPatch) -> None:
    from builder.inspect.look import Observer

    def fail(self: object, *args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Observer, "look", fail)
    flight = fly(picture_job(), attention=EVERYTHING)
    assert flight.finish().reason is Reason.COMPLETED
    assert [event.problem.code for event in flight.all(Warned)] == ["no-pictures"]


def test_closing_ends_the_thread_in_every_state(fly: Fly) -> None:
    early = fly(picture_job())
    assert early.trainer.close(PATIENCE)
    assert early.finish().reason is Reason.STOPPED or early.trainer.progress.step == 8
    parked = fly(picture_job(), paused=True)
    rest(parked)
    assert parked.trainer.close(PATIENCE)
    running = fly(picture_job(epochs=100_000))
    running.until(EpochEnded)
    assert running.trainer.close(PATIENCE)
    assert isinstance(running.finish(), Finished)
    never_started = Trainer(picture_job())
    assert never_started.close()


def test_the_newest_picture_wins() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.post(1)
    mailbox.post(2)
    assert not mailbox.empty
    assert mailbox.take() == 2
    assert mailbox.take() is None
    assert mailbox.empty


def wrong_ones(flight: Flight, part_name: str = "validation") -> list[int]:
    """Positions of all wrong answers in a part, counted here by hand."""
    return list(certainties(flight, part_name))


def certainties(flight: Flight, part_name: str = "validation") -> dict[int, float]:
    """By position: the probability of the wrong class."""
    learner = flight.trainer._pilot.session.learner
    assert learner is not None
    part = getattr(learner.data, part_name)
    with torch.no_grad():
        x, target = learner.load(torch.arange(len(part)), part)
        training = learner.root.training
        learner.root.eval()
        scores = learner.model(x)
        right = learner.objective.correct(scores, target)
        learner.root.train(training)
    sure = scores.softmax(1).amax(1).tolist()
    return {number: sure[number] for number, good in enumerate(right.tolist()) if not good}


def test_wrong_answers_are_found_one_behind_the_other_and_around(fly: Fly) -> None:
    flight = fly(picture_job(), paused=True)
    rest(flight)
    flight.trainer.send(StepPhase())  # also where a run waits inside a step
    rest(flight)
    wanted = wrong_ones(flight)
    assert len(wanted) > 2
    found, after = [], -1
    for _ in range(len(wanted) + 1):
        flight.trainer.send(FindMistake(after))
        after = flight.until(MistakeFound).position
        found.append(after)
    assert found == [*wanted, wanted[0]]


def test_only_the_wished_kind_of_wrong_answer_is_found(fly: Fly) -> None:
    flight = fly(picture_job(epochs=1))
    flight.finish()
    (ended,) = flight.all(EpochEnded)
    table = ended.confusion.copy()
    positions = wrong_ones(flight)
    assert table.sum() - table.trace() == len(positions)
    found = set()
    for true, said in np.ndindex(table.shape):
        if true == said:
            continue
        after = -1
        kind = []
        for _ in range(table[true, said]):
            flight.trainer.send(FindMistake(after, true, said))
            after = flight.until(MistakeFound).position
            kind.append(after)
        sure = certainties(flight)
        assert kind == sorted(set(kind), key=lambda place: -sure[place]), "the worst first"
        found |= set(kind)
        flight.trainer.send(FindMistake(after, true, said))
        assert flight.until(MistakeFound).position == (kind[0] if kind else None)
    assert sorted(found) == positions


def test_mistakes_are_looked_for_in_the_wished_part(fly: Fly) -> None:
    flight = fly(picture_job(epochs=1))
    finished = flight.finish()
    sure = certainties(flight, "test")
    true, said = np.argwhere(finished.confusion - np.diag(finished.confusion.diagonal()))[0].tolist()
    flight.trainer.send(FindMistake(-1, true, said, Part.TEST))
    found = flight.until(MistakeFound)
    assert found.part is Part.TEST
    assert found.position in sure
    learner = flight.trainer._pilot.session.learner
    assert learner is not None
    assert learner.data.test.target(found.position) == true
    flight.trainer.send(FindMistake(-1, part=Part.TEST))
    assert flight.until(MistakeFound).position == min(sure)


def test_a_wrong_answer_is_found_after_the_end_too_and_none_where_all_are_right(fly: Fly) -> None:
    flight = fly(picture_job(epochs=1))
    flight.finish()
    flight.trainer.send(FindMistake(0))
    assert flight.until(MistakeFound).position in wrong_ones(flight)
    learner = flight.trainer._pilot.session.learner
    assert learner is not None
    learner.objective.correct = lambda _scores, target: torch.ones(len(target), dtype=torch.bool)  # type: ignore[method-assign]
    flight.trainer.send(FindMistake(0))
    assert flight.until(MistakeFound).position is None
