# SPDX-License-Identifier: MIT
"""Root cause in the province: one thing is named, whatever else went down with it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from alerts.cause import Judgement, advance
from alerts.evidence import Patience
from alerts.graph import Graph, Thing, build, consequences
from alerts.memory import Memory, Observation, Snapshot, State
from alerts.plain import dump, load
from tinhnet.errors import TinhnetError

ZERO = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = Patience(parents_s=15, again_s=120, together_s=5)
CIRCUIT, BACKUP = "link:dien-ban-1", "link:dien-ban-2"
ROUTER, PC, BUILDING = "device:dien-ban-cpe1", "device:dien-ban-pc", "site:dien-ban"


def at(seconds: float) -> datetime:
    """Return the time so many seconds after the beginning."""
    return ZERO + timedelta(seconds=seconds)


class Engine:
    """An engine whose memory goes through text after every instant."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.memory = Memory()
        self.planned: frozenset[str] = frozenset()

    def see(self, seconds: float, *, when: float | None = None, **states: str) -> Judgement:
        """Let the engine see things at a moment; `_` in a name stands for `-`."""
        return self.see_all(
            seconds,
            {id_.replace("__", ":").replace("_", "-"): s for id_, s in states.items()},
            when,
        )

    def see_all(self, now: float, states: dict[str, str], when: float | None = None) -> Judgement:
        """Let the engine see things, asked at `when`."""
        asked = at(now if when is None else when)
        seen = {id_: Observation(State(state), asked) for id_, state in states.items()}
        memory = load(dump(self.memory), Memory)
        snapshot = Snapshot(seen, self.planned)
        self.memory, judged = advance(self.graph, memory, snapshot, at(now), PATIENCE)
        return judged

    def sweep(self, seconds: float, broken: Iterable[str] = ()) -> Judgement:
        """Ask everything at one instant while `broken` is broken."""
        lost = consequences(self.graph, broken)
        asked = [id_ for id_, thing in self.graph.things.items() if thing.is_asked]
        return self.see_all(seconds, {id_: "down" if id_ in lost else "up" for id_ in asked})


@pytest.fixture
def engine(province: Graph) -> Engine:
    """Return an engine that has seen the whole province work."""
    found = Engine(province)
    found.sweep(0)
    return found


def names(judged: Judgement) -> list[str]:
    """Return the causes by name."""
    return [one.thing for one in judged.causes]


def chain() -> Graph:
    """Return grandmother, parent and child."""
    return build(
        [
            Thing("device:top"),
            Thing("device:middle", (("device:top",),)),
            Thing("device:leaf", (("device:middle",),)),
        ]
    )


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


def test_a_child_is_asked_again_only_after_its_parent_was_seen_up() -> None:
    """What a child said before its parent was seen working proves nothing."""
    engine = Engine(chain())
    engine.sweep(0)

    first = engine.see(10, device__leaf="down")
    parent = engine.see(12, when=11, device__middle="up")
    stale = engine.see(13, when=10.5, device__leaf="down")
    named = engine.see(14, device__leaf="down")

    assert first.reprobe == ("device:middle",)
    assert parent.reprobe == ("device:leaf",)
    assert parent.causes == ()
    assert stale.causes == ()
    assert names(named) == ["device:leaf"]


def test_a_parent_that_just_came_back_does_not_release_its_children() -> None:
    """A child whose last word is older than its parent's return is held, not named."""
    engine = Engine(chain())
    engine.sweep(0)
    engine.sweep(10, ["device:middle"])

    back = engine.see(20, device__middle="up")
    quiet = engine.see(21, device__leaf="up")

    assert back.held[0].thing == "device:leaf"
    assert names(back) == ["device:middle"]
    assert quiet.causes == ()
    assert quiet.closed[0].back == ("device:leaf",)


def test_evidence_from_before_a_parent_returned_is_worthless() -> None:
    """Of two needs one was seen up long ago; only what is seen after the other's return counts."""
    graph = build(
        [
            Thing("device:a"),
            Thing("device:b"),
            Thing("device:leaf", (("device:a",), ("device:b",))),
        ]
    )
    engine = Engine(graph)
    engine.sweep(0)
    engine.sweep(10, ["device:a"])
    engine.see(50, device__b="up")
    engine.see(90, device__a="down")

    engine.see(100, device__a="up")
    judged = engine.see(101, device__leaf="down")
    named = engine.see(102, device__b="down")

    assert judged.held[0].waits_for == ("device:b",)
    assert "device:leaf" not in names(judged)
    assert named.hidden == {"device:leaf": ("device:b",)}


def test_three_levels_need_no_check_of_the_middle_one() -> None:
    """The middle was not asked since; its parent is down, so the leaf is explained at once."""
    engine = Engine(chain())
    engine.sweep(0)

    judged = engine.see(10, device__top="down", device__leaf="down")

    (cause,) = judged.causes
    assert cause.thing == "device:top"
    assert cause.explains == ("device:leaf",)
    assert cause.unseen == ("device:middle",)
    assert judged.held == ()


def test_a_middle_seen_working_after_its_parent_broke_explains_nothing() -> None:
    """What answers works, whatever is said of its parents."""
    engine = Engine(chain())
    engine.sweep(0)
    engine.see(10, device__top="down", device__middle="up", device__leaf="down")

    judged = engine.see(11, device__leaf="down")

    assert names(judged) == ["device:top", "device:leaf"]
    assert judged.causes[0].unseen == ()


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


def test_unknown_is_not_up_either() -> None:
    """A parent nobody can ask holds its child, for a bounded time; then the doubt is said."""
    engine = Engine(chain())
    engine.sweep(0)
    engine.see(10, device__middle="unknown", device__leaf="down")

    early = engine.see_all(24.9, {})
    late = engine.see_all(25, {})

    assert early.held[0].until == at(25)
    assert early.wake_at == at(25)
    assert early.causes == ()
    assert late.causes[0].thing == "device:leaf"
    assert late.causes[0].unsure == ("device:middle",)
    assert late.wake_at is None


def test_a_doubt_is_dropped_when_the_proof_comes_late() -> None:
    """The parent answers at last and works: the cause stays, now certain."""
    engine = Engine(chain())
    engine.sweep(0)
    engine.see(10, device__middle="unknown", device__leaf="down")
    engine.see_all(25, {})
    engine.see(30, device__middle="up")

    judged = engine.see(31, device__leaf="down")

    assert judged.causes[0].unsure == ()
    assert judged.opened == ()
    assert judged.closed == ()


def test_a_cause_named_in_doubt_ends_when_its_parent_is_found_broken() -> None:
    """The wall shows the one broken thing; the other ends as explained by it."""
    engine = Engine(chain())
    engine.sweep(0)
    engine.see(10, device__middle="unknown", device__leaf="down")
    engine.see_all(25, {})

    engine.see(30, device__middle="down")
    judged = engine.see(31, device__top="up")
    named = engine.see(32, device__middle="down")

    assert [(one.thing, one.reason) for one in judged.closed] == []
    assert names(named) == ["device:middle"]
    assert named.hidden == {"device:leaf": ("device:middle",)}


def test_one_of_two_parents_in_planned_work_is_not_silently_up_or_down() -> None:
    """Planned work on one circuit and a fault of the other: the fault is the cause."""
    graph = build(
        [
            Thing("link:a"),
            Thing("link:b"),
            Thing("device:cpe", (("link:a", "link:b"),)),
        ]
    )
    engine = Engine(graph)
    engine.sweep(0)
    engine.planned = frozenset({"link:a"})

    alone = engine.sweep(10, ["link:a"])
    both = engine.sweep(20, ["link:a", "link:b"])

    assert alone.causes == ()
    assert alone.planned == ("link:a",)
    assert names(both) == ["link:b"]
    assert both.hidden == {"device:cpe": ("link:b",)}


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


def test_memory_of_another_format_is_refused() -> None:
    """Half-read memory would lose or double an alert."""
    text = dump(Memory())

    with pytest.raises(TinhnetError, match="format 9, expected 1"):
        load(text.replace('"format":1', '"format":9'), Memory)
    with pytest.raises(TinhnetError, match="cannot be read"):
        load('{"format": 1, "content": {"records": 3}}', Memory)


def test_what_planned_work_takes_down_alone_is_planned_whatever_else_broke() -> None:
    """It would be down without the fault, too: nobody is told of it."""
    graph = build(
        [
            Thing("device:a"),
            Thing("device:b"),
            Thing("device:leaf", (("device:a",), ("device:b",))),
        ]
    )
    engine = Engine(graph)
    engine.sweep(0)
    engine.planned = frozenset({"device:a"})

    judged = engine.sweep(10, ["device:a", "device:b"])

    assert names(judged) == ["device:b"]
    assert set(judged.planned) == {"device:a", "device:leaf"}
    assert judged.causes[0].explains == ()


def test_one_of_several_breaks_nothing_until_the_last_one_does() -> None:
    """The router worked when one circuit was gone; the second took it, unseen."""
    graph = build(
        [
            Thing("link:a"),
            Thing("link:b"),
            Thing("device:cpe", (("link:a", "link:b"),)),
            Thing("device:pc", (("device:cpe",),)),
        ]
    )
    engine = Engine(graph)
    engine.sweep(0)
    engine.see(10, link__a="down")
    engine.see(15, device__cpe="up")

    judged = engine.see(20, link__a="down", link__b="down", device__pc="down")

    assert set(names(judged)) == {"link:a", "link:b"}
    assert judged.causes[0].unseen == ("device:cpe",)
    assert judged.hidden == {"device:pc": ("link:a", "link:b")}


def test_circuits_that_vanish_apart_and_are_judged_together_are_two_causes(
    engine: Engine,
) -> None:
    """Six seconds between them, and no answer until both were gone: no building did that."""
    engine.see(10, link__dien_ban_1="down")
    gone = {CIRCUIT: "down", BACKUP: "down", ROUTER: "down", "device:core1": "up"}
    engine.see_all(16, gone | {"device:core2": "up"})

    judged = engine.see(17, link__dien_ban_1="down", link__dien_ban_2="down")

    assert set(names(judged)) == {CIRCUIT, BACKUP}


def test_a_parent_that_flaps_does_not_prolong_the_wait() -> None:
    """Fresh doubt asks for fresh proof, within the time that was given at first."""
    graph = build(
        [
            Thing("device:a"),
            Thing("device:b"),
            Thing("device:c"),
            Thing("device:leaf", (("device:a", "device:b"), ("device:c",))),
        ]
    )
    engine = Engine(graph)
    engine.sweep(0)
    engine.see(10, device__leaf="down", device__c="unknown")
    engine.see(12, device__a="down")
    held = engine.see(14, device__a="up")

    judged = engine.see_all(25, {})

    assert held.held[0].until == at(25)
    assert judged.causes[0].unsure == ("device:c",)


def test_a_child_that_is_asked_seldom_is_waited_for() -> None:
    """Its parents are proven; its own next round may be a minute away, not for ever."""
    engine = Engine(chain())
    engine.sweep(0)
    engine.see(10, device__leaf="down")
    proven = engine.see(12, device__middle="up")

    early = engine.see_all(131, {})
    late = engine.see_all(132, {})

    assert proven.held[0].until == at(132)
    assert early.causes == ()
    assert late.causes[0].unsure == ("device:leaf",)


def test_what_must_be_down_unseen_is_asked_when_its_cause_recovers(engine: Engine) -> None:
    """A core asks its own circuits: while it is dead nobody sees them, afterwards they count."""
    engine.see(10, device__core1="down", device__fw1="up", link__dien_ban_1="unknown")

    back = engine.see(20, device__core1="up")

    assert CIRCUIT in back.reprobe
    assert back.closed == ()


def test_two_answers_of_one_moment_are_one() -> None:
    """The first one stands, so that a repeated delivery changes nothing."""
    engine = Engine(chain())
    engine.sweep(10)

    judged = engine.see(11, when=10, device__top="down")

    assert judged.causes == ()


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


def test_fresh_doubt_makes_old_proof_worthless() -> None:
    """One parent was seen down and up again; what the other said before counts no more."""
    graph = build(
        [
            Thing("device:a"),
            Thing("device:b"),
            Thing("device:c"),
            Thing("device:leaf", (("device:a", "device:b"), ("device:c",))),
        ]
    )
    engine = Engine(graph)
    engine.sweep(0)
    engine.see(10, device__leaf="down")
    engine.see(11, device__c="up")
    engine.see(12, device__a="down")
    engine.see(14, device__a="up")

    judged = engine.see(15, device__leaf="down")
    named = engine.see(16, device__c="up", device__leaf="down")

    assert judged.causes == ()
    assert judged.held[0].waits_for == ("device:c",)
    assert names(named) == ["device:leaf"]
