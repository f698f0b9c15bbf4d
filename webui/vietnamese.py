# SPDX-License-Identifier: MIT
"""Vietnamese text as people type and sort it: search without accents, the dictionary's order."""

from functools import lru_cache
from unicodedata import category, normalize

ALPHABET = "0123456789aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
TONES = "\u0300\u0309\u0303\u0301\u0323"
"""Huyền, hỏi, ngã, sắc, nặng: the order of Vietnamese dictionaries."""

_RANKS = {letter: rank for rank, letter in enumerate(ALPHABET, start=2)}


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return `text` without case, accents and tones, and with đ as d.

    Composed and decomposed input give the same key.  đ is a letter of its
    own in Unicode, not a d with a mark: it must be replaced by hand.
    """
    marks_apart = normalize("NFD", text.casefold())
    return "".join(
        "d" if letter == "đ" else letter for letter in marks_apart if category(letter) != "Mn"
    )


@lru_cache(maxsize=65536)
def collation_key(text: str) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """Return the sorting key of Vietnamese dictionaries: letters first, tones second.

    Anything but a letter or digit sorts as one gap, so that "Sở Y tế"
    stands where its words say; unknown letters sort last, by code point.
    """
    letters: list[int] = []
    tones: list[int] = []
    for letter in normalize("NFC", text.casefold()):
        parts = normalize("NFD", letter)
        tone = next((TONES.index(mark) + 1 for mark in parts if mark in TONES), 0)
        plain = normalize("NFC", "".join(mark for mark in parts if mark not in TONES))
        letters.append(_rank(plain))
        tones.append(tone)
    return tuple(letters), tuple(tones), text


def _rank(letter: str) -> int:
    """Return the place of one letter, given without its tone."""
    known = _RANKS.get(letter)
    if known is not None:
        return known
    return 1000 + ord(letter[0]) if letter[:1].isalpha() else 1


def matches(query: str, *fields: str | None) -> bool:
    """Tell whether every word of `query` stands in one of the fields."""
    wanted = fold(query).split()
    if not wanted:
        return True
    searched = "\n".join(fold(field) for field in fields if field)
    return all(word in searched for word in wanted)


def composed(text: str) -> str:
    """Return typed text in composed form, without surrounding space."""
    return normalize("NFC", text).strip()
