# SPDX-License-Identifier: MIT
"""Root cause in the province: one thing is named, whatever else went down with it."""

from datetime import timedelta

import pytest

from alerts.graph import Graph, build, consequences
from tests.alerts.engine import Engine, at, names
from tinhnet.model.observation import State

CIRCUIT, BACKUP = "link:dien-ban-1", "link:dien-ban-2"
ROUTER, PC, BUILDING = "device:dien-ban-cpe1", "device:dien-ban-pc", "site:dien-ban"


@pytest.fixture
def engine(province: Graph) -> Engine:
    """Return an engine that has seen the whole province work."""
    found = Engine(province)
    found.sweep(0)
    return found


def test_a_cut_primary_circuit_is_one_cause_and_its_site_is_degraded(engine: Engine) -> None:
    """The site works on its backup: degraded, not down, and nothing else is named."""
    judged = engine.sweep(10, [CIRCUIT])

    (cause,) = judged.causes
    assert cause.thing == CIRCUIT
    assert cause.since == at(10)
    assert (cause.sites_down, cause.sites_degraded) == ((), ("dien-ban",))
    assert judged.sites["dien-ban"] is State.DEGRADED
    assert judged.sites["hoi-an"] is State.UP
    assert judged.opened == (CIRCUIT,)


def test_a_mended_circuit_is_a_recovery_with_its_duration(engine: Engine) -> None:
    """The recovery knows since when and until when."""
    engine.sweep(10, [CIRCUIT])

    judged = engine.sweep(70)

    (recovery,) = judged.closed
    assert (recovery.thing, recovery.reason) == (CIRCUIT, "works")
    assert recovery.until - recovery.since == timedelta(seconds=60)
    assert judged.causes == ()
    assert judged.sites["dien-ban"] is State.UP


def test_a_dead_core_is_one_cause_with_all_its_circuits_below(engine: Engine) -> None:
    """Forty circuits hang on core1: one cause, and only sites without a backup are lost."""
    judged = engine.sweep(10, ["device:core1"])

    (cause,) = judged.causes
    assert cause.thing == "device:core1"
    assert len([id_ for id_ in cause.explains if id_.endswith("-1")]) == 40
    assert len(cause.sites_down) + len(cause.sites_degraded) == 40
    assert "dien-ban" in cause.sites_degraded
    assert "so-gtvt" in cause.sites_down


def test_the_recovery_of_a_core_lists_what_came_back(engine: Engine) -> None:
    """It ends when all it explained was asked again; what stays down is said and named next."""
    engine.sweep(10, ["device:core1"])

    up = engine.see(20, device__core1="up")
    done = engine.sweep(21, [CIRCUIT])

    assert up.closed == ()
    assert up.causes[0].is_recovering
    assert CIRCUIT in up.reprobe
    assert up.wake_at == at(140)
    (recovery,) = done.closed
    assert recovery.until == at(20)
    assert "link:hoi-an-1" in recovery.back
    assert recovery.still_down == (CIRCUIT,)
    assert names(done) == [CIRCUIT]


def test_a_recovery_does_not_wait_for_ever_for_what_it_explained(engine: Engine) -> None:
    """A device that is never asked again must not keep its cause open."""
    engine.sweep(10, ["device:core1"])
    engine.see(20, device__core1="up")

    early = engine.see_all(139, {})
    late = engine.see_all(140, {})

    assert early.closed == ()
    assert [one.thing for one in late.closed] == ["device:core1"]
    assert CIRCUIT in late.closed[0].still_down


def test_both_circuits_of_a_site_at_once_are_its_power_or_building(engine: Engine) -> None:
    """Two carriers do not fail in the same second; the router and the PC are explained."""
    judged = engine.sweep(10, [BUILDING])

    (cause,) = judged.causes
    assert cause.thing == BUILDING
    assert set(cause.explains) == {CIRCUIT, BACKUP, ROUTER, PC}
    assert cause.sites_down == ("dien-ban",)
    assert judged.sites["dien-ban"] is State.DOWN


def test_a_second_circuit_cut_an_hour_later_is_a_second_cause(engine: Engine) -> None:
    """What did not vanish together is two faults, and the second one takes the site."""
    engine.sweep(10, [CIRCUIT])

    judged = engine.sweep(3600, [CIRCUIT, BACKUP])

    assert set(names(judged)) == {CIRCUIT, BACKUP}
    assert judged.opened == (BACKUP,)
    assert {one.sites_down for one in judged.causes} == {("dien-ban",)}


def test_circuits_that_vanish_apart_within_one_poll_are_two_causes(engine: Engine) -> None:
    """Six seconds lie between: longer than things that vanish together take."""
    engine.see(10, link__dien_ban_1="down")
    engine.see(11, device__core1="up", device__dien_ban_cpe1="up")
    engine.see(12, link__dien_ban_1="down")

    judged = engine.sweep(16.1, [CIRCUIT, BACKUP])

    assert set(names(judged)) == {CIRCUIT, BACKUP}


def test_a_circuit_waits_until_its_site_is_seen_alive(engine: Engine) -> None:
    """Its twin or its router is asked at once: only then it is one circuit, not a building."""
    first = engine.see(10, link__dien_ban_1="down")
    engine.see(10.2, device__core1="up", link__dien_ban_2="down")
    both = engine.see(10.4, device__dien_ban_cpe1="down", device__core2="up")
    judged = engine.see(10.6, link__dien_ban_1="down", link__dien_ban_2="down")

    assert first.causes == ()
    assert set(first.reprobe) == {"device:core1", BACKUP, ROUTER}
    assert first.sites["dien-ban"] is State.DEGRADED
    assert both.causes == ()
    assert names(judged) == [BUILDING]


def test_a_circuit_waits_for_its_router(engine: Engine) -> None:
    """The circuit is seen down first, the core that carries it only later: the core is named."""
    first = engine.see(10, link__dien_ban_1="down")
    judged = engine.see(12, device__core1="down")
    settled = engine.see(13, device__fw1="up")
    named = engine.see(14, device__core1="down")

    assert first.held[0].thing == CIRCUIT
    assert "device:core1" in first.held[0].waits_for
    assert judged.causes == ()
    assert judged.hidden == {CIRCUIT: ("device:core1",)}
    assert settled.reprobe == ("device:core1",)
    assert names(named) == ["device:core1"]
    assert named.causes[0].explains == (CIRCUIT,)


def test_what_was_named_stays_open_while_its_parent_is_held(engine: Engine) -> None:
    """A circuit cut at noon is still cut when its core dies at one; its alert must not end."""
    engine.sweep(10, [CIRCUIT])

    held = engine.see(3600, device__core1="down", link__hoi_an_1="down", when=3600)
    later = engine.sweep(3601, ["device:core1", CIRCUIT])
    mended = engine.sweep(3700, [CIRCUIT])

    assert CIRCUIT in names(held)
    assert held.closed == ()
    assert set(names(later)) == {CIRCUIT, "device:core1"}
    core = next(one for one in later.causes if one.thing == "device:core1")
    assert CIRCUIT not in core.explains
    assert names(mended) == [CIRCUIT]


def test_what_was_named_stays_open_while_nobody_can_see_it(engine: Engine) -> None:
    """Unknown is not up: no recovery, and what it explained stays explained."""
    engine.sweep(10, ["device:web1"])

    judged = engine.see(20, device__web1="unknown", service__portal="down")

    assert names(judged) == ["device:web1"]
    assert judged.closed == ()
    assert judged.hidden == {"service:portal": ("device:web1",)}


def test_unknown_is_not_down(engine: Engine) -> None:
    """A thing nobody could ask is no cause and takes no site down."""
    judged = engine.see(10, link__dien_ban_1="unknown", device__core2="unknown")

    assert judged.causes == ()
    assert judged.held == ()
    assert judged.sites["dien-ban"] is State.UP


def test_a_site_of_which_nothing_is_known_is_unknown(engine: Engine) -> None:
    """Neither up nor down."""
    judged = engine.see(10, link__dien_ban_1="unknown", link__dien_ban_2="unknown")

    assert judged.sites["dien-ban"] is State.UNKNOWN


def test_what_only_planned_work_explains_is_planned_too(engine: Engine) -> None:
    """Both circuits in planned work: router and PC are silent, and listed."""
    engine.planned = frozenset({CIRCUIT, BACKUP})

    judged = engine.sweep(10, [CIRCUIT, BACKUP])

    assert judged.causes == ()
    assert set(judged.planned) == {CIRCUIT, BACKUP, ROUTER, PC}
    assert judged.sites["dien-ban"] is State.DOWN


def test_planned_work_at_a_site_explains_no_core(engine: Engine) -> None:
    """A building under maintenance silences what stands in it, and nothing at the other end."""
    engine.planned = frozenset({BUILDING})

    judged = engine.sweep(10, [BUILDING, "device:core1"])

    assert names(judged) == ["device:core1"]
    assert {CIRCUIT, BACKUP, ROUTER, PC} == set(judged.planned)
    assert "dien-ban" not in judged.causes[0].sites_down
    assert "link:hoi-an-1" in judged.causes[0].explains


def test_a_cause_under_planned_work_stays_open_and_says_so(engine: Engine) -> None:
    """A silence declared afterwards ends no outage."""
    engine.sweep(10, [CIRCUIT])
    engine.planned = frozenset({CIRCUIT})

    judged = engine.sweep(20, [CIRCUIT])

    assert judged.closed == ()
    assert judged.causes[0].is_planned


def test_what_is_still_down_when_planned_work_ends_is_named(engine: Engine) -> None:
    """The window ran out and the circuit is still cut: now it is a fault."""
    engine.planned = frozenset({CIRCUIT})
    engine.sweep(10, [CIRCUIT])
    engine.planned = frozenset()

    judged = engine.sweep(20, [CIRCUIT])

    assert judged.opened == (CIRCUIT,)
    assert judged.causes[0].since == at(10)


def test_a_degraded_circuit_works_and_degrades_its_site(engine: Engine) -> None:
    """Loss is no outage: nothing is named, the site is not whole."""
    judged = engine.see(10, link__dien_ban_1="degraded")

    assert judged.causes == ()
    assert judged.sites["dien-ban"] is State.DEGRADED


def test_a_dead_zone_is_one_cause_and_not_its_servers(engine: Engine) -> None:
    """Three servers of a zone vanish together; the zone is what they share."""
    judged = engine.sweep(10, ["network:dmz"])

    assert names(judged) == ["network:dmz"]
    assert "service:portal" in judged.causes[0].explains


def test_one_server_of_a_zone_is_itself_the_cause(engine: Engine) -> None:
    """Its neighbours answer, so the zone works; its services are explained."""
    judged = engine.sweep(10, ["device:web1"])

    assert names(judged) == ["device:web1"]
    assert judged.causes[0].explains == ("service:portal",)


def test_a_building_that_comes_back_leaves_the_circuit_that_does_not(engine: Engine) -> None:
    """Power is back, one circuit stays cut: the building ends and the circuit is named."""
    engine.sweep(10, [BUILDING])

    judged = engine.sweep(50, [CIRCUIT])
    assert [(one.thing, one.reason) for one in judged.closed] == [(BUILDING, "works")]
    assert judged.closed[0].still_down == (CIRCUIT,)
    assert names(judged) == [CIRCUIT]


def test_circuits_on_two_dying_cores_are_no_power_cut(engine: Engine) -> None:
    """Every site loses both circuits at once: the cores are asked before any building is named."""
    lost = consequences(engine.graph, ["device:core1", "device:core2"])
    links = {id_: "down" for id_ in lost if id_.startswith("link:")}

    first = engine.see_all(10, links)
    cores = {"device:core1": "down", "device:core2": "down", "device:fw1": "up"}
    judged = engine.see_all(11, cores)

    assert first.causes == ()
    assert set(names(judged)) == {"device:core1", "device:core2"}


def test_a_cause_that_is_no_longer_declared_ends(engine: Engine, province: Graph) -> None:
    """A decommissioned device must not stay on the wall for ever."""
    engine.sweep(10, ["device:log1"])
    left = [
        one for id_, one in province.things.items() if id_ not in {"device:log1", "service:syslog"}
    ]
    engine.graph = build(left, province.circuits)

    judged = engine.sweep(20)

    assert [(one.thing, one.reason) for one in judged.closed] == [("device:log1", "removed")]
    assert judged.causes == ()


def test_a_relapse_while_recovering_is_a_new_outage(engine: Engine) -> None:
    """Seen working, seen down again before its children were asked: one ends, one begins."""
    engine.sweep(10, ["device:core1"])
    engine.see(20, device__core1="up")

    judged = engine.see(21, device__core1="down", device__fw1="up")

    assert judged.opened == ("device:core1",)
    assert [(one.thing, one.until) for one in judged.closed] == [("device:core1", at(20))]
    assert names(judged) == ["device:core1"]
    assert judged.causes[0].since == at(21)


def test_an_answer_that_arrives_late_changes_nothing(engine: Engine) -> None:
    """What was asked earlier than the last answer is old news."""
    engine.sweep(10)

    judged = engine.see(11, when=9, device__web1="down")

    assert judged.causes == ()
    assert judged.held == ()


def test_circuits_that_vanish_apart_and_are_judged_together_are_two_causes(
    engine: Engine,
) -> None:
    """Six seconds between them, and no answer until both were gone: no building did that."""
    engine.see(10, link__dien_ban_1="down")
    gone = {CIRCUIT: "down", BACKUP: "down", ROUTER: "down", "device:core1": "up"}
    engine.see_all(16, gone | {"device:core2": "up"})

    judged = engine.see(17, link__dien_ban_1="down", link__dien_ban_2="down")

    assert set(names(judged)) == {CIRCUIT, BACKUP}


def test_what_must_be_down_unseen_is_asked_when_its_cause_recovers(engine: Engine) -> None:
    """A core asks its own circuits: while it is dead nobody sees them, afterwards they count."""
    engine.see(10, device__core1="down", device__fw1="up", link__dien_ban_1="unknown")

    back = engine.see(20, device__core1="up")

    assert CIRCUIT in back.reprobe
    assert back.closed == ()


def test_a_circuit_proven_alone_is_no_sign_of_a_dark_building(engine: Engine) -> None:
    """The router answered after the first one was cut; two seconds later the other is cut."""
    engine.see(10, link__dien_ban_1="down")
    engine.see(10.2, device__core1="up", device__dien_ban_cpe1="up")
    first = engine.see(10.4, link__dien_ban_1="down")
    engine.see(12, link__dien_ban_2="down", device__dien_ban_cpe1="down", device__core2="up")

    judged = engine.see(13, link__dien_ban_1="down", link__dien_ban_2="down")

    assert names(first) == [CIRCUIT]
    assert set(names(judged)) == {CIRCUIT, BACKUP}


def test_a_circuit_named_in_doubt_is_folded_into_its_dark_building(engine: Engine) -> None:
    """Its twin's answer came late but tells of the same second: one cause is left."""
    engine.see(10, link__dien_ban_1="down", device__core1="up")
    doubted = engine.see_all(25, {})
    folded = engine.see(26, when=12, link__dien_ban_2="down", device__dien_ban_cpe1="down")
    engine.see(27, device__core1="up", device__core2="up")

    judged = engine.see(28, link__dien_ban_1="down", link__dien_ban_2="down")

    assert doubted.causes[0].unsure == (BUILDING,)
    assert [(one.thing, one.reason, one.by) for one in folded.closed] == [
        (CIRCUIT, "explained", (BUILDING,))
    ]
    assert names(judged) == [BUILDING]
