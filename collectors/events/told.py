# SPDX-License-Identifier: MIT
"""What was told again and again is one event with a count, and nobody may tell too much.

Two bounds: the same thing said again by one device is a repeat of its event;
and a device that says ever new things gets a purse of rows that fills up
slowly, what is beyond it is counted and told in a row of its own.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from collectors.events.kinds import FLOOD, LOG
from tinhnet.model.event import Event, Severity, Source
from tinhnet.sentences import FLOOD as FLOOD_SAID

REPEAT = timedelta(minutes=1)
"""The same thing said within this time of the last time is a repeat."""
LONGEST = timedelta(hours=1)
"""After this time a repeat is a new event: an hour-old row is no news."""
REMEMBERED = 10_000
PURSE = 200.0
"""Rows a device may write at once."""
PURSE_PER_S = 5.0
"""Rows a second that a device may write for ever."""
TELL = timedelta(seconds=10)
"""How often a device that says too much is told about."""
UNTOLD = frozenset(("device_time", "from_state", "reason", "program", "claims", "fault"))
"""Fields that do not make two events differ."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event that may be a repeat; `about` names the family of states it belongs to, if any."""

    event: Event
    about: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often an event was told by now, and when last."""

    key: str
    times: int
    last: datetime


@dataclass(slots=True)
class _Known:
    """The last thing said about something."""

    said: tuple[str, ...]
    key: str
    first: datetime
    last: datetime
    times: int = 1


@dataclass(slots=True)
class _Purse:
    """What a device may still write, what it said beyond that, and when that was told."""

    left: float
    at: datetime
    beyond: int = 0
    told_at: datetime | None = None


class Gathering:
    """Sorts what was told into new events and repeats; bounded, whatever is told."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, ...], _Known] = OrderedDict()
        self._purses: dict[str, _Purse] = {}
        self._repeats: dict[str, Repeat] = {}
        self.repeated = 0
        self.beyond = 0

    def add(self, told: Told) -> Event | None:
        """Return the event if it needs a row, None if it is a repeat or beyond the bound."""
        event, now = told.event, told.event.seen_at
        subject, said = _subject(told), _said(event)
        known = self._known.get(subject)
        if known is not None and known.key == event.key and event.source is Source.TRAP:
            return event  # sent again because our answer was lost: its key makes the row harmless
        if known is not None and known.said == said and _is_repeat(known, now):
            known.times += 1
            known.last = now
            self.repeated += 1
            self._repeats[known.key] = Repeat(known.key, known.times, now)
            self._known.move_to_end(subject)
            return None
        if not self._may(event.device or "", now):
            self.beyond += 1
            return None
        self._known[subject] = _Known(said, event.key, now, now)
        self._known.move_to_end(subject)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return event

    def repeats(self) -> tuple[Repeat, ...]:
        """Return the counts that grew since the last call."""
        grown = tuple(self._repeats.values())
        self._repeats.clear()
        return grown

    def floods(self, now: datetime) -> Iterator[Event]:
        """Yield an event for each device that said too much since it was last told about."""
        for device, purse in self._purses.items():
            if purse.beyond and (purse.told_at is None or now - purse.told_at >= TELL):
                yield _flood(device, purse.beyond, now)
                purse.beyond, purse.told_at = 0, now

    def _may(self, device: str, now: datetime) -> bool:
        """Take a row out of a device's purse, if there is one left."""
        purse = self._purses.setdefault(device, _Purse(PURSE, now))
        gone = max(0.0, (now - purse.at).total_seconds())
        purse.left, purse.at = min(PURSE, purse.left + gone * PURSE_PER_S), now
        if purse.left < 1:
            purse.beyond += 1
            return False
        purse.left -= 1
        return True


def _subject(told: Told) -> tuple[str, ...]:
    """Return what an event is about; states of one thing have one subject."""
    event = told.event
    if told.about:
        where = event.interface or "", event.fields.get("neighbour", "")
        return event.device or "", event.source, told.about, *where
    return event.device or "", event.source, *_said(event)


def _said(event: Event) -> tuple[str, ...]:
    """Return what makes two events the same: what is meant, or the words where nothing is known."""
    fields = {name: text for name, text in event.fields.items() if name not in UNTOLD}
    if event.kind == LOG or not fields:
        return event.kind, event.text
    return event.kind, *sorted(f"{name}={text}" for name, text in fields.items())


def _is_repeat(known: _Known, now: datetime) -> bool:
    return now - known.last <= REPEAT and now - known.first <= LONGEST


def _flood(device: str, count: int, now: datetime) -> Event:
    said = f"{device}\0{now.isoformat()}"
    return Event(
        key=f"flood:{sha256(said.encode()).hexdigest()[:40]}",
        at=now,
        seen_at=now,
        source=Source.PRODUCT,
        kind=FLOOD,
        severity=Severity.MEDIUM,
        text=FLOOD_SAID % {"device": device, "count": count},
        device=device,
        fields={"left_out": str(count)},
    )
