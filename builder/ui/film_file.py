"""An animated picture on the disk, of frames that come one after another. Works on a thread of its own; knows no Qt."""

from __future__ import annotations

import contextlib
import queue
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from builder.graph.problems import Problem
from builder.writing import problem_of, put

if TYPE_CHECKING:
    from PIL.Image import Image

Buffer = bytes | bytearray | memoryview

KINDS = {".gif": "GIF", ".webp": "WEBP"}
"""Endings of the files that can be written, with Pillow's names of the formats."""

_COLOURS = 255  # of a GIF; one more means "as in the frame before"
_EXACT = 32  # of them, the most frequent colours as they are: grounds and text
_BLENDS = 160  # of them, those that the others are blended to; what is left goes to rare ones far from all these
_LOOKED_AT = 9  # frames of which the colours of a GIF are chosen
_BAND = 1 << 18  # pixels that are unpacked at a time
_QUALITY = 90  # of a WebP, of 100


@dataclass(frozen=True)
class Raw:
    """A picture as it lies in memory.

    Attributes:
        pixels: rows of blue, green, red and an unused byte.
        owner: what the memory belongs to; it stays as long as this does.
    """

    width: int
    height: int
    pixels: Buffer
    owner: object = None


@dataclass(frozen=True)
class Frame:
    """A picture of a film.

    Attributes:
        size: width and height at which `seen` is shown.
        below: stands under it, as wide.
    """

    seen: Raw
    size: tuple[int, int]
    below: Raw | None = None


class StoppedError(Exception):
    """Nobody wants the film any more."""


class FilmFile:
    """Takes frames, all of one size, and writes them as one file when they are complete.

    The place is tried before the first frame is taken. Whatever ends it early, what was there before is unchanged.
    """

    def __init__(self, path: Path, milliseconds: int, last: int, told: Callable[[Problem | None], object]) -> None:
        """Begin.

        Args:
            milliseconds: that a frame stands; last: that the last one does.
            told: called on another thread when all is written (None) or why it is not; not after `stop`.
        """
        self.path = path
        self._times, self._told = (milliseconds, last), told
        self._coming: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="film", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many frames wait until they are packed; each takes the memory of a picture."""
        return self._coming.qsize()

    def add(self, frame: Frame) -> None:
        """Append a frame."""
        self._coming.put(frame)

    def close(self) -> None:
        """The frames are complete."""
        self._coming.put(None)

    def stop(self) -> None:
        """Give it up; nothing is left on the disk."""
        self._stopped.set()
        self._coming.put(None)

    def join(self, seconds: float) -> bool:
        """Wait for the thread; whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        problem: Problem | None = None
        try:
            if self.path.suffix.lower() not in KINDS:
                raise ValueError(f"films end with {' or '.join(KINDS)}")
            put(self.path, self._fill)
        except StoppedError:
            return
        except (OSError, ValueError) as error:
            problem = problem_of(error, self.path)
        except MemoryError:
            message = "there is not enough memory for this film."
            problem = Problem("out-of-memory", message, str(self.path), hint="Choose fewer pixels.")
        if not self._stopped.is_set():
            with contextlib.suppress(RuntimeError):  # the window may be gone by now
                self._told(problem)

    def _fill(self, temporary: Path) -> None:
        kept = list(self._packed())
        kind = KINDS[self.path.suffix.lower()]
        stand, last = self._times
        extra: dict[str, Any] = {"quality": _QUALITY, "method": 2}
        images = self._images(kept)
        if kind == "GIF":
            from PIL.Image import Dither

            palette = _palette([_thinned(_unpacked(frame)) for frame in kept[:: -(-len(kept) // _LOOKED_AT)]])
            images = (image.quantize(palette=palette, dither=Dither.NONE) for image in images)
            extra = {"optimize": False}
        first = next(images)
        times = [stand] * (len(kept) - 1) + [last]
        with temporary.open("wb") as file:
            first.save(file, kind, save_all=True, append_images=images, duration=times, loop=0, **extra)
        if self._stopped.is_set():
            raise StoppedError

    def _packed(self) -> Iterator[tuple[int, int, bytes]]:
        """The frames as they come, in a tenth of their memory."""
        while (frame := self._coming.get()) is not None:
            if not self._stopped.is_set():
                yield _pack(frame)
        if self._stopped.is_set():
            raise StoppedError

    def _images(self, kept: Sequence[tuple[int, int, bytes]]) -> Iterator[Image]:
        for frame in kept:
            if self._stopped.is_set():
                raise StoppedError
            yield _unpacked(frame)


def _pack(frame: Frame) -> tuple[int, int, bytes]:
    """Scaled by Pillow, not by Qt, which would keep all other threads of Python waiting meanwhile."""
    seen, (width, height) = frame.seen, frame.size
    pixels: Buffer = seen.pixels
    if (seen.width, seen.height) != frame.size:
        from PIL import Image

        points = np.frombuffer(pixels, np.uint8)
        whole = Image.frombuffer("RGBX", (seen.width, seen.height), points, "raw", "RGBX", 0, 1)
        pixels = whole.resize(frame.size, Image.Resampling.BOX).tobytes()
    packing = zlib.compressobj(1)
    packed = [packing.compress(pixels)]
    if frame.below is not None:
        packed.append(packing.compress(frame.below.pixels))
        height += frame.below.height
    return width, height, b"".join((*packed, packing.flush()))


def _unpacked(frame: tuple[int, int, bytes]) -> Image:
    """Made of bands: Pillow and zlib would keep the window waiting while they touch the memory of a large picture."""
    from PIL import Image

    width, height, packed = frame
    made, packing = Image.new("RGB", (width, height), None), zlib.decompressobj()
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        size = width, min(rows, height - top)
        band = packing.decompress(packed, 4 * size[0] * size[1])
        packed = packing.unconsumed_tail
        made.paste(Image.frombytes("RGB", size, band, "raw", "BGRX"), (0, top))
    return made


def _thinned(image: Image) -> Image:
    """Every other point of every other row."""
    from PIL import Image

    return image.resize((-(-image.width // 2), -(-image.height // 2)), Image.Resampling.NEAREST)


def _palette(images: Sequence[Image]) -> Image:
    """An image whose palette suits all of these: one for all frames, so that what stands still does not flicker."""
    from PIL import Image

    places = np.array([1 << 16, 1 << 8, 1], np.uint32)
    seen = [np.asarray(image).reshape(-1, 3).astype(np.uint32) @ places for image in images]
    packed, counts = np.unique(np.concatenate(seen), return_counts=True)
    packed = packed[np.argsort(counts)[::-1]]
    colours = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.uint8)
    table, others = colours[:_EXACT], colours[_EXACT:]
    if len(others):
        found = Image.fromarray(others[None]).quantize(_BLENDS, Image.Quantize.MEDIANCUT).getpalette()
        table = np.concatenate([table, np.array(found, np.uint8).reshape(-1, 3)[:_BLENDS]])
        table = np.concatenate([table, _farthest(others, table, _COLOURS - len(table))])
    palette = Image.new("P", (1, 1))
    palette.putpalette(table[:_COLOURS].reshape(-1).tolist())
    return palette


def _farthest(colours: NDArray[np.uint8], table: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Colours that are least like those of the table: the green of a right answer, say, is a few pixels only."""
    _, kinds = np.unique(colours >> 4, axis=0, return_index=True)
    candidates = colours[np.sort(kinds)].astype(np.int64)
    away = np.min(((candidates[:, None] - table[None].astype(np.int64)) ** 2).sum(2), axis=1)
    taken = []
    for _ in range(min(count, len(candidates))):
        taken.append(int(np.argmax(away)))
        away = np.minimum(away, ((candidates - candidates[taken[-1]]) ** 2).sum(1))
    chosen: NDArray[np.uint8] = candidates[taken].astype(np.uint8)
    return chosen
