"""Opening, saving, recent files, autosave and recovery: what happens to the document on disk, seen from the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, QTimer, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from builder.graph.problems import Problem, ProblemError
from builder.project import keep, templates
from builder.project.autosave import Autosave, Recovered
from builder.project.difference import is_made_again_at_once
from builder.project.document import Project, new_project
from builder.project.file import load, save
from builder.ui import choosers
from builder.ui.behind import behind
from builder.ui.document import Document
from builder.ui.garbage import collected_later

SUFFIX = ".tcanvas"
FILTER = f"TorchCanvas projects (*{SUFFIX})"
MOST_RECENT = 10
AUTOSAVE_AFTER = 1500  # milliseconds behind the last edit


class Answer(Enum):
    """What the user wants done with unsaved changes."""

    SAVE = "save"
    DISCARD = "discard"
    CANCEL = "cancel"


class Files(QObject):
    """The document's life on disk.

    Attributes:
        note: a word on the document's state: "edited", "edited · autosaved", or nothing.

    Questions are attributes, so that a test (or another front end) can answer them: `ask_unsaved`, `ask_open`,
    `ask_save`.
    """

    recent_changed = Signal()
    failed = Signal(object)  # Problem
    _autosaved = Signal(object)  # from the autosave's thread: Problem, or None when it went well
    note_changed = Signal(str)  # `note` is another now

    def __init__(self, document: Document, autosave: Autosave | None, parent: QWidget) -> None:
        super().__init__(parent)
        self._document = document
        self._window = parent
        self._autosave = autosave
        self._settings = QSettings(self)  # kept: one that is let go of writes its file at once
        self._unkept = False  # the last autosave failed, and that was said
        self.note = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AUTOSAVE_AFTER)
        self._timer.timeout.connect(self._write_autosave)
        self.ask_unsaved = self._ask_unsaved
        self.ask_open = self._ask_open
        self.ask_save = self._ask_save
        self._begun: Project | None = None  # what was opened, where it came from no file
        self._replaced()
        document.replaced.connect(self._replaced)
        document.changed.connect(self._edited)
        document.clean_changed.connect(self._edited)
        self._autosaved.connect(self._kept)

    # Opening --------------------------------------------------------------------------------------------------------

    def open(self, path: Path | None = None) -> bool:
        """Open a file (asking for one when none is given). On any fault the present document stays."""
        if path is None:
            path = self.ask_open()
        if path is None or not self.may_discard():
            return False
        return self.read(path)

    def read(self, path: Path) -> bool:
        """Open this file without asking about unsaved changes."""
        with collected_later():
            try:
                project = load(path)
            except ProblemError as error:
                self.failed.emit(error.problems[0])
                self._forget(path)
                return False
            self._document.open(project, path)
        self._remember(path)
        return True

    def new(self, template: str) -> bool:
        """Start from a template."""
        return self.begin(templates.load(template))

    def begin(self, project: Project, leaving: Callable[[], object] = lambda: None) -> bool:
        """Open a project that nobody has worked on yet: nothing of it is unsaved.

        Args:
            leaving: called when the present document goes, and still stands.
        """
        if not self.may_discard():
            return False
        leaving()
        self._document.open(project, None)
        return True

    def new_empty(self) -> bool:
        """Start from an empty canvas."""
        return self.begin(new_project())

    def adopt(self, project: Project) -> bool:
        """Open a project that stands in no file yet; it counts as unsaved."""
        if not self.may_discard():
            return False
        self._document.open(project, None, clean=False)
        return True

    def recover(self, found: Recovered) -> bool:
        """Open what a crash left behind; it counts as unsaved."""
        if not self.may_discard():
            return False
        self._document.open(found.project, found.path, clean=False)

        def kept(problem: Problem | None) -> None:
            if problem is None:  # until then it is in no file but the one that it came from
                found.discard()
            self._autosaved.emit(problem)

        if self._autosave is not None:
            self._autosave.put(found.project, found.path, kept)
        return True

    # Saving ---------------------------------------------------------------------------------------------------------

    def save(self) -> bool:
        """Save where the document came from; asks for a place the first time."""
        return self.save_as(self._document.path) if self._document.path else self.save_as()

    def save_as(self, path: Path | None = None) -> bool:
        """Save in another place (asking for it when none is given). The project is called as its file is then."""
        self._document.finish()
        if path is None:
            path = self.ask_save()
            if path is None:
                return False
        if not path.suffix:
            path = path.with_name(path.name + SUFFIX)
        before, old = self._document.value, self._document.path
        made: Path | None = None
        try:
            project, made = behind(lambda: keep.bring(before, old, path))
            project = _named_after(project, path)
            save(project, path)
        except ProblemError as error:
            if made is not None:
                made.unlink(missing_ok=True)
            self.failed.emit(error.problems[0])
            return False
        self._document.saved_as(path, project)
        if project.training.weights != before.training.weights:
            keep.forget(Path(before.training.weights))
        self._remember(path)
        self._edited()
        return True

    def may_discard(self) -> bool:
        """Whether the present document may go: nothing is unsaved, or the user said what to do with it.

        Nobody is asked about a built-in network that stands in no file, and of which only a few settings (the data
        set, say) are others: it is made again in as many clicks as the question takes.
        """
        self._document.finish()
        if self._document.undo.isClean() or self._made_again_at_once():
            return True
        answer = self.ask_unsaved()
        return answer is Answer.DISCARD or (answer is Answer.SAVE and self.save())

    def _made_again_at_once(self) -> bool:
        begun = self._begun if self._document.path is None else None
        return begun is not None and is_made_again_at_once(begun, self._document.value)

    def _replaced(self) -> None:
        built_in = self._document.path is None and self._document.undo.isClean()
        self._begun = self._document.value if built_in else None

    def close(self, *, keep: bool = False) -> None:
        """The program ends. As the user wished, so nothing is left to recover; with `keep`, unsaved changes are."""
        self._timer.stop()
        if self._autosave is None:
            return
        keep = keep and not self._document.undo.isClean()
        if keep:
            self._autosave.put(self._document.value, self._document.path)
        self._autosave.close(keep=keep)

    # Recent files ---------------------------------------------------------------------------------------------------

    @property
    def recent(self) -> tuple[Path, ...]:
        """Files opened or saved last, newest first."""
        stored = self._settings.value("recent", [])
        # One entry comes back as a plain text, none as None.
        texts = stored if isinstance(stored, list) else [stored] if stored else []
        return tuple(Path(str(text)) for text in texts)

    def _remember(self, path: Path) -> None:
        path = path.absolute()
        self._store([path, *(old for old in self.recent if old != path)])

    def _forget(self, path: Path) -> None:
        if not path.exists():
            self._store([old for old in self.recent if old != path.absolute()])

    def _store(self, paths: list[Path]) -> None:
        self._settings.setValue("recent", [str(path) for path in paths[:MOST_RECENT]])
        self.recent_changed.emit()

    # Autosave -------------------------------------------------------------------------------------------------------

    def _edited(self, *_news: object) -> None:
        if self._document.undo.isClean():
            self._timer.stop()
            if self._autosave is not None:
                self._autosave.discard()  # saved, undone, or given up for another document
            self._say("")
        else:
            self._say("edited")
            self._timer.start()

    def _write_autosave(self) -> None:
        if self._autosave is not None:
            self._autosave.put(self._document.value, self._document.path, self._autosaved.emit)

    def _kept(self, problem: Problem | None) -> None:
        """The newest value is in the recovery file now, or could not be written there."""
        if self._document.undo.isClean() or self._timer.isActive():
            return  # saved or edited since
        if problem is None:
            self._say("edited · autosaved")
        elif not self._unkept:
            hint = f"{problem.hint} Save the project yourself.".strip()
            self.failed.emit(replace(problem, message=f"autosave: {problem.message}", hint=hint))
        self._unkept = problem is not None

    def _say(self, note: str) -> None:
        if note != self.note:
            self.note = note
            self.note_changed.emit(note)

    # Questions ------------------------------------------------------------------------------------------------------

    def _ask_unsaved(self) -> Answer:
        box = QMessageBox(self._window)
        box.setWindowTitle("Unsaved changes")
        box.setText(f"Save the changes to {self._document.title}?")
        box.setInformativeText("Otherwise they are lost.")
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        box.button(buttons.Discard).setText("&Discard")  # the desktop's own word may have no key
        chosen = box.exec()
        return {int(buttons.Save): Answer.SAVE, int(buttons.Discard): Answer.DISCARD}.get(chosen, Answer.CANCEL)

    def _ask_open(self) -> Path | None:
        return choosers.open_file(self._window, "Open project", FILTER, self._folder())

    def _ask_save(self) -> Path | None:
        name = choosers.plain_name(self._document.value.name) + SUFFIX
        return choosers.save_file(self._window, "Save project", name, FILTER, self._folder())

    def _folder(self) -> Path | None:
        """Where the document stands, or what was opened last."""
        path = self._document.path or next(iter(self.recent), None)
        return path.parent if path is not None else None


def _named_after(project: Project, path: Path) -> Project:
    """The project under its file's name: its runs and scripts would go on under the one that it began with."""
    same = path.stem in (project.name, choosers.plain_name(project.name))
    return project if same else replace(project, name=path.stem)
