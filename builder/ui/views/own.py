"""Pictures of the user's own, in the form of the data's: which data takes them, and how they are read.

Knows what the trainer says of its data, and files; no widget, and nothing of what is pinned.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData
from PySide6.QtGui import QImage

from builder.data.ink import Ink, usual_ink
from builder.data.reading import read_like
from builder.graph.model import Shape
from builder.graph.problems import ProblemError
from builder.inspect.picture import Own
from builder.train.messages import Prepared

FILES = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.tif *.tiff *.webp);;All files (*)"
NO_PICTURES = "A picture of your own can be put in where a network tells pictures apart, once the data is loaded."
NO_INK = "Pictures to draw are light lines on a dark ground, and this data has others: open or paste a picture instead."
NONE_HELD = "There is no picture on the clipboard."
NONE_DROPPED = "There is no picture in what was dropped here."
INVERTED = "It is dark on light, other than the data, so it was inverted and brought to the size of the data's own."


def own_shape(event: Prepared | None) -> Shape | None:
    """The form of pictures that may stand in place of a sample; None where none may."""
    if event is None or not event.classes or not event.samples:
        return None
    shape = event.samples[0][0].shape
    return shape if len(shape) == 3 else None


class Reader:
    """Reads pictures for the data that there is now.

    Attributes:
        shape: of the data's pictures; None where none can be read.
        ink: how they hold their ink; None unless they are light ink on dark ground.
    """

    def __init__(self) -> None:
        self.shape: Shape | None = None
        self.ink: Ink | None = None

    def set_prepared(self, event: Prepared) -> None:
        """Other data, maybe."""
        self.shape = own_shape(event)
        self.ink = usual_ink([sample for sample, _ in event.samples]) if self.shape is not None else None

    def read(self, source: Path | bytes) -> tuple[Own | None, str]:
        """The picture, or none; and what there is to say about it. On any thread."""
        shape, ink = self.shape, self.ink  # meanwhile, the window may hear of other data
        if shape is None:
            return None, NO_PICTURES
        name = source.name if isinstance(source, Path) else "The pasted picture"
        try:
            found = read_like(source, shape, ink)
        except ProblemError as error:
            return None, f"{name}: {error.problems[0].message}"
        return Own.of(found.picture), f"{name}: {INVERTED}" if found.inverted else ""


def held(data: QMimeData) -> Path | bytes | None:
    """The picture, or the file that may hold one, that is dragged or on the clipboard."""
    for url in data.urls():
        if url.isLocalFile():
            return Path(url.toLocalFile())
    image = data.imageData() if data.hasImage() else None
    if not isinstance(image, QImage) or image.isNull():
        return None
    written = QByteArray()
    buffer = QBuffer(written)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG", 100)  # type: ignore[call-overload]  # not packed, which takes the longest
    return bytes(written.data())
