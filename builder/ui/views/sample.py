"""The pinned sample: the picture itself, or its place among the data, and what the network makes of it.

In its place, a picture of the user's own: drawn on a pad, opened from a file, dropped here or pasted.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QSpinBox, QWidget

from builder.inspect.picture import Attention, Floats, Own, Part, Picture, Plane
from builder.inspect.response import Box
from builder.train.messages import FindMistake, Prepared
from builder.ui import choosers
from builder.ui.behind import behind
from builder.ui.theme import theme
from builder.ui.views.base import Subject, view
from builder.ui.views.colour import GREY, limits, pixels_to_image, rgb_pixels
from builder.ui.views.field import Field
from builder.ui.views.frame import Choice
from builder.ui.views.grid import GridView, Look, MapsPanel, as_maps, some
from builder.ui.views.mosaic import Cell
from builder.ui.views.own import FILES, NO_INK, NO_PICTURES, NONE_DROPPED, NONE_HELD, Reader, held
from builder.ui.views.paint import figure
from builder.ui.views.plane import Points, cell_of, coordinates, probabilities, region_pixels
from builder.ui.views.sample_panel import SamplePanel
from builder.ui.views.scale import Scale
from builder.ui.views.side_by_side import error_of, side_by_side
from builder.ui.widgets.buttons import small_button

PLACED = "Bring the drawing to the middle, as large as the data's own; off, it stays as drawn"
PARTS = (Part.VALIDATION, Part.TEST)
LINGERS = 1500  # milliseconds that the frame of what a value sees stays when the pointer has left the value
_FEW_VALUES = 4  # of an answer in numbers
MOST_SAMPLES = 10_000_000  # the window knows how many there are, and counts on from the first


@view("sample")
class SampleView(GridView):
    """The pinned sample and the network's answer to it.

    Attributes:
        ask_picture: asks which file to open; a test puts its own here.
        reader: of pictures of the user's own, for the data that there is.
        lingers: runs while the frame of what a value sees stays, though the pointer has left the value.
    """

    _seen: Box | None = None
    ask_picture: Callable[[QWidget, str, str], Path | None] = staticmethod(choosers.open_file)

    def make_panel(self) -> MapsPanel:
        return MapsPanel(bar=False, margin=0)

    def make_content(self) -> QWidget:
        self.content = SamplePanel(self.panel)
        return self.content

    def add_controls(self) -> None:
        self.lingers = QTimer(self, singleShot=True, interval=LINGERS)
        self.lingers.timeout.connect(lambda: self._frame(None))
        self.form = Choice(
            ("stored picture", "fitted picture"),
            "The picture as it is stored, or fitted to the input as the network gets it",
            self._show,
        )
        self.index = QSpinBox(minimum=1, maximum=MOST_SAMPLES)
        self.index.setProperty("bare", True)  # with NoButtons, a style sheet leaves the text no room
        self.index.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.index.setKeyboardTracking(False)
        self.index.setFixedSize(58, 24)
        self.index.setAccessibleName("Number of the pinned sample")
        self.index.valueChanged.connect(lambda number: self.sample_asked.emit(number - 1))
        self.part = Choice([part.value for part in PARTS], "The part of the data that the sample is of", self._ask_part)
        head = self.frame.head
        head.add(self.part, -5)
        head.add(self.form, 6)
        head.add(self.index, 4)
        head.add(small_button("chevron-left", "Previous sample", lambda: self._ask(-1)), -2)
        head.add(small_button("chevron-right", "Next sample", lambda: self._ask(1)), -3)
        self.mistake = small_button("error", "Next sample that is answered wrongly (F8)", self.ask_mistake)
        head.add(self.mistake, -1)
        head.add(small_button("dice", "Any sample", self._ask_any), 1)
        self.pencil = small_button("edit", "Draw a picture of your own", self.draw)
        self.pencil.setCheckable(True)
        self.wipe = small_button("trash", "Clear the drawing (Delete)", self.content.pad.clear)
        self.placing = small_button("fit", PLACED, self._place_drawing)
        self.placing.setCheckable(True)
        self.placing.setChecked(True)
        for control, spare in ((self.placing, -4), (self.wipe, -5), (self.pencil, -6)):
            head.add(control, spare)
            head.set_present(control, False)
        self.reader = Reader()
        self.content.pad.changed.connect(self._draw_on)
        self.content.pad.left.connect(self._leave)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAcceptDrops(True)

    # A picture of one's own -----------------------------------------------------------------------------------------

    @property
    def drawing(self) -> bool:
        """Whether the pad is there."""
        return not self.content.pad.isHidden()

    def set_prepared(self, event: Prepared) -> None:
        before = self.reader.ink
        self.reader.set_prepared(event)
        ink = self.content.pad.ink = self.reader.ink
        self.frame.head.set_present(self.pencil, ink is not None)
        if self.drawing and ink != before:
            self._leave() if ink is None else self._draw_on()

    def draw(self) -> None:
        """Bring up the pad, or return to the data."""
        if self.drawing:
            self._leave()
        elif self.reader.ink is None:
            self.said.emit(NO_INK if self.reader.shape is not None else NO_PICTURES)
        else:
            self._show_pad(True)
            self.content.pad.clear()
            self.content.pad.setFocus()

    def open_picture(self) -> None:
        """Ask for a picture and look at it."""
        if self.reader.shape is None:
            self.said.emit(NO_PICTURES)
            return
        path = self.ask_picture(self, "Open a picture", FILES)
        if path is not None:
            self.take_picture(path)

    def take_picture(self, source: Path | bytes) -> None:
        """Look at the picture of a file, or of what would stand in one."""
        own, words = behind(lambda: self.reader.read(source))  # a photograph may take a second
        if own is not None:
            self._show_pad(False)
            self.own_asked.emit(own)
        if words:
            self.said.emit(words)

    def paste(self) -> None:
        """Look at the picture on the clipboard."""
        found = held(QGuiApplication.clipboard().mimeData())
        if found is None:
            self.said.emit(NONE_HELD)
        else:
            self.take_picture(found)

    def _draw_on(self) -> None:
        if self.drawing:
            self.own_asked.emit(Own.of(self.content.pad.picture()[None]))

    def _place_drawing(self) -> None:
        self.content.pad.as_drawn = not self.placing.isChecked()
        self._draw_on()

    def _leave(self) -> None:
        """Return to the sample of the data."""
        self._ask(0)

    def _show_pad(self, shown: bool) -> None:
        self.content.show_pad(shown)
        self.pencil.setChecked(shown)
        for control in (self.wipe, self.placing):
            self.frame.head.set_present(control, shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        elif event.key() == Qt.Key.Key_Escape and self.subject is not None and self.subject.own:
            self._leave()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        found = held(event.mimeData())
        event.acceptProposedAction()
        if found is None:
            self.said.emit(NONE_DROPPED)
        else:
            self.take_picture(found)

    def actions_menu(self) -> QMenu:
        menu = super().actions_menu()
        if self.reader.shape is not None:
            menu.addSeparator()
            menu.addAction("Open a picture…", self.open_picture)
            menu.addAction("Paste a picture", self.paste)
        return menu

    # Samples of the data --------------------------------------------------------------------------------------------

    def _ask(self, by: int) -> None:
        self.sample_asked.emit((self.subject.sample if self.subject is not None else 0) + by)

    def _ask_any(self) -> None:
        self.sample_asked.emit(random.randrange(MOST_SAMPLES))

    def _ask_part(self, number: int) -> None:
        self.part_asked.emit(PARTS[number])

    def ask_mistake(self) -> None:
        """Ask for the next sample that the network gets wrong."""
        if self.subject is not None:
            self.mistake_asked.emit(FindMistake(self.subject.sample, part=self.subject.part))

    def _show(self, _choice: int) -> None:
        self.refresh()

    def mark_seen(self, box: Box | None) -> None:
        if box is None and self._seen is not None:
            self.lingers.start()  # for the pointer's way from the map to this picture, to read what lies in the frame
        else:
            self._frame(box)

    def pointed(self, cell: Cell | None) -> None:
        if cell is not None:
            self.lingers.stop()
        elif self._seen is not None:
            self.lingers.start()

    def _frame(self, box: Box | None) -> None:
        self.lingers.stop()
        if box != self._seen:
            self._seen = box
            self.refresh()

    def sizeHint(self) -> QSize:
        return QSize(300, 280)

    def output(self) -> str | None:
        """The output node of a network with two inputs, whose values over the plane are drawn; None for any other."""
        if self.subject is None:
            return None
        known = self.subject.inference
        if not known.inputs or not known.outputs or known.shape(known.inputs[0]) != (2,):
            return None
        name = known.outputs[0]
        return name if known.shape(name) is not None else None

    def attention(self) -> Attention:
        name = self.output()
        return Attention(activations=frozenset((name,) if name is not None else ()))

    def set_subject(self, subject: Subject) -> None:
        if self.subject is not None and self.subject.selection != subject.selection:
            self._frame(None)  # it was of another layer
        super().set_subject(subject)
        self.index.blockSignals(True)
        self.index.setValue(subject.sample + 1)
        self.index.blockSignals(False)
        self.index.setToolTip(f"Which sample of the {subject.part.value} part is pinned, counted from 1")
        self.part.show_value(PARTS.index(subject.part))
        self.frame.head.set_present(self.part, subject.part is not PARTS[0])
        if not subject.own and self.drawing:
            self._show_pad(False)

    def make_look(self) -> Look | str:
        picture = self.picture
        if picture is None:
            return self.awaited("A sample of the data appears here once the data is loaded.")
        self._answer(picture)
        self.frame.head.set_present(self.form, picture.raw.ndim == 3)
        self.frame.head.set_present(self.mistake, _tells_apart(picture) and len(picture.output) > 0)
        beside = side_by_side(self.title, picture)
        self.content.show_wide(beside is not None)
        if beside is not None:
            self.frame.head.set_present(self.form, False)
            return beside
        output = self.output()
        values = picture.activations.get(output) if output is not None else None
        if picture.plane is not None and values is not None and values.ndim == 3 and some(values):
            return self._regions(picture, picture.plane, values)
        seen = self._seen if picture.fitted.ndim == 3 else None
        size = picture.fitted.shape[-2:]
        own = picture.attention.own
        title = self.title if own is None else own.title or "Your picture"
        if own is not None and own.title and self.drawing:  # it comes from elsewhere
            self._show_pad(False)
        if picture.raw.ndim == 3 and self.form.value == 0 and (seen is None or picture.raw.shape[-2:] == size):
            look = _stored(title, picture.raw)
        else:  # a field counts in pixels of the input, which a padded or stretched picture has others of
            fitted = as_maps(picture.fitted)
            look = Look(title, fitted, Scale(GREY, *limits(fitted)), _channel(len(fitted)))
        if self.drawing:
            self.content.pad.inset.show_image(pixels_to_image(look.tiles().pixels[0]))
        if seen is None:
            return look
        return replace(look, overlay=Field(seen, (size[0], size[1]), self.devicePixelRatioF()))

    def names(self, count: int) -> tuple[str, ...]:
        """Names of that many classes."""
        known = self.subject.classes if self.subject is not None else ()
        return known if len(known) == count else tuple(str(number) for number in range(count))

    def _answer(self, picture: Picture) -> None:
        output, target = picture.output, picture.target
        classes = self.subject.classes if self.subject is not None else ()
        one_for_two = len(output) == 1 and (len(classes) == 2 or _tells_apart(picture))
        content = self.content
        if not len(output):
            content.bars.set_shares((), (), None)
            content.show_verdict("The network gives no answer yet", None)
            return
        if one_for_two or (len(output) > 1 and _tells_apart(picture)):
            shares = [1.0 - float(output[0]), float(output[0])] if one_for_two else [float(share) for share in output]
            names = self.names(len(shares))
            truth = int(target) if target is not None and 0 <= int(target) < len(names) else None
            content.bars.set_shares(names, shares, truth)
            content.arrange()
            if not np.isfinite(shares).all():
                content.show_verdict("The answer is not a number any more", False)
                return
            said = int(np.argmax(shares))
            if truth is None:
                content.show_verdict(f"says {names[said]}", None)
            elif truth == said:
                content.show_verdict(f"{names[said]}: right", True)
            else:
                content.show_verdict(f"says {names[said]}, is {names[truth]}", False)
        elif target is None and len(output) > _FEW_VALUES:  # no value alone is wanted
            content.bars.set_shares((), (), None)
            error = error_of(picture)
            told = "answers with a picture" if error is None else f"mean square of the difference: {figure(error)}"
            content.show_verdict(told, None)
        else:
            content.bars.set_shares((), (), None)
            said_values = ", ".join(figure(float(value)) for value in output[:_FEW_VALUES])
            said_values += " …" if len(output) > _FEW_VALUES else ""
            wanted = f", wanted {figure(float(target))}" if target is not None else ""
            content.show_verdict(f"answers {said_values}{wanted}", None)

    def _regions(self, picture: Picture, plane: Plane, values: Floats) -> Look:
        pinned = (float(picture.fitted[0]), float(picture.fitted[1]))
        side = values.shape[-1]
        shares = probabilities(values, picture.output, cell_of(plane, pinned, side))
        names = self.names(len(shares))

        def words(_tile: int, row: int, column: int) -> str:
            first, second = coordinates(plane, row, column, side)
            here = shares[:, row, column]
            best = int(here.argmax())
            return f"({first:.2f}, {second:.2f})\n{names[best]} {here[best] * 100:.1f} %".replace("-", "−")

        return Look(
            self.title,
            shares.max(axis=0)[None],
            Scale(GREY, 0.0, 1.0),
            lambda _number: "decision regions",
            pixels=region_pixels(shares, theme().color("raised")),
            describe=words,
            overlay=Points(plane, pinned, self.devicePixelRatioF()),
            upwards=True,
            bar=False,
        )


def _tells_apart(picture: Picture) -> bool:
    """Whether the answer is a class; only such networks are shown pictures of the user's own."""
    return isinstance(picture.target, int) or picture.attention.own is not None


def _channel(count: int) -> Callable[[int], str]:
    return (lambda number: f"channel {number + 1}") if count > 1 else (lambda _number: "input")


def _stored(title: str, raw: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Look:
    """The picture as the data set has it, uint8 (channels, height, width)."""
    if len(raw) == 3:

        def words(_tile: int, row: int, column: int) -> str:
            red, green, blue = (int(value) for value in raw[:, row, column])
            return f"row {row + 1}, column {column + 1}\nred {red} · green {green} · blue {blue}"

        grey = raw.astype(np.float32).mean(axis=0)[None]
        scale = Scale(GREY, 0.0, 255.0)
        return Look(
            title, grey, scale, lambda _number: "input", pixels=rgb_pixels(raw)[None], describe=words, bar=False
        )
    values = raw.astype(np.float32)
    return Look(title, values, Scale(GREY, 0.0, max(255.0, limits(values)[1])), _channel(len(values)))
