# SPDX-License-Identifier: MIT
"""Tickets and handovers on both databases."""

from datetime import UTC, datetime, timedelta

from tinhnet.store import shifts
from tinhnet.store.engine import Store
from tinhnet.store.shifts import Line, Ticket

NOW = datetime(2016, 5, 4, 3, 2, 1, 250_000, tzinfo=UTC)


def test_a_ticket_is_kept_for_each_episode_and_can_be_corrected(store: Store) -> None:
    """A circuit that falls again has a ticket of its own; the newest is shown."""
    first = Ticket("f" * 16, 1, "VNPT", "SC-1", NOW, "lan")
    second = Ticket("f" * 16, 2, "VNPT", "SC-2", NOW, "lan", "đang cử người")
    fixed = Ticket("f" * 16, 2, "VNPT", "SC-20", NOW, "minh")
    with store.writing() as connection:
        shifts.put_ticket(connection, first)
        shifts.put_ticket(connection, second)
    with store.reading() as connection:
        kept = shifts.list_tickets(connection, ["f" * 16, "g" * 16])
    with store.writing() as connection:
        shifts.put_ticket(connection, fixed)
    with store.reading() as connection:
        corrected = shifts.list_tickets(connection, ["f" * 16])

    assert kept == {"f" * 16: second}
    assert corrected == {"f" * 16: fixed}


def test_a_handover_comes_back_as_it_was_given_and_is_taken_once(store: Store) -> None:
    """What was signed is what is read later, and nobody takes it twice."""
    lines = (
        Line("alert", "f" * 16, "firing", "Kênh đứt", "Cut", NOW, None, "", "VNPT SC-1"),
        Line("silence", "w1", "open", "site:hoi-an", "site:hoi-an", NOW, NOW + timedelta(hours=1)),
    )
    with store.writing() as connection:
        given = shifts.add_handover(connection, "lan", "Điện Bàn chờ VNPT", lines, NOW)
    with store.writing() as connection:
        first = shifts.take_handover(connection, given.number, "tuan", NOW)
        again = shifts.take_handover(connection, given.number, "minh", NOW)
    with store.reading() as connection:
        kept = shifts.find_handover(connection, given.number)
        missing = shifts.find_handover(connection, given.number + 1)
        listed = shifts.list_handovers(connection)

    assert (first, again, missing) == (True, False, None)
    assert kept is not None
    assert (kept.lines, kept.note, kept.taken_by) == (lines, "Điện Bàn chờ VNPT", "tuan")
    assert listed == (kept,)
