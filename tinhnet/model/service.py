# SPDX-License-Identifier: MIT
"""Services of the e-government plan and who may reach what."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network


@dataclass(frozen=True, slots=True)
class Check:
    """What "working" means for a service.

    `kind`: "https", "dns", "ntp", "syslog-tls", "ocsp" ….  `path` and `expect`
    hold for pages: the text that must stand in the answer.
    """

    kind: str
    path: str | None
    expect: str | None


@dataclass(frozen=True, slots=True)
class Port:
    """A transport port: `protocol` is "tcp" or "udp"."""

    protocol: str
    port: int


@dataclass(frozen=True, slots=True)
class Service:
    """A service with its owner, system level and where it runs.

    `owner` is the id of an org unit, `protocol` "tcp" or "udp".  `level` is
    the information-system security level 1-5 (Decree 85/2016/NĐ-CP).  `url`
    is what a client types; `name` its DNS name.
    `clients` selects who may use it: site kinds ("agency", "district"), site
    ids, zone ids, device ids, "sites" (every site's LAN), "routers",
    "devices" (everything managed) or "external".  `further_ports` are ports
    the same clients need besides `port` (DNS over TCP).  `invented` names the
    fields no source gives, "id" among them where none knows the service.
    """

    id: str
    name_vi: str
    name_en: str
    owner: str
    level: int
    url: str
    name: str
    server: str
    protocol: str
    port: int
    check: Check
    clients: tuple[str, ...]
    further_ports: tuple[Port, ...] = ()
    invented: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Permit:
    """One permitted flow, derived from services and policy; the rest is refused.

    `ports` is empty where any port is meant (ICMP).  `protocol`: "tcp",
    "udp", "icmp" (which is ICMPv6 where both ends are IPv6).  `purpose` is a
    short English reason that becomes the rule's comment.
    """

    sources4: tuple[IPv4Network, ...]
    sources6: tuple[IPv6Network, ...]
    targets4: tuple[IPv4Network, ...]
    targets6: tuple[IPv6Network, ...]
    protocol: str
    ports: tuple[int, ...]
    purpose: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing a client must, or must not, be able to reach; proved by `verify.yml`.

    `allowed` False means the connection must be refused or dropped.
    """

    client: str
    service: str | None
    address4: IPv4Address
    address6: IPv6Address | None
    protocol: str
    port: int
    allowed: bool
    purpose: str
