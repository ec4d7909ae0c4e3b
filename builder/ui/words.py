"""Messages of problems as sentences, wherever the window says them."""

from __future__ import annotations

from builder.graph.problems import Problem


def sentence(text: str) -> str:
    """A message with a capital letter at its beginning, unless its first word is spelt otherwise (t-SNE)."""
    first = text.partition(" ")[0]
    return text if first[1:] != first[1:].lower() else text[:1].upper() + text[1:]


def told(problem: Problem) -> str:
    """What is wrong and what helps."""
    return f"{sentence(problem.message)} {problem.hint}".strip()
