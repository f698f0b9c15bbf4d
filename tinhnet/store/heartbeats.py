# SPDX-License-Identifier: MIT
"""Signs of life of our own workers, and how far each reader has come."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from tinhnet.store.schema.watch import cursors, heartbeats


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last sign of life of a worker, which promises one every `interval_s` seconds."""

    worker: str
    machine: str
    pid: int
    started_at: datetime
    at: datetime
    interval_s: int


def beat(connection: Connection, heartbeat: Heartbeat) -> None:
    """Write a sign of life over the last one."""
    values = {
        "machine": heartbeat.machine,
        "pid": heartbeat.pid,
        "started_at": heartbeat.started_at,
        "at": heartbeat.at,
        "interval_s": heartbeat.interval_s,
    }
    done = connection.execute(
        update(heartbeats).where(heartbeats.c.worker == heartbeat.worker).values(values)
    )
    if done.rowcount == 0:
        connection.execute(insert(heartbeats).values(worker=heartbeat.worker, **values))


def list_heartbeats(connection: Connection) -> tuple[Heartbeat, ...]:
    """Return the last sign of life of each worker, by name."""
    rows = connection.execute(select(heartbeats).order_by(heartbeats.c.worker))
    return tuple(
        Heartbeat(row.worker, row.machine, row.pid, row.started_at, row.at, row.interval_s)
        for row in rows
    )


def forget(connection: Connection, worker: str) -> None:
    """Remove a worker that ended as it was told."""
    connection.execute(delete(heartbeats).where(heartbeats.c.worker == worker))


def position(connection: Connection, reader: str) -> int:
    """Return how far a reader has come, 0 before its first row."""
    found = connection.execute(select(cursors.c.position).where(cursors.c.reader == reader))
    return found.scalar_one_or_none() or 0


def move(connection: Connection, reader: str, to: int) -> None:
    """Remember how far a reader has come; in the transaction that writes its results."""
    done = connection.execute(update(cursors).where(cursors.c.reader == reader).values(position=to))
    if done.rowcount == 0:
        connection.execute(insert(cursors).values(reader=reader, position=to))
