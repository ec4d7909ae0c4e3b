"""An animated picture on the disk, of frames that come one after another. Works on a thread of its own; knows no Qt."""

from __future__ import annotations

import contextlib
import queue
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from builder.graph.problems import Problem
from builder.writing import problem_of, put

if TYPE_CHECKING:
    from PIL.Image import Image

KINDS = {".gif": "GIF", ".webp": "WEBP"}
"""Endings of the files that can be written, with Pillow's names of the formats."""

_COLOURS = 255  # of a GIF; one more means "as in the frame before"
_EXACT = 32  # of them, the most frequent colours as they are: grounds and text
_BLENDS = 160  # of them, those that the others are blended to; what is left goes to rare ones far from all these
_LOOKED_AT = 9  # frames of which the colours of a GIF are chosen
_QUALITY = 90  # of a WebP, of 100


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
        self._coming: queue.SimpleQueue[tuple[int, int, bytes] | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="film", daemon=True)
        self._thread.start()

    def add(self, width: int, height: int, pixels: bytes) -> None:
        """Append a frame: rows of blue, green, red and an unused byte."""
        self._coming.put((width, height, pixels))

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

            palette = _palette([_unpacked(frame) for frame in kept[:: -(-len(kept) // _LOOKED_AT)]])
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
            width, height, pixels = frame
            yield width, height, zlib.compress(pixels, 1)
        if self._stopped.is_set():
            raise StoppedError

    def _images(self, kept: Sequence[tuple[int, int, bytes]]) -> Iterator[Image]:
        for frame in kept:
            if self._stopped.is_set():
                raise StoppedError
            yield _unpacked(frame)


def _unpacked(frame: tuple[int, int, bytes]) -> Image:
    from PIL import Image

    width, height, pixels = frame
    return Image.frombytes("RGB", (width, height), zlib.decompress(pixels), "raw", "BGRX")


def _palette(images: Sequence[Image]) -> Image:
    """An image whose palette suits all of these: one for all frames, so that what stands still does not flicker."""
    from PIL import Image

    seen = np.concatenate([np.asarray(image)[::2, ::2].reshape(-1, 3) for image in images]).astype(np.uint32)
    packed, counts = np.unique(seen @ np.array([1 << 16, 1 << 8, 1], np.uint32), return_counts=True)
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
