# SPDX-License-Identifier: MIT
"""An alert: a condition of one thing with a life, and what people are told of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class AlertState(StrEnum):
    """Where an alert stands; silenced and acknowledged ones still hold."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who takes care of it, why, and until when that holds."""

    owner: str
    reason: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """One condition of one thing, through all its episodes.

    `at` is the time of the last event.  `since` is when the condition began
    to hold, None while it does not; `clear_since` when it stopped, while the
    alert has not resolved.  `fired_at` and `resolved_at` belong to the
    episode, counted by `episode` from 1; 0 before the first.  `is_told` says
    that people know of this episode.  `beginnings` are those that count for
    flapping; `notices` counts the notices of the episode.
    """

    fingerprint: str
    rule: str
    thing: str
    severity: str
    at: datetime
    since: datetime | None = None
    clear_since: datetime | None = None
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    episode: int = 0
    acknowledgement: Acknowledgement | None = None
    silences: tuple[str, ...] = ()
    is_told: bool = False
    is_flapping: bool = False
    beginnings: tuple[datetime, ...] = ()
    notices: int = 0

    @property
    def state(self) -> AlertState:
        """Return the one word that people see."""
        if self.since is None:
            return AlertState.RESOLVED
        if self.fired_at is None:
            return AlertState.PENDING
        if self.silences:
            return AlertState.SILENCED
        return AlertState.ACKNOWLEDGED if self.acknowledgement else AlertState.FIRING


@dataclass(frozen=True, slots=True)
class Notice:
    """Something people must be told.

    `kind`: "firing", "resolved", "acknowledgement_lapsed", "silence_lapsed".
    `key` is the same whenever the same history is replayed, and no other's.
    """

    key: str
    kind: str
    fingerprint: str
    episode: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert as it is kept and shown.

    `labels` are what its fingerprint is made of; `device`, `link` and `site`
    are ids of the declared network, None where it is about none.  `explains`
    are things (`device:…`) that are down because of it, `sites_down` and
    `sites_degraded` ids of sites.  `cause` is the thing that it hides behind.
    `value` is the last one of a rule over samples.
    """

    alert: Alert
    title_vi: str
    title_en: str
    sentence_vi: str
    sentence_en: str
    labels: Mapping[str, str] = field(default_factory=dict)
    device: str | None = None
    link: str | None = None
    site: str | None = None
    cause: str | None = None
    explains: tuple[str, ...] = ()
    sites_down: tuple[str, ...] = ()
    sites_degraded: tuple[str, ...] = ()
    value: float | None = None


@dataclass(frozen=True, slots=True)
class AlertEntry:
    """One line of an alert's timeline; `actor` is None where the product did it.

    `kind`: "pending", "firing", "resolved", "acknowledged", "released",
    "acknowledgement_lapsed", "silenced", "unsilenced", "explains", "note", "told".
    """

    fingerprint: str
    episode: int
    at: datetime
    kind: str
    text: str
    actor: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are wanted; empty and None mean whatever it is."""

    states: tuple[AlertState, ...] = ()
    severities: tuple[str, ...] = ()
    rule: str | None = None
    device: str | None = None
    link: str | None = None
    site: str | None = None
    fired_since: datetime | None = None
