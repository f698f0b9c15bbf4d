# SPDX-License-Identifier: MIT
"""Rows of the evidence log: appended, read, never changed."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select

from tinhnet.model.audit import AuditEntry, EvidenceFilter
from tinhnet.store.schema.evidence import evidence, evidence_checkpoints

CHUNK = 1000
ALL = EvidenceFilter()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A keyed seal over everything up to an entry; `mac` is HMAC-SHA-256 in hex."""

    seq: int
    digest: str
    mac: str


def last_entry(connection: Connection) -> AuditEntry | None:
    """Return the newest entry, None of an empty log."""
    row = connection.execute(select(evidence).order_by(evidence.c.seq.desc()).limit(1)).first()
    return None if row is None else _entry(row)


def append(connection: Connection, entry: AuditEntry) -> None:
    """Append an entry."""
    connection.execute(
        insert(evidence).values(
            seq=entry.seq,
            at=entry.at,
            actor=entry.actor,
            via=entry.via,
            action=entry.action,
            subject=entry.subject,
            details=dict(entry.details),
            previous=entry.previous,
            digest=entry.digest,
        )
    )


def add_checkpoint(connection: Connection, checkpoint: Checkpoint) -> None:
    """Append a checkpoint."""
    connection.execute(
        insert(evidence_checkpoints).values(
            seq=checkpoint.seq, digest=checkpoint.digest, mac=checkpoint.mac
        )
    )


def list_entries(
    connection: Connection,
    *,
    after: int = 0,
    limit: int = CHUNK,
    wanted: EvidenceFilter = ALL,
) -> tuple[AuditEntry, ...]:
    """Return the wanted entries after `after`, oldest first."""
    found = select(evidence).where(evidence.c.seq > after, *_conditions(wanted))
    statement = found.order_by(evidence.c.seq).limit(limit)
    return tuple(_entry(row) for row in connection.execute(statement))


def newest_entries(
    connection: Connection,
    *,
    before: int | None = None,
    limit: int = 100,
    wanted: EvidenceFilter = ALL,
) -> tuple[AuditEntry, ...]:
    """Return the newest wanted entries first; `before` is the number to go on from."""
    found = select(evidence).where(*_conditions(wanted))
    statement = found.order_by(evidence.c.seq.desc()).limit(limit)
    if before is not None:
        statement = statement.where(evidence.c.seq < before)
    return tuple(_entry(row) for row in connection.execute(statement))


def all_entries(connection: Connection) -> Iterator[AuditEntry]:
    """Yield every entry, oldest first, a chunk in memory at a time."""
    after = 0
    while found := list_entries(connection, after=after):
        yield from found
        after = found[-1].seq


def checkpoints(connection: Connection) -> dict[int, Checkpoint]:
    """Return all checkpoints by the number of the entry they seal."""
    rows = connection.execute(select(evidence_checkpoints))
    return {row.seq: Checkpoint(row.seq, row.digest, row.mac) for row in rows}


def count_entries(connection: Connection, wanted: EvidenceFilter = ALL) -> int:
    """Return how many entries are wanted."""
    statement = select(func.count()).select_from(evidence).where(*_conditions(wanted))
    return int(connection.execute(statement).scalar_one())


def _conditions(wanted: EvidenceFilter) -> list[ColumnElement[bool]]:
    """Return what an entry must meet."""
    found: list[ColumnElement[bool]] = []
    for column, part in ((evidence.c.actor, wanted.actor), (evidence.c.subject, wanted.subject)):
        if part is not None:
            found.append(func.lower(column).contains(part.lower(), autoescape=True))
    if wanted.action is not None:
        found.append(evidence.c.action == wanted.action)
    if wanted.since is not None:
        found.append(evidence.c.at >= wanted.since)
    if wanted.until is not None:
        found.append(evidence.c.at < wanted.until)
    return found


def _entry(row: Row[tuple[object, ...]]) -> AuditEntry:
    return AuditEntry(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        via=row.via,
        action=row.action,
        subject=row.subject,
        details=row.details,
        previous=row.previous,
        digest=row.digest,
    )
