# SPDX-License-Identifier: MIT
"""Rows of deliveries: every message to every receiver, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update
from sqlalchemy.engine import RowMapping

from tinhnet.store.schema.alerts import deliveries

WAITING = "waiting"
DELIVERED = "delivered"
RETRY = "retry"
REFUSED = "refused"
GIVEN_UP = "given_up"
DROPPED = "dropped"
FATES = (WAITING, RETRY, DELIVERED, REFUSED, GIVEN_UP, DROPPED)
"""Only the first two are open: their rows have a `due_at`."""


@dataclass(frozen=True, slots=True)
class KeptDelivery:
    """One message to one receiver.

    Receiver, key and message number name it; a repeat has the same.  `at` is
    when it was decided, `due_at` when it is tried next (None: never again).
    `facts` is what a machine reads of it.
    """

    receiver: str
    key: str
    message: int
    notifier: str
    at: datetime
    subject: str
    text: str
    facts: Mapping[str, object]
    fingerprints: tuple[str, ...]
    due_at: datetime | None
    fate: str = WAITING
    tries: int = 0
    detail: str = ""

    @property
    def name(self) -> tuple[str, str, int]:
        """Return what names it."""
        return self.receiver, self.key, self.message


def add_deliveries(connection: Connection, found: Iterable[KeptDelivery]) -> int:
    """Keep deliveries that are not there yet; return how many were new."""
    added = 0
    for one in found:
        known = connection.execute(select(deliveries.c.message).where(_named(one))).first()
        if known is None:
            connection.execute(insert(deliveries).values(_values(one)))
            added += 1
    return added


def list_open(connection: Connection) -> tuple[KeptDelivery, ...]:
    """Return what is still to be delivered, oldest first."""
    statement = (
        select(deliveries)
        .where(deliveries.c.due_at.is_not(None))
        .order_by(deliveries.c.at, deliveries.c.receiver, deliveries.c.key, deliveries.c.message)
    )
    return tuple(_kept(row) for row in connection.execute(statement).mappings())


def settle(connection: Connection, delivery: KeptDelivery) -> None:
    """Write what became of a delivery: its fate, tries, detail, and when it is tried again."""
    values = {
        "fate": delivery.fate,
        "due_at": delivery.due_at,
        "tries": delivery.tries,
        "detail": delivery.detail,
    }
    connection.execute(update(deliveries).where(_named(delivery)).values(values))


def was_told(connection: Connection, receiver: str, key: str) -> bool:
    """Tell whether any message of a key reached a receiver."""
    statement = select(deliveries.c.message).where(
        deliveries.c.receiver == receiver,
        deliveries.c.key == key,
        deliveries.c.fate == DELIVERED,
    )
    return connection.execute(statement.limit(1)).first() is not None


def list_deliveries(
    connection: Connection,
    *,
    receiver: str | None = None,
    fates: Iterable[str] = (),
    limit: int = 100,
) -> tuple[KeptDelivery, ...]:
    """Return the newest deliveries, newest first, without their texts and facts.

    In a storm these are a megabyte each.
    """
    columns = [one for one in deliveries.c if one.name not in {"text", "facts"}]
    statement = select(*columns).order_by(
        deliveries.c.at.desc(), deliveries.c.receiver, deliveries.c.key, deliveries.c.message.desc()
    )
    if receiver is not None:
        statement = statement.where(deliveries.c.receiver == receiver)
    wanted = list(fates)
    if wanted:
        statement = statement.where(deliveries.c.fate.in_(wanted))
    rows = connection.execute(statement.limit(limit)).mappings()
    return tuple(_kept(row, is_whole=False) for row in rows)


def let_go(connection: Connection, before: datetime) -> int:
    """Remove records of messages that were decided before a time; return how many."""
    old = and_(deliveries.c.due_at.is_(None), deliveries.c.at < before)
    return connection.execute(delete(deliveries).where(old)).rowcount


def _named(one: KeptDelivery) -> ColumnElement[bool]:
    return and_(
        deliveries.c.receiver == one.receiver,
        deliveries.c.key == one.key,
        deliveries.c.message == one.message,
    )


def _values(one: KeptDelivery) -> dict[str, object]:
    return {
        "receiver": one.receiver,
        "key": one.key,
        "message": one.message,
        "notifier": one.notifier,
        "fate": one.fate,
        "at": one.at,
        "due_at": one.due_at,
        "tries": one.tries,
        "detail": one.detail,
        "subject": one.subject,
        "text": one.text,
        "facts": dict(one.facts),
        "fingerprints": list(one.fingerprints),
    }


def _kept(row: RowMapping, *, is_whole: bool = True) -> KeptDelivery:
    return KeptDelivery(
        receiver=row["receiver"],
        key=row["key"],
        message=row["message"],
        notifier=row["notifier"],
        at=row["at"],
        subject=row["subject"],
        text=row["text"] if is_whole else "",
        facts=row["facts"] if is_whole else {},
        fingerprints=tuple(row["fingerprints"]),
        due_at=row["due_at"],
        fate=row["fate"],
        tries=row["tries"],
        detail=row["detail"],
    )
