# SPDX-License-Identifier: MIT
"""What must be seen on a router is derived, and what is missing is said in words."""

from pathlib import Path

from changes.adjacency import LINK_LOCAL, Wanted, faults, wanted_of
from changes.drivers.frr_device.state import Routing
from tinhnet.inventory import load

SMALL = Path(__file__).parents[1] / "cases" / "inventory-small"


def seen(*peers: list[str]) -> Routing:
    """Return a routing in which nothing but these BFD sessions is up."""
    return {"ospf": [], "ospf6": [], "bfd": list(peers), "routes": {}}


def test_a_router_must_see_its_neighbour_in_both_families() -> None:
    """Every routed link carries OSPF, OSPFv3 and a BFD session for each."""
    network = load(SMALL)
    wanted = wanted_of(network, network.devices["dien-ban-cpe1"])

    assert {name for _, name in wanted.neighbours} == {"wan1", "wan2"}
    assert (LINK_LOCAL, "wan1") in wanted.sessions
    assert len(wanted.sessions) == 2 * len(wanted.neighbours)


def test_a_missing_session_of_one_family_is_named() -> None:
    """IPv4 that is up says nothing of IPv6."""
    peer = ("10.80.1.173", "wan1")
    wanted = Wanted(
        {}, {peer: "core1 over l", (LINK_LOCAL, "wan1"): "core1 over l (IPv6)"}, routes={}
    )

    assert faults(wanted, seen([*peer])) == ("BFD with core1 over l (IPv6) is not up",)
    assert faults(wanted, seen([*peer], ["fe80::1", "wan2"])) != ()
    assert faults(wanted, seen([*peer], ["fe80::1", "wan1"])) == ()


def test_a_neighbour_and_a_route_that_are_missing_are_named() -> None:
    """Each protocol is asked for by itself; a route from elsewhere is not the wanted one."""
    wanted = Wanted({("10.0.0.1", "wan1"): "core1 over l"}, {}, {"::/0": frozenset({"ospf"})})
    found: Routing = {"ospf": [["10.0.0.1", "wan1"]], "ospf6": [], "bfd": [], "routes": {}}

    assert faults(wanted, found) == (
        "OSPFv3 with core1 over l is not Full",
        "route ::/0 comes from nowhere, not ospf",
    )
    found["ospf6"], found["routes"] = [["10.0.0.1", "wan1"]], {"::/0": "boot"}
    assert faults(wanted, found) == ("route ::/0 comes from boot, not ospf",)
    found["routes"] = {"::/0": "ospf"}
    assert faults(wanted, found) == ()
