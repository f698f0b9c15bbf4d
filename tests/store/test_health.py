# SPDX-License-Identifier: MIT
"""The state tells how it stands, on both databases."""

from datetime import UTC, datetime

from tinhnet.model.event import Event, Severity, Source
from tinhnet.store import events
from tinhnet.store.engine import Store
from tinhnet.store.health import look

AT = datetime(2016, 5, 4, 12, 0, tzinfo=UTC)


def test_rows_and_size_are_told(store: Store) -> None:
    """Whoever watches us from outside sees what grows, before the disk is full."""
    one = Event("a", AT, AT, Source.TRAP, "restart", Severity.LOW, "lên lại")
    with store.writing() as connection:
        events.append(connection, [one])
    with store.reading() as connection:
        found = look(connection)

    assert found.events == 1
    assert (found.alerts, found.jobs) == ({}, {})
    assert found.size_bytes > 10_000
