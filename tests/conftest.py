"""What every test runs in: no display, no user's files, one thread a process, and nothing left behind.

The environment is set while this file is imported, before Qt or torch are: both read it only once.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Generator, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import hypothesis
import pytest

HOME = Path(tempfile.mkdtemp(prefix="torchcanvas-tests-"))

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # several workers share the cores
for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TORCHCANVAS_RUNS", "TORCHCANVAS_DATA"):
    os.environ[name] = str(HOME / name.lower())
if sys.platform == "win32":
    for name in ("APPDATA", "LOCALAPPDATA"):
        os.environ[name] = str(HOME / name.lower())

# The same examples every time, and no verdict by the clock: the machine may be busy.
hypothesis.settings.register_profile("torchcanvas", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("torchcanvas")

PASSED = pytest.StashKey[bool]()

# Threads that libraries keep for the life of the process.
LASTING_THREADS = ("tqdm", "TMonitor", "pytest_timeout", "execnet", "asyncio_", "InductorSubproc")
# Windows that Qt keeps for the life of the process.
LASTING_WIDGETS = ("QTipLabel", "QWhatsThat")
# Seconds that a thread which was told to end may take. A bound, not a measurement: one that imports PyTorch or
# scikit-learn cannot be stopped, and takes long where other programs keep the cores busy.
PATIENCE = 30.0


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("data") and not os.environ.get("TORCHCANVAS_TEST_DATA"):
        pytest.skip("TORCHCANVAS_TEST_DATA names no folder with real data sets")
    if item.get_closest_marker("cuda"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder with real data sets, read-only; for tests marked `data`."""
    return Path(os.environ["TORCHCANVAS_TEST_DATA"]).resolve()


@pytest.fixture(scope="session", autouse=True)
def _isolated_settings() -> None:
    from PySide6.QtCore import QSettings

    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    for kind in (QSettings.Format.IniFormat, QSettings.Format.NativeFormat):
        QSettings.setPath(kind, QSettings.Scope.UserScope, str(HOME / "settings"))
        QSettings.setPath(kind, QSettings.Scope.SystemScope, str(HOME / "system-settings"))


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs and downloaded data of one test are not those of another."""
    monkeypatch.setenv("TORCHCANVAS_RUNS", str(tmp_path / ".runs"))
    monkeypatch.setenv("TORCHCANVAS_DATA", str(tmp_path / ".data"))


@pytest.fixture
def install_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Write modules and make them plug-ins; the catalogue is as before when the test ends."""
    from builder.layers import plugins, registry

    before = dict(registry.kinds())
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(plugins, "_seen", set())
    entries: list[EntryPoint] = []
    monkeypatch.setattr(plugins, "entry_points", lambda group: entries)

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
        entries.append(EntryPoint(name, name, plugins.GROUP))

    yield write
    for entry in entries:
        sys.modules.pop(entry.name, None)
    registry.restore(before)


# The next two are torn down after every other fixture of a test, since they are set up before them.


@pytest.fixture(autouse=True)
def _no_dangling_threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = []
    for thread in set(threading.enumerate()) - before:
        # A dummy stands for a thread that Qt or torch made; those end as their owners please.
        if isinstance(thread, threading._DummyThread) or thread.name.startswith(LASTING_THREADS):
            continue
        thread.join(PATIENCE)
        if thread.is_alive():
            left.append(thread.name)
    if left and request.node.stash.get(PASSED, False):
        pytest.fail(f"threads still run after the test: {', '.join(sorted(left))}")


@pytest.fixture(autouse=True)
def _no_dangling_qt(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Active timers, running threads and top-level widgets that outlive a test fail it.

    They are recorded as weak references, so that the record itself keeps nothing alive.
    """
    from PySide6.QtCore import QCoreApplication, QEvent, QThread, QThreadPool, QTimer
    from PySide6.QtWidgets import QApplication
    from shiboken6 import isValid

    started: list[weakref.ref[Any]] = []

    def watch(kind: type[Any]) -> None:
        real = kind.start

        def start(self: Any, *args: Any, **kwargs: Any) -> Any:
            started.append(weakref.ref(self))
            return real(self, *args, **kwargs)

        monkeypatch.setattr(kind, "start", start)

    watch(QTimer)
    watch(QThread)
    before = QApplication.topLevelWidgets() if QApplication.instance() else []
    yield

    if QApplication.instance() is None:
        return

    def new_widgets() -> list[Any]:
        every = (widget for widget in QApplication.topLevelWidgets() if widget not in before)
        return [widget for widget in every if widget.metaObject().className() not in LASTING_WIDGETS]

    def left() -> list[str]:
        found = []
        for reference in started:
            item = reference()
            if item is None or not isValid(item):
                continue
            if isinstance(item, QTimer) and item.isActive():
                found.append(f"timer {item.objectName() or item.interval()} of {item.parent()}")
            elif isinstance(item, QThread) and item.isRunning():
                found.append(f"thread {item.objectName() or item}")
        for widget in new_widgets():
            found.append(f"widget {type(widget).__name__} {widget.objectName()}")
        return found

    QThreadPool.globalInstance().waitForDone(int(PATIENCE * 1000))
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if left():
        gc.collect()  # what only a cycle of references keeps alive is not left behind
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    remaining = left() if request.node.stash.get(PASSED, False) else []
    if remaining:
        for widget in new_widgets():
            widget.deleteLater()  # the next test is not to blame
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        pytest.fail("left behind after the test: " + "; ".join(remaining))
