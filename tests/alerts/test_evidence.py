# SPDX-License-Identifier: MIT
"""What counts as proof: needs seen working, the thing asked again, and how long to wait."""

import pytest

from alerts.graph import Thing, build
from alerts.memory import Memory
from alerts.plain import dump, load
from tests.alerts.engine import Engine, at, chain, doubly_fed, names
from tinhnet.errors import TinhnetError


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


def test_a_parent_that_flaps_does_not_prolong_the_wait() -> None:
    """Fresh doubt asks for fresh proof, within the time that was given at first."""
    engine = Engine(doubly_fed())
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


def test_two_answers_of_one_moment_are_one() -> None:
    """The first one stands, so that a repeated delivery changes nothing."""
    engine = Engine(chain())
    engine.sweep(10)

    judged = engine.see(11, when=10, device__top="down")

    assert judged.causes == ()


def test_fresh_doubt_makes_old_proof_worthless() -> None:
    """One parent was seen down and up again; what the other said before counts no more."""
    engine = Engine(doubly_fed())
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


def test_a_zone_that_is_not_in_doubt_still_needs_its_firewall() -> None:
    """Nothing else in the zone can tell, so what the zone needs is asked."""
    graph = build(
        [
            Thing("device:fw"),
            Thing("network:dmz", (("device:fw",),), is_asked=False),
            Thing("device:web", (("network:dmz",),)),
            Thing("device:app", (("network:dmz",), ("device:web",))),
        ]
    )
    engine = Engine(graph)
    engine.sweep(0)
    engine.see(10, device__web="down", device__app="down")

    held = engine.see(11, device__web="down")
    judged = engine.see(12, device__fw="down")

    assert held.causes == ()
    assert held.reprobe == ("device:fw",)
    assert names(judged) == ["device:fw"]
    assert set(judged.causes[0].explains) == {"device:web", "device:app"}
