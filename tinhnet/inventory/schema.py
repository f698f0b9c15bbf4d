# SPDX-License-Identifier: MIT
"""What may stand in each file of `inventory/`: one pydantic model per entry."""

import re
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

FORMAT = 1

# A site's id becomes `<prefix>-<id>-cpe1`: one DNS label (RFC 1035, 63 octets).
MAX_ID = 40
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
# Linux interface names have at most IFNAMSIZ - 1 = 15 octets; patches and zone ports carry ids.
MAX_PORT_ID = 15

BANDWIDTH = re.compile(r"([1-9][0-9]{0,5})([kMG])\Z")
BANDWIDTH_UNITS = {"k": 1_000, "M": 1_000_000, "G": 1_000_000_000}


def _identifier(value: object) -> object:
    if isinstance(value, str) and (len(value) > MAX_ID or not ID.match(value)):
        raise PydanticCustomError(
            "id",
            "expected an id of a-z, 0-9 and single hyphens, starting with a letter, "
            "at most 40 characters, such as dien-ban",
        )
    return value


def _bandwidth(value: object) -> object:
    match = BANDWIDTH.match(value) if isinstance(value, str) else None
    if match is None:
        raise PydanticCustomError(
            "bandwidth", "expected a bandwidth such as 512k, 20M or 1G (bit/s, both directions)"
        )
    return int(match[1]) * BANDWIDTH_UNITS[match[2]]


def _prefix4(value: object) -> object:
    try:
        return IPv4Network(value)
    except ValueError as error:
        raise PydanticCustomError(
            "prefix4", "expected an IPv4 prefix without host bits, such as 10.64.0.0/12"
        ) from error


def _prefix6(value: object) -> object:
    try:
        return IPv6Network(value)
    except ValueError as error:
        raise PydanticCustomError(
            "prefix6", "expected an IPv6 prefix without host bits, such as fd00:1234:5678::/48"
        ) from error


def _address4(value: object) -> object:
    try:
        return IPv4Address(value)
    except ValueError as error:
        raise PydanticCustomError("address4", "expected an IPv4 address") from error


Id = Annotated[str, BeforeValidator(_identifier)]
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
# Stands in interface descriptions, so nothing a router could read as more than a word.
CircuitId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9./_-]{0,39}$")]
Bandwidth = Annotated[int, BeforeValidator(_bandwidth)]
Prefix4 = Annotated[IPv4Network, BeforeValidator(_prefix4)]
Prefix6 = Annotated[IPv6Network, BeforeValidator(_prefix6)]
Address4 = Annotated[IPv4Address, BeforeValidator(_address4)]
Number = Annotated[int, Field(ge=1, le=65535)]
Role = Literal["core", "firewall", "edge", "cpe", "server", "pc", "controller", "external"]
Platform = Literal[
    "ios", "vrp", "junos", "routeros", "fortios", "comware", "frr", "debian"
]  # DESIGN §12
Transport = Literal["tcp", "udp"]


class Entry(BaseModel):
    """Anything that stands in a file: strict, no key we do not know."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ProvinceEntry(Entry):
    """`province:` in province.yml."""

    id: Id
    name_vi: Text
    name_en: Text
    as_of: date
    domain: Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=200)]
    levels: Annotated[list[Id], Field(min_length=1)]


class TargetEntry(Entry):
    """One of `targets:` in province.yml."""

    id: Id
    name_vi: Text
    name_en: Text
    kind: Id
    wanted: Annotated[int, Field(ge=0)] | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class PoolsEntry(Entry):
    """`pools:` in province.yml: where every address comes from."""

    aggregate4: Prefix4
    lan4: Prefix4
    primary4: Prefix4
    backup4: Prefix4
    patch4: Prefix4
    loopback4: Prefix4
    zone4: Prefix4
    aggregate6: Prefix6
    lan6: Prefix6
    primary6: Prefix6
    backup6: Prefix6
    patch6: Prefix6
    loopback6: Prefix6
    zone6: Prefix6


class RoutingEntry(Entry):
    """`routing:` in province.yml."""

    area: Address4
    hello_s: Annotated[int, Field(ge=1, le=65535)]
    dead_s: Annotated[int, Field(ge=2, le=65535)]
    bfd_multiplier: Annotated[int, Field(ge=2, le=255)]
    bfd_interval_ms: Annotated[int, Field(ge=10, le=60000)]
    cost_primary: Number
    cost_backup: Number
    cost_patch: Number


class UnitEntry(Entry):
    """One of `units:` in units.yml."""

    id: Id
    code: Annotated[str, Field(pattern=r"^[0-9]{2,5}$")] | None = None
    name_vi: Text
    name_en: Text
    kind: Id
    parent: Id | None = None
    valid_from: date
    valid_to: date | None = None
    successors: list[Id] = []
    legal_basis: Text | None = None
    invented: list[str] = []


class TenancyEntry(Entry):
    """One of a site's `tenancies:`."""

    unit: Id
    valid_from: date
    valid_to: date | None = None


class TileEntry(Entry):
    """A site's `tile:`."""

    row: Annotated[int, Field(ge=0, le=99)]
    column: Annotated[int, Field(ge=0, le=99)]
    width: Annotated[int, Field(ge=1, le=20)] = 1


class SiteEntry(Entry):
    """One of `sites:` in sites.yml."""

    id: Id
    number: Number
    name_vi: Text
    name_en: Text
    kind: Id
    tenancies: list[TenancyEntry] = []
    address: Text | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    tile: TileEntry | None = None
    contact: Id | None = None
    invented: list[str] = []


class SiteDevicesEntry(Entry):
    """`site_devices:` in devices.yml: what every site of a level gets."""

    cpe: Platform
    pc: Platform


class DeviceEntry(Entry):
    """One of `devices:` in devices.yml; a site's own router or PC takes the site's number."""

    id: Id
    site: Id
    role: Role
    platform: Platform
    number: Number | None = None
    zone: Id | None = None
    managed: bool = True
    description: Text = ""


class CarrierEntry(Entry):
    """One of `carriers:` in links.yml."""

    id: Id
    name: Text
    hotline: Text | None = None
    invented: bool = False


class CircuitEndsEntry(Entry):
    """`circuit_ends:` in links.yml: the data-centre device of each role."""

    primary: Id
    backup: Id


class CircuitEntry(Entry):
    """One of `circuits:` in links.yml."""

    site: Id
    role: Literal["primary", "backup"]
    carrier: Id
    circuit_id: CircuitId
    bandwidth: Bandwidth
    id: Id | None = None
    to: Id | None = None
    invented: list[str] = []


class PatchEntry(Entry):
    """One of `patches:` in links.yml."""

    number: Number
    a: Id
    b: Id
    invented: list[str] = []


class ZoneEntry(Entry):
    """One of `zones:` in networks.yml."""

    id: Id
    number: Annotated[int, Field(ge=1, le=255)]
    name_vi: Text
    name_en: Text
    gateway: Id


class ExternalEntry(Entry):
    """One of `external:` in networks.yml: a prefix that is not ours."""

    id: Id
    site: Id
    prefix4: Prefix4
    prefix6: Prefix6
    invented: list[str] = []


class CheckEntry(Entry):
    """A service's `check:`."""

    kind: Literal["https", "dns", "ntp", "syslog-tls", "ocsp", "postgresql"]
    path: Annotated[str, Field(pattern=r"^/")] | None = None
    expect: Text | None = None


class PortEntry(Entry):
    """One of a service's `further_ports:`."""

    protocol: Transport
    port: Annotated[int, Field(ge=1, le=65535)]


class ServiceEntry(Entry):
    """One of `services:` in services.yml."""

    id: Id
    name_vi: Text
    name_en: Text
    owner: Id
    level: Annotated[int, Field(ge=1, le=5)]
    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=200)]
    server: Id
    protocol: Transport
    port: Annotated[int, Field(ge=1, le=65535)]
    further_ports: list[PortEntry] = []
    check: CheckEntry
    clients: Annotated[list[Id], Field(min_length=1)]
    invented: list[str] = []


class FlowEntry(Entry):
    """One of `flows:` in services.yml: a permit that belongs to no service."""

    sources: Annotated[list[Id], Field(min_length=1)]
    targets: Annotated[list[Id], Field(min_length=1)]
    protocol: Literal["tcp", "udp", "icmp"]
    ports: list[Annotated[int, Field(ge=1, le=65535)]] = []
    purpose: Annotated[str, Field(pattern=r"^[ -!#-~]{1,60}$")]


class PersonEntry(Entry):
    """One of `people:` in people.yml."""

    id: Id
    name: Text
    unit: Id
    title_vi: Text
    title_en: Text
    phone: Text | None = None
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    invented: bool = False
