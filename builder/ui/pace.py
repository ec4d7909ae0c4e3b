"""How fast a run may go while somebody watches it: small networks are done before a class has seen anything."""

from __future__ import annotations

from collections.abc import Mapping

PACES: Mapping[float, str] = {0.0: "full speed", 0.05: "20 batches/s", 0.2: "5 batches/s", 1.0: "1 batch/s"}
"""Seconds from the beginning of one step to that of the next, at least; and the words for it."""

TIP = "How fast a run goes: slowly, each batch can be watched"
