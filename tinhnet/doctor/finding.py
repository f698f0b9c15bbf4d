# SPDX-License-Identifier: MIT
"""What an examination finds."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What somebody wants to do on this machine; each includes the ones before."""

    RUN = "run"
    LAB = "lab"
    TEST = "test"


INCLUDED = {
    Purpose.RUN: frozenset({Purpose.RUN}),
    Purpose.LAB: frozenset({Purpose.RUN, Purpose.LAB}),
    Purpose.TEST: frozenset(Purpose),
}


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked at.

    `ok` is None where it cannot be told, for example without root.  `needed`
    is the purpose that fails without it, None where it is only good to know.
    `hint` says how to get it and is empty when nothing is missing.
    """

    group: str
    name: str
    ok: bool | None
    found: str
    needed: Purpose | None
    hint: str = ""


def missing(examined: tuple[Examined, ...], purpose: Purpose) -> tuple[Examined, ...]:
    """Return what must be got before `purpose` is possible."""
    wanted = INCLUDED[purpose]
    return tuple(one for one in examined if one.ok is False and one.needed in wanted)
