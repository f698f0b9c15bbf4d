# SPDX-License-Identifier: MIT
"""The declared network as needs: what a broken thing takes with it."""

import pytest

from alerts.graph import Graph, Thing, build, consequences
from tinhnet.errors import TinhnetError


def test_a_site_needs_any_one_of_its_circuits(province: Graph) -> None:
    """A site with two circuits loses nothing to one of them."""
    one = consequences(province, ["link:dien-ban-1"])
    both = consequences(province, ["link:dien-ban-1", "link:dien-ban-2"])

    assert one == {"link:dien-ban-1"}
    assert both == {
        "link:dien-ban-1",
        "link:dien-ban-2",
        "device:dien-ban-cpe1",
        "device:dien-ban-pc",
    }


def test_a_core_takes_its_circuits_and_the_sites_that_have_no_other(province: Graph) -> None:
    """Half the circuits end on core1; only sites without a backup are lost."""
    lost = consequences(province, ["device:core1"])

    assert "link:dien-ban-1" in lost
    assert "device:dien-ban-cpe1" not in lost
    assert "device:so-gtvt-cpe1" in lost
    assert "device:edge1" not in lost
    assert "link:gov-1" not in lost


def test_both_cores_take_the_edge_and_the_government_office(province: Graph) -> None:
    """The edge needs one of two cores, and the office beyond needs the edge."""
    lost = consequences(province, ["device:core1", "device:core2"])

    assert {"device:edge1", "link:gov-1", "device:vpcp", "service:government-exchange"} <= lost
    assert "device:web1" not in lost


def test_the_firewall_takes_everything_but_its_own_zone(province: Graph) -> None:
    """What stands in the controller's own zone is reached without the firewall."""
    lost = consequences(province, ["device:fw1"])

    kept = set(province.things) - lost
    assert {id_ for id_ in kept if not id_.startswith("site:")} == {
        "device:log1",
        "service:syslog",
    }


def test_a_service_needs_its_server_and_a_server_its_zone(province: Graph) -> None:
    """A dead zone takes its servers and what runs on them."""
    lost = consequences(province, ["network:dmz"])

    assert {"device:web1", "device:web2", "service:portal", "service:dvc"} <= lost
    assert "service:docs" not in lost


def test_a_lan_in_which_one_pc_stands_is_no_thing_of_its_own(province: Graph) -> None:
    """Nobody could tell the LAN from the PC; the PC needs the router itself then."""
    assert "network:dien-ban-lan" not in province.things
    assert province.things["device:dien-ban-pc"].needs == (("device:dien-ban-cpe1",),)


def test_a_patch_cable_needs_both_its_ends(province: Graph) -> None:
    """The port on core2 goes down with core1; that is no fault of the cable."""
    for core in ("device:core1", "device:core2"):
        assert "link:core1-core2" in consequences(province, [core])


def test_a_building_holds_its_circuits_and_its_router_but_no_core(province: Graph) -> None:
    """Power at a site cannot take a device at the other end of a circuit."""
    assert set(province.inside["site:dien-ban"]) == {
        "link:dien-ban-1",
        "link:dien-ban-2",
        "device:dien-ban-cpe1",
    }
    assert "site:dc" not in province.things
    assert "device:noc" not in province.things


def test_every_need_comes_before_what_needs_it(province: Graph) -> None:
    """One walk in this order sees all needs of a thing before the thing."""
    for thing in province.things.values():
        for need in (one for group in thing.needs for one in group):
            assert province.rank[need] < province.rank[thing.id]


@pytest.mark.parametrize(
    ("things", "said"),
    [
        ([Thing("device:a", (("device:b",),))], "device:b"),
        ([Thing("device:a", ((),))], "one of nothing"),
        ([Thing("device:a", (("device:b",),)), Thing("device:b", (("device:a",),))], "circle"),
    ],
    ids=["missing", "empty group", "circle"],
)
def test_a_graph_that_makes_no_sense_is_refused(things: list[Thing], said: str) -> None:
    """A fault of the graph would hide alerts in silence."""
    with pytest.raises(TinhnetError, match=said):
        build(things)


def test_what_nobody_can_ask_says_nothing_as_one_of_several() -> None:
    """A LAN with one PC, alternative to a router, leaves the other need out."""
    graph = build(
        [
            Thing("network:lan", is_asked=False),
            Thing("device:router"),
            Thing("device:pc", (("network:lan", "device:router"),)),
        ]
    )

    assert graph.things["device:pc"].needs == ()
