# SPDX-License-Identifier: MIT
"""Devices and their interfaces, as declared and derived."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface with everything derived for it.

    `kind` is "loopback", "circuit" (a carrier in between), "patch" (a cable
    inside the data centre) or "lan".  `link` is the id of a Link for circuit
    and patch, `network` the id of a Network for lan.  `peer_device` and
    `peer_interface` name the far end of a link.  `cost` is the OSPF cost, None
    where no routing runs.  `bandwidth_bps` is what the circuit's contract
    allows in each direction, None where nothing is shaped.
    """

    name: str
    kind: str
    description: str
    link: str | None
    network: str | None
    address4: IPv4Interface | None
    address6: IPv6Interface | None
    peer_device: str | None
    peer_interface: str | None
    cost: int | None
    bandwidth_bps: int | None


@dataclass(frozen=True, slots=True)
class Device:
    """A router, server, site PC or the controller.

    `role`: core, firewall, edge, cpe, server, pc, controller, external.
    `platform`: a name of DESIGN §12 (frr, debian, …).
    `management4` is where the product reaches the device once it is
    configured: the loopback of a router, the LAN address of anything else.
    `bootstrap4` is the only address a bare device knows (a CPE's primary
    circuit end); it equals `management4` where there is no difference.
    `managed` is False for what the playbooks must not touch (site PCs are
    used only as probes, external devices not at all).
    `gateway4`/`gateway6` are the default gateway of a device that does not
    route, and for a bare router the next hop to the management prefix.
    `services` are the ids of the services that run on this server.
    """

    id: str
    site: str
    role: str
    platform: str
    number: int
    interfaces: tuple[Interface, ...]
    router_id: IPv4Address | None
    management4: IPv4Address
    management6: IPv6Address | None
    bootstrap4: IPv4Address
    gateway4: IPv4Address | None
    gateway6: IPv6Address | None
    managed: bool
    services: tuple[str, ...]
    description: str

    def interface(self, name: str) -> Interface:
        """Return the interface called `name`; KeyError when there is none."""
        for interface in self.interfaces:
            if interface.name == name:
                return interface
        raise KeyError(f"{self.id} has no interface {name}")
