# SPDX-License-Identifier: MIT
"""The declared network out of a draft without problems: pure, total, deterministic."""

from dataclasses import replace

from tinhnet.inventory import schema
from tinhnet.inventory.cabling import MANAGEMENT, Cabling
from tinhnet.inventory.draft import Basics, Draft
from tinhnet.inventory.policy import expectations, permits
from tinhnet.model.declared import DeclaredNetwork, Province, Routing, Target
from tinhnet.model.link import Network
from tinhnet.model.place import Carrier, OrgUnit, Person, Site, Tenancy, Tile
from tinhnet.model.service import Check, Port, Service


def derive(draft: Draft, basics: Basics) -> DeclaredNetwork:
    """Return everything declared and everything that follows from it."""
    cabling = Cabling(draft, basics)
    cabling.lay()
    province = _province(draft, basics, cabling.networks[MANAGEMENT])
    services = {found.value.id: _service(found.value, province) for found in draft.services}
    network = DeclaredNetwork(
        province=province,
        units={found.value.id: _unit(found.value) for found in draft.units},
        people={found.value.id: _person(found.value) for found in draft.people},
        carriers={found.value.id: _carrier(found.value) for found in draft.carriers},
        sites={found.value.id: _site(found.value) for found in draft.sites},
        devices=cabling.devices(services),
        links=cabling.links,
        networks=cabling.networks,
        services=services,
        permits=(),
        expectations=(),
        digest=draft.digest,
    )
    flows = tuple(found.value for found in draft.flows)
    network = replace(network, permits=permits(network, flows))
    return replace(network, expectations=expectations(network))


def _province(draft: Draft, basics: Basics, management: Network) -> Province:
    entry, pools, routing = basics.province.value, basics.pools.value, basics.routing.value
    return Province(
        id=entry.id,
        name_vi=entry.name_vi,
        name_en=entry.name_en,
        as_of=entry.as_of,
        domain=entry.domain,
        levels=tuple(entry.levels),
        targets=tuple(Target(**found.value.model_dump()) for found in draft.targets),
        aggregate4=pools.aggregate4,
        aggregate6=pools.aggregate6,
        management4=management.prefix4,
        management6=management.prefix6,
        loopback4=pools.loopback4,
        loopback6=pools.loopback6,
        routing=Routing(**routing.model_dump()),
    )


def _unit(entry: schema.UnitEntry) -> OrgUnit:
    values = entry.model_dump()
    values |= {"successors": tuple(entry.successors), "invented": tuple(entry.invented)}
    return OrgUnit(**values)


def _person(entry: schema.PersonEntry) -> Person:
    return Person(**entry.model_dump())


def _carrier(entry: schema.CarrierEntry) -> Carrier:
    return Carrier(**entry.model_dump())


def _site(entry: schema.SiteEntry) -> Site:
    tile = entry.tile
    return Site(
        id=entry.id,
        number=entry.number,
        name_vi=entry.name_vi,
        name_en=entry.name_en,
        kind=entry.kind,
        tenancies=tuple(Tenancy(t.unit, t.valid_from, t.valid_to) for t in entry.tenancies),
        address=entry.address,
        latitude=entry.latitude,
        longitude=entry.longitude,
        tile=Tile(tile.row, tile.column, tile.width) if tile else None,
        contact=entry.contact,
        invented=tuple(entry.invented),
    )


# What stands before "://" for each kind of check; OCSP is plain HTTP (RFC 6960, appendix A).
SCHEMES = {
    "https": "https",
    "ocsp": "http",
    "dns": "dns",
    "ntp": "ntp",
    "syslog-tls": "syslog-tls",
    "postgresql": "postgresql",
}
DEFAULT_PORTS = {"https": 443, "http": 80, "dns": 53, "ntp": 123, "syslog-tls": 6514}
DEFAULT_PORTS |= {"postgresql": 5432}


def _service(entry: schema.ServiceEntry, province: Province) -> Service:
    name = entry.name if "." in entry.name else f"{entry.name}.{province.domain}"
    scheme = SCHEMES[entry.check.kind]
    port = "" if DEFAULT_PORTS[scheme] == entry.port else f":{entry.port}"
    return Service(
        id=entry.id,
        name_vi=entry.name_vi,
        name_en=entry.name_en,
        owner=entry.owner,
        level=entry.level,
        url=f"{scheme}://{name}{port}{entry.check.path or ''}",
        name=name,
        server=entry.server,
        protocol=entry.protocol,
        port=entry.port,
        check=Check(entry.check.kind, entry.check.path, entry.check.expect),
        clients=tuple(entry.clients),
        further_ports=tuple(Port(p.protocol, p.port) for p in entry.further_ports),
        invented=tuple(entry.invented),
    )
