"""How well something is found by words that were typed. No Qt."""

from __future__ import annotations

import re


def rank(words: str, *texts: str) -> int | None:
    """How near these words come to naming something of which these texts speak; 0 for the nearest, and for no words.

    0 when they stand in the first text as they were typed, from the beginning of a word on. Else it is how many texts
    one has to read until all of them have occurred: texts that say what something is called come first, so that this
    ranks before what only mentions it.
    None when a word occurs nowhere.
    """
    wanted, read = _plain(words).split(), ""
    for number, text in enumerate(texts, start=1):
        if number == 1 and re.search(rf"(?<!\w){re.escape(' '.join(wanted))}", _plain(text)):
            return 0
        read += f" {_plain(text)}"
        if all(word in read for word in wanted):
            return number
    return None


def _plain(text: str) -> str:
    return text.casefold().replace("×", "x")  # nobody types "7×7"
