# SPDX-License-Identifier: MIT
"""Rows of events: appended once, read by readers with a cursor and by people, let go by age."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from tinhnet.model.event import Event, EventFilter, Severity, Source
from tinhnet.store.schema.watch import events

ALL = EventFilter()
AT_ONCE = 500
"""Rows of one statement: SQLite takes 32,766 values at most."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event with the number under which readers find it."""

    number: int
    event: Event


def append(connection: Connection, found: Sequence[Event]) -> int:
    """Append the events that are not there yet, in their order; return how many were new.

    A key that comes twice, in one call or in two, is one event: the first.
    """
    once = {event.key: event for event in reversed(found)}
    fresh = [event for event in found if once[event.key] is event]
    added = 0
    for start in range(0, len(fresh), AT_ONCE):
        piece = fresh[start : start + AT_ONCE]
        keys = [event.key for event in piece]
        known = set(connection.scalars(select(events.c.key).where(events.c.key.in_(keys))))
        rows = [_values(event) for event in piece if event.key not in known]
        if rows:
            connection.execute(insert(events), rows)
            added += len(rows)
    return added


def list_after(connection: Connection, position: int, limit: int = AT_ONCE) -> tuple[Numbered, ...]:
    """Return the next events of a reader that has come to `position`, oldest first."""
    statement = (
        select(events).where(events.c.number > position).order_by(events.c.number).limit(limit)
    )
    return tuple(_numbered(row) for row in connection.execute(statement))


def newest(
    connection: Connection,
    wanted: EventFilter = ALL,
    *,
    before: int | None = None,
    limit: int = 100,
) -> tuple[Numbered, ...]:
    """Return the wanted events, those taken in last first; `before` is where to go on."""
    statement = select(events).where(*_conditions(wanted)).order_by(events.c.number.desc())
    if before is not None:
        statement = statement.where(events.c.number < before)
    return tuple(_numbered(row) for row in connection.execute(statement.limit(limit)))


def last_number(connection: Connection) -> int:
    """Return the number of the newest event, 0 where there is none."""
    return connection.execute(select(func.max(events.c.number))).scalar_one_or_none() or 0


def count_events(connection: Connection, wanted: EventFilter = ALL) -> int:
    """Return how many events are wanted."""
    statement = select(func.count()).select_from(events).where(*_conditions(wanted))
    return connection.execute(statement).scalar_one()


def list_kinds(connection: Connection) -> tuple[str, ...]:
    """Return the kinds that any event has, sorted."""
    statement = select(events.c.kind).distinct().order_by(events.c.kind)
    return tuple(connection.scalars(statement))


def set_repeated(connection: Connection, counts: Mapping[str, tuple[int, datetime]]) -> None:
    """Write how often events were told by now, and when last: the fields `times` and `last`.

    By key; a reader that has passed an event does not come back to it.
    """
    statement = select(events.c.key, events.c.fields).where(events.c.key.in_(list(counts)))
    for key, held in connection.execute(statement).all():
        times, last = counts[key]
        fields = {**held, "times": str(times), "last": last.isoformat()}
        connection.execute(update(events).where(events.c.key == key).values(fields=fields))


def has_older(connection: Connection, before: datetime) -> bool:
    """Tell whether any event reached us before a time."""
    statement = select(events.c.number).where(events.c.seen_at < before).limit(1)
    return connection.execute(statement).first() is not None


def let_go(connection: Connection, before: datetime, limit: int = 10_000) -> int:
    """Remove events that reached us before a time, the oldest first; return how many.

    At most `limit` in one transaction, so that nobody waits for it.
    """
    oldest = (
        select(events.c.number)
        .where(events.c.seen_at < before)
        .order_by(events.c.number)
        .limit(limit)
    )
    return connection.execute(delete(events).where(events.c.number.in_(oldest))).rowcount


def _conditions(wanted: EventFilter) -> Iterator[ColumnElement[bool]]:
    for name in ("device", "link", "site", "kind", "source"):
        value = getattr(wanted, name)
        if value is not None:
            yield events.c[name] == str(value)
    if wanted.severities:
        yield events.c.severity.in_([one.value for one in wanted.severities])
    if wanted.since is not None:
        yield events.c.at >= wanted.since
    if wanted.until is not None:
        yield events.c.at < wanted.until


def _values(event: Event) -> dict[str, object]:
    return {
        "key": event.key,
        "at": event.at,
        "seen_at": event.seen_at,
        "source": event.source.value,
        "kind": event.kind,
        "severity": event.severity.value,
        "text": event.text,
        "device": event.device,
        "interface": event.interface,
        "link": event.link,
        "site": event.site,
        "fields": dict(event.fields),
    }


def _numbered(row: Row[tuple[object, ...]]) -> Numbered:
    event = Event(
        key=row.key,
        at=row.at,
        seen_at=row.seen_at,
        source=Source(row.source),
        kind=row.kind,
        severity=Severity(row.severity),
        text=row.text,
        device=row.device,
        interface=row.interface,
        link=row.link,
        site=row.site,
        fields=row.fields,
    )
    return Numbered(row.number, event)
