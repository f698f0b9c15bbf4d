# SPDX-License-Identifier: MIT
"""Rows of silences and maintenance windows; one that was lifted stays, for the ledger."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, Connection, Row, cast, insert, select, type_coerce, update

from tinhnet.alerting.recurrence import parse, text_of
from tinhnet.model.window import Scope, Window
from tinhnet.store.schema.alerts import windows
from tinhnet.store.schema.columns import EPOCH, MICROSECOND

SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class KeptWindow:
    """A window, and when and by whom it was lifted (None: it was not)."""

    window: Window
    lifted_at: datetime | None = None
    lifted_by: str | None = None


def add_window(connection: Connection, window: Window) -> None:
    """Keep a window."""
    connection.execute(insert(windows).values(_values(window)))


def find_window(connection: Connection, id_: str) -> KeptWindow | None:
    """Return a window, None when there is none of that id."""
    row = connection.execute(select(windows).where(windows.c.id == id_)).first()
    return None if row is None else _kept(row)


def list_windows(connection: Connection, *, lifted: bool = False) -> tuple[KeptWindow, ...]:
    """Return the windows that hold, with `lifted` all of them, the newest first."""
    statement = select(windows).order_by(windows.c.announced_at.desc(), windows.c.id)
    if not lifted:
        statement = statement.where(windows.c.lifted_at.is_(None))
    return tuple(_kept(row) for row in connection.execute(statement))


def list_open(connection: Connection, now: datetime) -> tuple[Window, ...]:
    """Return the windows that hold and may be open now or later, by id; ended ones are left out."""
    length = cast(windows.c.length_s * SECOND, BigInteger)
    ends = type_coerce(windows.c.start, BigInteger) + length
    statement = (
        select(windows)
        .where(
            windows.c.lifted_at.is_(None),
            windows.c.recurrence.is_not(None) | (ends > (now - EPOCH) // MICROSECOND),
        )
        .order_by(windows.c.id)
    )
    return tuple(_kept(row).window for row in connection.execute(statement))


def lift_window(connection: Connection, id_: str, actor: str, now: datetime) -> bool:
    """End a window for good; False when it was lifted before or never was."""
    done = connection.execute(
        update(windows)
        .where(windows.c.id == id_, windows.c.lifted_at.is_(None))
        .values(lifted_at=now, lifted_by=actor)
    )
    return done.rowcount == 1


def _values(window: Window) -> dict[str, object]:
    scope, again = window.scope, window.recurrence
    return {
        "id": window.id,
        "is_planned": window.is_planned,
        "scope": {
            "things": sorted(scope.things),
            "sites": sorted(scope.sites),
            "carriers": sorted(scope.carriers),
            "rules": sorted(scope.rules),
        },
        "start": window.start,
        "length_s": window.length_s,
        "owner": window.owner,
        "reason": window.reason,
        "announced_at": window.announced_at,
        "recurrence": None if again is None else text_of(again),
        "without": [] if again is None else sorted(day.isoformat() for day in again.without),
    }


def _kept(row: Row[tuple[object, ...]]) -> KeptWindow:
    without = frozenset(date.fromisoformat(day) for day in row.without)
    window = Window(
        id=row.id,
        is_planned=row.is_planned,
        scope=Scope(**{key: frozenset(held) for key, held in row.scope.items()}),
        start=row.start,
        length_s=row.length_s,
        owner=row.owner,
        reason=row.reason,
        announced_at=row.announced_at,
        recurrence=None if row.recurrence is None else parse(row.recurrence, without),
    )
    return KeptWindow(window, row.lifted_at, row.lifted_by)
