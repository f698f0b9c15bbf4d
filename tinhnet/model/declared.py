# SPDX-License-Identifier: MIT
"""The declared network: everything `inventory/` says and everything derived from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from tinhnet.model.device import Device
from tinhnet.model.link import Link, Network
from tinhnet.model.place import Carrier, OrgUnit, Person, Site
from tinhnet.model.service import Expectation, Permit, Service


@dataclass(frozen=True, slots=True)
class Target:
    """A target of the plan: `wanted` units of `kind` connected (None: all valid units).

    A target counts from `valid_from` until the day before `valid_to`; None
    leaves that end open.
    """

    id: str
    name_vi: str
    name_en: str
    kind: str
    wanted: int | None
    valid_from: date | None = None
    valid_to: date | None = None

    def is_valid(self, day: date) -> bool:
        """Tell whether the plan has this target on `day`."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Routing:
    """The values of the one OSPF area and its BFD sessions.

    A proof must watch longer than `dead_s`: a wrong key keeps an adjacency
    Full for that long.
    """

    area: IPv4Address = IPv4Address(0)  # noqa: RUF009 an immutable value
    hello_s: int = 1
    dead_s: int = 4
    bfd_multiplier: int = 3
    bfd_interval_ms: int = 300
    cost_primary: int = 10
    cost_backup: int = 100
    cost_patch: int = 5


@dataclass(frozen=True, slots=True)
class Province:
    """What holds for the whole network.

    `as_of` is the day the model describes.  `aggregate4/6` cover every
    prefix of ours, `loopback4/6` every router id and loopback.  `domain` is
    the DNS domain of the services.
    """

    id: str
    name_vi: str
    name_en: str
    as_of: date
    domain: str
    levels: tuple[str, ...]
    targets: tuple[Target, ...]
    aggregate4: IPv4Network
    aggregate6: IPv6Network
    management4: IPv4Network
    management6: IPv6Network
    loopback4: IPv4Network
    loopback6: IPv6Network
    routing: Routing = Routing()


@dataclass(frozen=True, slots=True)
class DeclaredNetwork:
    """The whole declared network; every mapping is keyed by id and ordered as declared.

    `permits` are the flows through the data-centre firewall.  `digest` is
    the SHA-256 (hex) of the files it came from.
    """

    province: Province
    units: Mapping[str, OrgUnit]
    people: Mapping[str, Person]
    carriers: Mapping[str, Carrier]
    sites: Mapping[str, Site]
    devices: Mapping[str, Device]
    links: Mapping[str, Link]
    networks: Mapping[str, Network]
    services: Mapping[str, Service]
    permits: tuple[Permit, ...]
    expectations: tuple[Expectation, ...]
    digest: str

    def devices_of(self, site: str) -> tuple[Device, ...]:
        """Return the devices of a site in declared order."""
        return tuple(device for device in self.devices.values() if device.site == site)

    def links_of(self, device: str) -> tuple[Link, ...]:
        """Return the links that end on a device."""
        return tuple(
            link for link in self.links.values() if device in (link.a.device, link.b.device)
        )
