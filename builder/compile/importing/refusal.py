"""What cannot be imported: a problem for the reader, and the module of the model at which it arose."""

from __future__ import annotations

from builder.graph.problems import Problem, ProblemError


class Refusal(ProblemError):
    """A step of a model that cannot be followed or drawn.

    Attributes:
        path: of the innermost module that the step belongs to; empty for the model itself.
    """

    def __init__(self, problem: Problem, path: str) -> None:
        super().__init__(problem)
        self.path = path
