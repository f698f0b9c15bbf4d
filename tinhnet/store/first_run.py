# SPDX-License-Identifier: MIT
"""The one row that lets the first admin in: there while a code is offered, gone when it is used."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from tinhnet.store.schema.people import first_run


def offered_hash(connection: Connection) -> str | None:
    """Return the hash of the code on offer, None when there is none."""
    return connection.execute(select(first_run.c.hash)).scalar_one_or_none()


def put_offer(connection: Connection, hashed: str, at: datetime) -> None:
    """Offer a code; the caller has forgotten any other."""
    connection.execute(insert(first_run).values(hash=hashed, made_at=at))


def forget_offer(connection: Connection) -> bool:
    """Take the offer back; False when there was none."""
    return connection.execute(delete(first_run)).rowcount > 0
