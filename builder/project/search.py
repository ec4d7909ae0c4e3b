"""How well something is found by words that were typed. No Qt."""

from __future__ import annotations


def rank(words: str, *texts: str) -> int | None:
    """How far one has to read until all of these words have occurred: in the first text (0), the first two (1), …

    Texts that say what something is called come first, so that what is called so ranks before what only mentions it.
    None when a word occurs nowhere; 0 for no words.
    """
    wanted = words.casefold().split()
    read = ""
    for level, text in enumerate(texts):
        read += f" {text.casefold()}"
        if all(word in read for word in wanted):
            return level
    return None
