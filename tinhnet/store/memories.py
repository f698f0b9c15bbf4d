# SPDX-License-Identifier: MIT
"""What a worker must still know after a restart, as text of its own form."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from tinhnet.store.schema.watch import memories


def recall(connection: Connection, name: str) -> str | None:
    """Return what was remembered under a name, None before the first time."""
    found = connection.execute(select(memories.c.content).where(memories.c.name == name))
    return found.scalar_one_or_none()


def remembered_at(connection: Connection, name: str) -> datetime | None:
    """Return when something was remembered under a name, None before the first time."""
    found = connection.execute(select(memories.c.at).where(memories.c.name == name))
    return found.scalar_one_or_none()


def remember(connection: Connection, name: str, content: str, now: datetime) -> None:
    """Remember something in the transaction that writes what follows from it."""
    values = {"content": content, "at": now}
    done = connection.execute(update(memories).where(memories.c.name == name).values(values))
    if done.rowcount == 0:
        connection.execute(insert(memories).values(name=name, **values))
