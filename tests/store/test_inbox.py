# SPDX-License-Identifier: MIT
"""The NOC's list: the order of work, and what is folded under what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.webui.afternoon import HOUR, MINUTE, afternoon, record, seed
from tinhnet.model.alert import AlertEntry, AlertRecord, AlertState
from tinhnet.store import alerts, inbox, windows
from tinhnet.store.engine import Store
from tinhnet.store.inbox import InboxFilter

NOW = datetime(2016, 5, 4, 3, 2, 1, tzinfo=UTC)


def put(store: Store, *found: AlertRecord) -> None:
    """Write alerts."""
    with store.writing() as connection:
        alerts.put_alerts(connection, found)


def listed(store: Store, wanted: InboxFilter = inbox.ALL, limit: int = 50) -> list[str]:
    """Return the things of the list in its order."""
    with store.reading() as connection:
        return [one.alert.thing for one in inbox.list_inbox(connection, wanted, limit=limit)]


def test_what_fires_comes_first_the_worst_first_the_newest_first(store: Store) -> None:
    """The top of the list is what needs somebody now."""
    put(
        store,
        *afternoon(NOW),
        record("circuit-down", "link:hoi-an-1", "high", NOW - MINUTE, site="hoi-an"),
    )

    assert listed(store) == [
        "device:core2",
        "link:hoi-an-1",
        "link:dien-ban-1",
        "device:web1",
        "service:portal",
    ]


def test_what_a_cause_explains_is_folded_until_its_cause_is_gone(store: Store) -> None:
    """Nothing may be hidden by nobody: with the cause away it stands in the list."""
    found = afternoon(NOW)
    put(store, *found)
    folded = listed(store)
    unfolded = listed(store, InboxFilter(is_unfolded=True))
    core = replace(found[0], alert=replace(found[0].alert, since=None, resolved_at=NOW))
    put(store, core)

    assert "link:tam-ky-2" not in folded
    assert "link:tam-ky-2" in unfolded
    assert "link:tam-ky-2" in listed(store)


def test_a_site_filter_finds_what_hurts_the_site_from_elsewhere(store: Store) -> None:
    """Whoever looks at Hội An must see the core that degrades it."""
    put(store, *afternoon(NOW))

    assert listed(store, InboxFilter(site="hoi-an")) == ["device:core2"]
    assert listed(store, InboxFilter(site="dien-ban")) == ["link:dien-ban-1"]
    assert listed(store, InboxFilter(site="hoi")) == []


def test_counts_tell_states_severities_and_what_is_folded(store: Store) -> None:
    """The numbers above the list are those of the list."""
    put(store, *afternoon(NOW))
    with store.reading() as connection:
        counts = inbox.tallies(connection)
        total = inbox.count_inbox(connection)
        sites = inbox.sites_of(connection)
        hidden = inbox.hidden_counts(connection, {"device:core2", "link:dien-ban-1"})
        (behind,) = inbox.list_hidden(connection, "device:core2", 10)
        cause = inbox.find_cause(connection, "device:core2")
        by_rule = inbox.counts_by_rule(connection)

    states = (AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.SILENCED, AlertState.PENDING)
    assert [counts.of(state) for state in states] == [2, 1, 1, 0]
    assert counts.severities == {"critical": 1, "high": 1}
    assert (counts.hidden, total, hidden) == (1, 4, {"device:core2": 1})
    assert sites == ("dc", "dien-ban", "tam-ky")
    assert counts.total(inbox.ALL) == total
    assert behind.alert.thing == "link:tam-ky-2"
    assert cause is not None
    assert by_rule["device-down"] == 1


def test_ended_alerts_are_found_the_last_first(store: Store) -> None:
    """An empty list says when it became empty."""
    last = record("device-down", "device:a", "high", None, resolved_at=NOW)
    put(store, *afternoon(NOW), last)
    with store.reading() as connection:
        ended = inbox.last_ended(connection)
    resolved = listed(store, InboxFilter(states=(AlertState.RESOLVED,)))

    assert ended is not None
    assert ended.alert.thing == "device:a"
    assert resolved == ["device:a", "device:core1"]


def test_a_window_knows_how_many_it_hides(store: Store) -> None:
    """A silence that hides nothing is worth a question."""
    put(store, *afternoon(NOW))
    with store.reading() as connection:
        counts = [inbox.muted_by(connection, one) for one in ("w00000001", "w00000002")]

    assert counts == [1, 0]


def test_pages_are_told_of_every_step_and_of_nothing_else(store: Store) -> None:
    """A page that fetches itself for nothing is a page that flickers."""
    seed(store, NOW)

    def look() -> tuple[object, ...]:
        with store.reading() as connection:
            return inbox.signature(connection)

    first, again = look(), look()
    with store.writing() as connection:
        windows.lift_window(connection, "w00000001", "lan", NOW)
    lifted = look()
    with store.writing() as connection:
        alerts.add_entries(connection, [AlertEntry("f", 1, NOW, "note", "x")])

    assert first == again
    assert len({first, lifted, look()}) == 3


def test_pages_of_the_list_join_without_gap(store: Store) -> None:
    """The second page begins where the first one ends."""
    found = [
        record("service-slow", f"service:s{number}", "low", NOW - timedelta(seconds=number) - HOUR)
        for number in range(7)
    ]
    put(store, *found)
    with store.reading() as connection:
        first = inbox.list_inbox(connection, limit=4)
        second = inbox.list_inbox(connection, limit=4, offset=4)

    assert [one.alert.thing for one in (*first, *second)] == [one.alert.thing for one in found]


@pytest.mark.parametrize(
    "wanted",
    [
        InboxFilter(is_unfolded=True),
        InboxFilter(severity="medium"),
        InboxFilter(severity="medium", is_unfolded=True),
        InboxFilter(states=(AlertState.SILENCED,), is_unfolded=True),
        InboxFilter(states=(AlertState.SILENCED,), site="tam-ky"),
        InboxFilter(rule="service-slow"),
    ],
)
def test_the_count_above_the_list_is_its_length(store: Store, wanted: InboxFilter) -> None:
    """The tallies count without listing; they must count what is listed."""
    put(store, *afternoon(NOW))
    with store.reading() as connection:
        counts = inbox.tallies(connection, wanted)
        counted = inbox.count_inbox(connection, wanted)

    assert counts.total(wanted) == counted == len(listed(store, wanted))
