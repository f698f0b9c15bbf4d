# SPDX-License-Identifier: MIT
"""Which namespaces and cables a declared network needs; pure, nothing is built here.

A patch and a LAN of two interfaces are one veth pair.  A circuit runs through
the namespace of its carrier, over a bridge of its own, because that is where
a cut, loss, delay or rate can be made without touching the product's own
nftables and tc on the routers.  Zones are bridges in the namespace `switch`,
where the cables of unused ports end, too.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.link import Link, Network

SWITCH = "switch"
_UNKNOWN_CARRIER = "unknown"


@dataclass(frozen=True, slots=True)
class Port:
    """One end of a cable: an interface in a place (a device, a carrier, the switch)."""

    place: str
    interface: str


@dataclass(frozen=True, slots=True)
class Cable:
    """A veth pair."""

    a: Port
    b: Port


@dataclass(frozen=True, slots=True)
class Segment:
    """A bridge with its ports; `label` is the id of the link or network it carries."""

    place: str
    bridge: str
    label: str
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything that must be plugged together.

    `circuits` maps the id of a circuit to its segment, whose first port leads
    to the site and whose second to the data centre.
    """

    devices: tuple[str, ...]
    places: tuple[str, ...]
    cables: tuple[Cable, ...]
    segments: tuple[Segment, ...]
    circuits: dict[str, Segment]


def wiring_of(network: DeclaredNetwork) -> Wiring:
    """Return the wiring of a declared network."""
    cables: list[Cable] = []
    segments: list[Segment] = []
    circuits: dict[str, Segment] = {}
    for index, link in enumerate(network.links.values()):
        if link.kind == "circuit":
            segment, pairs = _circuit(index, link)
            circuits[link.id] = segment
            segments.append(segment)
            cables.extend(pairs)
        else:
            cables.append(_patch(link))
    for index, shared in enumerate(network.networks.values()):
        members = _members(network, shared)
        if shared.zone is None and len(members) == 2:  # noqa: PLR2004 two ends: a cable, no switch
            cables.append(Cable(*members))
        elif members:
            segment, plugs = _zone(index, shared, members)
            segments.append(segment)
            cables.extend(plugs)
    cables.extend(_dangling(network, cables))
    devices = tuple(network.devices)
    places = tuple(dict.fromkeys([SWITCH, *(segment.place for segment in segments)]))
    return Wiring(devices, places, tuple(cables), tuple(segments), circuits)


def hardware_address(port: Port) -> str:
    """Return a stable, locally administered MAC address, so that a reboot changes none."""
    digest = hashlib.sha256(f"{port.place}/{port.interface}".encode()).digest()
    return ":".join(f"{byte:02x}" for byte in (0x02, *digest[:5]))


def carrier_place(link: Link) -> str:
    """Return the place a circuit runs through: the namespace of its carrier."""
    return f"carrier-{link.carrier or _UNKNOWN_CARRIER}"


def _circuit(index: int, link: Link) -> tuple[Segment, tuple[Cable, Cable]]:
    place = carrier_place(link)
    near, far = f"k{index}a", f"k{index}b"
    segment = Segment(place, f"k{index}", link.id, (near, far))
    return segment, (
        Cable(Port(link.a.device, link.a.interface), Port(place, near)),
        Cable(Port(link.b.device, link.b.interface), Port(place, far)),
    )


def _patch(link: Link) -> Cable:
    return Cable(
        Port(link.a.device, link.a.interface),
        Port(link.b.device, link.b.interface),
    )


def _members(network: DeclaredNetwork, shared: Network) -> tuple[Port, ...]:
    return tuple(
        Port(device.id, interface.name)
        for device in network.devices.values()
        for interface in device.interfaces
        if interface.network == shared.id and interface.link is None
    )


def _dangling(network: DeclaredNetwork, cables: list[Cable]) -> list[Cable]:
    """Return a cable to nowhere for every port left over: it exists and has no light."""
    plugged = {port for cable in cables for port in (cable.a, cable.b)}
    ports = (
        Port(device.id, interface.name)
        for device in network.devices.values()
        for interface in device.interfaces
        if interface.kind != "loopback"
    )
    left = (port for port in ports if port not in plugged)
    return [Cable(port, Port(SWITCH, f"u{index}")) for index, port in enumerate(left)]


def _zone(
    index: int, shared: Network, members: tuple[Port, ...]
) -> tuple[Segment, tuple[Cable, ...]]:
    ports = tuple(f"z{index}p{number}" for number in range(len(members)))
    cables = tuple(
        Cable(member, Port(SWITCH, port)) for member, port in zip(members, ports, strict=True)
    )
    return Segment(SWITCH, f"z{index}", shared.id, ports), cables


def cable_commands(cables: tuple[Cable, ...], namespaces: dict[str, str]) -> Iterator[str]:
    """Yield one `ip link add` per cable; both ends are born in their namespaces."""
    for cable in cables:
        yield (
            f"link add name {cable.a.interface} address {hardware_address(cable.a)}"
            f" netns {namespaces[cable.a.place]} type veth"
            f" peer name {cable.b.interface} address {hardware_address(cable.b)}"
            f" netns {namespaces[cable.b.place]}"
        )


def bridge_commands(wiring: Wiring, place: str) -> Iterator[str]:
    """Yield what a carrier or the switch needs inside: bridges with their ports, all up.

    No spanning tree and no snooping: a circuit is a wire, and 224.0.0.0/24
    must pass.  `group_fwd_mask` lets LLDP through as a leased line would.
    """
    for segment in wiring.segments:
        if segment.place != place:
            continue
        yield (
            f"link add name {segment.bridge} type bridge stp_state 0 forward_delay 0"
            " mcast_snooping 0 group_fwd_mask 65528"
        )
        yield f"link set dev {segment.bridge} alias {segment.label} up"
        for port in segment.ports:
            yield f"link set dev {port} alias {segment.label} master {segment.bridge} up"
