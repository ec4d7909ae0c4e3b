"""What differs between two values of a project. No torch, no Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from builder.project.document import Project

FEW = 3


def switched_settings(before: Project, now: Project) -> frozenset[str] | None:
    """Dotted paths of the settings that differ; None where anything else does, even the place of a card."""
    if replace(now, data=before.data, training=before.training) != before:
        return None
    old, new = (dict(_settings(project)) for project in (before, now))
    return frozenset(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))


def is_made_again_at_once(before: Project, now: Project) -> bool:
    """Whether who has `before` needs only a few clicks to get to `now`: no more than `FEW` settings differ."""
    switched = switched_settings(before, now)
    return switched is not None and len(switched) <= FEW


def _settings(project: Project) -> Iterator[tuple[str, Any]]:
    for room in ("data", "training"):
        yield from _leaves(room, getattr(project, room).model_dump())


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _leaves(f"{path}.{name}", part)
    else:
        yield path, value


def parts_changed(run: Project, new: Project) -> tuple[str, ...]:
    """What of a project is another than when its run began: "network", "data", "training settings"."""
    parts = {
        "network": run.network.same_network(new.network),
        "data": run.data == new.data,
        "training settings": run.training == new.training,
    }
    return tuple(name for name, same in parts.items() if not same)
