# SPDX-License-Identifier: MIT
"""Rows of what is seen, of alerts, silences and claims, on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tinhnet.alerting.ledger import Claim
from tinhnet.alerting.recurrence import parse
from tinhnet.model.alert import (
    Acknowledgement,
    Alert,
    AlertEntry,
    AlertFilter,
    AlertRecord,
    AlertState,
    Notice,
)
from tinhnet.model.observation import Observation, State
from tinhnet.model.window import Scope, Window
from tinhnet.store import alerts, claims, memories, observed, windows
from tinhnet.store.engine import Store

NOW = datetime(2016, 5, 4, 3, 2, 1, 250_000, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def firing(fingerprint: str, thing: str, fired_at: datetime) -> AlertRecord:
    """Return an alert with every field set."""
    alert = Alert(
        fingerprint=fingerprint,
        rule="circuit-down",
        thing=thing,
        severity="high",
        at=fired_at,
        since=fired_at - MINUTE,
        clear_since=fired_at,
        fired_at=fired_at,
        resolved_at=fired_at - 2 * MINUTE,
        episode=3,
        acknowledgement=Acknowledgement("lan", "đã gọi VNPT", fired_at, fired_at + MINUTE),
        silences=("w1", "job:J4"),
        is_told=True,
        is_flapping=True,
        beginnings=(fired_at - MINUTE, fired_at),
        notices=2,
    )
    return AlertRecord(
        alert=alert,
        title_vi="Kênh truyền đứt",
        title_en="Circuit down",
        sentence_vi="Kênh dien-ban-1 đứt",
        sentence_en="dien-ban-1 is down",
        labels={"thing": thing},
        device="dien-ban-cpe1",
        link="dien-ban-1",
        site="dien-ban",
        cause="device:core1",
        explains=("device:dien-ban-cpe1",),
        sites_down=("hoi-an",),
        sites_degraded=("dien-ban",),
        value=0.25,
    )


def claimed(start: datetime, end: datetime | None, *, is_up: bool) -> Claim:
    """Return a claim about one circuit."""
    return Claim("link:a", is_up, start, end, "collect")


def test_an_alert_comes_back_as_it_was_written(store: Store) -> None:
    """A restart must not change an alert's life by a microsecond."""
    one = firing("a" * 16, "link:dien-ban-1", NOW)
    changed = replace(one, value=None, alert=replace(one.alert, acknowledgement=None))
    with store.writing() as connection:
        alerts.put_alerts(connection, [one])
    with store.reading() as connection:
        first = alerts.find_alert(connection, "a" * 16)
    with store.writing() as connection:
        alerts.put_alerts(connection, [changed])
    with store.reading() as connection:
        second, nobody = (alerts.find_alert(connection, key * 16) for key in "ab")

    assert (first, second, nobody) == (one, changed, None)


def test_lists_filter_sort_and_count(store: Store) -> None:
    """The inbox asks for some of thousands, the newest first."""
    old = replace(firing("1" * 16, "link:a", NOW - MINUTE), site="hoi-an")
    new = firing("2" * 16, "link:b", NOW)
    over = firing("3" * 16, "link:c", NOW - 3 * MINUTE)
    over = replace(over, alert=replace(over.alert, since=None, clear_since=None, fired_at=None))
    with store.writing() as connection:
        alerts.put_alerts(connection, [old, new, over])
    with store.reading() as connection:
        every = [one.alert.fingerprint[0] for one in alerts.list_alerts(connection)]
        (second,) = alerts.list_alerts(connection, limit=1, offset=1)
        alive = [one.alert.fingerprint[0] for one in alerts.list_alive(connection)]
        there = alerts.list_alerts(connection, AlertFilter(site="hoi-an"))
        silenced = alerts.count_alerts(connection, AlertFilter(states=(AlertState.SILENCED,)))

    assert (every, second, alive) == (["2", "1", "3"], old, ["1", "2"])
    assert there == (old,)
    assert silenced == 2


def test_a_notice_is_kept_once_and_read_in_order(store: Store) -> None:
    """A worker that died after deciding decides again; nobody is told twice."""
    found = [Notice(f"f/1/{n}", "firing", "f", 1, NOW) for n in (1, 2)]
    note = AlertEntry("f", 1, NOW, "note", "gọi lại", "lan", {"a": "b"})
    with store.writing() as connection:
        first = alerts.add_notices(connection, found[:1])
        again = alerts.add_notices(connection, found)
        none = alerts.add_notices(connection, [])
        alerts.add_entries(
            connection, [AlertEntry("f", 1, NOW, "note", "gọi lại", "lan", {"a": "b"})]
        )
    with store.reading() as connection:
        read = alerts.notices_after(connection, 0)
        rest = alerts.notices_after(connection, read[0].number)
        (entry,) = alerts.list_entries(connection, "f")

    assert (first, again, none) == (1, 1, 0)
    assert [one.notice for one in read] == found
    assert [one.notice for one in rest] == found[1:]
    assert entry.entry == note


def test_what_is_seen_is_replaced_whole_and_the_newest_counts(store: Store) -> None:
    """Two collectors may see one thing; a thing that is no longer asked must not look alive."""
    earlier, later = (
        Observation(State.UP, NOW),
        Observation(State.DOWN, NOW + MINUTE, "3 of 3 lost"),
    )
    with store.writing() as connection:
        observed.put_observed(connection, "collect", NOW, {"link:a": earlier, "link:b": earlier})
        observed.put_observed(connection, "collect", NOW + MINUTE, {"link:a": earlier})
        observed.put_observed(connection, "collect-2", NOW, {"link:a": later})
    with store.reading() as connection:
        sights = observed.list_observed(connection)

    assert observed.newest_of(sights) == {"link:a": later}
    assert [(one.source, one.at) for one in sights] == [
        ("collect", NOW + MINUTE),
        ("collect-2", NOW),
    ]


def test_a_wish_to_look_again_stands_until_somebody_looked(store: Store) -> None:
    """The alert worker asks, the collector answers, whoever restarts in between."""
    with store.writing() as connection:
        observed.ask_again(connection, ["link:a", "link:b"], NOW)
        observed.ask_again(connection, ["link:b", "link:c"], NOW + MINUTE)
        observed.looked_at(connection, ["link:a"])
    with store.reading() as connection:
        wanted = observed.asked_again(connection)

    assert wanted == {"link:b": NOW, "link:c": NOW + MINUTE}


def test_a_window_comes_back_and_is_lifted_once(store: Store) -> None:
    """A maintenance window of every second Saturday survives a restart with its days taken out."""
    again = parse("FREQ=MONTHLY;INTERVAL=2;BYDAY=2SA;COUNT=9", frozenset({date(2016, 7, 9)}))
    things, sites, carriers, rules = (frozenset({one}) for one in ("link:a", "hoi-an", "vnpt", "r"))
    window = Window(
        id="w1",
        is_planned=True,
        scope=Scope(things, sites, carriers, rules),
        start=NOW,
        length_s=3600.0,
        owner="lan",
        reason="thay cáp",
        announced_at=NOW - MINUTE,
        recurrence=again,
    )
    with store.writing() as connection:
        windows.add_window(connection, window)
    with store.reading() as connection:
        before = windows.list_windows(connection)
    with store.writing() as connection:
        lifted = [windows.lift_window(connection, "w1", "lan", NOW) for _ in range(2)]
    with store.reading() as connection:
        after = windows.list_windows(connection)
        every = windows.list_windows(connection, lifted=True)

    assert before == (windows.KeptWindow(window),)
    assert (lifted, after) == ([True, False], ())
    assert every == (windows.KeptWindow(window, NOW, "lan"),)


def test_a_claim_goes_as_far_as_it_was_seen(store: Store) -> None:
    """What nobody saw is unknown: a claim that goes on does not reach into the future."""
    with store.writing() as connection:
        claims.begin_claims(connection, [claimed(NOW, None, is_up=True)])
        claims.move_claims(connection, {"link:a": NOW + MINUTE})
        going = claims.open_claims(connection)
        claims.move_claims(connection, {"link:a": NOW + 2 * MINUTE}, end=True)
        claims.begin_claims(
            connection,
            [
                Claim(
                    subject="link:a",
                    is_up=False,
                    start=NOW + 2 * MINUTE,
                    end=None,
                    source="collect",
                )
            ],
        )
    with store.reading() as connection:
        found = claims.list_claims(connection, NOW, NOW + 9 * MINUTE)
        nothing = claims.list_claims(connection, NOW + 3 * MINUTE, NOW + 9 * MINUTE)

    assert going == {"link:a": claimed(NOW, NOW + MINUTE, is_up=True)}
    assert found == (claimed(NOW, NOW + 2 * MINUTE, is_up=True),)
    assert nothing == ()


def test_the_last_thing_remembered_is_recalled(store: Store) -> None:
    """A worker's memory is one text, the newest."""
    with store.writing() as connection:
        nothing = memories.recall(connection, "cause")
        memories.remember(connection, "cause", "một", NOW)
        memories.remember(connection, "cause", "hai", NOW)
        found = memories.recall(connection, "cause")

    assert (nothing, found) == (None, "hai")


def test_alerts_are_found_by_many_fingerprints_and_by_a_beginning(store: Store) -> None:
    """The worker asks for hundreds at once, a person types the first letters."""
    found = [firing(f"{number:04d}" * 4, "link:a", NOW) for number in range(600)]
    with store.writing() as connection:
        alerts.put_alerts(connection, found)
    with store.reading() as connection:
        wanted = ["x", *(one.alert.fingerprint for one in reversed(found))]
        many = alerts.find_alerts(connection, wanted)
        begun = alerts.list_beginning(connection, "0007")
        several = alerts.list_beginning(connection, "000")
        wild = alerts.list_beginning(connection, "%")

    assert list(many.values()) == found[::-1]
    assert list(many) == wanted[1:]
    assert begun == (found[7],)
    assert len(several) == 2
    assert wild == ()


def test_what_is_seen_can_be_compared_without_being_read(store: Store) -> None:
    """The worker wakes with every write; most rows are those it knows."""
    seen = {"link:a": Observation(State.DOWN, NOW, "3 of 3 lost")}
    with store.writing() as connection:
        observed.put_observed(connection, "collect", NOW, seen)
    with store.reading() as connection:
        (first,) = observed.list_sheets(connection)
        (again,) = observed.list_sheets(connection)

    raw = observed.raw_of(first)
    assert first == again
    assert {thing: observed.observation_of(one) for thing, one in raw.items()} == seen


def test_claims_move_each_to_its_own_time(store: Store) -> None:
    """Circuits are asked one after the other; none is up longer than it was seen."""
    later = NOW + MINUTE
    begun = [Claim(f"link:{one}", True, NOW, NOW, "observed") for one in "ab"]  # noqa: FBT003 a field
    with store.writing() as connection:
        claims.begin_claims(connection, begun)
        claims.move_claims(connection, {"link:a": later, "link:b": later + MINUTE})
        claims.move_claims(connection, {"link:b": later + 2 * MINUTE}, end=True)
        claims.move_claims(connection, {})
    with store.reading() as connection:
        kept = claims.list_claims(connection, NOW, later + 9 * MINUTE)
        goes_on = claims.open_claims(connection)

    assert [(one.subject, one.end) for one in kept] == [
        ("link:a", later),
        ("link:b", later + 2 * MINUTE),
    ]
    assert set(goes_on) == {"link:a"}


def test_windows_that_are_over_are_left_out_of_those_that_may_open(store: Store) -> None:
    """Years of maintenance must not slow down every instant."""
    base = Window("w0", False, Scope(frozenset({"link:a"})), NOW, 60.5, "lan", "x", NOW)  # noqa: FBT003 a field
    again = replace(
        base, id="w1", start=NOW - 99 * MINUTE, recurrence=parse("FREQ=WEEKLY;BYDAY=SA")
    )
    over = replace(base, id="w2", start=NOW - 2 * MINUTE)
    lifted = replace(base, id="w3")
    with store.writing() as connection:
        for one in (base, again, over, lifted):
            windows.add_window(connection, one)
        windows.lift_window(connection, "w3", "lan", NOW)
    with store.reading() as connection:
        found = windows.list_open(connection, NOW + timedelta(seconds=60))
        later = windows.list_open(connection, NOW + timedelta(seconds=61))

    assert found == (base, again)
    assert later == (again,)


def test_the_time_of_a_memory_tells_who_wrote_it(store: Store) -> None:
    """A worker that finds another time reads what another one wrote."""
    with store.writing() as connection:
        nothing = memories.remembered_at(connection, "cause")
        memories.remember(connection, "cause", "{}", NOW)
        known = memories.remembered_at(connection, "cause")

    assert (nothing, known) == (None, NOW)
