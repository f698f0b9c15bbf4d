# SPDX-License-Identifier: MIT
"""For any set of sites, what is derived is unique and both ends agree."""

import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork

SMALL = Path(__file__).parents[1] / "cases" / "inventory-small"
RANDOM = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True, slots=True)
class Place:
    """A site to declare: its number, level and whether it has a backup circuit."""

    number: int
    kind: str
    backup: bool


places = st.lists(
    st.builds(
        Place,
        number=st.integers(min_value=1, max_value=3999),
        kind=st.sampled_from(["agency", "district"]),
        backup=st.booleans(),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda place: place.number,
)


def declared(directory: Path, chosen: list[Place]) -> DeclaredNetwork:
    """Load a province with the data centre of the small one and the sites `chosen`."""
    if directory.exists():
        shutil.rmtree(directory)
    shutil.copytree(SMALL, directory)
    sites = (directory / "sites.yml").read_text(encoding="utf-8")
    head = sites.split("  - id: so-y-te")[0]
    head = head.replace("number: 250", "number: 5000").replace("number: 251", "number: 5001")
    (directory / "sites.yml").write_text(
        head + "".join(_site(place) for place in chosen), encoding="utf-8"
    )
    links = (directory / "links.yml").read_text(encoding="utf-8")
    head = "".join(line for line in links.splitlines(keepends=True) if "{site: " not in line)
    (directory / "links.yml").write_text(
        head + "".join(_circuits(place) for place in chosen), encoding="utf-8"
    )
    return load(directory)


def _site(place: Place) -> str:
    return f"""  - id: site-{place.number}
    number: {place.number}
    name_vi: Nơi {place.number}
    name_en: Place {place.number}
    kind: {place.kind}
"""


def _circuits(place: Place) -> str:
    entry = "  - {{site: site-{0}, role: {1}, carrier: {2}, circuit_id: {3}-{0}, bandwidth: 10M}}\n"
    lines = entry.format(place.number, "primary", "vnpt", "V")
    return lines + (entry.format(place.number, "backup", "viettel", "T") if place.backup else "")


@given(chosen=places)
@RANDOM
def test_addresses_and_prefixes_are_unique_and_ours(tmp_path: Path, chosen: list[Place]) -> None:
    """Two sites with one address would take each other down."""
    network = declared(tmp_path / "random", chosen)
    interfaces = [i for device in network.devices.values() for i in device.interfaces]
    addresses = [str(i.address4.ip) for i in interfaces if i.address4]
    addresses += [str(i.address6.ip) for i in interfaces if i.address6]
    ours = [n for n in network.networks.values() if n.kind != "external"]
    links = [link for link in network.links.values() if link.id != "gov-1"]
    prefixes4 = sorted([n.prefix4 for n in ours] + [link.prefix4 for link in links])
    prefixes6 = sorted([n.prefix6 for n in ours] + [link.prefix6 for link in links])

    assert len(addresses) == len(set(addresses)) == 2 * len(interfaces)
    assert not any(one.overlaps(other) for one, other in pairwise(prefixes4))
    assert not any(one.overlaps(other) for one, other in pairwise(prefixes6))
    assert all(prefix.subnet_of(network.province.aggregate4) for prefix in prefixes4)
    assert all(prefix.subnet_of(network.province.aggregate6) for prefix in prefixes6)


@given(chosen=places)
@RANDOM
def test_interfaces_peers_and_links_agree(tmp_path: Path, chosen: list[Place]) -> None:
    """A config is rendered per device: both ends must tell one story."""
    network = declared(tmp_path / "random", chosen)

    for link in network.links.values():
        a = network.devices[link.a.device].interface(link.a.interface)
        b = network.devices[link.b.device].interface(link.b.interface)
        assert (a.link, b.link) == (link.id, link.id)
        assert (a.peer_device, a.peer_interface) == (link.b.device, link.b.interface)
        assert (b.peer_device, b.peer_interface) == (link.a.device, link.a.interface)
        assert (a.cost, a.bandwidth_bps) == (b.cost, b.bandwidth_bps)
        assert a.address4 is not None
        assert b.address4 is not None
        assert a.address4.network == b.address4.network == link.prefix4
    for device in network.devices.values():
        names = [interface.name for interface in device.interfaces]
        assert len(names) == len(set(names))
        assert all(len(name) <= 15 for name in names)


@given(chosen=places)
@RANDOM
def test_every_device_but_the_firewall_has_a_next_hop_it_can_reach(
    tmp_path: Path, chosen: list[Place]
) -> None:
    """A bare device knows one address and one next hop; they must share a prefix."""
    network = declared(tmp_path / "random", chosen)

    for device in network.devices.values():
        if device.role == "firewall":
            assert device.gateway4 is None
            continue
        on_link = [
            i.address4.network
            for i in device.interfaces
            if i.address4 and i.address4.ip == device.bootstrap4
        ]
        assert len(on_link) == 1
        assert device.gateway4 in on_link[0]
        assert device.gateway4 != device.bootstrap4
