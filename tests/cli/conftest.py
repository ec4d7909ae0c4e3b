"""A command line in this process: arguments in, status and both outputs out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from builder.cli import program


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What went to standard error, line by line."""
        return self.err.splitlines()

    @property
    def objects(self) -> list[Any]:
        """Standard output as one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Answer]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def run(*arguments: object, **options: Any) -> Answer:
        status = program.run([str(argument) for argument in arguments], **options)
        return Answer(status, *capsys.readouterr())

    return run
