# SPDX-License-Identifier: MIT
"""Ids and numbers stand once, and no two things answer to one word."""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from pydantic import BaseModel

from tinhnet.errors import Problem
from tinhnet.inventory.ansible import reserved_names
from tinhnet.inventory.cabling import circuit_id_of, circuit_port, cpe_of, has_cpe, lan_of, pc_of
from tinhnet.inventory.draft import Draft, Found
from tinhnet.inventory.policy import WORDS
from tinhnet.inventory.schema import MAX_PORT_ID, CircuitEntry

E = TypeVar("E", bound=BaseModel)

# Names of interfaces we give ourselves, and words of /proc/sys/net/ipv4/conf.
PORT_WORDS = re.compile(r"(lo|all|default|eth[0-9]+|wan[0-9]+|lan[0-9]+|c[0-9]+)\Z")
ROUTER_ROLES = ("core", "firewall", "edge")


def problems(draft: Draft) -> Iterator[Problem]:
    """Yield duplicates, clashes and names that would not fit an interface."""
    yield from _ids(draft)
    yield from _numbers(draft)
    yield from _links(draft)
    yield from _services(draft)
    yield from _selectors(draft)
    yield from _port_names(draft)


def _ids(draft: Draft) -> Iterator[Problem]:
    yield from _twice(draft.targets, lambda target: target.id, "id")
    yield from _twice(draft.units, lambda unit: unit.id, "id")
    yield from _twice(draft.people, lambda person: person.id, "id")
    yield from _twice(draft.sites, lambda site: site.id, "id")
    yield from _twice(draft.devices, lambda device: device.id, "id")
    yield from _twice(draft.carriers, lambda carrier: carrier.id, "id")
    yield from _twice(draft.zones, lambda zone: zone.id, "id")
    yield from _twice(draft.external, lambda external: external.id, "id")
    yield from _twice(draft.services, lambda service: service.id, "id")


def _numbers(draft: Draft) -> Iterator[Problem]:
    yield from _twice(draft.sites, lambda site: site.number, "number")
    yield from _twice(draft.zones, lambda zone: zone.number, "number")
    yield from _twice(draft.patches, lambda patch: patch.number, "number")
    routers = [found for found in draft.devices if found.value.role in ROUTER_ROLES]
    yield from _twice(routers, lambda device: device.number, "number")
    hosts = [found for found in draft.devices if found.value.zone is not None]
    yield from _twice(hosts, lambda device: (device.zone, device.number), "number")


def _links(draft: Draft) -> Iterator[Problem]:
    yield from _twice(draft.circuits, lambda circuit: (circuit.site, circuit.role), "role")
    yield from _twice(
        draft.circuits, lambda circuit: (circuit.carrier, circuit.circuit_id), "circuit_id"
    )
    yield from _twice(draft.patches, lambda patch: frozenset((patch.a, patch.b)), "b")
    patches = {f"{found.value.a}-{found.value.b}": found for found in draft.patches}
    seen: dict[str, str] = {}
    for found in draft.circuits:
        id_ = circuit_id_of(found.value)
        if id_ in patches or id_ in seen:
            other = patches[id_].subject if id_ in patches else seen[id_]
            yield found.problem("id", f'link id "{id_}" is taken by {other}', "type another id")
        seen.setdefault(id_, found.subject)


def _services(draft: Draft) -> Iterator[Problem]:
    taken: dict[tuple[str, str, int], str] = {}
    servers: dict[str, tuple[str, str]] = {}
    for found in draft.services:
        service = found.value
        ports = [(service.protocol, service.port)]
        ports += [(port.protocol, port.port) for port in service.further_ports]
        for protocol, port in ports:
            other = taken.setdefault((service.server, protocol, port), found.subject)
            if other != found.subject:
                text = f"{protocol} port {port} of {service.server} is taken by {other}"
                yield found.problem("port", text, "give one of them another port or server")
        server, other = servers.setdefault(service.name, (service.server, found.subject))
        if server != service.server:
            text = f'name "{service.name}" means {server} in {other}'
            yield found.problem("name", text, "a name has one address; type another name")


def _selectors(draft: Draft) -> Iterator[Problem]:
    """Yield ids that mean two things after `clients:` or after Ansible's `--limit`."""
    levels = tuple(draft.basics.province.value.levels) if draft.basics else ()
    meanings = dict.fromkeys((*WORDS, *reserved_names(levels)), "a word of tinhnet or a level")
    for found, id_ in (
        *((zone, zone.value.id) for zone in draft.zones),
        *((external, external.value.id) for external in draft.external),
        *((device, device.value.id) for device in draft.devices),
    ):
        yield from _claim(meanings, found, id_)
    for site in draft.sites:
        yield from _claim(meanings, site, site.value.id)
        if has_cpe(site.value):
            for name in (cpe_of, pc_of, lan_of):
                meanings.setdefault(name(site.value.id), site.subject)


def _claim(meanings: dict[str, str], found: Found[BaseModel], id_: str) -> Iterator[Problem]:
    """Yield a problem when something else has the id; twice in a section is told elsewhere."""
    other = meanings.setdefault(id_, found.subject)
    if other != found.subject:
        yield found.problem("id", f'"{id_}" is already {other}', "choose another id")


def _port_names(draft: Draft) -> Iterator[Problem]:
    """Yield what would need an interface name that is too long, taken or not ours to give."""
    taken: dict[tuple[str, str], str] = {}
    for found, device, port, key in _ports(draft):
        ours = isinstance(found.value, CircuitEntry)
        other = taken.setdefault((device, port), found.subject)
        if len(port) > MAX_PORT_ID:
            text = f'"{port}" names an interface of {device} and has {len(port)} characters'
            yield found.problem(key, text, f"Linux allows {MAX_PORT_ID}; use a shorter id")
        elif PORT_WORDS.match(port) and not ours:
            text = f'"{port}" cannot name an interface of {device}'
            yield found.problem(key, text, "the word means another interface; choose another id")
        elif other != found.subject:
            text = f'interface "{port}" of {device} is taken by {other}'
            yield found.problem(key, text, "end it on another device or choose another id")


def _ports(draft: Draft) -> Iterator[tuple[Found[BaseModel], str, str, str]]:
    """Yield every entry that names an interface: entry, device, interface, key."""
    for patch in draft.patches:
        yield patch, patch.value.a, patch.value.b, "b"
        yield patch, patch.value.b, patch.value.a, "a"
    for zone in draft.zones:
        yield zone, zone.value.gateway, zone.value.id, "id"
    if draft.basics is None:
        return
    ends = draft.basics.circuit_ends.value
    sites = {found.value.id: found.value for found in draft.sites}
    for circuit in draft.circuits:
        far = circuit.value.to or (ends.primary if circuit.value.role == "primary" else ends.backup)
        site = sites.get(circuit.value.site)
        if site is not None:
            yield circuit, far, circuit_port(circuit.value, site), "to"


def _twice(
    section: Iterable[Found[E]], key: Callable[[E], Hashable], name: str
) -> Iterator[Problem]:
    """Yield every entry whose key an earlier one has."""
    first: dict[Hashable, Found[E]] = {}
    for found in section:
        other = first.setdefault(key(found.value), found)
        if other is not found:
            value = getattr(found.value, name)
            line = other.document.line(*other.path, name)
            text = f"{name} {value} stands again, first in {other.subject} on line {line}"
            yield found.problem(name, text, "each stands once; change one of them")
