# SPDX-License-Identifier: MIT
"""Rows of alerts, of their timelines, and of what people must be told."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from tinhnet.model.alert import (
    Acknowledgement,
    Alert,
    AlertEntry,
    AlertFilter,
    AlertRecord,
    AlertState,
    Notice,
)
from tinhnet.store.schema.alerts import alert_entries, alerts, notices
from tinhnet.store.schema.columns import EPOCH, MICROSECOND

ALL = AlertFilter()
AT_ONCE = 500
"""Values of one statement: SQLite takes 32,766 at most."""


@dataclass(frozen=True, slots=True)
class NumberedEntry:
    """A line of a timeline with its number."""

    number: int
    entry: AlertEntry


@dataclass(frozen=True, slots=True)
class NumberedNotice:
    """A notice with the number under which its reader finds it."""

    number: int
    notice: Notice


def find_alert(connection: Connection, fingerprint: str) -> AlertRecord | None:
    """Return an alert, None when there is none of that fingerprint."""
    row = connection.execute(select(alerts).where(alerts.c.fingerprint == fingerprint)).first()
    return None if row is None else _record(row)


def find_alerts(connection: Connection, fingerprints: Iterable[str]) -> dict[str, AlertRecord]:
    """Return the alerts of these fingerprints, in their order; unknown ones are left out."""
    wanted = list(dict.fromkeys(fingerprints))
    found: dict[str, AlertRecord] = {}
    for start in range(0, len(wanted), AT_ONCE):
        piece = wanted[start : start + AT_ONCE]
        rows = connection.execute(select(alerts).where(alerts.c.fingerprint.in_(piece)))
        found |= {row.fingerprint: _record(row) for row in rows}
    return {one: found[one] for one in wanted if one in found}


def list_alive(connection: Connection) -> tuple[AlertRecord, ...]:
    """Return every alert that has not resolved, those that began first first."""
    statement = (
        select(alerts)
        .where(alerts.c.state != AlertState.RESOLVED.value)
        .order_by(alerts.c.since, alerts.c.fingerprint)
    )
    return tuple(_record(row) for row in connection.execute(statement))


def list_beginning(
    connection: Connection, fingerprint: str, limit: int = 2
) -> tuple[AlertRecord, ...]:
    """Return the first alerts whose fingerprint begins so; none for an empty beginning."""
    if not fingerprint:
        return ()
    statement = (
        select(alerts)
        .where(alerts.c.fingerprint.startswith(fingerprint, autoescape=True))
        .order_by(alerts.c.fingerprint)
        .limit(limit)
    )
    return tuple(_record(row) for row in connection.execute(statement))


def list_alerts(
    connection: Connection, wanted: AlertFilter = ALL, *, limit: int = 500, offset: int = 0
) -> tuple[AlertRecord, ...]:
    """Return the wanted alerts, those that fired last first, never fired ones at the end."""
    statement = (
        select(alerts)
        .where(*_conditions(wanted))
        .order_by(alerts.c.fired_at.desc().nulls_last(), alerts.c.fingerprint)
        .limit(limit)
        .offset(offset)
    )
    return tuple(_record(row) for row in connection.execute(statement))


def count_alerts(connection: Connection, wanted: AlertFilter = ALL) -> int:
    """Return how many alerts are wanted."""
    statement = select(func.count()).select_from(alerts).where(*_conditions(wanted))
    return connection.execute(statement).scalar_one()


def put_alerts(connection: Connection, records: Iterable[AlertRecord]) -> None:
    """Write alerts over what was kept of them."""
    for record in records:
        values = _values(record)
        done = connection.execute(
            update(alerts).where(alerts.c.fingerprint == record.alert.fingerprint).values(values)
        )
        if done.rowcount == 0:
            connection.execute(insert(alerts).values(values))


def add_entries(connection: Connection, entries: Sequence[AlertEntry]) -> None:
    """Append to the timelines."""
    if entries:
        rows = [
            {
                "fingerprint": one.fingerprint,
                "episode": one.episode,
                "at": one.at,
                "kind": one.kind,
                "actor": one.actor,
                "text": one.text,
                "details": dict(one.details),
            }
            for one in entries
        ]
        connection.execute(insert(alert_entries), rows)


def list_entries(
    connection: Connection, fingerprint: str, *, limit: int = 500
) -> tuple[NumberedEntry, ...]:
    """Return the newest lines of an alert's timeline, newest first."""
    statement = (
        select(alert_entries)
        .where(alert_entries.c.fingerprint == fingerprint)
        .order_by(alert_entries.c.number.desc())
        .limit(limit)
    )
    return tuple(
        NumberedEntry(
            row.number,
            AlertEntry(
                row.fingerprint, row.episode, row.at, row.kind, row.text, row.actor, row.details
            ),
        )
        for row in connection.execute(statement)
    )


def add_notices(connection: Connection, found: Sequence[Notice]) -> int:
    """Append notices that are not there yet, by their keys; return how many were new."""
    added = 0
    for start in range(0, len(found), AT_ONCE):
        piece = found[start : start + AT_ONCE]
        keys = [one.key for one in piece]
        known = set(connection.scalars(select(notices.c.key).where(notices.c.key.in_(keys))))
        rows = [
            {
                "key": one.key,
                "kind": one.kind,
                "fingerprint": one.fingerprint,
                "episode": one.episode,
                "at": one.at,
            }
            for one in piece
            if one.key not in known
        ]
        if rows:
            connection.execute(insert(notices), rows)
            added += len(rows)
    return added


def notices_after(
    connection: Connection, position: int, limit: int = 500
) -> tuple[NumberedNotice, ...]:
    """Return the next notices of a reader that has come to `position`, oldest first."""
    statement = (
        select(notices).where(notices.c.number > position).order_by(notices.c.number).limit(limit)
    )
    return tuple(
        NumberedNotice(row.number, Notice(row.key, row.kind, row.fingerprint, row.episode, row.at))
        for row in connection.execute(statement)
    )


def _conditions(wanted: AlertFilter) -> Iterator[ColumnElement[bool]]:
    for name in ("rule", "device", "link", "site"):
        value = getattr(wanted, name)
        if value is not None:
            yield alerts.c[name] == value
    if wanted.states:
        yield alerts.c.state.in_([one.value for one in wanted.states])
    if wanted.severities:
        yield alerts.c.severity.in_(list(wanted.severities))
    if wanted.fired_since is not None:
        yield alerts.c.fired_at >= wanted.fired_since


def _values(record: AlertRecord) -> dict[str, object]:
    alert, owned = record.alert, record.alert.acknowledgement
    return {
        "fingerprint": alert.fingerprint,
        "rule": alert.rule,
        "thing": alert.thing,
        "severity": alert.severity,
        "state": alert.state.value,
        "at": alert.at,
        "since": alert.since,
        "clear_since": alert.clear_since,
        "fired_at": alert.fired_at,
        "resolved_at": alert.resolved_at,
        "episode": alert.episode,
        "owner": owned.owner if owned else None,
        "owner_reason": owned.reason if owned else None,
        "owned_at": owned.at if owned else None,
        "owned_until": owned.until if owned else None,
        "silences": list(alert.silences),
        "is_told": alert.is_told,
        "is_flapping": alert.is_flapping,
        "beginnings": [(one - EPOCH) // MICROSECOND for one in alert.beginnings],
        "notices": alert.notices,
        "labels": dict(record.labels),
        "device": record.device,
        "link": record.link,
        "site": record.site,
        "cause": record.cause,
        "explains": list(record.explains),
        "sites_down": list(record.sites_down),
        "sites_degraded": list(record.sites_degraded),
        "value": record.value,
        "title_vi": record.title_vi,
        "title_en": record.title_en,
        "sentence_vi": record.sentence_vi,
        "sentence_en": record.sentence_en,
    }


def _record(row: Row[tuple[object, ...]]) -> AlertRecord:
    owned = None
    if row.owner is not None:
        owned = Acknowledgement(row.owner, row.owner_reason, row.owned_at, row.owned_until)
    alert = Alert(
        fingerprint=row.fingerprint,
        rule=row.rule,
        thing=row.thing,
        severity=row.severity,
        at=row.at,
        since=row.since,
        clear_since=row.clear_since,
        fired_at=row.fired_at,
        resolved_at=row.resolved_at,
        episode=row.episode,
        acknowledgement=owned,
        silences=tuple(row.silences),
        is_told=row.is_told,
        is_flapping=row.is_flapping,
        beginnings=tuple(EPOCH + one * MICROSECOND for one in row.beginnings),
        notices=row.notices,
    )
    return AlertRecord(
        alert=alert,
        title_vi=row.title_vi,
        title_en=row.title_en,
        sentence_vi=row.sentence_vi,
        sentence_en=row.sentence_en,
        labels=row.labels,
        device=row.device,
        link=row.link,
        site=row.site,
        cause=row.cause,
        explains=tuple(row.explains),
        sites_down=tuple(row.sites_down),
        sites_degraded=tuple(row.sites_degraded),
        value=row.value,
    )
