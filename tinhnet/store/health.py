# SPDX-License-Identifier: MIT
"""The product's own health as numbers: how many rows of what, and how large the state is."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, select

from tinhnet.store.events import last_number
from tinhnet.store.schema.alerts import alerts
from tinhnet.store.schema.jobs import jobs


@dataclass(frozen=True, slots=True)
class Health:
    """One look at the state; counts by state, events ever taken in, bytes."""

    alerts: Mapping[str, int]
    jobs: Mapping[str, int]
    events: int
    size_bytes: int


def look(connection: Connection) -> Health:
    """Return how the state stands now."""
    return Health(
        alerts=_by_state(connection, alerts),
        jobs=_by_state(connection, jobs),
        events=last_number(connection),
        size_bytes=_size(connection),
    )


def _by_state(connection: Connection, table: Table) -> dict[str, int]:
    statement = select(table.c.state, func.count()).group_by(table.c.state)
    return {str(row[0]): int(row[1]) for row in connection.execute(statement)}


def _size(connection: Connection) -> int:
    """Return the bytes of the database: of the file with SQLite, of all its files else."""
    if connection.dialect.name == "sqlite":
        pages, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("page_count", "page_size")
        )
        return int(pages) * int(size)
    statement = select(func.pg_database_size(func.current_database()))
    return int(connection.execute(statement).scalar_one())
