"""MNIST and Fashion-MNIST: pictures in the IDX format, in the folders and from the mirrors that torchvision uses.

Names, mirrors and checksums of the archives are torchvision's. The archives are read where they lie and never unpacked:
a folder that only the lecturer may write is enough, and nothing needs to be kept twice.
"""

from __future__ import annotations

import gzip
import math
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from builder.data.catalogue import Array, Asked, CancelledError, DataSet, Progress, Samples, register
from builder.data.download import Archive, damaged, fetch
from builder.graph.problems import ProblemError

if TYPE_CHECKING:
    from builder.data.settings import DataSettings


class IdxPictures(DataSet):
    """Base of the sets that come as four IDX files.

    Attributes:
        torchvision_name: the class in `torchvision.datasets`; also the name of the folder.
    """

    torchvision_name: str
    shape = (1, 28, 28)

    def counts(self, settings: DataSettings) -> tuple[int, int]:
        return 60_000, 10_000

    def load(self, settings: DataSettings, folder: Path, progress: Progress, cancelled: Asked) -> Samples:
        raw = folder / self.torchvision_name / "raw"
        progress(f"Looking for {self.title}", None)
        archives = self._archives()
        files = fetch(self.title, archives, raw, self.download_size, progress, cancelled)
        progress(f"Reading {self.title}", None)
        arrays = []
        for archive, file in zip(archives, files, strict=True):
            if cancelled():
                raise CancelledError
            arrays.append(read_idx(file, dimensions=3 if "-images-" in archive.name else 1))
        train_x, train_y, test_x, test_y = arrays
        test = self._samples(test_x, test_y, raw)
        train = self._samples(train_x, train_y, raw)
        return Samples(train.inputs, train.targets, test)

    def at_hand(self, folder: Path) -> bool:
        raw = folder / self.torchvision_name / "raw"
        names = [f"{part}-{what}" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]
        return all((raw / f"{name}-ubyte.gz").is_file() or (raw / f"{name}-ubyte").is_file() for name in names)

    def _archives(self) -> tuple[Archive, ...]:
        """Training pictures, training labels, test pictures, test labels."""
        from builder.vision import import_torchvision

        known: Any = getattr(import_torchvision("torchvision.datasets"), self.torchvision_name)
        order = dict(known.resources)
        return tuple(
            Archive(name, md5, tuple(mirror + name for mirror in known.mirrors))
            for part in ("train", "t10k")
            for what in ("images", "labels")
            for name, md5 in order.items()
            if name.startswith(f"{part}-{what}-")
        )

    def _samples(self, pictures: Array, labels: Array, raw: Path) -> Samples:
        if len(pictures) != len(labels) or not len(labels) or labels.max() >= len(self.classes):
            message = f"the pictures and labels of {self.title} in {raw} do not belong together."
            raise ProblemError(damaged(message, raw))
        return Samples(pictures[:, np.newaxis], labels.astype(np.int64))


@register
class Mnist(IdxPictures):
    """70,000 handwritten digits of 28×28 pixels."""

    key = "mnist"
    title = "MNIST"
    help = "70,000 handwritten digits of 28×28 pixels."
    source = "http://yann.lecun.com/exdb/mnist/"
    licence = "CC BY-SA 3.0 (LeCun, Cortes, Burges)"
    classes = tuple("0123456789")
    download_size = 11_594_722
    torchvision_name = "MNIST"


@register
class FashionMnist(IdxPictures):
    """70,000 pictures of clothes of 28×28 pixels."""

    key = "fashion-mnist"
    title = "Fashion-MNIST"
    help = "70,000 grey pictures of ten kinds of clothes, 28×28 pixels."
    source = "https://github.com/zalandoresearch/fashion-mnist"
    licence = "MIT (Zalando)"
    classes = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
    download_size = 30_878_645
    torchvision_name = "FashionMNIST"


_UNSIGNED_BYTE = 8  # the format's code for it, in the third byte


def read_idx(path: Path, dimensions: int) -> Array:
    """The bytes in an IDX file, packed (`.gz`) or not, as an array of so many dimensions.

    The format: two zero bytes, the type, the number of dimensions, each size as a 32-bit big-endian number, the values.
    Source: http://yann.lecun.com/exdb/mnist/

    Raises:
        ProblemError: the file is gone, cannot be read, or holds something else.
    """
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except FileNotFoundError:
        problem = damaged(f"{path} is gone.", path)
        raise ProblemError(replace(problem, hint="Run again to download it afresh.")) from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise ProblemError(damaged(f"{path} is damaged: it cannot be unpacked.", path)) from None
    except OSError as error:
        raise ProblemError(damaged(f"{path} cannot be read: {error.strerror}.", path)) from None
    start = 4 + 4 * dimensions
    sizes = tuple(int(size) for size in np.frombuffer(content[4:start].ljust(4 * dimensions, b"\0"), ">u4"))
    if content[:4] != bytes([0, 0, _UNSIGNED_BYTE, dimensions]) or len(content) - start != math.prod(sizes):
        raise ProblemError(damaged(f"{path} is damaged or no IDX file.", path))
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes)
