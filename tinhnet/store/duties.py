# SPDX-License-Identifier: MIT
"""Rows of the duty calendar: who is on call, at which level, from when to when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select

from tinhnet.store.schema.alerts import duties


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody is on duty from `start` until before `end`; `number` is 0 until it is kept."""

    number: int
    person: str
    level: int
    start: datetime
    end: datetime


def add_duties(connection: Connection, found: Sequence[Duty]) -> tuple[Duty, ...]:
    """Keep duties and return them with their numbers."""
    kept = []
    for one in found:
        values = {"person": one.person, "level": one.level, "start": one.start, "end": one.end}
        number = connection.execute(
            insert(duties).values(values).returning(duties.c.number)
        ).scalar_one()
        kept.append(Duty(number, one.person, one.level, one.start, one.end))
    return tuple(kept)


def find_duty(connection: Connection, number: int) -> Duty | None:
    """Return a duty, None when there is none of that number."""
    row = connection.execute(select(duties).where(duties.c.number == number)).first()
    return None if row is None else _duty(row)


def remove_duty(connection: Connection, number: int) -> bool:
    """Take a duty out of the calendar; False when it was not in it."""
    return connection.execute(delete(duties).where(duties.c.number == number)).rowcount == 1


def list_duties(connection: Connection, start: datetime, end: datetime) -> tuple[Duty, ...]:
    """Return the duties that touch the time from `start` until before `end`, as they begin."""
    statement = (
        select(duties)
        .where(duties.c.end > start, duties.c.start < end)
        .order_by(duties.c.start, duties.c.level, duties.c.number)
    )
    return tuple(_duty(row) for row in connection.execute(statement))


def on_duty(connection: Connection, now: datetime) -> tuple[Duty, ...]:
    """Return who is on duty at a moment, level 1 first."""
    statement = (
        select(duties)
        .where(duties.c.end > now, duties.c.start <= now)
        .order_by(duties.c.level, duties.c.start, duties.c.number)
    )
    return tuple(_duty(row) for row in connection.execute(statement))


def _duty(row: Row[tuple[object, ...]]) -> Duty:
    return Duty(row.number, row.person, row.level, row.start, row.end)
