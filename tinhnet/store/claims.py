# SPDX-License-Identifier: MIT
"""Rows of claims: from when to when a thing was seen up or down, and who says so."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from tinhnet.alerting.ledger import Claim
from tinhnet.store.schema.watch import claims


def open_claims(connection: Connection) -> dict[str, Claim]:
    """Return the claim about each subject that goes on; `end` is how far it was seen."""
    rows = connection.execute(select(claims).where(claims.c.is_open))
    return {
        row.subject: Claim(row.subject, row.is_up, row.start, row.until, row.source) for row in rows
    }


def begin_claims(connection: Connection, found: Iterable[Claim]) -> None:
    """Open claims; one about the same subject that goes on must have been ended before."""
    rows = [
        {
            "subject": one.subject,
            "is_up": one.is_up,
            "start": one.start,
            "until": one.end or one.start,
            "is_open": True,
            "source": one.source,
        }
        for one in found
    ]
    if rows:
        connection.execute(insert(claims), rows)


def move_claims(connection: Connection, ends: Mapping[str, datetime], *, end: bool = False) -> None:
    """Say of each subject until when what is claimed of it was seen; `end` closes the claims."""
    if ends:
        statement = (
            update(claims)
            .where(claims.c.is_open, claims.c.subject == bindparam("about"))
            .values(until=bindparam("seen"), is_open=not end)
        )
        rows = [{"about": subject, "seen": until} for subject, until in ends.items()]
        connection.execute(statement, rows)


def list_claims(
    connection: Connection, start: datetime, end: datetime, subjects: Iterable[str] | None = None
) -> tuple[Claim, ...]:
    """Return the claims that touch the time from `start` until before `end`, by subject and time.

    A claim that goes on ends where it was last seen: what nobody saw is not up.
    """
    statement = (
        select(claims)
        .where(claims.c.start < end, claims.c.until > start, claims.c.until > claims.c.start)
        .order_by(claims.c.subject, claims.c.start)
    )
    if subjects is not None:
        statement = statement.where(claims.c.subject.in_(sorted(subjects)))
    return tuple(
        Claim(row.subject, row.is_up, row.start, row.until, row.source)
        for row in connection.execute(statement)
    )
