# SPDX-License-Identifier: MIT
"""What no source says is marked, entry by entry and key by key, and the mark travels with it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import pytest
import yaml

from tinhnet.inventory import load
from tinhnet.inventory.listing import link_rows, plain, service_rows, site_rows
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.link import Link
from tinhnet.model.place import OrgUnit, Site


class District(TypedDict):
    """What the sources say about a district; `exact` False: not its position."""

    code: str
    name_vi: str
    seat: str
    latitude: float
    longitude: float
    exact: bool


class Sources(TypedDict):
    """tests/cases/sources.yml."""

    districts: list[District]
    agencies: list[str]
    bodies: list[str]
    known: list[str]


SOURCES: Sources = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "sources.yml").read_text(encoding="utf-8")
)
DISTRICTS = {district["code"]: district for district in SOURCES["districts"]}
NAMES = {*SOURCES["agencies"], *SOURCES["bodies"], *(one["name_vi"] for one in DISTRICTS.values())}

# The first code of a commune of Quảng Nam; those below are of Đà Nẵng before the merger.
QUANG_NAM = 20335

PROVINCES = pytest.mark.parametrize("province", ["quang_nam", "da_nang"])


def unsourced(network: DeclaredNetwork) -> Iterator[tuple[str, str]]:
    """Yield what no source gives, as entry and key, decided from the sources alone."""
    for site in network.sites.values():
        yield from ((site.id, key) for key in _claims(site) - _said(network, site))
    for link in network.links.values():
        yield from ((link.id, key) for key in _unsourced_link(network, link))
    for service in network.services.values():
        yield from ((service.id, key) for key in ("id", "owner", "level", "name"))


def marked(network: DeclaredNetwork) -> set[tuple[str, str]]:
    """Return what the files mark."""
    entries = (network.sites, network.links, network.services)
    return {
        (entry.id, key) for kind in entries for entry in kind.values() for key in entry.invented
    }


def _claims(site: Site) -> set[str]:
    """Return the keys of a site that say something about the world; numbers and tiles are ours."""
    keys = ("id", "name_vi", "name_en", "tenancies", "address", "latitude", "longitude", "contact")
    return {key for key in keys if getattr(site, key) not in (None, ())}


def _said(network: DeclaredNetwork, site: Site) -> set[str]:
    """Return the keys of a site whose very values a source gives."""
    tenants = [network.units[tenancy.unit] for tenancy in site.tenancies]
    said = {
        key
        for key, name in (("name_vi", site.name_vi), ("name_en", site.name_en))
        if any(_names(tenant, key).lower() in name.lower() for tenant in tenants)
    }
    if site.kind == "data-centre" or any(_is_on_the_network(tenant) for tenant in tenants):
        said.add("id")
    for district in (DISTRICTS[one.code] for one in tenants if one.code in DISTRICTS):
        said |= {"address"} if site.address == district["seat"] else set()
        if district["exact"]:
            places = {"latitude", "longitude"}
            said |= {key for key in places if getattr(site, key) == district[key]}  # type: ignore[literal-required]  # both are keys of a district
    return said


def _names(unit: OrgUnit, key: str) -> str:
    """Return a unit's name, or what stands in no other name where nobody gives the name."""
    return "\0" if key in unit.invented else str(getattr(unit, key))


def _is_on_the_network(unit: OrgUnit) -> bool:
    """Tell whether a source puts the unit on the network: a list of bodies, or the communes."""
    is_commune = unit.kind == "commune" and int(unit.code or 0) >= QUANG_NAM
    return unit.name_vi in NAMES or is_commune


def _unsourced_link(network: DeclaredNetwork, link: Link) -> Iterator[str]:
    if link.kind == "patch":
        yield from ("a", "b")
        return
    yield from ("carrier", "circuit_id", "bandwidth")
    site = network.sites[network.devices[link.a.device].site]
    if link.role == "backup" or "id" not in _said(network, site) or site.kind == "data-centre":
        yield "id"


@PROVINCES
def test_nothing_unsourced_is_unmarked(province: str, request: pytest.FixtureRequest) -> None:
    """Nobody may quote an invented bandwidth, owner or security level as a fact."""
    network: DeclaredNetwork = request.getfixturevalue(province)

    assert set(unsourced(network)) - marked(network) == set()


@PROVINCES
def test_nothing_sourced_is_marked(province: str, request: pytest.FixtureRequest) -> None:
    """A mark on a fact would teach people to overlook the marks."""
    network: DeclaredNetwork = request.getfixturevalue(province)

    assert marked(network) - set(unsourced(network)) == set()


@PROVINCES
def test_units_people_carriers_and_foreign_prefixes_are_marked(
    province: str, request: pytest.FixtureRequest
) -> None:
    """Nobody here is real; a unit is named by a source, by its code or by the act that made it."""
    network: DeclaredNetwork = request.getfixturevalue(province)

    assert all(person.invented for person in network.people.values())
    assert all(
        person.email is None or person.email.endswith(".test") for person in network.people.values()
    )
    assert all(carrier.invented for carrier in network.carriers.values())
    assert [unit.id for unit in network.units.values() if not _has_a_name(unit)] == []
    assert [unit.id for unit in network.units.values() if not _has_a_beginning(unit)] == []


def _has_a_name(unit: OrgUnit) -> bool:
    return unit.name_vi in NAMES | set(SOURCES["known"]) or bool(
        unit.code or unit.legal_basis or "name_vi" in unit.invented
    )


def _has_a_beginning(unit: OrgUnit) -> bool:
    return unit.legal_basis is not None or "valid_from" in unit.invented


@pytest.mark.parametrize("folder", ["inventory", "inventory-2025"])
def test_levels_of_services_are_marked_one_by_one(folder: str) -> None:
    """A comment above a list is read by nobody who asks for one service."""
    text = (Path(__file__).parents[2] / folder / "services.yml").read_text(encoding="utf-8")
    services = re.split(r"(?m)^  - id: ", text.split("\nflows:")[0])[1:]

    assert len(services) == 13
    assert [
        one.splitlines()[0] for one in services if not re.search(r"invented: .*\blevel\b", one)
    ] == []


def test_a_mark_travels_from_the_file_to_every_list(directory: Path) -> None:
    """`--json`, the API and the pages show the rows that are tested here."""
    services, links = directory / "services.yml", directory / "links.yml"
    text = services.read_text(encoding="utf-8")
    services.write_text(
        text.replace("    level: 3\n", "    level: 3\n    invented: [level]\n", 1), encoding="utf-8"
    )
    text = links.read_text(encoding="utf-8")
    links.write_text(
        text.replace("a: core1, b: core2}", "a: core1, b: core2, invented: [b]}", 1),
        encoding="utf-8",
    )

    network = load(directory)

    assert next(plain(row)["invented"] for row in service_rows(network)) == ["level"]
    rows = {row.id: row.invented for row in link_rows(network)}
    assert (rows["core1-core2"], rows["so-y-te-1"], rows["dien-ban-1"]) == (
        ("b",),
        ("carrier",),
        (),
    )
    assert {row.id: row.invented for row in site_rows(network)}["dien-ban"] == ("tenancies",)
