# SPDX-License-Identifier: MIT
"""What collectors last saw of every thing, and what they are asked to look at again at once."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, delete, insert, select, update

from tinhnet.model.observation import Observation, State
from tinhnet.store.errors import StoreError
from tinhnet.store.schema.columns import EPOCH, MICROSECOND
from tinhnet.store.schema.watch import observed, reprobes

FORMAT = 1
Raw: TypeAlias = tuple[str, int, str]
"""State, microseconds since 1970 and a sentence: an observation before it is built."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A collector's row as it stands: comparing two of them costs next to nothing."""

    source: str
    at: datetime
    format: int
    content: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What one collector wrote last, and when."""

    source: str
    at: datetime
    seen: Mapping[str, Observation]


def put_observed(
    connection: Connection, source: str, at: datetime, seen: Mapping[str, Observation]
) -> None:
    """Write what a collector sees, over what it wrote before; whole, things left out are gone."""
    content = json.dumps(
        {
            thing: [one.state.value, (one.at - EPOCH) // MICROSECOND, one.why]
            for thing, one in seen.items()
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    values = {"at": at, "format": FORMAT, "content": content}
    done = connection.execute(update(observed).where(observed.c.source == source).values(values))
    if done.rowcount == 0:
        connection.execute(insert(observed).values(source=source, **values))


def list_sheets(connection: Connection) -> tuple[Sheet, ...]:
    """Return the row of every collector, by source, unread."""
    rows = connection.execute(select(observed).order_by(observed.c.source))
    return tuple(Sheet(row.source, row.at, row.format, row.content) for row in rows)


def raw_of(sheet: Sheet) -> dict[str, Raw]:
    """Return what a row says of each thing; StoreError for a row of a newer product."""
    return _raw(sheet.format, sheet.content)


def observation_of(raw: Raw) -> Observation:
    """Return the observation that was written so."""
    state, at, why = raw
    return Observation(State(state), EPOCH + at * MICROSECOND, why)


def list_observed(connection: Connection) -> tuple[Sight, ...]:
    """Return what every collector wrote last, by source.

    Raises StoreError for a row of a newer product.
    """
    rows = connection.execute(select(observed).order_by(observed.c.source))
    return tuple(Sight(row.source, row.at, _read(row.format, row.content)) for row in rows)


def newest_of(sights: Iterable[Sight]) -> dict[str, Observation]:
    """Return the newest observation of each thing, whoever saw it."""
    found: dict[str, Observation] = {}
    for sight in sights:
        for thing, one in sight.seen.items():
            if thing not in found or found[thing].at < one.at:
                found[thing] = one
    return found


def ask_again(connection: Connection, things: Iterable[str], now: datetime) -> None:
    """Ask the collectors to look at these things now; who asks wakes them."""
    wanted = set(things)
    known = set(
        connection.scalars(select(reprobes.c.thing).where(reprobes.c.thing.in_(sorted(wanted))))
    )
    fresh = [{"thing": thing, "asked_at": now} for thing in sorted(wanted - known)]
    if fresh:
        connection.execute(insert(reprobes), fresh)


def asked_again(connection: Connection) -> dict[str, datetime]:
    """Return the things that somebody wants looked at, and since when."""
    return {row.thing: row.asked_at for row in connection.execute(select(reprobes))}


def looked_at(connection: Connection, things: Iterable[str]) -> None:
    """Forget the wish for these things: somebody looked, or nobody can."""
    connection.execute(delete(reprobes).where(reprobes.c.thing.in_(sorted(things))))


def _read(form: int, content: str) -> dict[str, Observation]:
    return {thing: observation_of(one) for thing, one in _raw(form, content).items()}


def _raw(form: int, content: str) -> dict[str, Raw]:
    if form != FORMAT:
        raise StoreError(
            f"what a collector saw has format {form}, expected {FORMAT}",
            "start the collectors of this version; they write it anew",
        )
    found: dict[str, Raw] = json.loads(content)
    return found
