"""What the views of many maps share: one mosaic with its colour bar, enlarging, saving and copying."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QImage, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from builder.inspect.picture import Floats, Picture
from builder.ui.placement import resize_within_screen
from builder.ui.theme import font, theme
from builder.ui.views import export
from builder.ui.views.base import Subject
from builder.ui.views.colour import Pixels
from builder.ui.views.field import Field
from builder.ui.views.frame import MARGIN, ViewFrame
from builder.ui.views.mosaic import Cell, Mosaic, Tiles, compose, lay_out, paint_caption
from builder.ui.views.numbers import Numbers
from builder.ui.views.paint import ENLARGED, figure
from builder.ui.views.plane import Points
from builder.ui.views.scale import HEIGHT, ColourBar, Scale, paint_scale
from builder.ui.views.seen import SeenView
from builder.ui.views.takeaway import Entry
from builder.ui.widgets.buttons import menu_button, small_button
from builder.ui.widgets.labels import Text


@dataclass(frozen=True, eq=False)
class Look:
    """What a view of maps shows now.

    Attributes:
        title: of the view: "Feature maps · conv1".
        values: (maps, height, width).
        name: words for a map by its number from 0: "map 3".
        pixels: colours that do not follow from values and scale; (maps, height, width).
        describe: words for a cell, in place of the usual ones.
        columns, overlay, upwards: as of `Tiles`.
        bar: whether a colour bar says anything about it.
        captions: one below each map, in the lowest part of it, `foot`.
    """

    title: str
    values: Floats
    scale: Scale
    name: Callable[[int], str]
    pixels: Pixels | None = None
    describe: Callable[[int, int, int], str] | None = None
    columns: int = 0
    overlay: Points | Field | Numbers | None = None
    upwards: bool = False
    bar: bool = True
    captions: tuple[str, ...] = ()
    foot: float = 0.0

    def tiles(self, *, digits: bool = False) -> Tiles:
        """The same, coloured, for a mosaic; on request with the values to be written into its cells."""
        pixels = self.scale.pixels(self.values) if self.pixels is None else self.pixels
        words = self.describe or self._words
        plain = self.pixels is None and not self.upwards and not isinstance(self.overlay, Numbers)
        written = self.values if digits and plain else None
        return Tiles(pixels, words, self.columns, self.overlay, self.upwards, self.captions, self.foot, written)

    def only(self, number: int) -> Look:
        """One of the maps alone; it keeps its place in the scale and its name."""
        one = slice(number, number + 1)
        describe = self.describe or self._words
        return replace(
            self,
            title=f"{self.title} · {self.name(number)}",
            values=self.values[one],
            pixels=None if self.pixels is None else self.pixels[one],
            name=lambda _tile: self.name(number),
            describe=lambda _tile, row, column: describe(number, row, column),
            columns=0,
            captions=self.captions[one],
        )

    def _words(self, tile: int, row: int, column: int) -> str:
        value = figure(float(self.values[tile, row, column]))
        if self.values.shape[1:] == (1, 1):
            return f"{self.name(tile)} · {value}"
        return f"{self.name(tile)} · {value}\nrow {row + 1}, column {column + 1}"

    def picture(self, space: tuple[int, int] = (1200, 900)) -> QImage:
        """The whole as an image with title and colour bar, for a file."""
        tiles = self.tiles()
        count, height, width = tiles.pixels.shape
        grid = lay_out(count, height, width, space, 6 if height * width > 1 else 1, self.columns, 120.0)
        across, down = grid.total
        image = QImage(max(across, 480) + 48, down + 112, QImage.Format.Format_RGB32)
        image.fill(theme().color("panel"))
        painter = QPainter(image)
        painter.setFont(font(20, bold=True))
        painter.setPen(theme().color("text"))
        painter.drawText(QRectF(24, 12, image.width() - 48, 32), Qt.AlignmentFlag.AlignVCenter, self.title)
        painter.drawImage(24, 52, compose(tiles.pixels, grid, upwards=tiles.upwards))
        if self.overlay is not None:
            over = replace(self.overlay, ratio=1.0)(QSize(grid.width, grid.height))
            for number in range(count):
                left, top = grid.tile(number)
                painter.drawImage(24 + left, 52 + top, over)
        for number, caption in enumerate(self.captions):
            left, top = grid.tile(number)
            paint_caption(painter, QRectF(24 + left, 52 + top, grid.width, grid.height), caption, self.foot)
        if self.bar:
            painter.translate(24, 52 + down + 8)
            painter.scale(1.5, 1.5)
            paint_scale(painter, QRectF(0, 0, max(across, 240) / 1.5, HEIGHT), self.scale)
        painter.end()
        return image


class MapsPanel(QWidget):
    """A mosaic above its colour bar."""

    def __init__(self, *, centred: bool = False, bar: bool = True, margin: int = MARGIN) -> None:
        super().__init__()
        self.mosaic = Mosaic(centred=centred, largest=120.0 if centred else 56.0, zoom=ENLARGED if centred else 1.0)
        self.bar = ColourBar(ENLARGED if centred else 1.0)
        self._look: Look | None = None
        self._margin, self._with_bar = margin, bar
        self._digits = centred  # in a large window
        for part in (self.mosaic, self.bar):
            part.setParent(self)
        self.bar.setVisible(bar)
        self.mosaic.raise_()  # the note beside the pointer may reach over the bar
        self.mosaic.hovered.connect(self._mark)

    def show_look(self, look: Look) -> None:
        """Draw this."""
        if self._with_bar and look.bar == self.bar.isHidden():
            self.bar.setVisible(look.bar)
            self._arrange()
        self._look = look
        self.mosaic.set_tiles(look.tiles(digits=self._digits))
        self.bar.set_scale(look.scale)
        self._place_bar()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _arrange(self) -> None:
        margin, foot = self._margin, 0 if self.bar.isHidden() else self.bar.height() + 8
        self.mosaic.setGeometry(
            margin, min(2, margin), self.width() - 2 * margin, self.height() - foot - min(2, margin)
        )
        self._place_bar()

    def _mark(self, cell: Cell | None) -> None:
        self.bar.set_mark(float(self._look.values[cell]) if self._look is not None and cell is not None else None)

    def _place_bar(self) -> None:
        """The bar stands right below the mosaic, and as wide."""
        shown = self.mosaic.shown().translated(self.mosaic.pos())
        self.bar.setGeometry(0, round(shown.bottom()) + 4, self.width(), self.bar.height())
        self.bar.set_span(max(shown.left(), self._margin), shown.width())


class Enlarged(QDialog):
    """A map, or all of them, in a large window of its own that goes on following the training."""

    def __init__(self, view: GridView) -> None:
        super().__init__(view)
        self._view = view
        self.number: int | None = None
        self.panel = MapsPanel(centred=True)
        self._title = Text(bold=True, size=round(12 * ENLARGED))
        self._back = small_button("chevron-left", "Previous map (Left)", lambda: self.step(-1))
        self._on = small_button("chevron-right", "Next map (Right)", lambda: self.step(1))
        self._all = small_button("layers", "All maps (Home)", lambda: self.show_map(None))
        row = QHBoxLayout()
        row.setContentsMargins(MARGIN, 8, MARGIN, 0)
        row.addWidget(self._title, 1)
        for button in (self._back, self._on, self._all):
            row.addWidget(button)
        row.addWidget(small_button("copy", "Copy this picture", self._copy))
        row.addWidget(small_button("save", "Save this picture", self._save))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.addLayout(row)
        column.addWidget(self.panel, 1)
        self.panel.mosaic.hovered.connect(view.pointed)
        self.panel.mosaic.chosen.connect(lambda tile: self.show_map(tile if self.number is None else None))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        resize_within_screen(self, 760, 780)
        self.panel.mosaic.setFocus()

    def look(self) -> Look | None:
        """What is shown here."""
        whole = self._view.look
        if whole is None or self.number is None:
            return whole
        return whole.only(min(self.number, len(whole.values) - 1))

    def refresh(self) -> None:
        """Follow the view."""
        look = self.look()
        if look is not None:
            several = self._view.look is not None and len(self._view.look.values) > 1
            for button in (self._back, self._on, self._all):
                button.setVisible(several)
            self._title.set_text(look.title)
            self.setWindowTitle(look.title)
            self.panel.show_look(look)

    def show_map(self, number: int | None) -> None:
        """Show another map; None for all."""
        self.number = number
        self.refresh()

    def step(self, by: int) -> None:
        """Go to a neighbouring map."""
        whole = self._view.look
        if whole is not None:
            start = (0 if by > 0 else 1) - by if self.number is None else self.number
            self.show_map((start + by) % len(whole.values))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.step(-1 if key == Qt.Key.Key_Left else 1)
        elif key == Qt.Key.Key_Home:
            self.show_map(None)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().color("panel"))

    def _copy(self) -> None:
        look = self.look()
        if look is not None:
            self._view.said.emit(export.copy_picture(look.picture()))

    def _save(self) -> None:
        look = self.look()
        if look is not None:
            self._view.said.emit(export.save_picture(self, look.picture(), look.title, self._view.ask_path))


class GridView(SeenView):
    """Base of the views that show many maps. Subclasses say what is looked at and how it is shown.

    Attributes:
        frame: head and content.
        look: what is shown; None while there is nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.subject: Subject | None = None
        self.picture: Picture | None = None
        self.look: Look | None = None
        self.panel = self.make_panel()
        self.frame = ViewFrame(self.title, self.make_content(), self.short)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.frame)
        self.enlarged: Enlarged | None = None
        self.add_controls()
        self._buttons = [
            small_button("enlarge", "Enlarge (Enter on a map enlarges it alone)", lambda: self.enlarge(None)),
            menu_button("Copy or save", self.actions_menu),
        ]
        enlarge, more = self._buttons
        self.frame.head.add(enlarge, in_menu=True)
        self.frame.head.add(more, -9, in_menu=True)
        self.panel.mosaic.chosen.connect(self.choose)
        self.panel.mosaic.hovered.connect(self.pointed)
        theme().changed.connect(self.refresh)
        self.refresh()

    # For subclasses -------------------------------------------------------------------------------------------------

    def add_controls(self) -> None:
        """Put this view's own controls into the head."""

    def make_panel(self) -> MapsPanel:
        """The panel of maps."""
        return MapsPanel()

    def make_content(self) -> QWidget:
        """What goes below the head: the panel of maps, and what stands beside it."""
        return self.panel

    def make_look(self) -> Look | str:
        """What to show of `subject` and `picture`, or words that say why there is nothing."""
        raise NotImplementedError

    def title_of(self, look: Look) -> str:
        """What stands in the head while this is shown."""
        return look.title

    def unit_of(self, tile: int) -> tuple[str, int] | None:
        """The unit that a map is of, as its layer and number; None where that makes no sense."""
        return None

    def choose(self, tile: int) -> None:
        """A map was clicked: show what its unit responds to, where somebody shows that; else enlarge the map."""
        unit = self.unit_of(tile)
        if unit is None or not self.offer_unit(*unit):
            self.enlarge(tile)

    def pointed(self, cell: Cell | None) -> None:
        """The pointer is on a cell, here or in the large window; None when it has left."""

    # The rest -------------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(260, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(144, 140)

    def set_subject(self, subject: Subject) -> None:
        before = self.attention()
        self.subject = subject
        if self.attention() != before:
            self.attention_changed.emit()
        self.refresh()

    def show_picture(self, picture: Picture) -> None:
        self.picture = picture
        self.refresh()

    def clear(self) -> None:
        self.picture = None
        self.refresh()

    def heading(self) -> str:
        """The title while there is nothing to see."""
        return self.title

    def draw_anew(self) -> None:
        super().draw_anew()
        made = self.make_look()
        if isinstance(made, str):
            self.look = None
            self.frame.head.title.set_text(self.heading())  # not that of what was shown before
            self.frame.set_empty(made)
        else:
            self.look = made
            # Set once: another text has the whole window laid out anew.
            self.frame.head.title.set_text(self.title_of(made))
            self.panel.show_look(made)
            self.frame.set_empty("")
            if self.enlarged is not None and self.enlarged.isVisible():
                self.enlarged.refresh()
        for button in self._buttons:
            button.setEnabled(self.look is not None)
        self.frame.head.arrange()

    def enlarge(self, number: int | None = None) -> None:
        """Show one map, or all, in a large window."""
        super().enlarge()
        if self.enlarged is not None:
            self.enlarged.show_map(number)

    def make_enlarged(self) -> QWidget:
        return Enlarged(self)

    def forget_enlarged(self) -> None:
        super().forget_enlarged()
        self.pointed(None)  # a window that closes under the pointer does not say that it has left

    @property
    def filled(self) -> bool:
        return self.look is not None

    def whole_title(self) -> str:
        return self.look.title if self.look is not None else self.title

    def image(self) -> QImage | None:
        return self.look.picture() if self.look is not None else None

    def entries(self) -> list[Entry]:
        return [
            ("Enlarge all", lambda: self.enlarge(None)),
            ("Copy picture", self.copy_picture),
            ("Save picture…", self.save_picture),
        ]

    def entries_of(self, tile: int) -> list[Entry]:
        """What the menu offers for the map under the pointer."""
        return [(f"Enlarge {self.look.name(tile)}", lambda: self.enlarge(tile))] if self.look is not None else []

    def menu_for(self, tile: int | None) -> QMenu:
        """The menu, with what it offers for one of the maps in front; it dies when it closes."""
        menu = self.actions_menu()
        first = menu.actions()[0]
        for words, act in self.entries_of(tile) if tile is not None else ():
            menu.insertAction(first, _action(menu, words, act))
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        cell = self.panel.mosaic.cell_at(self.panel.mosaic.mapFromGlobal(event.globalPos()).toPointF())
        self.menu_for(cell[0] if cell is not None else None).popup(event.globalPos())


def _action(menu: QMenu, words: str, act: Callable[[], object]) -> QAction:
    made = QAction(words, menu)
    made.triggered.connect(lambda _checked: act())
    return made


def as_maps(values: Floats) -> Floats:
    """Any activation as maps (count, height, width): a list of numbers becomes maps of one cell."""
    if values.ndim == 1:
        return values[:, None, None]
    if values.ndim == 2:
        return values[None]
    return values.reshape(-1, *values.shape[-2:])


def some(values: Floats) -> bool:
    """Whether there is anything to show."""
    return bool(np.prod(values.shape))
