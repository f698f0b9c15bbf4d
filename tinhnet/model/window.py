# SPDX-License-Identifier: MIT
"""Silences and maintenance windows: what they are about and when they open."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule of repetition.

    `frequency`: "weekly" or "monthly".  `weekdays` pairs a week of the month
    (0: every, 2: the second, -1: the last) with a day (0 is Monday).
    `month_days` counts from 1, or from the end with -1.  `count` and `until`
    (a local day, included) end it; None: never.
    """

    frequency: str
    interval: int = 1
    weekdays: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    count: int | None = None
    until: date | None = None
    without: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a window is about.

    `things` are named as in the graph; `sites` covers what stands at a site
    and the circuits that end there, never the other ends; `carriers` covers
    their circuits.  `rules` narrows it to alerts of these rules.
    """

    things: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    carriers: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Window:
    """A silence (`is_planned` False) or a maintenance window, once or again and again.

    It opens at `start` for `length_s` seconds, and at every start of
    `recurrence`.  Owner and reason are not empty.
    """

    id: str
    is_planned: bool
    scope: Scope
    start: datetime
    length_s: float
    owner: str
    reason: str
    announced_at: datetime
    recurrence: Recurrence | None = None
