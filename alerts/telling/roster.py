# SPDX-License-Identifier: MIT
"""Whom a message goes to: receivers by level, and who is on duty at this moment."""

from collections.abc import Sequence
from dataclasses import dataclass

from tinhnet.receivers import Receiver
from tinhnet.store.duties import Duty


@dataclass(frozen=True, slots=True)
class Roster:
    """All receivers, and the duties of this moment."""

    receivers: tuple[Receiver, ...]
    duties: tuple[Duty, ...] = ()


def reached(roster: Roster, level: int, severity: str) -> tuple[Receiver, ...]:
    """Return who is told at a level of an alert of this severity.

    Receivers of nobody in particular (a room, a mailbox) belong to their
    level whoever is on duty.  Those of a person are told while the person is
    on duty at this level; when nobody is, or nobody of them can be reached,
    every receiver of the level is told: rather one message too many.
    """
    persons = {duty.person for duty in roster.duties if duty.level == level}
    mine = [one for one in roster.receivers if one.person and one.person in persons]
    own = mine or [one for one in roster.receivers if one.person and one.level == level]
    shared = [one for one in roster.receivers if one.person is None and one.level == level]
    return tuple(one for one in (*own, *shared) if one.wants(severity))


def levels(roster: Roster, severity: str) -> tuple[int, ...]:
    """Return the levels at which anybody is told, the first to be told first."""
    named = {one.level for one in roster.receivers} | {one.level for one in roster.duties}
    return tuple(level for level in sorted(named) if reached(roster, level, severity))


def names(receivers: Sequence[Receiver]) -> tuple[str, ...]:
    """Return the names of receivers, each once."""
    return tuple(dict.fromkeys(one.name for one in receivers))
