"""How the validation loss goes from epoch to epoch: what the plateau schedule and early stopping remember.

Knows no network and no file; it is kept in the run, so that a run that goes on remembers the same.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass


@dataclass
class Patience:
    """What is known of the validation losses so far.

    Attributes:
        best: the lowest; epoch: that it belongs to, from 1; 0 before the first.
        since: epochs in a row without a better one.
        waited: the same since the learning rate fell last, or the warm-up ended; drops: how often it fell.
    """

    best: float = math.inf
    epoch: int = 0
    since: int = 0
    waited: int = 0
    drops: int = 0

    def hear(self, epoch: int, loss: float, plateau: int) -> bool:
        """Take note of an epoch's loss; returns whether it is the best so far. A loss that is no number never is.

        Args:
            plateau: let the rate fall after so many epochs without a better loss; 0 where this epoch does not count.
        """
        better = loss < self.best
        if better:
            self.best, self.epoch, self.since, self.waited = loss, epoch, 0, 0
        else:
            self.since += 1
            self.waited += plateau > 0
            if self.waited >= plateau > 0:
                self.drops, self.waited = self.drops + 1, 0
        return better

    def forget_best(self) -> None:
        """Whatever comes next is the best."""
        self.best, self.epoch, self.since = math.inf, 0, 0

    def text(self) -> str:
        """To be stored, to the last digit."""
        return json.dumps(asdict(self))


def from_text(text: str) -> Patience:
    """What `Patience.text` gave. Raises `ValueError` or `TypeError` for anything else."""
    return Patience(**json.loads(text))
