# SPDX-License-Identifier: MIT
"""The life of an alert: pending, firing, acknowledged, silenced, resolved.

A pure state machine.  An event happens to an alert at a time; whatever was
due before that time happens first, so it does not matter how often a clock
ticks in between.  What people must be told comes out as notices, each with a
key of its own: telling one twice is found out by its key.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from tinhnet.errors import TinhnetError
from tinhnet.model.alert import Acknowledgement, Alert, AlertState, Notice


@dataclass(frozen=True, slots=True)
class Habits:
    """How fast an alert speaks, in seconds.

    It fires when its condition held for `for_s` and resolves when it was
    clear for `clear_s`.  With `flaps` beginnings within `flap_window_s` it is
    flapping and resolves only after `flap_quiet_s` of quiet.
    """

    for_s: float = 0.0
    clear_s: float = 0.0
    flaps: int = 4
    flap_window_s: float = 900.0
    flap_quiet_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Raised:
    """The condition holds."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Cleared:
    """The condition does not hold."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody takes care of it until a time."""

    at: datetime
    owner: str
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Released:
    """The acknowledgement was taken back."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Silenced:
    """A silence, a maintenance window, a job or a root cause hides it; `by` says which."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Unsilenced:
    """What hid it no longer does; `is_lapse`: it ran out, nobody lifted it."""

    at: datetime
    by: str
    is_lapse: bool = False


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time passed."""

    at: datetime


Event: TypeAlias = Raised | Cleared | Acknowledged | Released | Silenced | Unsilenced | Ticked


def fingerprint(rule: str, labels: Mapping[str, str]) -> str:
    """Return the id of what a rule says of one thing: the same on every machine and day."""
    text = json.dumps([rule, sorted(labels.items())], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def step(alert: Alert, event: Event, habits: Habits) -> tuple[Alert, tuple[Notice, ...]]:
    """Return the alert after an event, and what people must be told.

    An event older than the last one counts as happening now.  Raises
    TinhnetError for an acknowledgement without owner, reason or a time to
    come, or of an alert that does not hold.
    """
    at = max(event.at, alert.at)
    course = _Course(alert, habits, [])
    course.pass_until(at)
    course.take(event, at)
    course.pass_until(at)
    return course.alert, tuple(course.notices)


def due_at(alert: Alert, habits: Habits) -> datetime | None:
    """Return when the alert changes by itself, None if it does not."""
    return min((time for time, _ in _dues(alert, habits)), default=None)


def _dues(alert: Alert, habits: Habits) -> list[tuple[datetime, str]]:
    """Return what happens by itself, and when."""
    found = []
    if alert.since is not None and alert.fired_at is None:
        found.append((alert.since + timedelta(seconds=habits.for_s), "fire"))
    if alert.clear_since is not None:
        quiet_s = habits.flap_quiet_s if alert.is_flapping else habits.clear_s
        found.append((alert.clear_since + timedelta(seconds=quiet_s), "resolve"))
    if alert.acknowledgement is not None:
        found.append((alert.acknowledgement.until, "release"))
    return found


@dataclass(slots=True)
class _Course:
    """An alert on its way through one event."""

    alert: Alert
    habits: Habits
    notices: list[Notice]

    def pass_until(self, at: datetime) -> None:
        while due := min(
            (one for one in _dues(self.alert, self.habits) if one[0] <= at), default=None
        ):
            when = max(due[0], self.alert.at)
            self.alert = replace(self.alert, at=when)
            self._happen(due[1], when)
        self.alert = replace(self.alert, at=at)

    def take(self, event: Event, at: datetime) -> None:
        match event:
            case Raised():
                self._raise(at)
            case Cleared():
                self._clear(at)
            case Acknowledged():
                self._acknowledge(event, at)
            case Released() if self.alert.acknowledgement:
                self.alert = replace(self.alert, acknowledgement=None)
                self._tell_if_unknown(at)
            case Silenced():
                silences = tuple(dict.fromkeys((*self.alert.silences, event.by)))
                self.alert = replace(self.alert, silences=silences)
            case Unsilenced() if event.by in self.alert.silences:
                self._unsilence(event, at)
            case _:
                pass

    def _happen(self, what: str, at: datetime) -> None:
        if what == "fire":
            self._fire(at)
        elif what == "resolve":
            self._resolve(at)
        else:
            was_told = self.alert.is_told
            self.alert = replace(self.alert, acknowledgement=None)
            if was_told and not self.alert.silences:
                self._tell("acknowledgement_lapsed", at)
            self._tell_if_unknown(at)

    def _raise(self, at: datetime) -> None:
        if self.alert.since is None:
            self.alert = replace(self.alert, since=at)
        elif self.alert.clear_since is not None:
            self.alert = replace(self.alert, clear_since=None)
            self._count_beginning(at)

    def _clear(self, at: datetime) -> None:
        if self.alert.fired_at is None:
            self.alert = replace(self.alert, since=None)
        elif self.alert.clear_since is None:
            self.alert = replace(self.alert, clear_since=at)

    def _fire(self, at: datetime) -> None:
        self.alert = replace(
            self.alert,
            fired_at=at,
            resolved_at=None,
            episode=self.alert.episode + 1,
            notices=0,
        )
        self._count_beginning(at)
        self._tell_if_unknown(at)

    def _resolve(self, at: datetime) -> None:
        if self.alert.is_told:
            self._tell("resolved", at)
        self.alert = replace(
            self.alert,
            since=None,
            clear_since=None,
            fired_at=None,
            resolved_at=at,
            acknowledgement=None,
            is_told=False,
            is_flapping=False,
        )

    def _acknowledge(self, event: Acknowledged, at: datetime) -> None:
        if self.alert.fired_at is None:
            raise TinhnetError(
                f"{self.alert.fingerprint} is {self.alert.state}, there is nothing to acknowledge",
                "reload the list",
            )
        if not event.owner.strip() or not event.reason.strip():
            raise TinhnetError("an acknowledgement needs an owner and a reason", "name both")
        if event.until <= at:
            raise TinhnetError(
                f"the acknowledgement would end at {event.until.isoformat()}, which is past",
                "name a time to come",
            )
        given = Acknowledgement(event.owner.strip(), event.reason.strip(), at, event.until)
        self.alert = replace(self.alert, acknowledgement=given)

    def _unsilence(self, event: Unsilenced, at: datetime) -> None:
        silences = tuple(by for by in self.alert.silences if by != event.by)
        self.alert = replace(self.alert, silences=silences)
        is_known = self.alert.is_told and self.alert.fired_at is not None
        if is_known and event.is_lapse and not silences:
            self._tell("silence_lapsed", at)
        self._tell_if_unknown(at)

    def _count_beginning(self, at: datetime) -> None:
        oldest = at - timedelta(seconds=self.habits.flap_window_s)
        beginnings = (*(one for one in self.alert.beginnings if one > oldest), at)
        self.alert = replace(
            self.alert,
            beginnings=beginnings[-self.habits.flaps :],
            is_flapping=self.alert.is_flapping or len(beginnings) >= self.habits.flaps,
        )

    def _tell_if_unknown(self, at: datetime) -> None:
        """Tell of an alert that holds, once, unless it is hidden or in somebody's hands."""
        if self.alert.state is AlertState.FIRING and not self.alert.is_told:
            self.alert = replace(self.alert, is_told=True)
            self._tell("firing", at)

    def _tell(self, kind: str, at: datetime) -> None:
        number = self.alert.notices + 1
        key = f"{self.alert.fingerprint}/{self.alert.episode}/{number}"
        self.alert = replace(self.alert, notices=number)
        self.notices.append(Notice(key, kind, self.alert.fingerprint, self.alert.episode, at))
