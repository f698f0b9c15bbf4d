# SPDX-License-Identifier: MIT
"""Rows of deliveries, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tinhnet.store import deliveries
from tinhnet.store.deliveries import DELIVERED, GIVEN_UP, RETRY, KeptDelivery
from tinhnet.store.engine import Store

NOW = datetime(2026, 11, 28, 11, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIRST = KeptDelivery(
    receiver="lan-mail",
    key="f/1",
    message=1,
    notifier="email",
    at=NOW,
    subject="Kênh đứt",
    text="Điện Bàn",
    facts={"reason": "firing", "alerts": [{"fingerprint": "f", "episode": 1}]},
    fingerprints=("f",),
    due_at=NOW,
)


def test_a_delivery_is_kept_once_and_comes_back_as_it_was(store: Store) -> None:
    """A worker that decides again after a kill writes nothing twice."""
    with store.writing() as connection:
        added = [deliveries.add_deliveries(connection, [FIRST]) for _ in range(2)]
    with store.reading() as connection:
        open_ = deliveries.list_open(connection)

    assert (added, open_) == ([1, 0], (FIRST,))


def test_what_is_over_is_not_open_and_tells_that_it_arrived(store: Store) -> None:
    """A recovery asks whether its alert reached this receiver."""
    second = replace(FIRST, message=2, at=NOW + MINUTE, due_at=NOW + MINUTE)
    again = replace(second, fate=RETRY, tries=1, due_at=NOW + 2 * MINUTE, detail="busy")
    with store.writing() as connection:
        deliveries.add_deliveries(connection, [FIRST, second])
        before = deliveries.was_told(connection, "lan-mail", "f/1")
        deliveries.settle(connection, replace(FIRST, fate=DELIVERED, tries=1, due_at=None))
        deliveries.settle(connection, again)
    with store.reading() as connection:
        assert before is False
        assert deliveries.was_told(connection, "lan-mail", "f/1")
        assert not deliveries.was_told(connection, "minh-mail", "f/1")
        assert deliveries.list_open(connection) == (again,)
        assert [one.message for one in deliveries.list_deliveries(connection)] == [2, 1]
        assert [
            one.message for one in deliveries.list_deliveries(connection, fates=[DELIVERED])
        ] == [1]
        assert deliveries.list_deliveries(connection, receiver="minh-mail") == ()


def test_old_records_go_and_open_ones_stay(store: Store) -> None:
    """Nothing that is still to be delivered is let go."""
    over = replace(FIRST, message=2, fate=GIVEN_UP, due_at=None)
    with store.writing() as connection:
        deliveries.add_deliveries(connection, [FIRST, over])
        gone = deliveries.let_go(connection, NOW + MINUTE)
    with store.reading() as connection:
        left = deliveries.list_deliveries(connection)

    assert (gone, left) == (1, (replace(FIRST, text="", facts={}),))
