# SPDX-License-Identifier: MIT
"""Rows of the declared network as they leave the product: CLI `--json` and API alike.

The shapes are contracts: docs/contracts/{sites,devices,links,services}.schema.json.
"""

from dataclasses import asdict, dataclass
from datetime import date
from typing import TypeAlias

from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device, Interface
from tinhnet.model.link import Link
from tinhnet.model.place import Site
from tinhnet.model.service import Service

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"


@dataclass(frozen=True, slots=True)
class TileRow:
    """A place on the tile map."""

    row: int
    column: int
    width: int


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site on a day.

    `unit` is who lives there, `connected` whether somebody does and a primary
    circuit is declared.
    """

    id: str
    number: int
    kind: str
    name_vi: str
    name_en: str
    unit: str | None
    unit_name_vi: str | None
    unit_name_en: str | None
    connected: bool
    address: str | None
    latitude: float | None
    longitude: float | None
    tile: TileRow | None
    contact: str | None
    lan4: str | None
    lan6: str | None
    primary: str | None
    backup: str | None
    devices: tuple[str, ...]
    invented: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InterfaceRow:
    """An interface of a device row."""

    name: str
    kind: str
    description: str
    address4: str | None
    address6: str | None
    link: str | None
    network: str | None
    peer_device: str | None
    peer_interface: str | None
    cost: int | None
    bandwidth_bps: int | None


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device with its interfaces."""

    id: str
    site: str
    role: str
    platform: str
    number: int
    managed: bool
    router_id: str | None
    management4: str
    management6: str | None
    bootstrap4: str
    gateway4: str | None
    gateway6: str | None
    services: tuple[str, ...]
    description: str
    interfaces: tuple[InterfaceRow, ...]


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link with its two ends: `a` the site's, `b` the data centre's."""

    id: str
    kind: str
    role: str
    site: str
    a_device: str
    a_interface: str
    b_device: str
    b_interface: str
    carrier: str | None
    carrier_name: str | None
    circuit_id: str | None
    bandwidth_bps: int | None
    prefix4: str
    prefix6: str
    invented: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PortRow:
    """A further port of a service."""

    protocol: str
    port: int


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What "working" means for a service."""

    kind: str
    path: str | None
    expect: str | None


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service with where it runs."""

    id: str
    name_vi: str
    name_en: str
    owner: str
    owner_name_vi: str
    owner_name_en: str
    level: int
    url: str
    name: str
    server: str
    address4: str
    address6: str | None
    protocol: str
    port: int
    further_ports: tuple[PortRow, ...]
    check: CheckRow
    clients: tuple[str, ...]
    invented: tuple[str, ...]


Row: TypeAlias = SiteRow | DeviceRow | LinkRow | ServiceRow


def plain(row: Row) -> dict[str, Plain]:
    """Return a row as JSON takes it."""
    return asdict(row, dict_factory=lambda pairs: {key: _listed(value) for key, value in pairs})


def site_rows(network: DeclaredNetwork, day: date | None = None) -> tuple[SiteRow, ...]:
    """Return every site as of a day (None: the day the model describes)."""
    on = day or network.province.as_of
    circuits = {
        (network.devices[link.a.device].site, link.role): link.id
        for link in network.links.values()
        if link.kind == "circuit"
    }
    return tuple(_site_row(network, site, on, circuits) for site in network.sites.values())


def device_rows(network: DeclaredNetwork) -> tuple[DeviceRow, ...]:
    """Return every device in declared order."""
    return tuple(_device_row(device) for device in network.devices.values())


def link_rows(network: DeclaredNetwork) -> tuple[LinkRow, ...]:
    """Return every link in declared order."""
    return tuple(_link_row(network, link) for link in network.links.values())


def service_rows(network: DeclaredNetwork) -> tuple[ServiceRow, ...]:
    """Return every service in declared order."""
    return tuple(_service_row(network, service) for service in network.services.values())


def _listed(value: "Plain | tuple[Plain, ...]") -> Plain:
    return list(value) if isinstance(value, tuple) else value


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)


def _site_row(
    network: DeclaredNetwork, site: Site, day: date, circuits: dict[tuple[str, str], str]
) -> SiteRow:
    unit_id = site.unit_at(day)
    unit = network.units[unit_id] if unit_id else None
    lan = network.networks.get(f"{site.id}-lan")
    primary = circuits.get((site.id, "primary"))
    return SiteRow(
        id=site.id,
        number=site.number,
        kind=site.kind,
        name_vi=site.name_vi,
        name_en=site.name_en,
        unit=unit_id,
        unit_name_vi=unit.name_vi if unit else None,
        unit_name_en=unit.name_en if unit else None,
        connected=unit is not None and primary is not None,
        address=site.address,
        latitude=site.latitude,
        longitude=site.longitude,
        tile=TileRow(site.tile.row, site.tile.column, site.tile.width) if site.tile else None,
        contact=site.contact,
        lan4=_text(lan.prefix4) if lan else None,
        lan6=_text(lan.prefix6) if lan else None,
        primary=primary,
        backup=circuits.get((site.id, "backup")),
        devices=tuple(device.id for device in network.devices_of(site.id)),
        invented=site.invented,
    )


def _device_row(device: Device) -> DeviceRow:
    return DeviceRow(
        id=device.id,
        site=device.site,
        role=device.role,
        platform=device.platform,
        number=device.number,
        managed=device.managed,
        router_id=_text(device.router_id),
        management4=str(device.management4),
        management6=_text(device.management6),
        bootstrap4=str(device.bootstrap4),
        gateway4=_text(device.gateway4),
        gateway6=_text(device.gateway6),
        services=device.services,
        description=device.description,
        interfaces=tuple(_interface_row(interface) for interface in device.interfaces),
    )


def _interface_row(interface: Interface) -> InterfaceRow:
    return InterfaceRow(
        name=interface.name,
        kind=interface.kind,
        description=interface.description,
        address4=_text(interface.address4),
        address6=_text(interface.address6),
        link=interface.link,
        network=interface.network,
        peer_device=interface.peer_device,
        peer_interface=interface.peer_interface,
        cost=interface.cost,
        bandwidth_bps=interface.bandwidth_bps,
    )


def _link_row(network: DeclaredNetwork, link: Link) -> LinkRow:
    return LinkRow(
        id=link.id,
        kind=link.kind,
        role=link.role,
        site=network.devices[link.a.device].site,
        a_device=link.a.device,
        a_interface=link.a.interface,
        b_device=link.b.device,
        b_interface=link.b.interface,
        carrier=link.carrier,
        carrier_name=network.carriers[link.carrier].name if link.carrier else None,
        circuit_id=link.circuit_id,
        bandwidth_bps=link.bandwidth_bps,
        prefix4=str(link.prefix4),
        prefix6=str(link.prefix6),
        invented=link.invented,
    )


def _service_row(network: DeclaredNetwork, service: Service) -> ServiceRow:
    owner, server = network.units[service.owner], network.devices[service.server]
    check = service.check
    return ServiceRow(
        id=service.id,
        name_vi=service.name_vi,
        name_en=service.name_en,
        owner=service.owner,
        owner_name_vi=owner.name_vi,
        owner_name_en=owner.name_en,
        level=service.level,
        url=service.url,
        name=service.name,
        server=service.server,
        address4=str(server.management4),
        address6=_text(server.management6),
        protocol=service.protocol,
        port=service.port,
        further_ports=tuple(PortRow(port.protocol, port.port) for port in service.further_ports),
        check=CheckRow(check.kind, check.path, check.expect),
        clients=service.clients,
        invented=service.invented,
    )
