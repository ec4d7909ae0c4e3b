"""The main window: puts canvas, palette, inspector and views together and passes their news to each other.

What each part does is in its own file; here is only who hears whom, and where they stand.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSettings, QSize, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from builder.compile.stored import SETTING as STORED
from builder.graph.problems import Problem, Severity
from builder.inspect.picture import Attention, Health, Picture
from builder.project import templates
from builder.project.autosave import Autosave
from builder.project.check import check
from builder.project.document import Project
from builder.project.runs import is_run
from builder.train.messages import Finished, Prepared, Preparing, Reason, State
from builder.ui.arrangement import Arrangement
from builder.ui.banner import Banner, Offer
from builder.ui.block_offers import BlockOffers
from builder.ui.canvas.breadcrumb import Breadcrumb
from builder.ui.canvas.view import CanvasView
from builder.ui.cross_validation import SUBJECT as FOLDS
from builder.ui.cross_validation import CrossValidation
from builder.ui.data_offer import DataOffer
from builder.ui.docks import in_sight
from builder.ui.document import Document
from builder.ui.ensembles import Ensembles
from builder.ui.files import Files
from builder.ui.first_look import FirstLook
from builder.ui.health import badges, input_note, on_cards, warnings
from builder.ui.inspector.inspector import Inspector
from builder.ui.inspector.panel import place_words
from builder.ui.lessons.place import LessonsPlace
from builder.ui.live import Live
from builder.ui.live_views import LiveViews
from builder.ui.mending import UNASKED, Mending
from builder.ui.menus import Menus
from builder.ui.own_code import OwnCode
from builder.ui.palette import Palette
from builder.ui.panels import panels
from builder.ui.patience import Patience
from builder.ui.reach import Reach
from builder.ui.recovery_offer import SUBJECT as RECOVERY
from builder.ui.recovery_offer import RecoveryOffer
from builder.ui.replays import Replays
from builder.ui.run_cards import RunCards
from builder.ui.status import StatusLine, ended_words, stale_words
from builder.ui.theme import theme
from builder.ui.timeline import Timeline
from builder.ui.topbar import TopBar
from builder.ui.views.listing import LISTED
from builder.ui.words import sentence

if TYPE_CHECKING:
    from builder.ui.inspector.problems_panel import ProblemsPanel
    from builder.ui.lessons.guide import Guide
    from builder.ui.lessons.panel import LessonsPanel
    from builder.ui.table.panel import AnalysisPanel
    from builder.ui.views.base import View


class MainWindow(QMainWindow):
    """The program's window.

    Attributes:
        document: what is being edited.
        live: the training.
        files: opening and saving; replays: opening runs.
        arrangement: where the panels stand; docks: theirs, by key.
        canvas, timeline, palette_panel, inspector, banner, data_offer, status, topbar: parts.
        folds: cross-validation; ensembles: the kept runs together; viewing: the live views.
        ended: every thread that works with the data or the network had ended when the window closed.
        closing: the window is closed, and what is under way is brought to its end; leaving: since the system wishes so.
        problems_found: problems of the whole project, up to date behind every edit.
    """

    first_painted = Signal()

    def __init__(self, *, runs: Callable[[], Path | None] | None = None, autosave: Autosave | None = None) -> None:
        """Build the window around an empty document; `runs` gives the folder of each new run."""
        super().__init__()
        self.setWindowTitle("TorchCanvas")
        self.resize(1600, 1000)
        self._painted = self.leaving = self.closing = False
        self._attend_timer = QTimer(self, singleShot=True, interval=0)
        self._check_timer = QTimer(self, singleShot=True, interval=0)
        self.ended = True
        self._health: Mapping[str, Health] = {}
        self.problems_found: tuple[Problem, ...] = ()
        self.document = Document(templates.load("lenet5"), self)
        self.live = Live(self.document, runs or _default_runs, self)
        self.files = Files(self.document, autosave, self)
        self.topbar = TopBar()
        self.status = StatusLine()
        self.canvas = CanvasView(self.document)
        self.breadcrumb = Breadcrumb(self.document)
        self.timeline = Timeline(self.live)
        self.palette_panel = Palette()
        self.block_offers = BlockOffers(
            self.document, self.palette_panel, self.canvas.editing.grouping, self, self.status.hint
        )
        self.reach = Reach(self.document, self.status.hint, self)
        self.inspector = Inspector(self.document)
        self.banner = Banner()
        self.recovery_offer = RecoveryOffer(self.banner, self.files)
        self.data_offer = DataOffer(self.document, self.banner, self.live, self)
        self.first_look = FirstLook(self.document, self.inspector.show_samples, self)
        self.own_code = OwnCode(self.document, self.banner, self)
        self.mending = Mending(self.document, self.banner, self.restart, self)
        self.viewing = LiveViews(self.document, self.live, self.status.hint, self)
        self.replays = Replays(self.document, self.files, self.live, self._compare, self)
        self.folds = CrossValidation(self.document, self.live, self.viewing.kept, self.banner, self.restart, self)
        self.ensembles = Ensembles(self.viewing.kept, self.banner, self.status.hint, self)
        self.arrangement = self._place()
        self.docks = self.arrangement.docks
        self.lessons_place = LessonsPlace(self, self.docks["lessons"])
        self.menus = Menus(self)
        self._connect()
        self._document_changed()

    # Where things stand ---------------------------------------------------------------------------------------------

    def _place(self) -> Arrangement:
        self.setMenuWidget(self.topbar)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.breadcrumb)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.timeline)
        self.canvas.kept_free = self.timeline.to_come
        self.setCentralWidget(middle)
        self.statusBar().addWidget(self.status, 1)
        self.statusBar().setSizeGripEnabled(False)
        return Arrangement(self, panels(self), row=tuple(LISTED))

    # Parts that are not seen at first, and so made when they are asked for.

    @property
    def views(self) -> dict[str, View]:
        """The live views, by key."""
        self.arrangement.fill_all()
        return self.viewing.views

    @cached_property
    def guide(self) -> Guide:
        """What the lessons' buttons do."""
        from builder.ui.lessons.guide import Guide

        guide = Guide(self.document, self.files, self.live, self.viewing.kept, self.show_dock, self)
        guide.failed.connect(lambda problem: self.say_problem(problem, "failed"))
        guide.aside_changed.connect(lambda: self.menus.offer_return(guide.aside.title if guide.aside else ""))
        return guide

    @property
    def lessons(self) -> LessonsPanel:
        """The panel of lessons."""
        return self.guide.panel

    @cached_property
    def problems(self) -> ProblemsPanel:
        """The list of everything that is wrong."""
        from builder.ui.inspector.problems_panel import ProblemsPanel

        panel = ProblemsPanel(self.document)
        panel.setting_activated.connect(self.inspector.show_setting)
        panel.set_problems(self.problems_found)
        return panel

    @cached_property
    def analysis(self) -> AnalysisPanel:
        """The table of all layers."""
        from builder.ui.table.panel import AnalysisPanel

        panel = AnalysisPanel(self.document)
        panel.said.connect(self.status.hint)
        return panel

    def sizeHint(self) -> QSize:
        return QSize(1600, 1000)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrangement.share_height()

    # Who hears whom -------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        document, live, bar = self.document, self.live, self.topbar
        self._attend_timer.timeout.connect(live.attend)
        self._check_timer.timeout.connect(self._check)
        live.watch(self.attention)

        document.changed.connect(lambda _old, _new: self._document_changed())
        document.page_changed.connect(lambda _path: self._show_health())
        document.replaced.connect(self._document_replaced)
        document.refused.connect(lambda problem: self.say_problem(problem, "refused"))
        document.path_changed.connect(lambda _path: self._name_changed())
        document.path_changed.connect(lambda _path: self.banner.withdraw("imported"))
        self.own_code.allowed.connect(self._code_allowed)
        self.own_code.said.connect(lambda problem: self.say_problem(problem, "refused"))
        for opening in (self.files, self.replays, self.ensembles):
            opening.failed.connect(lambda problem: self.say_problem(problem, "files"))
        self.files.note_changed.connect(lambda _note: self._name_changed())

        self.inspector.layer.block.independence_asked.connect(self.canvas.editing.grouping.make_unique)
        self.palette_panel.chosen.connect(self._add_layer)
        self.canvas.hint.connect(self.status.hint)
        self.canvas.visible_nodes_changed.connect(self._attend_soon)
        self.canvas.node_clicked.connect(lambda _name: self.inspector.follow_click())
        self.canvas.node_activated.connect(self._activated)
        self.canvas.form_asked.connect(self.inspector.layer.take_keys)
        self.inspector.left.connect(self.canvas.setFocus)
        self.canvas.network_asked.connect(self.menus.choose_network)
        self.status.problems_asked.connect(lambda: self.show_dock("problems"))
        self.inspector.download_asked.connect(live.prepare)
        self.inspector.folder_asked.connect(self.data_offer.choose_folder)
        for stop in (live.stop, self.first_look.leave):
            self.inspector.cancel_asked.connect(stop)

        RunCards(document, live, self.canvas, self)
        self.viewing.attention_changed.connect(self._attend_soon)
        self.arrangement.stirred.connect(self._attend_soon)
        self.first_painted.connect(lambda: QTimer.singleShot(0, self.arrangement, self.arrangement.go_on))

        bar.run_asked.connect(self.run_or_pause)
        bar.batch_asked.connect(live.step_batch)
        bar.phase_asked.connect(live.step_phase)
        bar.stop_asked.connect(live.stop)
        bar.reset_asked.connect(live.reset)
        bar.theme_asked.connect(self.toggle_theme)
        bar.pace_asked.connect(live.set_pace)

        live.state_changed.connect(lambda _state: self._state_changed())
        live.inside_changed.connect(lambda _inside: self._state_changed())
        for hear in (bar.set_progress, self.inspector.set_progress, self.status.set_progress):
            live.progressed.connect(hear)
        live.preparing.connect(self._preparing)
        live.prepared_changed.connect(self._prepared)
        live.cards_due.connect(self._show_cards)
        live.warned.connect(lambda problem: self.say_problem(problem, problem.code))
        live.failed.connect(self._failed)
        live.finished.connect(self._finished)
        live.pace_changed.connect(bar.set_pace)
        Patience(live, bar.wait)
        live.scout.preparing.connect(lambda event: self.inspector.show_progress(event.message, event.share))
        live.scout.prepared.connect(self._show_data)
        live.scout.failed.connect(self._failed)
        live.scout.ended.connect(lambda: self.inspector.show_progress(""))
        live.cleared.connect(self._cleared)
        live.stale_changed.connect(self._stale_changed)

    # The document ---------------------------------------------------------------------------------------------------

    def _document_changed(self) -> None:
        self.status.set_project(self.document.value)
        self.canvas.set_input_note(input_note(self.document.value.data))
        self._name_changed()
        self._check_timer.start()

    def _activated(self, name: str) -> None:
        """A card was double-clicked: a block opens, of anything else the panel comes up."""
        if not self.document.open_block(name):
            self.inspector.show_layer()

    def _add_layer(self, kind: str) -> None:
        """A layer was taken from the palette: what is typed next is meant for it, or for the canvas around it."""
        self.canvas.add_kind(kind)
        self.canvas.setFocus()

    def _document_replaced(self) -> None:
        """Nothing that was said of the document before holds for this one."""
        self.canvas.fit()
        self.banner.clear(keep=(RECOVERY,))
        self.own_code.speak()
        self.data_offer.speak()

    def _name_changed(self) -> None:
        clean, name = self.document.undo.isClean(), self.document.title
        self.topbar.set_document(name, self.document.path, self.files.note)
        self.setWindowTitle(f"{name}{'' if clean else ' (edited)'} - TorchCanvas")

    def _check(self) -> None:
        """Count the network and look for problems of the whole project, behind the edit and its painting."""
        self.status.set_network(self.document.flat)
        before = {problem.where for problem in self.problems_found}
        self.problems_found = check(self.document.located, self.document.known)
        if STORED in before and not self.problems_found:  # a file that was missing may be there again
            self.live.try_again()
        self._show_health()
        self.inspector.set_problems(self.problems_found)
        self.status.set_problems(self.problems_found)
        if "problems" in self.__dict__:
            self.problems.set_problems(self.problems_found)
        self.mending.checked(self.problems_found)
        self._state_changed()

    def _code_allowed(self) -> None:
        self._check()
        if not self.live.training:
            self.live.prepare()

    # What is looked at ----------------------------------------------------------------------------------------------

    def attention(self) -> Attention:
        """All that is visible and needs pictures: cards and views."""
        hidden = not self.isVisible() or self.isMinimized()
        return self.viewing.attention(None if hidden else self.canvas.wanted_thumbnails())

    def _attend_soon(self) -> None:
        self._attend_timer.start()

    def _show_cards(self, picture: Picture) -> None:
        if picture.health is not self._health:  # measured now and then only, and few pictures bring it
            self._health = picture.health
            self._show_health()

    def _show_health(self) -> None:
        found = badges(self._health, self.document.flat) | warnings(self.problems_found, self.document.flat)
        self.canvas.set_badges(on_cards(found, self.document.shown_as))

    # Training -------------------------------------------------------------------------------------------------------

    def run_or_pause(self) -> None:
        """The one button: run, pause, resume."""
        if self.live.state is State.RUNNING:
            if self.live.replayed is None:
                self.live.pause()
            return
        if self.live.training or self._may_run():
            self.banner.clear(keep=(RECOVERY, FOLDS))
            self.live.run()

    def _may_run(self) -> bool:
        """Whether the network can be trained; where it cannot, that is said."""
        errors = tuple(p for p in self.problems_found if p.severity is Severity.ERROR)
        if errors:
            self.say_problem(errors[0], "failed")
            self.show_dock("problems")
        return not errors

    def _state_changed(self) -> None:
        if self.live.state is State.PREPARING:
            self.arrangement.fill_all()  # no part may miss any news of a run
        can_run = not any(problem.severity is Severity.ERROR for problem in self.problems_found)
        self.viewing.set_sound(can_run)
        live = self.live
        follows = live.replayed is not None and live.state is not State.FINISHED
        self.topbar.set_state(live.state, stepped=live.stepped, inside=live.inside, can_run=can_run, follows=follows)

    def _preparing(self, event: Preparing) -> None:
        self.topbar.set_preparing(event)
        self.inspector.show_progress(event.message, event.share)

    def _prepared(self, event: Prepared) -> None:
        self.topbar.set_prepared(event)
        self.canvas.set_classes(event.classes)
        self.inspector.show_progress("")
        self._show_data(event)

    def _show_data(self, event: Prepared) -> None:
        self.inspector.set_prepared(event)
        self.inspector.show_samples(event.samples)

    def _failed(self, problem: Problem) -> None:
        self.inspector.show_progress("")
        if not self.data_offer.tell_failure(problem):
            self.say_problem(problem, "failed")
        if problem.where:
            self.document.go_to(problem.where)

    def _finished(self, event: Finished) -> None:
        if event.reason is Reason.FAILED:
            self.topbar.say("failed")
            return
        self.topbar.say(ended_words(event))

    def _cleared(self) -> None:
        self._health = {}
        self._show_health()
        self.topbar.clear()
        self.inspector.show_progress("")
        self.inspector.forget_run()
        self.banner.withdraw("stale")
        self.mending.run_dropped()
        self._state_changed()

    def _stale_changed(self, stale: bool) -> None:
        self.inspector.set_data_changed("data" in self.live.changes)
        if stale:
            text = stale_words(self.live.changes)
            again = Offer("Start again with the changes", self.restart)
            self.banner.show_message("stale", text, "accent", (again,), lasting=True)
        else:
            self.banner.withdraw("stale")

    def restart(self) -> None:
        """Drop the run and train the network as it stands now, if it can be."""
        if self._may_run():
            self.live.reset()
            self.run_or_pause()

    # Messages -------------------------------------------------------------------------------------------------------

    def say_problem(self, problem: Problem, subject: str) -> None:
        """Show a problem on the banner, with what mends it."""
        spot = place_words(problem)
        place = f"<b>{html.escape(spot)}</b>: " if spot else ""
        message = html.escape(f"{problem.message if spot else sentence(problem.message)} {problem.hint}".strip())
        role = "warn" if problem.severity is Severity.WARNING or subject == "refused" else "bad"
        self.mending.watch(subject, problem)
        offers, unasked = self.mending.offers(problem) or self.data_offer.offers(problem), subject in UNASKED
        lasting = unasked and bool(offers)
        self.banner.show_message(subject, place + message, role, offers, lasting=lasting, waits=unasked)

    def _compare(self, folders: list[Path]) -> None:
        """Put the curves of the runs in these folders behind those that are seen, where somebody sees them."""
        self.viewing.compare(folders)
        if not any(in_sight(self.docks[key]) for key in ("loss", "accuracy")):
            self.show_dock("loss")

    def show_dock(self, key: str) -> None:
        """Bring a dock to the front, by its key."""
        self.arrangement.show(key)

    def toggle_theme(self) -> None:
        """Light instead of dark, and back; remembered."""
        theme().choose("light" if theme().dark else "dark")
        QSettings().setValue("theme", theme().wish)

    # Life -----------------------------------------------------------------------------------------------------------

    def open_at_start(self, path: Path | None) -> None:
        """The project named on the command line, or LeNet-5 on the built-in digits."""
        if path is not None:
            (self.replays.open if is_run(path) else self.files.read)(path)
        self.canvas.fit()
        self.canvas.setFocus()

    def open_imported(self, project: Project, notes: Sequence[str]) -> bool:
        """Open what was imported, as an unsaved document, and say what did not come with it."""
        if not self.files.adopt(project):
            return False
        text = (
            "Imported with its weights, which training begins with. Saving puts them into a file beside the project."
            if project.training.weights
            else "Imported without weights: training begins afresh."
        )
        self.banner.show_message("imported", " ".join((text, *(f"Note: {html.escape(note)}" for note in notes))))
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            self.first_painted.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._attend_soon()
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._check_timer.start()  # files may have come and gone meanwhile

    def leave(self) -> None:
        """The system ends the program: nobody is asked, and unsaved changes are offered at the next start."""
        self.leaving = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes, end the training, remember the layout."""
        if not (self.leaving or self.files.may_discard()):
            event.ignore()
            return
        self.arrangement.remember()
        self.closing = True
        self.first_look.leave()
        self.ensembles.stop()
        self.hide()  # the end of a step may take a moment, and nobody should wait for it
        self.ended = self.live.close() & self.first_look.close()
        self.files.close(keep=self.leaving)
        super().closeEvent(event)


def _default_runs() -> Path | None:
    from builder.train.folders import new_run_folder

    return new_run_folder()
