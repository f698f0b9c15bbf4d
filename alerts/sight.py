# SPDX-License-Identifier: MIT
"""What all collectors see at one instant: the newest of each thing, unknown once it is old."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tinhnet.model.observation import Observation, State
from tinhnet.store.observed import Raw, observation_of

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
MICROSECOND = timedelta(microseconds=1)
UNKNOWN = State.UNKNOWN.value


@dataclass(frozen=True, slots=True)
class Limits:
    """After how many seconds what was seen counts no more; services are asked less often."""

    thing_s: float = 10.0
    service_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Sight:
    """The newest of each thing; `states` has "unknown" for what is too old.

    `stale_at` is when the next thing becomes too old, None for never.
    """

    raw: Mapping[str, Raw] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    stale_at: datetime | None = None

    def observations(self) -> dict[str, Observation]:
        """Return an observation of each thing.

        One that is too old is unknown just after it was seen, so that it
        hides no answer that is still under way.
        """
        found = {}
        for thing, (state, at, why) in self.raw.items():
            if self.states[thing] == state:
                found[thing] = observation_of((state, at, why))
            else:
                found[thing] = observation_of((UNKNOWN, at + 1, ""))
        return found

    def seen_at(self, thing: str) -> datetime | None:
        """Return when a thing was last asked, None if it never was."""
        found = self.raw.get(thing)
        return None if found is None else EPOCH + found[1] * MICROSECOND


def sight_of(sheets: Iterable[Mapping[str, Raw]], now: datetime, limits: Limits) -> Sight:
    """Return what is seen at `now`."""
    raw: dict[str, Raw] = {}
    for sheet in sheets:
        if not raw:
            raw = dict(sheet)
            continue
        for thing, one in sheet.items():
            known = raw.get(thing)
            if known is None or known[1] < one[1]:
                raw[thing] = one
    thing_us, service_us = (int(one * 1e6) for one in (limits.thing_s, limits.service_s))
    now_us = (now - EPOCH) // MICROSECOND
    ends = {
        thing: one[1] + (service_us if thing.startswith("service:") else thing_us)
        for thing, one in raw.items()
    }
    states = {thing: one[0] if ends[thing] >= now_us else UNKNOWN for thing, one in raw.items()}
    coming = min((end for end in ends.values() if end >= now_us), default=None)
    stale_at = None if coming is None else EPOCH + (coming + 1) * MICROSECOND
    return Sight(raw, states, stale_at)
