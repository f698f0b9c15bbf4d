# SPDX-License-Identifier: MIT
"""Failures of a job that are alike: forty devices that refuse one line are one fault."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_VARIES = re.compile(r"[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*|\d+(\.\d+)*")
"""Addresses, numbers, times: what differs between two devices with the same fault."""


@dataclass(frozen=True, slots=True)
class Line:
    """One device of a job; `word` is its result, or where it stands; `seq` its first fault."""

    device: str
    word: str
    changed: int
    task: str | None
    detail: str | None
    seq: int | None


@dataclass(frozen=True, slots=True)
class Alike:
    """Devices that failed alike; `detail` is what the first of them said."""

    word: str
    task: str | None
    detail: str | None
    lines: tuple[Line, ...]


def alike(failed: Iterable[Line]) -> tuple[Alike, ...]:
    """Return failures by result, task and what was said, the largest group first.

    Two texts are the same when they differ in nothing but the device's own
    name and in numbers and addresses.
    """
    groups: dict[tuple[str, str | None, str | None], list[Line]] = {}
    for line in failed:
        groups.setdefault((line.word, line.task, _shape(line)), []).append(line)
    found = [
        Alike(lines[0].word, lines[0].task, lines[0].detail, tuple(lines))
        for lines in groups.values()
    ]
    return tuple(sorted(found, key=lambda one: -len(one.lines)))


def _shape(line: Line) -> str | None:
    """Return what was said without what differs from device to device."""
    if line.detail is None:
        return None
    return _VARIES.sub("#", line.detail.replace(line.device, "@"))
