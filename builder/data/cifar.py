"""CIFAR-10 and CIFAR-100: small colour pictures in the binary archives of their makers.

torchvision takes the Python archives, which are pickles: those are not read here. The binary ones are plain bytes, one
record a picture: its labels, then 32×32 values each of red, green and blue. The archive is read where it lies, beside
what torchvision keeps; a folder into which somebody unpacked it will do as well.
Source: https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from builder.data.catalogue import Array, Asked, CancelledError, DataSet, Progress, Samples, register
from builder.data.download import Archive, damaged, fetch
from builder.graph.problems import ProblemError

if TYPE_CHECKING:
    from builder.data.settings import DataSettings

_PIXELS = 3 * 32 * 32
_MEMBERS = 64  # members of an archive that are looked at: the real ones have nine at most


class CifarPictures(DataSet):
    """Base of both.

    Attributes:
        archive: the file to fetch; `unpacked`: the folder that it holds.
        parts: files of training pictures, and last the one of test pictures; `most`: pictures in each, at most.
        labels: bytes before each picture, of which the last is the class.
    """

    source = "https://www.cs.toronto.edu/~kriz/cifar.html"
    licence = "none stated (Krizhevsky 2009); free for research and teaching"
    shape = (3, 32, 32)
    archive: Archive
    unpacked: str
    parts: tuple[str, ...]
    most: tuple[int, ...]
    labels: int

    def counts(self, settings: DataSettings) -> tuple[int, int]:
        return sum(self.most[:-1]), self.most[-1]

    def load(self, settings: DataSettings, folder: Path, progress: Progress, cancelled: Asked) -> Samples:
        place = folder / self.unpacked
        if self._is_unpacked(folder):
            progress(f"Reading {self.title}", None)
            contents = [_file(place / name) for name in self.parts]
        else:
            progress(f"Looking for {self.title}", None)
            (place,) = fetch(self.title, [self.archive], folder, self.download_size, progress, cancelled)
            contents = self._members(place, progress, cancelled)
        *train, test = (self._records(content, most, place) for content, most in zip(contents, self.most, strict=True))
        inputs = np.concatenate([pictures for pictures, _ in train])
        targets = np.concatenate([numbers for _, numbers in train])
        return Samples(inputs, targets, Samples(np.ascontiguousarray(test[0]), test[1]))

    def at_hand(self, folder: Path) -> bool:
        return (folder / self.archive.name).is_file() or self._is_unpacked(folder)

    def _is_unpacked(self, folder: Path) -> bool:
        return all((folder / self.unpacked / name).is_file() for name in self.parts)

    def _members(self, path: Path, progress: Progress, cancelled: Asked) -> list[bytes]:
        """The content of each part, read from the archive; nothing is unpacked, and nothing else is looked at."""
        wanted = {f"{self.unpacked}/{name}": most for name, most in zip(self.parts, self.most, strict=True)}
        found: dict[str, bytes] = {}
        try:
            with tarfile.open(path, "r:*") as archive:
                for _ in range(_MEMBERS):
                    if cancelled():
                        raise CancelledError
                    member = archive.next()
                    if member is None or len(found) == len(wanted):
                        break
                    limit = wanted.get(member.name, -1) * self._record
                    if not member.isreg() or member.name in found or not 0 < member.size <= limit:
                        continue
                    stream = archive.extractfile(member)
                    found[member.name] = stream.read(limit) if stream is not None else b""
                    progress(f"Reading {self.title}", len(found) / len(wanted))
        except (tarfile.TarError, EOFError, zlib.error):
            raise ProblemError(damaged(f"{path} is damaged: it cannot be unpacked.", path)) from None
        except OSError as error:
            raise ProblemError(damaged(f"{path} cannot be read: {error.strerror or error}.", path)) from None
        missing = [name for name in wanted if name not in found]
        if missing:
            raise ProblemError(damaged(f"{path} is damaged: {missing[0]} is missing from it.", path))
        return [found[name] for name in wanted]

    @property
    def _record(self) -> int:
        return self.labels + _PIXELS

    def _records(self, content: bytes, most: int, place: Path) -> tuple[Array, Array]:
        """The pictures, uint8 (count, 3, 32, 32), and the numbers of their classes, int64 (count,)."""
        count, rest = divmod(len(content), self._record)
        if rest or not 0 < count <= most:
            raise ProblemError(damaged(f"{place} does not hold the pictures of {self.title}.", place))
        rows = np.frombuffer(content, np.uint8).reshape(count, self._record)
        numbers = rows[:, self.labels - 1].astype(np.int64)
        if numbers.max() >= len(self.classes):
            raise ProblemError(damaged(f"{place} does not hold the pictures of {self.title}.", place))
        return rows[:, self.labels :].reshape(count, *self.shape), numbers


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProblemError(damaged(f"{path} cannot be read: {error.strerror or error}.", path)) from None


def _address(name: str) -> tuple[str, ...]:
    return (f"https://www.cs.toronto.edu/~kriz/{name}",)


@register
class Cifar10(CifarPictures):
    """60,000 colour pictures of 32×32 pixels in ten classes."""

    key = "cifar10"
    title = "CIFAR-10"
    help = "60,000 colour pictures of animals and vehicles in ten classes, 32×32 pixels."
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    download_size = 170_052_171
    archive = Archive("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", _address("cifar-10-binary.tar.gz"))
    unpacked = "cifar-10-batches-bin"
    parts = (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin")
    most = (10_000,) * 6
    labels = 1


# Lines of ten, in the order of their numbers, which is that of the alphabet.
_HUNDRED = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle
bowl boy bridge bus butterfly camel can castle caterpillar cattle
chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard
lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
plain plate poppy porcupine possum rabbit raccoon ray road rocket
rose sea seal shark shrew skunk skyscraper snail snake spider
squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""


@register
class Cifar100(CifarPictures):
    """60,000 colour pictures of 32×32 pixels in a hundred classes."""

    key = "cifar100"
    title = "CIFAR-100"
    help = "60,000 colour pictures in a hundred classes, 32×32 pixels."
    classes = tuple(name.replace("_", " ") for name in _HUNDRED.split())
    download_size = 168_513_733
    archive = Archive(
        "cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8", _address("cifar-100-binary.tar.gz")
    )
    unpacked = "cifar-100-binary"
    parts = ("train.bin", "test.bin")
    most = (50_000, 10_000)
    labels = 2
