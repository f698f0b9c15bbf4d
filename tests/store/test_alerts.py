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
        counts = alerts.counts_by_state(connection)

    assert (every, second, alive) == (["2", "1", "3"], old, ["1", "2"])
    assert there == (old,)
    assert (silenced, counts) == (2, {AlertState.SILENCED: 2, AlertState.RESOLVED: 1})


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
        claims.extend_claims(connection, ["link:a"], NOW + MINUTE)
        going = claims.open_claims(connection)
        claims.extend_claims(connection, ["link:a"], NOW + 2 * MINUTE, end=True)
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
