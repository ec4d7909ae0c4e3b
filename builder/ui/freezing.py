"""Freezing many layers at once, from the Edit menu: one step to undo each, and a word on what it did."""

from __future__ import annotations

from dataclasses import replace

from builder.graph.model import Network
from builder.layers import freezing
from builder.layers.freezing import Choice
from builder.ui.document import Document

NOTHING = "Select the layers first."


def freeze(document: Document) -> str:
    """The selected layers do not learn any more. Returns what to say of it, as do all here."""
    return _these(document, "Freeze", learns=False)


def free(document: Document) -> str:
    """The selected layers learn again."""
    return _these(document, "Let learn", learns=True)


def freeze_others(document: Document) -> str:
    """Only the selected layers learn."""
    if not document.selection:
        return NOTHING
    return _commit(document, "Freeze all others", freezing.all_but(*_place(document), document.selection))


def freeze_before(document: Document) -> str:
    """What comes before the selected layers does not learn."""
    if not document.selection:
        return NOTHING
    return _commit(document, "Freeze what comes before", freezing.before(*_place(document), document.selection))


def free_all(document: Document) -> str:
    """Every layer learns."""
    return _commit(document, "Let all layers learn", lambda _definition, _node: True)


def _these(document: Document, title: str, *, learns: bool) -> str:
    if not document.selection:
        return NOTHING
    return _commit(document, title, freezing.these(*_place(document), document.selection, learns))


def _place(document: Document) -> tuple[Network, str]:
    definition = document.definition
    return document.value.network, definition.name if definition is not None else ""


def _commit(document: Document, title: str, choice: Choice) -> str:
    changed = freezing.with_choice(document.value.network, choice)
    if changed != document.value.network:
        document.commit(title, replace(document.value, network=changed))
    return _words(document)


def _words(document: Document) -> str:
    """How much learns now."""
    every = sum(info.parameters for info in document.flat.nodes.values())
    still = sum(info.frozen for info in document.flat.nodes.values())
    if not still:
        return f"All {every:,} parameters learn."
    return f"{every - still:,} of {every:,} parameters learn, the others are frozen."
