"""What the window costs: training with it open against headless.

Ratios of one run, measured in turn (open, headless, open, ...), so that a drifting machine does not decide.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from builder.project import templates
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.job import make_job
from builder.train.benchmarks import Measurement
from builder.train.messages import Resume, State
from builder.train.trainer import Trainer
from builder.ui import answers, speed
from builder.ui.answers import spin, spin_until
from builder.ui.engine import bring_in
from builder.ui.files import Answer
from builder.ui.start import application
from builder.ui.window import MainWindow

ROUNDS = 7
SECONDS = 3.0
SETTLED, MINUTE = 10.0, 60.0  # seconds of training before memory is looked at, and while it is


def benchmarks() -> Mapping[str, Callable[[], Measurement]]:
    """The window's benchmarks by name."""
    return {
        "window-open": window_open,
        "window-hidden": window_hidden,
        **({} if sys.platform == "win32" else {"memory": memory}),
        **answers.benchmarks(),
        **speed.benchmarks(),
    }


def window_open() -> Measurement:
    """Images per second with loss, filters and feature maps visible, over headless."""
    ratios = _against_headless(visible=True)
    return _measurement("window-open", ratios, 0.90, "LeNet-5, window open, over headless")


def window_hidden() -> Measurement:
    """Images per second with the window minimised, over headless."""
    ratios = _against_headless(visible=False)
    return _measurement("window-hidden", ratios, 0.98, "LeNet-5, all views hidden, over headless")


def memory() -> Measurement:
    """The most memory the process ever took after a minute of training with all views, over the most before it."""
    with _Bench() as bench:
        bench.begin(visible=True)
        bench.rate(SETTLED)
        before = _most_memory()
        rate = bench.rate(MINUTE)
        after = _most_memory()
        bench.end()
    detail = f"LeNet-5, {rate * MINUTE:,.0f} images with the window open: memory after over before"
    return Measurement("memory", after / before, after / before, after / before, 1.03, detail, lower_is_better=True)


def _most_memory() -> int:
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _against_headless(*, visible: bool) -> list[float]:
    """Each round against the headless ones before and after it: what drifts weighs on both sides."""
    ratios = []
    with _Bench() as bench:
        bench.train(visible=visible, seconds=1.0)
        before = bench.headless(SECONDS)
        for _ in range(ROUNDS):
            shown = bench.train(visible=visible, seconds=SECONDS)
            after = bench.headless(SECONDS)
            ratios.append(2 * shown / (before + after))
            before = after
    return ratios


def _measurement(name: str, ratios: list[float], budget: float, detail: str) -> Measurement:
    low, middle, high = statistics.quantiles(ratios, n=4)
    return Measurement(name, middle, low, high, budget, detail)


class _Bench:
    """A window with LeNet-5 on the digits, endlessly many epochs, and the same training without it."""

    def __enter__(self) -> _Bench:
        self._app = application()
        bring_in(lambda: None)
        self._folder = tempfile.TemporaryDirectory()
        self._window = MainWindow(runs=self._run_folder)
        self._window.document.open(endless(), None)
        self._window.live.begin()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._window.live.close()
        self._window.files.ask_unsaved = lambda: Answer.DISCARD
        self._window.close()
        self._window.deleteLater()
        self._app.processEvents()
        self._folder.cleanup()

    def _run_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder.name))

    def train(self, *, visible: bool, seconds: float) -> float:
        """Images per second of a run in the window, after a second of warming up."""
        self.begin(visible=visible)
        spin(1.0)
        rate = self.rate(seconds)
        self.end()
        return rate

    def begin(self, *, visible: bool) -> None:
        """Start a run and wait for its first step."""
        window = self._window
        if visible:
            window.showNormal()
            window.resize(1600, 1000)
            window.document.select(["conv2"])
        else:
            window.hide()
        window.live.reset()
        window.live.run()
        spin_until(lambda: window.live.state is State.RUNNING and window.live.progress.step > 0)

    def rate(self, seconds: float) -> float:
        """Images per second of the run that was begun."""
        live = self._window.live
        first, began = live.progress.step, time.perf_counter()
        spin(seconds)
        steps = live.progress.step - first
        return steps / (time.perf_counter() - began) * self._window.document.value.training.batch_size

    def end(self) -> None:
        """Drop the run that was begun."""
        self._window.live.reset()
        self._window.hide()

    def headless(self, seconds: float) -> float:
        """Images per second of the same job with nobody looking, the event loop asleep."""
        job = make_job(self._window.document.value)
        trainer = Trainer(job, run_folder=self._run_folder())
        trainer.start(paused=False)
        trainer.send(Resume())
        while trainer.progress.step == 0:
            time.sleep(0.01)
        time.sleep(1.0)
        first, began = trainer.progress.step, time.perf_counter()
        time.sleep(seconds)
        rate = (trainer.progress.step - first) / (time.perf_counter() - began)
        trainer.close(5.0)
        return rate * job.training.batch_size


def endless() -> Project:
    """LeNet-5 on the digits, for as long as anybody measures."""
    return set_setting(templates.load("lenet5"), "training.epochs", 100_000)
