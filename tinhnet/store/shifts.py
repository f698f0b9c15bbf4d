# SPDX-License-Identifier: MIT
"""Rows of carriers' tickets and of shift handovers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from tinhnet.store.schema.alerts import handovers, tickets
from tinhnet.store.schema.columns import EPOCH, MICROSECOND


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a carrier calls its work on one episode of an alert; its clock runs from `opened_at`."""

    fingerprint: str
    episode: int
    carrier: str
    number: str
    opened_at: datetime
    opened_by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a shift hands to the next.

    `kind`: "alert", "rest" (of alerts that are not listed), "silence",
    "maintenance" or "job"; `id` is its own,
    `word` its state or severity, `at` when it began or begins, `until` when
    it ends; both None where there is no such time.
    """

    kind: str
    id: str
    word: str
    title_vi: str
    title_en: str
    at: datetime | None = None
    until: datetime | None = None
    who: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Handover:
    """What one shift gave to the next, and who took it over (None: nobody yet)."""

    number: int
    given_at: datetime
    given_by: str
    note: str
    lines: tuple[Line, ...]
    taken_at: datetime | None = None
    taken_by: str | None = None

    @property
    def id(self) -> str:
        """Return the name people use."""
        return f"H{self.number}"


def put_ticket(connection: Connection, ticket: Ticket) -> None:
    """Write the ticket of an episode over what was kept of it."""
    values = {
        "carrier": ticket.carrier,
        "number": ticket.number,
        "opened_at": ticket.opened_at,
        "opened_by": ticket.opened_by,
        "note": ticket.note,
    }
    done = connection.execute(
        update(tickets)
        .where(tickets.c.fingerprint == ticket.fingerprint, tickets.c.episode == ticket.episode)
        .values(values)
    )
    if done.rowcount == 0:
        key = {"fingerprint": ticket.fingerprint, "episode": ticket.episode}
        connection.execute(insert(tickets).values(**key, **values))


def list_tickets(connection: Connection, fingerprints: Iterable[str]) -> dict[str, Ticket]:
    """Return the newest ticket of each of these alerts that has one."""
    statement = (
        select(tickets)
        .where(tickets.c.fingerprint.in_(sorted(fingerprints)))
        .order_by(tickets.c.episode)
    )
    return {row.fingerprint: Ticket(**row._mapping) for row in connection.execute(statement)}  # noqa: SLF001 a public name of SQLAlchemy


def add_handover(
    connection: Connection, given_by: str, note: str, lines: Iterable[Line], now: datetime
) -> Handover:
    """Keep what a shift gives to the next, as it stands at this moment."""
    kept = tuple(lines)
    values = {
        "given_at": now,
        "given_by": given_by,
        "note": note,
        "content": {"format": 1, "lines": [_plain(one) for one in kept]},
    }
    number = connection.execute(
        insert(handovers).values(values).returning(handovers.c.number)
    ).scalar_one()
    return Handover(number, now, given_by, note, kept)


def take_handover(connection: Connection, number: int, taken_by: str, now: datetime) -> bool:
    """Say who took a handover over; False when somebody did before, or there is none."""
    done = connection.execute(
        update(handovers)
        .where(handovers.c.number == number, handovers.c.taken_at.is_(None))
        .values(taken_at=now, taken_by=taken_by)
    )
    return done.rowcount == 1


def find_handover(connection: Connection, number: int) -> Handover | None:
    """Return a handover, None when there is none of that number."""
    row = connection.execute(select(handovers).where(handovers.c.number == number)).first()
    return None if row is None else _handover(row)


def list_handovers(
    connection: Connection, *, limit: int = 50, before: int | None = None
) -> tuple[Handover, ...]:
    """Return the newest handovers first; `before` is the number to go on from."""
    statement = select(handovers).order_by(handovers.c.number.desc()).limit(limit)
    if before is not None:
        statement = statement.where(handovers.c.number < before)
    return tuple(_handover(row) for row in connection.execute(statement))


def _handover(row: Row[tuple[object, ...]]) -> Handover:
    return Handover(
        number=row.number,
        given_at=row.given_at,
        given_by=row.given_by,
        note=row.note,
        lines=tuple(_line(one) for one in row.content["lines"]),
        taken_at=row.taken_at,
        taken_by=row.taken_by,
    )


def _plain(line: Line) -> dict[str, object]:
    """Return a line as JSON keeps it, times as microseconds since 1970."""
    return {
        "kind": line.kind,
        "id": line.id,
        "word": line.word,
        "title_vi": line.title_vi,
        "title_en": line.title_en,
        "at": None if line.at is None else (line.at - EPOCH) // MICROSECOND,
        "until": None if line.until is None else (line.until - EPOCH) // MICROSECOND,
        "who": line.who,
        "detail": line.detail,
    }


def _line(kept: Mapping[str, str | int | None]) -> Line:
    return Line(
        kind=str(kept["kind"]),
        id=str(kept["id"]),
        word=str(kept["word"]),
        title_vi=str(kept["title_vi"]),
        title_en=str(kept["title_en"]),
        at=_moment(kept["at"]),
        until=_moment(kept["until"]),
        who=str(kept["who"]),
        detail=str(kept["detail"]),
    )


def _moment(kept: str | int | None) -> datetime | None:
    return EPOCH + int(kept) * MICROSECOND if kept is not None else None
