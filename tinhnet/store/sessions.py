# SPDX-License-Identifier: MIT
"""Rows of sessions: there while a person is signed in, gone when the session ended."""

from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from tinhnet.model.actor import Session
from tinhnet.store.schema.people import sessions


def add_session(connection: Connection, session: Session) -> None:
    """Add a session."""
    connection.execute(
        insert(sessions).values(
            id=session.id,
            user=session.user,
            address=session.address,
            browser=session.browser,
            began_at=session.began_at,
            seen_at=session.seen_at,
        )
    )


def find_session(connection: Connection, identity: str) -> Session | None:
    """Return a session, None when it ended or never was."""
    row = connection.execute(select(sessions).where(sessions.c.id == identity)).first()
    return None if row is None else _session(row)


def list_sessions(
    connection: Connection, after: datetime, user: str | None = None
) -> tuple[Session, ...]:
    """Return the sessions seen after a moment, the one seen last first; one user's or all."""
    statement = select(sessions).where(sessions.c.seen_at >= after)
    if user is not None:
        statement = statement.where(sessions.c.user == user)
    ordered = statement.order_by(sessions.c.seen_at.desc(), sessions.c.id)
    return tuple(_session(row) for row in connection.execute(ordered))


def set_seen(connection: Connection, identity: str, at: datetime, address: str | None) -> None:
    """Remember when and from where a session was used last."""
    values = {"seen_at": at, "address": address}
    connection.execute(update(sessions).where(sessions.c.id == identity).values(values))


def end_session(connection: Connection, identity: str) -> None:
    """Remove a session."""
    connection.execute(delete(sessions).where(sessions.c.id == identity))


def end_sessions_of(connection: Connection, user: str, keep: str | None = None) -> int:
    """Remove a user's sessions but the one to keep; return how many there were."""
    statement = delete(sessions).where(sessions.c.user == user)
    if keep is not None:
        statement = statement.where(sessions.c.id != keep)
    return int(connection.execute(statement).rowcount)


def forget_before(connection: Connection, moment: datetime) -> None:
    """Remove sessions that were not used since: their time is over."""
    connection.execute(delete(sessions).where(sessions.c.seen_at < moment))


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(
        id=row.id,
        user=row.user,
        address=row.address,
        browser=row.browser,
        began_at=row.began_at,
        seen_at=row.seen_at,
    )
