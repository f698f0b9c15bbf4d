# SPDX-License-Identifier: MIT
"""Links between two interfaces and networks that many interfaces share."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a link."""

    device: str
    interface: str


@dataclass(frozen=True, slots=True)
class Link:
    """A circuit of a carrier or a patch cable inside the data centre.

    `kind`: "circuit" or "patch".  `role`: "primary", "backup" or "core".
    `a` is the site's end, `b` the data centre's.  Carrier, circuit id and
    bandwidth are None for a patch cable.  `invented` names the keys of
    links.yml no source gives, "id" among them where none knows the circuit.
    """

    id: str
    kind: str
    role: str
    a: Endpoint
    b: Endpoint
    carrier: str | None
    circuit_id: str | None
    bandwidth_bps: int | None
    prefix4: IPv4Network
    prefix6: IPv6Network
    invented: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """A prefix that end devices share: a site's LAN or a data-centre zone.

    `kind`: "lan", "zone" or "external".  `zone` is the firewall zone ("dmz",
    "internal", "database", "management", …) and None for a site's LAN.
    `gateway` is the endpoint that routes for it.
    """

    id: str
    site: str
    kind: str
    zone: str | None
    prefix4: IPv4Network
    prefix6: IPv6Network
    gateway: Endpoint | None
