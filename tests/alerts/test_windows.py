# SPDX-License-Identifier: MIT
"""What silences, maintenance and jobs hide: what they are about, while they last, nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.graph import Graph
from alerts.working import job_hides, things_of_job
from tinhnet.alerting.life import Acknowledged, Habits, Raised, Silenced, step
from tinhnet.alerting.recurrence import ZONE, parse
from tinhnet.alerting.windows import (
    Preview,
    check,
    hides,
    is_open,
    occurrences,
    planned_now,
    preview,
    things_of,
)
from tinhnet.errors import TinhnetError
from tinhnet.model.alert import Alert
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.job import DeviceResult, Job, JobDevice, JobState, Risk
from tinhnet.model.window import Scope, Window

ZERO = datetime(2026, 1, 6, 16, 0, tzinfo=UTC)  # 23:00 of a Tuesday in Vietnam
HOUR = timedelta(hours=1)
WINDOW = Window(
    id="W1",
    is_planned=True,
    scope=Scope(sites=frozenset({"dien-ban"})),
    start=ZERO,
    length_s=3600,
    owner="lan",
    reason="UPS replaced",
    announced_at=ZERO - 24 * HOUR,
)
JOB = Job(
    number=7,
    state=JobState.RUNNING,
    playbook="wan.yml",
    risk=Risk.CHANGE,
    limit="dien-ban",
    tags=(),
    check=False,
    diff=False,
    extra={},
    actor="lan",
    requested_at=ZERO,
    started_at=ZERO,
    ended_at=None,
    command=None,
    commit=None,
    ansible_version=None,
    devices=("dien-ban-cpe1",),
    holder=None,
    worker="w",
    lease_until=None,
    is_cancelling=False,
    cancelled_by=None,
    reason=None,
    last_seq=0,
    purpose="UPS replaced",
    dry_run=None,
)
TOUCHED = JobDevice("dien-ban-cpe1", None, 0, "configure", None)


def alert(thing: str, since: datetime = ZERO + HOUR / 2, rule: str = "circuit-down") -> Alert:
    """Return an alert that fires."""
    fresh = Alert(f"{rule}/{thing}", rule, thing, "high", ZERO - 48 * HOUR)
    return step(fresh, Raised(since), Habits())[0]


def test_a_window_at_a_site_is_about_what_stands_there_and_no_core(
    quang_nam: DeclaredNetwork,
) -> None:
    """Circuits end at a core, too; the core is not at the site."""
    assert things_of(WINDOW.scope, quang_nam) == {
        "site:dien-ban",
        "device:dien-ban-cpe1",
        "device:dien-ban-pc",
        "link:dien-ban-1",
        "link:dien-ban-2",
        "network:dien-ban-lan",
    }


def test_a_window_at_the_data_centre_leaves_the_circuits_alone(quang_nam: DeclaredNetwork) -> None:
    """Its patch cables and services are there; circuits belong to the other end."""
    things = things_of(Scope(sites=frozenset({"dc"})), quang_nam)

    assert {"link:core1-core2", "service:portal", "device:web1", "network:dmz"} <= things
    assert "link:dien-ban-1" not in things


def test_a_window_of_a_carrier_is_about_its_circuits_only(quang_nam: DeclaredNetwork) -> None:
    """A provider's notice names the provider, not forty circuits."""
    things = things_of(Scope(carriers=frozenset({"viettel"})), quang_nam)

    wanted = {f"link:{one.id}" for one in quang_nam.links.values() if one.carrier == "viettel"}
    assert things == wanted
    assert wanted


def test_a_window_is_open_from_its_start_until_before_its_end() -> None:
    """The last second belongs to nobody twice."""
    moments = [ZERO - timedelta(seconds=1), ZERO, ZERO + HOUR - timedelta(seconds=1), ZERO + HOUR]

    assert [is_open(WINDOW, one) for one in moments] == [False, True, True, False]


def test_a_window_that_comes_again_is_open_each_time() -> None:
    """Every Tuesday and Saturday night, at 23:00 of Vietnam, over midnight."""
    window = replace(WINDOW, recurrence=parse("FREQ=WEEKLY;BYDAY=TU,SA"), length_s=7200)

    found = occurrences(window, ZERO + HOUR, ZERO + timedelta(days=5))

    assert [one.start.astimezone(ZONE).day for one in found] == [6, 10]
    assert found[1].end - found[1].start == 2 * HOUR
    assert is_open(window, ZERO + timedelta(days=4, hours=1))
    assert not is_open(window, ZERO + timedelta(days=3))


def test_a_preview_counts_what_would_be_hidden_now(quang_nam: DeclaredNetwork) -> None:
    """Before anybody saves: of what holds now, what is about the site and not hidden yet."""
    hidden, _ = step(alert("device:dien-ban-pc"), Silenced(ZERO + HOUR, "W0"), Habits())
    ended = replace(alert("link:dien-ban-2"), since=None)
    taken, _ = step(
        alert("device:dien-ban-cpe1"),
        Acknowledged(ZERO + HOUR, "lan", "why", ZERO + 9 * HOUR),
        Habits(),
    )
    alerts = [alert("link:dien-ban-1"), taken, alert("link:hoi-an-1"), hidden, ended]

    found = preview(WINDOW, quang_nam, alerts, ZERO - HOUR)

    assert found.mutes == ("circuit-down/link:dien-ban-1", "circuit-down/device:dien-ban-cpe1")
    assert found.opens_at == ZERO
    assert found.sentence("en") == "This mutes 2 alerts now"
    assert found.sentence("vi") == "Sẽ tắt tiếng 2 cảnh báo hiện có"
    assert Preview(("a",), None).sentence("en") == "This mutes 1 alert now"


def test_a_window_that_never_opens_again_says_so(quang_nam: DeclaredNetwork) -> None:
    """A forgotten silence is found in the list."""
    assert preview(WINDOW, quang_nam, [], ZERO).opens_at is None
    weekly = replace(WINDOW, recurrence=parse("FREQ=WEEKLY"))
    assert preview(weekly, quang_nam, [], ZERO).opens_at == ZERO + timedelta(days=7)


def test_a_silence_of_one_rule_leaves_the_others_loud(quang_nam: DeclaredNetwork) -> None:
    """A noisy rule is silenced without hiding an outage of the same circuit."""
    scope = Scope(sites=frozenset({"dien-ban"}), rules=frozenset({"circuit-loss"}))
    things = things_of(scope, quang_nam)

    assert hides(scope, things, alert("link:dien-ban-1", rule="circuit-loss"))
    assert not hides(scope, things, alert("link:dien-ban-1"))
    assert not hides(scope, things, alert("link:hoi-an-1", rule="circuit-loss"))
    everywhere = Scope(rules=frozenset({"circuit-loss"}))
    assert hides(everywhere, frozenset(), alert("link:hoi-an-1", rule="circuit-loss"))


def test_only_open_maintenance_is_planned_work(quang_nam: DeclaredNetwork) -> None:
    """A silence hides; only maintenance explains and leaves the SLA."""
    silence = replace(WINDOW, is_planned=False)
    narrow = replace(WINDOW, scope=replace(WINDOW.scope, rules=frozenset({"circuit-loss"})))

    assert "link:dien-ban-1" in planned_now([WINDOW], quang_nam, ZERO)
    assert planned_now([WINDOW], quang_nam, ZERO - HOUR) == frozenset()
    assert planned_now([silence, narrow], quang_nam, ZERO) == frozenset()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"owner": " "}, "owner and a reason"),
        ({"reason": ""}, "owner and a reason"),
        ({"length_s": 0}, "before it begins"),
        ({"scope": Scope()}, "about nothing"),
    ],
    ids=["owner", "reason", "length", "scope"],
)
def test_a_window_without_who_why_how_long_or_what_is_refused(
    change: dict[str, object], said: str
) -> None:
    """A silence nobody owns is never lifted."""
    assert check(WINDOW) is WINDOW
    with pytest.raises(TinhnetError, match=said):
        check(replace(WINDOW, **change))


def test_a_running_job_explains_its_router_and_what_hangs_on_it(
    quang_nam: DeclaredNetwork, province: Graph
) -> None:
    """The router, both its circuits, the PC behind it, and the building that seems to be dark."""
    assert things_of_job(JOB, [TOUCHED], quang_nam, province) == {
        "device:dien-ban-cpe1",
        "link:dien-ban-1",
        "link:dien-ban-2",
        "device:dien-ban-pc",
        "site:dien-ban",
    }


def test_a_job_explains_nothing_it_does_not_do(quang_nam: DeclaredNetwork, province: Graph) -> None:
    """Reading, checking, waiting, and devices it has not come to yet explain nothing."""
    waiting = JobDevice("dien-ban-cpe1", None, 0, None, None)
    done = JobDevice("dien-ban-cpe1", DeviceResult.CHANGED, 1, None, None)

    for job in (
        replace(JOB, risk=Risk.READ),
        replace(JOB, check=True),
        replace(JOB, started_at=None),
    ):
        assert things_of_job(job, [TOUCHED], quang_nam, province) == frozenset()
    assert things_of_job(JOB, [waiting], quang_nam, province) == frozenset()
    assert "link:dien-ban-1" in things_of_job(JOB, [done], quang_nam, province)


def test_a_job_on_a_core_explains_no_site_that_has_another_way(
    quang_nam: DeclaredNetwork, province: Graph
) -> None:
    """Redundancy holds during work, too: a site that vanishes then is news."""
    core = JobDevice("core1", None, 0, "configure", None)

    things = things_of_job(JOB, [core], quang_nam, province)

    assert {"link:dien-ban-1", "link:core1-core2", "device:so-gtvt-cpe1"} <= things
    assert "device:dien-ban-cpe1" not in things
    assert "link:dien-ban-2" not in things


def test_a_job_hides_what_broke_while_it_runs_and_shortly_after() -> None:
    """Broken before is not its doing; half a minute after it everything speaks again."""
    things = frozenset({"link:dien-ban-1"})
    mine = alert("link:dien-ban-1", ZERO + timedelta(seconds=10))
    before = alert("link:dien-ban-1", ZERO - timedelta(seconds=1))
    other = alert("link:hoi-an-1", ZERO + timedelta(seconds=10))
    ended = replace(JOB, ended_at=ZERO + timedelta(seconds=60))

    assert job_hides(JOB, things, mine, ZERO + HOUR)
    assert not job_hides(JOB, things, before, ZERO + HOUR)
    assert not job_hides(JOB, things, other, ZERO + HOUR)
    assert job_hides(ended, things, mine, ZERO + timedelta(seconds=90))
    assert not job_hides(ended, things, mine, ZERO + timedelta(seconds=91))
    late = alert("link:dien-ban-1", ZERO + timedelta(seconds=89))
    assert job_hides(ended, things, late, ZERO + timedelta(seconds=90))
    assert not job_hides(replace(JOB, started_at=None), things, mine, ZERO + HOUR)
    assert not job_hides(JOB, things, replace(mine, since=None), ZERO + HOUR)
