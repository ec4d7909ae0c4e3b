"""The menus, and with them every command's words and shortcut. What a command does is elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMessageBox

from builder import __version__
from builder.project import templates
from builder.ui import freezing
from builder.ui.bare import Bare
from builder.ui.canvas import keys
from builder.ui.canvas.menu import ALIGN, BLOCKS
from builder.ui.canvas.paper import WORDS
from builder.ui.command_palette import CommandPalette
from builder.ui.cross_validation import TOGETHER
from builder.ui.docks import view_action
from builder.ui.ensembles import TITLE as ENSEMBLE
from builder.ui.exports import Exports
from builder.ui.initial_weights import SCHEMES, choose
from builder.ui.pace import PACES
from builder.ui.theme import theme
from builder.ui.views.curves import CurveView
from builder.ui.views.listing import LISTED
from builder.ui.views.loss import LossView
from builder.ui.views.sample import SampleView
from builder.ui.words import sentence

if TYPE_CHECKING:
    from builder.layers.initialisation import AnyScheme
    from builder.project.lessons import Lesson
    from builder.ui.document import Document
    from builder.ui.gallery.dialog import Gallery
    from builder.ui.import_dialog import ImportDialog
    from builder.ui.window import MainWindow

Key = QKeySequence.StandardKey
_ABOUT = {  # more words that find a panel in the list of all commands
    "confusion": "precision, recall, F1, top-5",
    "maps": "activations",
    "filters": "kernels, matrix",
    "flow": "vanishing and exploding gradients",
    "attribution": "attribution, Grad-CAM, saliency, integrated gradients, occlusion",
    "responses": "top activations",
    "preferred": "activation maximisation, feature visualisation",
    "cloud": "PCA, t-SNE, embedding",
    "palette": "list of layers to drag",
    "inspector": "properties of a layer, data, training settings, code",
    "analysis": "table of all layers: shape, neurons, weights, parameters, memory, receptive field",
    "problems": "errors and warnings",
}


class Menus(QObject):
    """Fills the menu bar of a window.

    Attributes:
        actions: every command that the command palette finds, in menu order.
        exports: writes files for other programs.
        gallery: the dialog that shows the built-in networks, importing: the one that imports a model; once they were
            asked for.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.exports = Exports(window)
        # Made when they are first asked for.
        self.gallery: Gallery | None = None
        self.importing: ImportDialog | None = None
        self.actions: list[QAction] = []
        self._each_network: list[QAction] = []
        self._each_lesson: list[QAction] = []
        bar = window.topbar.menus
        for title, fill in (
            ("&File", self._file),
            ("&Edit", self._edit),
            ("&View", self._view),
            ("&Run", self._run),
            ("&Help", self._help),
        ):
            menu = QMenu(title, bar)
            bar.addMenu(menu)
            fill(menu)
        for changed in (window.live.state_changed, window.live.prepared_changed, window.live.cleared):
            changed.connect(self._offer_weights)
        self._offer_weights()
        for changed in (window.live.state_changed, window.live.moments.steps_changed):
            changed.connect(self._offer_film)
        self._offer_film()
        self.offer_return("")

    def _add(
        self, menu: QMenu, text: str, act: Callable[[], object], key: QKeySequence.StandardKey | str | None = None
    ) -> QAction:
        action = QAction(text, self._window)
        if isinstance(key, str):
            action.setShortcut(QKeySequence(key))
        elif key is not None:
            action.setShortcuts(QKeySequence.keyBindings(key))
        action.triggered.connect(lambda _checked=False: act())
        if menu.parent() is not self._window.topbar.menus:
            action.setProperty("group", menu.title())  # "Dark" alone says little in a list of all commands
        menu.addAction(action)
        # Shortcuts must work while the menu bar's menus are closed, so the window holds the action too.
        self._window.addAction(action)
        self.actions.append(action)
        return action

    # File -----------------------------------------------------------------------------------------------------------

    def _file(self, menu: QMenu) -> None:
        files = self._window.files
        self._add(menu, "New…", self.choose_network, Key.New)
        self._add(menu, "New empty canvas", files.new_empty, "Ctrl+Shift+N")
        self._add(menu, "New network from a pattern…", self._from_pattern)
        menu.addSeparator()
        self._add(menu, "Open…", files.open, Key.Open)
        self._recent = menu.addMenu("Open recent")
        self._recent.aboutToShow.connect(self._fill_recent)
        self._add(menu, "Open a run…", self._window.replays.choose, "Ctrl+Shift+O")
        self._back = self._add(menu, "", lambda: self._window.guide.go_back())
        self._add(menu, "Import from PyTorch…", self._import)
        self._add(menu, "Allow the network's code…", self._window.own_code.ask)
        menu.addSeparator()
        self._add(menu, "Save", files.save, Key.Save)
        self._add(menu, "Save as…", files.save_as, "Ctrl+Shift+S")
        menu.addSeparator()
        exports = self.exports
        self._add(menu, "Export Python source…", exports.source)
        self._add(menu, "Export training script…", exports.script)
        self._add(menu, "Export ONNX…", exports.onnx)
        self._add(menu, "Export PyTorch archive…", exports.archive)
        self._weights = self._add(menu, "", exports.weights)
        self._add(menu, "Export picture of the network…", exports.picture)
        self._add(menu, "Export picture of the selection…", exports.selection)
        menu.addSeparator()
        self._add(menu, "Quit", self._window.close, "Ctrl+Q")

    def _from_pattern(self) -> None:
        from builder.ui.pattern_dialog import PatternDialog

        window = self._window
        dialog = PatternDialog(window.document, window.files.adopt, window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.made.connect(window.canvas.fit)
        dialog.open()

    def _import(self) -> None:
        from builder.ui.import_dialog import ImportDialog

        if self.importing is None:
            self.importing = ImportDialog(self._window.open_imported, self._window)
        self.importing.open_beside()

    def choose_network(self) -> None:
        """Show all built-in networks, and open the one that is chosen."""
        from builder.ui.gallery.dialog import Gallery

        if self.gallery is None:
            self.gallery = Gallery(self._open_template, self._window)
            self.gallery.lessons_asked.connect(self._show_lessons)
        self.gallery.ask()

    def _open_template(self, name: str, _checked: bool = False) -> bool:
        files = self._window.files
        opened = files.new(name) if name else files.new_empty()
        if opened:
            self._window.canvas.setFocus()  # else the keys would go to whatever button was used last
        return opened

    def _fill_recent(self) -> None:
        self._recent.clear()
        recent = self._window.files.recent
        for path in recent:
            action = self._recent.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(lambda _checked=False, path=path: self._window.files.open(path))
        self._recent.setToolTipsVisible(True)
        if not recent:
            self._recent.addAction("nothing yet").setEnabled(False)

    # Edit -----------------------------------------------------------------------------------------------------------

    def _edit(self, menu: QMenu) -> None:
        window, canvas = self._window, self._window.canvas
        for action, key in (
            (window.document.undo.createUndoAction(window, "Undo"), Key.Undo),
            (window.document.undo.createRedoAction(window, "Redo"), Key.Redo),
        ):
            action.setProperty("plain", "Undo" if key is Key.Undo else "Redo")  # its text names the edit too
            action.setShortcuts(QKeySequence.keyBindings(key))
            menu.addAction(action)
            window.addAction(action)
            self.actions.append(action)
        menu.addSeparator()
        menu.addActions(canvas.edit_actions()[:BLOCKS])
        menu.addMenu("Blocks").addActions(canvas.edit_actions()[BLOCKS:])
        self.actions.extend(canvas.edit_actions())
        menu.addSeparator()
        lines = menu.addMenu("Line up")
        for how, title in ALIGN:
            self._add(lines, title, partial(canvas.align, how)).setProperty("group", "Line up")
        colours = menu.addMenu("Comment colour")
        for colour, words in WORDS.items():
            self._add(colours, words, partial(canvas.colour_comments, colour))
        weights = menu.addMenu("Initial weights of all layers")
        weights.setToolTipsVisible(True)
        for scheme in SCHEMES:
            help_text = " ".join((scheme.__doc__ or "").split())
            self._add(weights, scheme.title, partial(self._begin_all, scheme)).setToolTip(help_text)
        self._freezing(menu.addMenu("Frozen layers"))
        self._add(menu, "Find a layer or comment…", canvas.find_layer, Key.Find)

    def _freezing(self, menu: QMenu) -> None:
        window = self._window

        def add(text: str, act: Callable[[Document], str], tip: str) -> None:
            self._add(menu, text, lambda: window.status.hint(act(window.document))).setToolTip(tip)

        menu.setToolTipsVisible(True)
        add("Freeze the selection", freezing.freeze, "Its weights stay as they begin, while other layers learn")
        add("Freeze all but the selection", freezing.freeze_others, "As for training a new end on an old network")
        add("Freeze all before the selection", freezing.freeze_before, "What comes behind it stays as it is")
        add("Let the selection learn", freezing.free, "Its weights change while training")
        add("Let all layers learn", freezing.free_all, "Nothing is frozen any more")

    def _begin_all(self, scheme: type[AnyScheme]) -> None:
        self._window.status.hint(choose(self._window.document, scheme()))

    # View -----------------------------------------------------------------------------------------------------------

    def _view(self, menu: QMenu) -> None:
        window, canvas = self._window, self._window.canvas
        bare = Bare(window, window.docks.values())
        self._add(menu, "Fit the network", canvas.fit)
        self._add(menu, "Zoom in", canvas.zoom_in, Key.ZoomIn)
        self._add(menu, "Zoom out", canvas.zoom_out, Key.ZoomOut)
        self._add(menu, "Actual size", canvas.zoom_reset, "Ctrl+0")
        self._add(menu, "Arrange the network", canvas.auto_layout, "Ctrl+L")
        menu.addSeparator()
        views, panels = menu.addMenu("Live views"), menu.addMenu("Panels")  # in one list, they fill a small screen
        for key, dock in window.docks.items():
            action = view_action(dock, partial(window.show_dock, key))
            action.setProperty("group", "Show or hide")
            action.setProperty("about", f"{LISTED[key].help if key in LISTED else ''} {_ABOUT.get(key, '')}")
            (views if key in LISTED else panels).addAction(action)
            self.actions.append(action)
        self._add(menu, "Reset the layout", window.arrangement.reset)
        menu.addSeparator()
        self._add(menu, "Open a picture…", lambda: self._sample().open_picture())
        self._add(menu, "Draw a picture", lambda: self._sample().draw())
        menu.addSeparator()
        looks = menu.addMenu("Theme")
        group = QActionGroup(self)
        for wish, words in (("system", "Like the desktop"), ("dark", "Dark"), ("light", "Light")):
            action = self._add(looks, words, self._choose_theme(wish))
            action.setCheckable(True)
            action.setChecked(theme().wish == wish)
            group.addAction(action)
        only = self._add(menu, "Only the canvas", bare.toggle, "Shift+F11")
        only.setCheckable(True)
        bare.changed.connect(only.setChecked)
        self._add(menu, "Full screen", self._full_screen, "F11")
        menu.addSeparator()
        self._palette = CommandPalette(window, lambda: [*self.actions, *self._networks(), *self._lessons()])
        self._add(menu, "Find a command…", self._palette.open, "Ctrl+K")

    def _sample(self) -> SampleView:
        """The view of the pinned input, brought up."""
        self._window.show_dock(SampleView.key)
        shown = self._window.viewing.make(SampleView.key)
        assert isinstance(shown, SampleView)
        return shown

    def _choose_theme(self, wish: str) -> Callable[[], object]:
        def act() -> None:
            theme().choose(wish)
            QSettings().setValue("theme", wish)

        return act

    def _full_screen(self) -> None:
        window = self._window
        if window.isFullScreen():
            window.showNormal()
        else:
            window.showFullScreen()

    # Run ------------------------------------------------------------------------------------------------------------

    def _run(self, menu: QMenu) -> None:
        window, live = self._window, self._window.live
        self._add(menu, "Run, pause, resume", window.run_or_pause, "F5")
        self._add(menu, "One batch", live.step_batch, "F6")
        self._add(menu, "One phase", live.step_phase, "F7")
        self._add(menu, "Stop", live.stop, "Shift+F5")
        self._add(menu, "Reset to the initial weights", live.reset, "Ctrl+R")
        self._paces(menu.addMenu("Speed"))
        menu.addSeparator()
        self._add(menu, "Earlier in the run", partial(live.moments.go, -1), "Alt+,")
        self._add(menu, "Later in the run", partial(live.moments.go, 1), "Alt+.")
        self._add(menu, "Play the run", window.timeline.toggle, "F9")
        self._film = self._add(menu, "", self._save_film)
        window.timeline.film_asked.connect(self._save_film)
        menu.addSeparator()
        self._add(menu, "Keep this run to compare…", self._curves().keep_run)
        self._add(menu, ENSEMBLE, window.ensembles.ask)
        self._add(menu, "Forget all kept runs", window.viewing.kept.forget_all)
        menu.addSeparator()
        self._add(menu, "Cross-validate…", window.folds.ask)
        self._add(menu, TOGETHER, window.folds.train_on_all)
        menu.addSeparator()
        self._add(menu, "Begin with the weights of a run…", self._begin_with_run)
        self._add(menu, "Save the weights now", self._save_weights)
        menu.addAction(self._weights)  # also where it is looked for by who thinks of the run
        self._add(menu, "Next sample", lambda: window.viewing.pin_sample(window.viewing.pin.sample + 1), "Ctrl+.")
        self._add(menu, "Previous sample", lambda: window.viewing.pin_sample(window.viewing.pin.sample - 1), "Ctrl+,")
        self._add(menu, "Next wrong answer", window.viewing.find_mistake, "F8")

    def _curves(self) -> CurveView:
        shown = self._window.viewing.make(LossView.key)
        assert isinstance(shown, CurveView)
        return shown

    def _offer_weights(self) -> None:
        _offer(self._weights, "Save the weights as…", self._window.live.no_weights)

    def _offer_film(self) -> None:
        live = self._window.live
        none = "the run is under way" if live.training else "there is no run to look back at"
        _offer(self._film, "Save the run as a film…", "" if len(live.moments.steps) > 1 else none)

    def offer_return(self, title: str) -> None:
        """Offer the way back to the network of this title, in whose place a lesson has opened others; "" for none."""
        _offer(self._back, f"Back to {title or 'your network'}", "" if title else "no lesson has replaced it")

    def _save_film(self) -> None:
        from builder.ui.film_dialog import FilmDialog

        dialog = FilmDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _paces(self, menu: QMenu) -> None:
        live, group = self._window.live, QActionGroup(self)
        for seconds, words in PACES.items():
            action = self._add(menu, sentence(words), partial(live.set_pace, seconds))
            action.setCheckable(True)
            action.setChecked(seconds == live.pace)
            group.addAction(action)
            live.pace_changed.connect(lambda now, action=action, seconds=seconds: action.setChecked(now == seconds))

    def _begin_with_run(self) -> None:
        from builder.train.folders import runs_folder
        from builder.ui.runs_dialog import BEGIN_WITH, RunsDialog

        inspector, folder = self._window.inspector, runs_folder()
        inspector.show_setting("training.weights")
        dialog = RunsDialog(folder, inspector.training.take_weights, parent=self._window, purpose=BEGIN_WITH)
        dialog.ask_folder = lambda: inspector.training.ask_weights(folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _save_weights(self) -> None:
        window = self._window
        if window.live.training:
            window.live.take_snapshot()
            window.status.hint("The weights as they are now are kept in the folder of the run.")
        else:
            window.status.hint("Nothing is being trained: there are no new weights to save.")

    # Help -----------------------------------------------------------------------------------------------------------

    def _help(self, menu: QMenu) -> None:
        window = self._window
        shown = self._add(menu, "Lessons", self._toggle_lessons, "F4")
        shown.setCheckable(True)
        window.docks["lessons"].visibilityChanged.connect(shown.setChecked)
        self._add(menu, "Next step of the lesson", lambda: window.lessons.go(1), "Ctrl+PgDown")
        self._add(menu, "Step before in the lesson", lambda: window.lessons.go(-1), "Ctrl+PgUp")
        menu.addSeparator()
        self._add(menu, "Keys", self._show_keys, "F1")
        self._add(menu, "About TorchCanvas", self._about)

    def _networks(self) -> list[QAction]:
        """A command for each built-in network, made when the first list is asked for: their files are imported for it.

        Who knows its name need not look for it: the command palette has them all, the menu none.
        """
        if not self._each_network:
            for template in templates.templates():
                action = QAction(template.title, self._window)
                action.setProperty("group", template.group)
                action.triggered.connect(partial(self._open_template, template.name))
                self._each_network.append(action)
        return self._each_network

    def _lessons(self) -> list[QAction]:
        """A command for each lesson, made when the first list is asked for: their files are read for it."""
        if not self._each_lesson:
            from builder.project.lessons import lessons

            for lesson in lessons():
                action = QAction(lesson.title, self._window)
                action.setProperty("group", lesson.label)
                action.setProperty("about", lesson.headings)
                action.triggered.connect(partial(self._open_lesson, lesson))
                self._each_lesson.append(action)
        return self._each_lesson

    def _open_lesson(self, lesson: Lesson, _checked: bool = False) -> None:
        self._window.lessons_place.show()
        self._window.lessons.open_lesson(lesson)

    def _toggle_lessons(self) -> None:
        if self._window.lessons_place.in_front:
            focused = self._window.focusWidget()
            within = focused is not None and self._window.docks["lessons"].isAncestorOf(focused)
            self._window.lessons_place.toggle()
            if within:
                self._window.canvas.setFocus()  # else it would go to some field of the window
        else:
            self._show_lessons()

    def _show_lessons(self) -> None:
        self._window.lessons_place.show()
        if self._window.lessons.lesson is None:
            self._window.lessons.listing.ask()

    def _show_keys(self) -> None:
        native = QKeySequence.SequenceFormat.NativeText
        rows = [
            (action.property("plain") or action.text().replace("&", ""), action.shortcut().toString(native))
            for action in self.actions
            if not action.shortcut().isEmpty()
        ]
        rows += keys.WORDS
        half = -(-len(rows) // 2)  # two columns, for screens on which much stands large
        cells = [f"<td style='padding:1px 16px 1px 0'>{words}</td><td>{key}</td>" for words, key in rows]
        pairs = zip_longest(cells[:half], cells[half:], fillvalue="")
        lines = "".join(f"<tr>{left}<td style='padding-left:32px'></td>{right}</tr>" for left, right in pairs)
        box = QMessageBox(self._window)
        box.setWindowTitle("Keys")
        box.setText(f"<table style='white-space:nowrap'>{lines}</table>")
        box.open()

    def _about(self) -> None:
        box = QMessageBox(self._window)
        box.setWindowTitle("About TorchCanvas")
        box.setText(
            f"<b>TorchCanvas {__version__}</b><p>Design a neural network on a canvas, train it, "
            "and watch the inside of it while it learns.</p>"
        )
        box.open()


def _offer(action: QAction, words: str, reason: str) -> None:
    """Offer a command, or tell why it cannot be done now."""
    action.setText(f"{words} ({reason})" if reason else words)
    action.setToolTip(reason or words)
    action.setProperty("reason", reason)  # the command palette shows it too
    action.setEnabled(not reason)
