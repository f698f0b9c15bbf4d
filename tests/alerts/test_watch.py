# SPDX-License-Identifier: MIT
"""The alert worker in the province: one thing is broken, one alert says so."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from tests.alerts.stage import ACTOR, ZERO, Stage
from tinhnet.alerting import actions
from tinhnet.alerting.actions import WindowRequest
from tinhnet.alerting.ledger import Exclusion, Period, Verdict, Work, intervals
from tinhnet.model.alert import AlertState
from tinhnet.model.job import Job, JobDevice, JobRequest, JobState, Risk
from tinhnet.model.window import Scope
from tinhnet.store import alerts, claims, jobs, leases, observed
from tinhnet.store.leases import Start

pytestmark = pytest.mark.patient

CIRCUIT, BACKUP = "link:dien-ban-1", "link:dien-ban-2"
ROUTER, PC, BUILDING = "device:dien-ban-cpe1", "device:dien-ban-pc", "site:dien-ban"


def test_a_cut_circuit_is_one_alert_and_its_mending_ends_it(play: Stage) -> None:
    """The whole story of one circuit: named, its site on the backup, resolved with its duration."""
    play.breaks(CIRCUIT)
    (fired,) = play.firing()
    play.pass_time(60)
    (still,) = play.firing()
    play.mends(CIRCUIT)
    (over,) = play.alerts()

    assert (fired.alert.rule, fired.alert.thing) == ("circuit-down", CIRCUIT)
    assert (fired.link, fired.site, fired.sites_degraded) == (
        "dien-ban-1",
        "dien-ban",
        ("dien-ban",),
    )
    assert fired.sites_down == ()
    assert "Điện Bàn" in fired.sentence_vi
    assert still.alert.fingerprint == fired.alert.fingerprint
    assert over.alert.state is AlertState.RESOLVED
    assert "after 1 min" in over.sentence_en
    assert "sau 1 phút" in over.sentence_vi
    assert play.told() == [("firing", CIRCUIT), ("resolved", CIRCUIT)]
    assert play.kinds(over) == ["firing", "resolved"]


def test_a_cut_is_told_as_soon_as_the_collector_has_answered_once(play: Stage) -> None:
    """Three seconds are all there is: the needs and the thing itself are asked in one round."""
    play.clock.now += timedelta(seconds=1)
    play.broken.add(CIRCUIT)
    play.look([CIRCUIT])
    play.step()
    with play.context.store.reading() as connection:
        asked = set(observed.asked_again(connection))
    play.clock.now += timedelta(seconds=0.2)
    play.answer()
    play.step()

    (fired,) = play.firing()
    assert {CIRCUIT, "device:core1", ROUTER} <= asked
    assert fired.alert.thing == CIRCUIT


def test_a_dead_core_is_one_alert_with_everything_below_it(play: Stage) -> None:
    """Forty circuits hang on it; no site with a backup is lost, and each was listed once back."""
    play.breaks("device:core1")
    (fired,) = play.firing()
    play.mends("device:core1")
    (over,) = play.alerts()

    assert (fired.alert.rule, fired.alert.thing) == ("device-down", "device:core1")
    assert len([one for one in fired.explains if one.startswith("link:")]) >= 40
    assert "dien-ban" in fired.sites_degraded
    assert over.alert.state is AlertState.RESOLVED
    with play.context.store.reading() as connection:
        (last, *_) = alerts.list_entries(connection, over.alert.fingerprint)
    assert int(last.entry.details["back_count"]) >= 40
    assert play.told() == [("firing", "device:core1"), ("resolved", "device:core1")]


def test_both_circuits_of_a_site_are_its_building(play: Stage) -> None:
    """Two carriers do not fail in one second: power or building, and PC and router explained."""
    play.breaks(BUILDING)

    (fired,) = play.firing()
    assert (fired.alert.rule, fired.alert.thing) == ("site-down", BUILDING)
    assert set(fired.explains) == {CIRCUIT, BACKUP, ROUTER, PC}
    assert fired.sites_down == ("dien-ban",)


def test_a_service_that_dies_is_one_alert(play: Stage) -> None:
    """The server works, the service does not."""
    play.breaks("service:portal")

    (fired,) = play.firing()
    assert (fired.alert.rule, fired.alert.thing) == ("service-down", "service:portal")
    assert fired.device == "web1"


def test_maintenance_on_a_carrier_is_silent_recorded_and_out_of_the_ledger(play: Stage) -> None:
    """Planned work takes nobody out of bed, and the SLA does not count it."""
    scope = Scope(carriers=frozenset({"vnpt"}))
    begun = play.clock.now
    request = WindowRequest(
        is_planned=True, scope=scope, start=begun, length_s=600, reason="thay thiết bị"
    )
    window = actions.open_window(play.context, ACTOR, request)
    play.pass_time(5)
    play.breaks(CIRCUIT)
    play.pass_time(60)
    (hidden,) = play.alerts()
    play.mends(CIRCUIT)
    (over,) = play.alerts()
    play.pass_time(40)

    assert hidden.alert.state is AlertState.SILENCED
    assert hidden.alert.silences == (window.id,)
    assert over.alert.state is AlertState.RESOLVED
    assert play.told() == []
    assert play.kinds(over) == ["silenced", "firing", "resolved"]
    with play.context.store.reading() as connection:
        found = claims.list_claims(connection, begun, play.clock.now, [CIRCUIT])
    work = Work(window.id, frozenset({CIRCUIT}), begun, begun + timedelta(minutes=10), begun)
    period = Period(begun, play.clock.now)
    line = intervals(CIRCUIT, found, [work], period, Exclusion())
    assert {one.is_up for one in found} == {True, False}
    assert {one.verdict for one in line} == {Verdict.PLANNED}
    assert Verdict.DOWN in {one.seen for one in line}


def test_what_outlives_its_maintenance_is_told_when_it_ends(play: Stage) -> None:
    """The carrier went home and the circuit is still cut: now somebody must know."""
    scope = Scope(things=frozenset({CIRCUIT}))
    request = WindowRequest(
        is_planned=True, scope=scope, start=play.clock.now, length_s=60, reason="thay cáp"
    )
    actions.open_window(play.context, ACTOR, request)
    play.breaks(CIRCUIT)
    play.pass_time(50)
    before = play.told()
    play.pass_time(20)

    (fired,) = play.firing()
    assert before == []
    assert play.told() == [("firing", CIRCUIT)]
    assert play.kinds(fired)[-1] == "unsilenced"


def run_job(play: Stage, device: str) -> Job:
    """Let a job run that has begun to touch a device."""
    now = play.clock.now
    request = JobRequest("wan.yml", limit=device)
    start = Start("w", now + timedelta(hours=1), ["ansible"], None, "2.19", [device])
    with play.context.store.writing() as connection:
        asked = jobs.add_job(connection, request, Risk.CHANGE, "lan", now, None)
        job = leases.start_job(connection, asked, start, now)
        jobs.put_devices(connection, asked.number, [JobDevice(device, None, 0, "push", None)])
    assert job is not None
    return job


def test_a_running_job_hides_what_it_does_to_its_device(play: Stage) -> None:
    """An engineer who restarts a router must not wake the shift; half a minute later it would."""
    play.pass_time(2)
    job = run_job(play, "dien-ban-cpe1")
    play.pass_time(2)
    play.breaks(BUILDING)
    (hidden,) = play.alerts()
    with play.context.store.writing() as connection:
        leases.end_job(connection, job, JobState.SUCCEEDED, "", {}, play.clock.now)
    play.pass_time(20)
    quiet = play.told()
    play.pass_time(20)

    assert hidden.alert.state is AlertState.SILENCED
    assert hidden.alert.silences == (f"job:{job.id}",)
    assert quiet == []
    assert play.told() == [("firing", BUILDING)]
    assert play.kinds(hidden) == ["silenced", "firing", "explains", "unsilenced"]


def test_a_silence_that_is_lifted_lets_the_alert_be_heard(play: Stage) -> None:
    """A silence hides an alert; lifting it brings it back at once."""
    play.breaks(CIRCUIT)
    (fired,) = play.firing()
    scope = Scope(things=frozenset({CIRCUIT}), rules=frozenset({"circuit-down"}))
    request = WindowRequest(
        is_planned=False, scope=scope, start=play.clock.now, length_s=600, reason="đã biết"
    )
    window = actions.open_window(play.context, ACTOR, request)
    play.step()
    (silent,) = play.alerts()
    actions.lift_window(play.context, ACTOR, window.id)
    play.step()
    (loud,) = play.alerts()

    assert (silent.alert.state, silent.alert.silences) == (AlertState.SILENCED, (window.id,))
    assert loud.alert.state is AlertState.FIRING
    assert play.kinds(fired) == ["firing", "silenced", "unsilenced"]
    assert play.told() == [("firing", CIRCUIT)]


def test_an_acknowledgement_lapses_by_itself(play: Stage) -> None:
    """Who promised to look and went home is found out."""
    play.breaks(CIRCUIT)
    (fired,) = play.firing()
    until = play.clock.now + timedelta(minutes=5)
    taken = actions.acknowledge(play.context, ACTOR, fired.alert.fingerprint, "đã gọi", until)
    play.pass_time(299, every=10)
    (still,) = play.alerts()
    play.pass_time(5)

    assert taken.alert.state is AlertState.ACKNOWLEDGED
    assert still.alert.state is AlertState.ACKNOWLEDGED
    assert [one.alert.state for one in play.alerts()] == [AlertState.FIRING]
    assert play.told()[-1] == ("acknowledgement_lapsed", CIRCUIT)


def test_nothing_is_written_when_nothing_changed(play: Stage) -> None:
    """Every write wakes every reader, the writer too: it would go on for ever."""
    play.pass_time(40)
    with closing(sqlite3.connect(play.context.store.where)) as onlooker:
        written = 0
        for _ in range(60):
            play.clock.now += timedelta(seconds=0.4)
            play.look()
            before = version(onlooker)
            seconds = play.step()
            written += version(onlooker) != before

    assert 0 < seconds <= 2
    assert written <= 1  # claims are written on every half minute


def version(onlooker: sqlite3.Connection) -> int:
    """Return SQLite's count of what others have written."""
    return int(onlooker.execute("PRAGMA data_version").fetchone()[0])


def test_a_silent_collector_is_one_alert_and_ends_no_other(play: Stage) -> None:
    """Nobody can see any more: what was broken stays open, what worked is not called broken."""
    play.breaks(CIRCUIT)
    for _ in range(40):
        play.clock.now += timedelta(seconds=1)
        play.step()

    rules = sorted(one.alert.rule for one in play.firing())
    assert "circuit-down" in rules
    assert "data-stale" in rules
    assert not {"site-down", "device-down", "service-down"} & set(rules)


@pytest.mark.parametrize("broken", [CIRCUIT, "device:core1", BUILDING, "device:web1"])
def test_a_restart_changes_nothing(play: Stage, broken: str) -> None:
    """A worker that was killed goes on where it was: no second alert, no second notice."""
    play.breaks(broken)
    before = play.alerts()
    play.restart()
    play.pass_time(3)
    same = play.alerts()
    play.restart()
    play.mends(broken)
    play.pass_time(3)

    assert [one.alert.fingerprint for one in same] == [one.alert.fingerprint for one in before]
    assert [kind for kind, _ in play.told()] == ["firing", "resolved"]


def test_a_claim_ends_where_its_circuit_was_last_seen(play: Stage) -> None:
    """What nobody saw is not up: a circuit that is no longer asked is unknown ten seconds later."""
    play.pass_time(40)
    seen = play.seen[CIRCUIT].at
    others = [thing for thing in play.asked if thing != CIRCUIT]
    for _ in range(15):
        play.clock.now += timedelta(seconds=1)
        play.look(others)
        play.step()

    with play.context.store.reading() as connection:
        goes_on = claims.open_claims(connection)
        (claim,) = claims.list_claims(connection, ZERO, play.clock.now, [CIRCUIT])
    assert CIRCUIT not in goes_on
    assert BACKUP in goes_on
    assert claim.end == seen
    assert play.alerts() == ()


def test_a_circuit_that_comes_and_goes_is_told_as_flapping_once(play: Stage) -> None:
    """The fifth cut in a quarter of an hour wakes nobody again, and the end says it is over."""
    for _ in range(6):
        play.pass_time(20, every=5)
        play.breaks(CIRCUIT)
        play.pass_time(10, every=5)
        play.mends(CIRCUIT)
    (flapping,) = play.firing()
    told = len(play.told())
    play.pass_time(700, every=50)
    (over,) = play.alerts()

    assert flapping.alert.is_flapping
    assert told <= 7
    assert over.alert.state is AlertState.RESOLVED
    assert play.told()[-1] == ("resolved", CIRCUIT)
    assert "works again" in over.sentence_en
