# SPDX-License-Identifier: MIT
"""What root cause remembers between two instants; plain values that survive a restart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.graph import Graph
from tinhnet.model.observation import Observation, State


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The newest observation of each thing, and the things under planned work now."""

    seen: Mapping[str, Observation]
    planned: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one asked thing.

    `at` is when it was last asked.  `works_at` and `down_at` are when it was
    last seen so, None if never.  `down_since` is the first time it was seen
    down after it last worked; None while it works.
    """

    state: State
    at: datetime
    works_at: datetime | None = None
    down_at: datetime | None = None
    down_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A thing that would be a cause, were its needs proven to work.

    Evidence counts from `epoch` on.  `began_at` is when waiting began and
    `proven_at` when all needs were proven (None: not yet), both as the
    engine's `now`.  `cleared` maps a need to the first time it was seen
    working at or after `epoch`.
    """

    epoch: datetime
    began_at: datetime
    cleared: Mapping[str, datetime] = field(default_factory=dict)
    proven_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """A cause that was named and has not recovered.

    `explained` is everything it explained so far.  `unsure` are the needs
    that nobody could prove in time.  `works_at` is when it was seen working
    again and `closing_from` when the engine learned of it: what it explained
    is being asked again since then.
    """

    since: datetime
    explained: frozenset[str] = frozenset()
    unsure: tuple[str, ...] = ()
    works_at: datetime | None = None
    closing_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything one instant hands to the next."""

    records: Mapping[str, Record] = field(default_factory=dict)
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    open: Mapping[str, Open] = field(default_factory=dict)


def absorb(
    graph: Graph, records: Mapping[str, Record], seen: Mapping[str, Observation]
) -> dict[str, Record]:
    """Return the records with what was seen; an answer older than the last one changes nothing."""
    known = {id_: record for id_, record in records.items() if id_ in graph.things}
    for id_, observation in seen.items():
        if id_ in graph.things and graph.things[id_].is_asked:
            known[id_] = _absorbed(known.get(id_), observation)
    return known


def latest(times: Iterable[datetime | None]) -> datetime | None:
    """Return the latest of the times that are known, None if none is."""
    return max((time for time in times if time is not None), default=None)


def _absorbed(record: Record | None, seen: Observation) -> Record:
    if record is None:
        record = Record(State.UNKNOWN, seen.at)
    elif seen.at <= record.at:
        return record
    record = replace(record, state=seen.state, at=seen.at)
    if seen.state.works:
        return replace(record, works_at=seen.at, down_since=None)
    if seen.state is State.DOWN:
        return replace(record, down_at=seen.at, down_since=record.down_since or seen.at)
    return record
