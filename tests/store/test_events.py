# SPDX-License-Identifier: MIT
"""Events on both databases: each once, in order, found again, let go by age."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tinhnet.model.event import Event, EventFilter, Severity, Source
from tinhnet.store import events
from tinhnet.store.engine import Store

NOON = datetime(2016, 5, 4, 12, 0, tzinfo=UTC)


def event(key: str, minute: int = 0, **more: object) -> Event:
    """Return an event of a minute after noon."""
    at = NOON + timedelta(minutes=minute)
    made = Event(key, at, at, Source.SYSLOG, "interface_down", Severity.HIGH, "wan1 xuống")
    return replace(made, **more)  # type: ignore[arg-type] # the test names the fields


def put(store: Store, *found: Event) -> int:
    """Append events in a transaction of their own."""
    with store.writing() as connection:
        return events.append(connection, found)


def keys(found: tuple[events.Numbered, ...]) -> list[str]:
    """Return the keys in their order."""
    return [one.event.key for one in found]


def test_an_event_comes_back_as_it_was(store: Store) -> None:
    """Every field, in Vietnamese, with what is unknown left unknown."""
    whole = event(
        "a",
        device="dien-ban-cpe1",
        interface="wan1",
        link="dien-ban-1",
        site="dien-ban",
        fields={"người": "lan"},
    )
    put(store, whole, event("b"))

    with store.reading() as connection:
        first, second = events.list_after(connection, 0)

    assert first.event == whole
    assert second.event == event("b")
    assert second.number > first.number


def test_a_fact_that_comes_twice_is_one_event(store: Store) -> None:
    """In one call, in two calls, and beside new ones; the first stays as it was."""
    first = put(store, event("a", text="first"), event("a", text="second"), event("b"))
    again = put(store, event("b", text="again"), event("c"), event("a"))

    with store.reading() as connection:
        found = events.list_after(connection, 0)
    assert (first, again) == (2, 1)
    assert keys(found) == ["a", "b", "c"]
    assert found[0].event.text == "first"


def test_many_events_fit_into_one_transaction(store: Store) -> None:
    """A storm is more than one statement can take."""
    storm = [event(f"k{number}") for number in range(1234)]

    assert put(store, *storm) == 1234
    assert put(store, *storm) == 0
    with store.reading() as connection:
        assert keys(events.list_after(connection, 0, 2000)) == [one.key for one in storm]


def test_a_reader_goes_on_where_it_was(store: Store) -> None:
    """In pieces, without a gap, and nothing twice."""
    put(store, *(event(f"k{number}") for number in range(5)))
    seen: list[str] = []
    position = 0
    with store.reading() as connection:
        while piece := events.list_after(connection, position, 2):
            seen += keys(piece)
            position = piece[-1].number
        assert position == events.last_number(connection)

    assert seen == [f"k{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (EventFilter(), ["c", "b", "a"]),
        (EventFilter(device="core1"), ["b"]),
        (EventFilter(link="dien-ban-1"), ["c"]),
        (EventFilter(site="dien-ban"), ["c"]),
        (EventFilter(kind="login"), ["a"]),
        (EventFilter(source=Source.TRAP), ["c"]),
        (EventFilter(severities=(Severity.INFO, Severity.CRITICAL)), ["c", "a"]),
        (EventFilter(since=NOON + timedelta(minutes=1)), ["c", "b"]),
        (EventFilter(until=NOON + timedelta(minutes=1)), ["a"]),
        (EventFilter(site="dien-ban", source=Source.SYSLOG), []),
    ],
)
def test_people_find_what_they_ask_for_newest_first(
    store: Store, wanted: EventFilter, found: list[str]
) -> None:
    """Each condition by itself, and two together."""
    put(
        store,
        event("a", 0, kind="login", severity=Severity.INFO),
        event("b", 1, device="core1"),
        event(
            "c",
            2,
            link="dien-ban-1",
            site="dien-ban",
            source=Source.TRAP,
            severity=Severity.CRITICAL,
        ),
    )

    with store.reading() as connection:
        assert keys(events.newest(connection, wanted)) == found


def test_a_page_goes_on_behind_the_last_one(store: Store) -> None:
    """While new ones come in, the older page stays the older page."""
    put(store, *(event(f"k{number}") for number in range(4)))
    with store.reading() as connection:
        page = events.newest(connection, limit=2)
    put(store, event("new"))
    with store.reading() as connection:
        rest = events.newest(connection, before=page[-1].number)

    assert (keys(page), keys(rest)) == (["k3", "k2"], ["k1", "k0"])


def test_old_events_go_and_their_numbers_never_come_back(store: Store) -> None:
    """By when they reached us, the oldest first, at most so many at once."""
    put(store, *(event(f"k{number}", number) for number in range(6)))
    with store.writing() as connection:
        before = events.last_number(connection)
        some = events.let_go(connection, NOON + timedelta(minutes=4), limit=3)
        rest = events.let_go(connection, NOON + timedelta(minutes=4), limit=3)
        left = keys(events.list_after(connection, 0))
        everything = events.let_go(connection, NOON + timedelta(days=1))
    put(store, event("later"))

    assert (some, rest, everything, left) == (3, 1, 2, ["k4", "k5"])
    with store.reading() as connection:
        assert events.last_number(connection) == before + 1


def test_what_is_told_again_counts_and_keeps_what_was_known(store: Store) -> None:
    """A row says how often it was told; everything else of it stays."""
    put(store, event("a", fields={"user": "lan"}), event("b", kind="login"))

    with store.writing() as connection:
        events.set_repeated(connection, {"a": (3, NOON), "gone": (9, NOON)})
    with store.reading() as connection:
        found = {one.event.key: dict(one.event.fields) for one in events.newest(connection)}
        kinds = events.list_kinds(connection)
        count = events.count_events(connection, EventFilter(kind="login"))
        is_old = events.has_older(connection, NOON + timedelta(minutes=1))
        is_older = events.has_older(connection, NOON)

    assert found == {"a": {"user": "lan", "times": "3", "last": NOON.isoformat()}, "b": {}}
    assert kinds == ("interface_down", "login")
    assert (count, is_old, is_older) == (1, True, False)
