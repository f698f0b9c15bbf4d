# SPDX-License-Identifier: MIT
"""What is seen of every thing right now, from the requests of all who ask it."""

import bisect
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

from collectors.collect.verdict import MEMORY_S, Asked, Verdict, join, judge
from tinhnet.model.observation import Observation, State
from tinhnet.sentences import NOT_ASKED

STALE_S = 30.0
"""Seconds after which what a part saw of a thing that it asks rarely is no longer known."""


@dataclass(frozen=True, slots=True)
class Change:
    """A thing's new state; `was` is the last one in which it was seen up or down, if ever."""

    thing: str
    was: State | None
    now: Observation

    @property
    def is_turn(self) -> bool:
        """Tell whether it broke or came back; a thing first seen working did neither."""
        if self.now.state is State.DOWN:
            return self.was is not State.DOWN
        return self.now.state.works and self.was is State.DOWN


@dataclass(slots=True)
class _Stream:
    """The requests of one asker within MEMORY_S, in the order of time."""

    asked: list[Asked] = field(default_factory=list)
    has_answered: bool = False
    lost_at: float = -math.inf

    def take(self, one: Asked) -> None:
        """Put a request in its place; an answer that comes late replaces its loss."""
        at = bisect.bisect_left(self.asked, one.at, key=lambda held: held.at)
        if at < len(self.asked) and self.asked[at].at == one.at:
            if one.taken_s is not None:
                self.asked[at] = one
        else:
            self.asked.insert(at, one)
        if one.taken_s is not None:
            self.has_answered = True
        else:
            self.lost_at = max(self.lost_at, one.at)
        oldest = self.asked[-1].at - MEMORY_S
        if self.asked[0].at < oldest:
            del self.asked[: bisect.bisect_left(self.asked, oldest, key=lambda held: held.at)]


class Watch:
    """All things and who asked them; any thread may call.

    `firm` is what was last known of them, so that a restart tells nothing
    twice.
    """

    def __init__(self, firm: Mapping[str, State]) -> None:
        self._lock = Lock()
        self._streams: dict[str, dict[str, _Stream]] = {}
        self._seen: dict[str, Observation] = {}
        self._states: dict[str, State] = {}
        self._firm = {thing: state for thing, state in firm.items() if state is not State.UNKNOWN}

    def take(self, thing: str, asker: str, one: Asked, now: float) -> Change | None:
        """Take what came of one request; return the change of state it made."""
        one = one._replace(at=min(one.at, now))
        if one.at < now - MEMORY_S:
            return None
        with self._lock:
            self._streams.setdefault(thing, {}).setdefault(asker, _Stream()).take(one)
            return self._compare(thing, _observation(self._verdict(thing, now)))

    def see(self, thing: str, asker: str, seen: Observation, now: float) -> Change | None:
        """Take what a part of its own saw.

        Of a thing that is asked by echo, only that it works counts: not
        answering to SNMP is no outage.
        """
        with self._lock:
            is_asked = thing in self._streams
        if is_asked:
            if not seen.state.works:
                return None
            return self.take(thing, asker, Asked(seen.at.timestamp(), 0.0), now)
        with self._lock:
            held = self._seen.get(thing)
            if held is not None and held.at > seen.at:
                return None
            self._seen[thing] = seen
            return self._compare(thing, seen)

    def observations(self, now: float) -> dict[str, Observation]:
        """Return what is seen of everything; what nobody asked lately is unknown."""
        with self._lock:
            found = {thing: _observation(self._verdict(thing, now)) for thing in self._streams} | {
                thing: _aged(one, now)
                for thing, one in self._seen.items()
                if thing not in self._streams
            }
            self._states = {thing: one.state for thing, one in found.items()}
            return found

    def forget_but(self, known: Collection[str]) -> None:
        """Forget what is none of these things."""
        with self._lock:
            for held in (self._streams, self._seen, self._states, self._firm):
                for thing in [one for one in held if one not in known]:
                    del held[thing]

    def streams(self, kind: str) -> Iterator[tuple[str, Mapping[str, tuple[Asked, ...]]]]:
        """Yield the things of a kind, without it, and the requests of each of their askers."""
        with self._lock:
            held = [
                (thing, {who: tuple(one.asked) for who, one in streams.items()})
                for thing, streams in self._streams.items()
                if thing.startswith(f"{kind}:")
            ]
        for thing, streams in held:
            yield thing.removeprefix(f"{kind}:"), streams

    def _verdict(self, thing: str, now: float) -> Verdict:
        streams = self._streams[thing]
        found = {
            who: judge(one.asked, now, is_clean=one.lost_at < now - MEMORY_S)
            for who, one in streams.items()
        }
        refusing = frozenset(who for who, one in streams.items() if not one.has_answered)
        return join({who: one for who, one in found.items() if one is not None}, refusing)

    def _compare(self, thing: str, seen: Observation) -> Change | None:
        """Return the change from what was last known to what is seen now."""
        before = self._states.get(thing)
        if before is seen.state:
            return None
        self._states[thing] = seen.state
        firm = self._firm.get(thing)
        if seen.state is not State.UNKNOWN:
            self._firm[thing] = seen.state
        return Change(thing, firm, seen)


def _observation(verdict: Verdict) -> Observation:
    return Observation(verdict.state, datetime.fromtimestamp(verdict.at, UTC), verdict.why)


def _aged(seen: Observation, now: float) -> Observation:
    age_s = now - seen.at.timestamp()
    if seen.state is State.UNKNOWN or age_s <= STALE_S:
        return seen
    return Observation(State.UNKNOWN, seen.at, NOT_ASKED % {"seconds": f"{age_s:.0f}"})
