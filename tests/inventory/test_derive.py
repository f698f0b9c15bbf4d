# SPDX-License-Identifier: MIT
"""What is derived is as documented: the small province and Quảng Nam of 2016."""

from datetime import date
from pathlib import Path

from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork


def test_numbers_give_the_documented_addresses(small: DeclaredNetwork) -> None:
    """Operators learn the plan by heart; docs/inventory.md prints these."""
    cpe, pc = small.devices["dien-ban-cpe1"], small.devices["dien-ban-pc"]
    interface = {i.name: (str(i.address4), str(i.address6)) for i in cpe.interfaces}

    assert interface == {
        "lo": ("10.89.1.107/32", "fd00:1:2:a004::1:107/128"),
        "wan1": ("10.80.1.174/30", "fd00:1:2:a001::107:1/127"),
        "wan2": ("10.84.1.174/30", "fd00:1:2:a002::107:1/127"),
        "lan1": ("10.64.107.1/24", "fd00:1:2:107::1/64"),
    }
    assert str(cpe.router_id) == str(cpe.management4) == "10.89.1.107"
    assert str(cpe.bootstrap4) == "10.80.1.174"
    assert str(cpe.gateway4) == "10.80.1.173"
    assert (str(pc.management4), str(pc.gateway4)) == ("10.64.107.10", "10.64.107.1")
    assert str(small.devices["web1"].management6) == "fd00:1:2:b010::11"


def test_costs_and_bandwidths_follow_the_role_of_a_link(small: DeclaredNetwork) -> None:
    """The backup carries traffic only while the primary is gone."""
    cpe = small.devices["dien-ban-cpe1"]

    assert [(i.name, i.cost, i.bandwidth_bps) for i in cpe.interfaces] == [
        ("lo", None, None),
        ("wan1", 10, 20_000_000),
        ("wan2", 100, 512_000),
        ("lan1", None, None),
    ]
    assert small.devices["core1"].interface("fw1").cost == 5


def test_a_bare_router_is_reached_over_patches_then_its_primary(small: DeclaredNetwork) -> None:
    """Management is in-band: the firewall first, then cores, then the rest."""
    paths = {
        name: (str(device.bootstrap4), str(device.gateway4))
        for name, device in small.devices.items()
        if name in ("fw1", "core1", "core2", "edge1")
    }

    assert paths == {
        "fw1": ("10.90.99.1", "None"),
        "core1": ("10.88.0.9", "10.88.0.10"),
        "core2": ("10.88.0.13", "10.88.0.14"),
        "edge1": ("10.88.0.18", "10.88.0.17"),
    }


def test_a_bare_router_is_reached_over_its_primary_in_whatever_order(directory: Path) -> None:
    """The core of the backup circuits may be cabled first and still is no way in."""
    path = directory / "links.yml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    first, second = (lines.index(f"  - {{number: {n}, a: fw1, b: core{n - 1}}}\n") for n in (2, 3))
    lines[first], lines[second] = lines[second], lines[first]
    path.write_text("".join(lines), encoding="utf-8")

    cpe = load(directory).devices["dien-ban-cpe1"]

    assert (str(cpe.bootstrap4), str(cpe.gateway4)) == ("10.80.1.174", "10.80.1.173")


def test_only_our_routers_servers_and_controller_are_managed(small: DeclaredNetwork) -> None:
    """A playbook must never log in to a clerk's PC or to the Government Office."""
    unmanaged = [device.id for device in small.devices.values() if not device.managed]

    assert unmanaged == ["vpcp", "so-y-te-pc", "dien-ban-pc"]


def test_an_external_circuit_uses_the_prefix_of_the_others(small: DeclaredNetwork) -> None:
    """The Government Office gives the addresses on its link, not we."""
    edge, theirs = small.devices["edge1"].interface("gov1"), small.devices["vpcp"]

    assert str(edge.address4) == "198.51.100.1/24"
    assert str(theirs.management4) == "198.51.100.10"
    assert str(theirs.gateway4) == "198.51.100.1"
    assert not theirs.managed


def test_a_typed_router_replaces_the_derived_one(directory: Path) -> None:
    """Forty routers of one province are not all of one vendor."""
    path = directory / "devices.yml"
    typed = (
        "  - {id: dien-ban-cpe1, site: dien-ban, role: cpe, platform: vrp, description: AR651}\n"
    )
    path.write_text(path.read_text(encoding="utf-8") + typed, encoding="utf-8")

    cpe = load(directory).devices["dien-ban-cpe1"]

    assert (cpe.platform, cpe.number, str(cpe.management4)) == ("vrp", 107, "10.89.1.107")


def test_the_digest_tells_whether_a_file_changed(directory: Path, small: DeclaredNetwork) -> None:
    """A plan is bound to the files it was made from."""
    assert load(directory).digest == small.digest
    with (directory / "people.yml").open("a", encoding="utf-8") as stream:
        stream.write("# a remark\n")
    assert load(directory).digest != small.digest


def test_quang_nam_has_the_plan_of_2016(quang_nam: DeclaredNetwork) -> None:
    """The first home: 22 agencies, 18 districts, one data centre, one edge."""
    kinds = [site.kind for site in quang_nam.sites.values()]
    roles = [device.role for device in quang_nam.devices.values()]

    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "agency": 22,
        "district": 18,
        "data-centre": 1,
        "external": 1,
    }
    assert {role: roles.count(role) for role in set(roles)} == {
        "core": 2,
        "firewall": 1,
        "edge": 1,
        "controller": 1,
        "server": 9,
        "cpe": 40,
        "pc": 40,
        "external": 1,
    }
    codes = sorted(u.code for u in quang_nam.units.values() if u.kind == "district" and u.code)
    assert codes == [str(code) for code in range(502, 520)]
    assert quang_nam.units["dien-ban"].valid_from == date(2015, 3, 11)


def test_quang_nam_backs_up_every_district_by_the_other_carrier(
    quang_nam: DeclaredNetwork,
) -> None:
    """One excavator must not cut a district off."""
    carriers: dict[str, dict[str, str | None]] = {}
    for link in quang_nam.links.values():
        if link.kind == "circuit":
            site = quang_nam.devices[link.a.device].site
            carriers.setdefault(site, {})[link.role] = link.carrier
    backed = [site for site, roles in carriers.items() if len(set(roles.values())) == 2]
    kinds = [quang_nam.sites[site].kind for site in backed]

    assert kinds.count("district") == 18
    assert kinds.count("agency") == 8


def test_quang_nam_fills_the_tile_map_without_overlap(quang_nam: DeclaredNetwork) -> None:
    """Two sites on one tile would hide each other on the wall."""
    tiles = [site.tile for site in quang_nam.sites.values() if site.tile]
    places_taken = [
        (tile.row, tile.column + offset) for tile in tiles for offset in range(tile.width)
    ]

    assert len(tiles) == len(quang_nam.sites)
    assert len(places_taken) == len(set(places_taken))


def test_quang_nam_never_leaves_private_address_space(quang_nam: DeclaredNetwork) -> None:
    """The box must not answer for somebody's real addresses."""
    networks, links = quang_nam.networks.values(), quang_nam.links.values()

    assert all(n.prefix4.is_private and n.prefix6.is_private for n in networks)
    assert all(link.prefix4.is_private and link.prefix6.is_private for link in links)
