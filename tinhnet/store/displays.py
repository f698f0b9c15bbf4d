# SPDX-License-Identifier: MIT
"""Rows of displays: screens that show the wall without a login."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from tinhnet.store.schema.people import displays


@dataclass(frozen=True, slots=True)
class Display:
    """A screen; `paired_at` is None while it shows a code and waits for somebody."""

    id: str
    name: str
    asked_at: datetime
    paired_at: datetime | None = None
    paired_by: str | None = None
    seen_at: datetime | None = None
    ends_at: datetime | None = None


def add_display(connection: Connection, display: Display, code: str, token: str) -> None:
    """Add a screen that waits; `code` and `token` are hashes."""
    connection.execute(
        insert(displays).values(
            id=display.id,
            name=display.name,
            code=code,
            token=token,
            asked_at=display.asked_at,
        )
    )


def find_by_token(connection: Connection, token: str) -> Display | None:
    """Return the screen whose token has this hash."""
    row = connection.execute(select(displays).where(displays.c.token == token)).first()
    return None if row is None else _display(row)


def find_by_code(connection: Connection, code: str) -> Display | None:
    """Return the screen whose code has this hash."""
    row = connection.execute(select(displays).where(displays.c.code == code)).first()
    return None if row is None else _display(row)


def find_display(connection: Connection, id_: str) -> Display | None:
    """Return a screen, None when there is none of that id."""
    row = connection.execute(select(displays).where(displays.c.id == id_)).first()
    return None if row is None else _display(row)


def list_paired(connection: Connection) -> tuple[Display, ...]:
    """Return the screens that somebody paired, the last one first."""
    statement = (
        select(displays)
        .where(displays.c.paired_at.is_not(None))
        .order_by(displays.c.paired_at.desc(), displays.c.id)
    )
    return tuple(_display(row) for row in connection.execute(statement))


def set_paired(connection: Connection, display: Display) -> None:
    """Keep who paired a screen, what it is called and until when it may look."""
    connection.execute(
        update(displays)
        .where(displays.c.id == display.id)
        .values(
            name=display.name,
            paired_at=display.paired_at,
            paired_by=display.paired_by,
            ends_at=display.ends_at,
        )
    )


def set_seen(connection: Connection, id_: str, at: datetime) -> None:
    """Remember when a screen last asked."""
    connection.execute(update(displays).where(displays.c.id == id_).values(seen_at=at))


def remove_display(connection: Connection, id_: str) -> bool:
    """Remove a screen; False when there was none."""
    return connection.execute(delete(displays).where(displays.c.id == id_)).rowcount == 1


def forget_waiting(connection: Connection, before: datetime) -> None:
    """Remove screens that nobody paired in time."""
    connection.execute(
        delete(displays).where(displays.c.paired_at.is_(None), displays.c.asked_at < before)
    )


def count_waiting(connection: Connection) -> int:
    """Return how many screens show a code."""
    waiting = select(func.count()).select_from(displays).where(displays.c.paired_at.is_(None))
    return connection.execute(waiting).scalar_one()


def _display(row: Row[tuple[object, ...]]) -> Display:
    return Display(
        id=row.id,
        name=row.name,
        asked_at=row.asked_at,
        paired_at=row.paired_at,
        paired_by=row.paired_by,
        seen_at=row.seen_at,
        ends_at=row.ends_at,
    )
