"""Messages of problems as sentences, wherever the window says them."""

from __future__ import annotations

from builder.graph.problems import Problem


def sentence(text: str) -> str:
    """A message with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def told(problem: Problem) -> str:
    """What is wrong and what helps."""
    return f"{sentence(problem.message)} {problem.hint}".strip()
