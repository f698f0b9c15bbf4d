# SPDX-License-Identifier: MIT
"""Three-way comparison of lines: what runs, what is wanted, what we pushed last time."""

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T", bound=Hashable)


class Plan(NamedTuple):
    """What a section will look like.

    `before` and `predicted` are texts in one order, so that a line diff of the
    two shows the difference and no reordering.  `residue` are the lines of the
    device that no template knows; they stand in `predicted` too.
    """

    before: str
    predicted: str
    residue: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Tell whether the device differs from what it should be."""
        return self.before != self.predicted


class RefusedError(Exception):
    """The device (or one of its validators) does not accept a section; nothing was changed."""

    def __init__(self, section: str, message: str) -> None:
        super().__init__(message)
        self.section = section
        self.message = message


def insert_foreign(known: Sequence[T], foreign: Iterable[T], running: Sequence[T]) -> list[T]:
    """Return `known` with every foreign line after the line it follows on the device."""
    strangers = set(foreign)
    known_set = set(known)
    after: dict[T | None, list[T]] = {}
    anchor: T | None = None
    for line in running:
        if line in strangers:
            after.setdefault(anchor, []).append(line)
        elif line in known_set:
            anchor = line
    merged = list(after.get(None, ()))
    for line in known:
        merged.append(line)
        merged.extend(after.pop(line, ()))
    return merged


def foreign_lines(
    running: Sequence[T], intended: Sequence[T], applied: Sequence[T]
) -> tuple[T, ...]:
    """Return the lines that neither the template nor our last push knows."""
    ours = set(intended) | set(applied)
    return tuple(line for line in running if line not in ours)


def lines_of(text: str) -> list[str]:
    """Return the lines of a text without trailing blanks and empty lines at the end."""
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def text_of(lines: Iterable[str]) -> str:
    """Return lines as a text that ends with a newline (empty stays empty)."""
    joined = "\n".join(lines)
    return joined + "\n" if joined else ""


def merge_text(running: str, intended: str, applied: str) -> Plan:
    """Plan a text whose order matters; foreign lines keep their place."""
    have, want = lines_of(running), lines_of(intended)
    residue = tuple(line for line in foreign_lines(have, want, lines_of(applied)) if line.strip())
    return Plan(text_of(have), text_of(insert_foreign(want, residue, have)), residue)
