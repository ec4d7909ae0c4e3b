"""Sums and products of block parameters, such as `channels * 4`: read by a small parser of our own, never evaluated.

sum     = product (("+" | "-") product)*
product = factor (("*" | "//") factor)*
factor  = number | name | "(" sum ")" | "-" factor
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from builder.graph.problems import Problem, ProblemError

LONGEST = 120  # letters of an expression; also bounds how deep parentheses go

_TOKEN = re.compile(r"\s*(?:(\d{1,18})|([A-Za-z][A-Za-z0-9_]*)|(//|[-+*()]))")


def evaluate(text: str, values: Mapping[str, Any]) -> Any:
    """The value of an expression. A name alone may stand for any value, arithmetic is for whole numbers.

    Raises:
        ProblemError: it cannot be read, or names a parameter that there is not.
    """
    return _Reader(text, values).read()


def names(text: str) -> frozenset[str]:
    """The parameters that an expression names. Raises `ProblemError` when it cannot be read."""
    return frozenset(word for word in _tokens(text) if word[0].isalpha())


def substitute(text: str, values: Mapping[str, Any]) -> Any:
    """The expression with values put in for its names; a value `{"$": ...}` puts in another expression.

    The result is a plain value where nothing is left to be named, and otherwise `{"$": ...}` again.
    """
    if names(text) <= {name for name, value in values.items() if reference(value) is None}:
        return evaluate(text, values)
    words = _tokens(text)
    if len(words) == 1:
        return values.get(text.strip(), {"$": text.strip()})
    pieces = []
    for word in words:
        value = values.get(word)
        inner = reference(value)
        if value is None:
            pieces.append(word)
        else:
            put = str(value) if inner is None else inner
            pieces.append(put if put.isidentifier() or put.isdigit() else f"({put})")
    return {"$": " ".join(pieces)}


def reference(value: Any) -> str | None:
    """The expression in a stored parameter `{"$": expression}`; None for a plain value."""
    if isinstance(value, Mapping) and len(value) == 1 and isinstance(value.get("$"), str):
        return str(value["$"])
    return None


def _fault(text: str, message: str) -> ProblemError:
    hint = "Write a sum or product of numbers and the block's parameters, such as channels * 4."
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    return ProblemError(Problem("bad-expression", f"{shown!r} {message}.", hint=hint))


@lru_cache(maxsize=1024)  # a definition's few expressions are read for every copy of it
def _tokens(text: str) -> tuple[str, ...]:
    if len(text) > LONGEST:
        raise _fault(text, f"is longer than {LONGEST} letters")
    found: list[str] = []
    place = 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _fault(text, "cannot be read")
        found.append(match.group().strip())
        place = match.end()
    return tuple(found)


class _Reader:
    """Recursive descent, one method for each line of the grammar."""

    def __init__(self, text: str, values: Mapping[str, Any]) -> None:
        self._text, self._values = text, values
        self._words = [*_tokens(text), ""]
        self._next = 0

    def read(self) -> Any:
        value = self._sum()
        if self._words[self._next]:
            raise _fault(self._text, "cannot be read")
        return value

    def _take(self, *wanted: str) -> str:
        word = self._words[self._next]
        if word and word in wanted:
            self._next += 1
            return word
        return ""

    def _sum(self) -> Any:
        value = self._product()
        while sign := self._take("+", "-"):
            left, right = self._number(value), self._number(self._product())
            value = left + right if sign == "+" else left - right
        return value

    def _product(self) -> Any:
        value = self._factor()
        while sign := self._take("*", "//"):
            left, right = self._number(value), self._number(self._factor())
            if sign == "//" and right == 0:
                raise _fault(self._text, "divides by zero")
            value = left * right if sign == "*" else left // right
        return value

    def _factor(self) -> Any:
        if self._take("-"):
            return -self._number(self._factor())
        if self._take("("):
            value = self._sum()
            if not self._take(")"):
                raise _fault(self._text, "lacks a closing parenthesis")
            return value
        word = self._words[self._next]
        self._next += bool(word)
        if word.isdigit():
            return int(word)
        if not word[:1].isalpha():
            raise _fault(self._text, "cannot be read")
        if word not in self._values:
            raise _fault(self._text, f"names {word}, which is no parameter of this block")
        return self._values[word]

    def _number(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _fault(self._text, "calculates with something that is no whole number")
        return value
