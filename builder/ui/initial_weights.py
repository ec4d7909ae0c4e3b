"""One scheme of initial weights for all layers of the network, blocks included, from the Edit menu."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from builder.layers.initialisation import AnyScheme, initialise_network
from builder.ui.document import Document

SCHEMES: tuple[type[AnyScheme], ...] = get_args(AnyScheme)


def choose(document: Document, scheme: AnyScheme) -> str:
    """Let every layer that has a choice begin by `scheme`, as one step to undo. Returns what to say of it."""
    network = document.value.network
    changed = initialise_network(network, scheme)
    if changed == network:
        return "All layers that have a choice begin so already."
    document.commit(f"Initial weights: {scheme.title}", replace(document.value, network=changed))
    return f"The weights of all layers now begin as: {scheme.title}."
