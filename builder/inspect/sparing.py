"""What takes long is worked out now and then only, so that it gets a share of the time and training the rest."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from torch import Tensor

SHARE = 0.05  # of the time, which answers may take

T = TypeVar("T")

log = logging.getLogger(__name__)


class CutShortError(Exception):
    """Somebody waits for something else."""


@dataclass(frozen=True)
class Asked:
    """What is to be found out: which question, about which sample, with which weights."""

    question: object
    source: object
    weights: object


class Sparing(Generic[T]):
    """Works out the answer to the question of the moment: the newest one stays until there is another.

    Attributes:
        newest: the newest answer, if there is one to this question about this sample.
        cut_short: the last answer was given up, since somebody waited.
    """

    def __init__(self) -> None:
        self.newest: T | None = None
        self.cut_short = False
        self._asked: Asked | None = None  # what the newest answer is to
        self._due = -math.inf

    def work_out(
        self,
        asked: Asked | None,
        work: Callable[[], Mapping[str, Tensor]],
        failed: Callable[[], T],
        *,
        fresh: bool | None,
    ) -> Mapping[str, Tensor]:
        """Work out an answer, where one is wanted and due: what is to be fetched for it.

        Args:
            work: does it; it may raise `CutShortError`.
            failed: the answer that stands for none, for what is too large or has no way back through a user's own code.
            fresh: whether it must not be older than the weights; None for no work at all.
        """
        if asked is None:
            self._asked = self.newest = None
            self.cut_short = False
            return {}
        before, began = self._asked, time.monotonic()
        another = before is None or (asked.question, asked.source) != (before.question, before.source)
        if another:
            self._asked = self.newest = None
        if asked == before or fresh is None or not (another or fresh or began >= self._due):
            return {}
        self._asked, self.cut_short = asked, False
        found: Mapping[str, Tensor] = {}
        try:
            found = work()
        except CutShortError:
            self._asked, self.cut_short = before if not another else None, True
        except (RuntimeError, MemoryError, ValueError, IndexError):  # the last two: a loss that does not fit
            log.debug("no answer to %s", asked.question, exc_info=True)
            self.newest = failed()
        ended = time.monotonic()
        self._due = ended + (ended - began) / SHARE
        return found
