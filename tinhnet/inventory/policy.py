# SPDX-License-Identifier: MIT
"""Who may reach what: permits for the firewall, expectations for the proof."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from tinhnet.agents import runs_agent
from tinhnet.inventory.schema import FlowEntry
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.model.service import Expectation, Permit, Service
from tinhnet.reporting import AGENTS, FROM_DEVICES, WAYS, controllers_of

# Words a `clients`, `sources` or `targets` list may hold besides ids and site kinds.
EVERYTHING = "everything"  # every prefix of ours
SITES = "sites"  # every site's LAN
ROUTERS = "routers"  # every loopback: what routers speak from
DEVICES = "devices"  # routers and every zone: everything managed
OUTSIDE = "external"  # every prefix that is not ours
WORDS = (EVERYTHING, SITES, ROUTERS, DEVICES, OUTSIDE)

SSH = 22
METRICS_PORT = 9100
"""Where node_exporter of every server answers (playbooks/roles/baseline)."""


@dataclass(frozen=True, slots=True)
class _Area:
    """A set of prefixes, merged where that covers exactly the same addresses."""

    prefixes4: tuple[IPv4Network, ...]
    prefixes6: tuple[IPv6Network, ...]


def permits(network: DeclaredNetwork, flows: Iterable[FlowEntry]) -> tuple[Permit, ...]:
    """Return every permitted flow: services in declared order, other flows, then reports to us."""
    found = []
    for service in network.services.values():
        sources = _area(network, service.clients)
        targets = _area(network, (service.server,))
        by_protocol: dict[str, list[int]] = {service.protocol: [service.port]}
        for port in service.further_ports:
            by_protocol.setdefault(port.protocol, []).append(port.port)
        found += [
            _permit(sources, targets, protocol, ports, f"service {service.id}")
            for protocol, ports in by_protocol.items()
        ]
    for flow in flows:
        sources, targets = _area(network, flow.sources), _area(network, flow.targets)
        found.append(_permit(sources, targets, flow.protocol, flow.ports, flow.purpose))
    return (*found, *_reports(network))


def _reports(network: DeclaredNetwork) -> Iterator[Permit]:
    """Yield what a controller is told by itself: by probe agents, and by everything managed."""
    agents = tuple(one for one in network.devices if runs_agent(network, one))
    told = [(AGENTS, agents)] if agents else []
    told += [(way, (DEVICES,)) for way in FROM_DEVICES]
    for controller in controllers_of(network):
        targets = _area(network, (controller.id,))
        for way, senders in told:
            sources = _area(network, senders)
            yield _permit(sources, targets, way.protocol, (way.port,), way.purpose)


def is_permitted(network: DeclaredNetwork, client: Device, port: Expectation) -> bool:
    """Tell whether a permit lets `client` open what an expectation names."""
    return any(
        permit.protocol == port.protocol
        and port.port in permit.ports
        and any(client.management4 in prefix for prefix in permit.sources4)
        and any(port.address4 in prefix for prefix in permit.targets4)
        for permit in network.permits
    )


def expectations(network: DeclaredNetwork) -> tuple[Expectation, ...]:
    """Return what every site's PC, the servers and the outside may and may not reach."""
    return tuple(_all_expectations(network))


def _all_expectations(network: DeclaredNetwork) -> Iterator[Expectation]:
    devices = tuple(network.devices.values())
    pcs = tuple(device for device in devices if device.role == "pc")
    routers = tuple(device for device in devices if device.role == "core")[:1]
    controllers = controllers_of(network)
    for index, pc in enumerate(pcs):
        yield from _services(network, pc)
        cpe = tuple(d for d in network.devices_of(pc.site) if d.role == "cpe")
        neighbour = (pcs[(index + 1) % len(pcs)],) if len(pcs) > 1 else ()
        yield from _logins(network, pc, (*cpe, *routers, *neighbour, *controllers))
        yield from _logins(network, pc, _log_servers(network))
        yield from _metrics(network, pc, _one_of_each_zone(network))
        yield from _told(network, pc)
    for outside in (device for device in devices if device.role == "external"):
        yield from _services(network, outside)
        yield from _logins(network, outside, (*routers, *pcs[:1], *controllers))
        yield from _told(network, outside)
    for server in (device for device in devices if device.role == "server"):
        yield from _services(network, server)
        yield from _logins(network, server, controllers)
        yield from _told(network, server)
    for controller in controllers:
        yield from _services(network, controller)
        yield from _metrics(network, controller, _servers(network))


def _services(network: DeclaredNetwork, client: Device) -> Iterator[Expectation]:
    """Yield every port of every service that runs elsewhere, in another zone."""
    for service in network.services.values():
        server = network.devices[service.server]
        if _share_network(client, server):
            continue  # no firewall stands between them
        ports = [(service.protocol, service.port)]
        ports += [(further.protocol, further.port) for further in service.further_ports]
        for protocol, port in ports:
            yield _expect(network, client, server, (protocol, port), service)


def _logins(
    network: DeclaredNetwork, client: Device, targets: Iterable[Device]
) -> Iterator[Expectation]:
    """Yield logins on targets; a neighbour in one's own zone is left out.

    Nothing stands between two hosts of a network, but a router guards
    itself also against its own LAN.
    """
    for target in targets:
        if target.router_id is not None or not _share_network(client, target):
            yield _expect(network, client, target, ("tcp", SSH), "ssh")


def _metrics(
    network: DeclaredNetwork, client: Device, servers: Iterable[Device]
) -> Iterator[Expectation]:
    """Yield the metrics of servers; in one's own zone a server guards itself, where it says so."""
    for server in servers:
        expectation = _expect(network, client, server, ("tcp", METRICS_PORT), "metrics")
        if expectation.allowed or not _share_network(client, server):
            yield expectation


def _told(network: DeclaredNetwork, client: Device) -> Iterator[Expectation]:
    """Yield the ports on which controllers take reports, as far as anything stands between."""
    for controller in controllers_of(network):
        for way in WAYS:
            port = (way.protocol, way.port)
            expectation = _expect(network, client, controller, port, way.purpose)
            if expectation.allowed or not _share_network(client, controller):
                yield expectation


def _servers(network: DeclaredNetwork) -> tuple[Device, ...]:
    return tuple(one for one in network.devices.values() if one.role == "server" and one.managed)


def _one_of_each_zone(network: DeclaredNetwork) -> tuple[Device, ...]:
    """Return the first server of every zone: each zone has rules of its own."""
    first: dict[str | None, Device] = {}
    for server in _servers(network):
        first.setdefault(server.interfaces[0].network, server)
    return tuple(first.values())


def _log_servers(network: DeclaredNetwork) -> tuple[Device, ...]:
    servers = dict.fromkeys(
        service.server
        for service in network.services.values()
        if service.check.kind == "syslog-tls"
    )
    return tuple(network.devices[server] for server in servers)


def _expect(
    network: DeclaredNetwork,
    client: Device,
    server: Device,
    port: tuple[str, int],
    subject: Service | str,
) -> Expectation:
    """Return an expectation, allowed where a permit says so and refused otherwise."""
    service = subject if isinstance(subject, Service) else None
    word = f"service {service.id}" if service else subject
    draft = Expectation(
        client=client.id,
        service=service.id if service else None,
        address4=server.management4,
        address6=server.management6,
        protocol=port[0],
        port=port[1],
        allowed=False,
        purpose=f"{client.id} to {word} on {server.id}",
    )
    return replace(draft, allowed=is_permitted(network, client, draft))


def _share_network(one: Device, other: Device) -> bool:
    here = {interface.network for interface in one.interfaces} - {None}
    return one.id == other.id or any(interface.network in here for interface in other.interfaces)


def _permit(
    sources: _Area, targets: _Area, protocol: str, ports: Iterable[int], purpose: str
) -> Permit:
    return Permit(
        sources4=sources.prefixes4,
        sources6=sources.prefixes6,
        targets4=targets.prefixes4,
        targets6=targets.prefixes6,
        protocol=protocol,
        ports=tuple(ports),
        purpose=purpose,
    )


def _area(network: DeclaredNetwork, selectors: Iterable[str]) -> _Area:
    prefixes4: list[IPv4Network] = []
    prefixes6: list[IPv6Network] = []
    for selector in selectors:
        area = _selected(network, selector)
        prefixes4 += area.prefixes4
        prefixes6 += area.prefixes6
    return _Area(tuple(collapse_addresses(prefixes4)), tuple(collapse_addresses(prefixes6)))


def _selected(network: DeclaredNetwork, selector: str) -> _Area:
    province = network.province
    if selector == EVERYTHING:
        return _Area((province.aggregate4,), (province.aggregate6,))
    if selector in network.devices:
        device = network.devices[selector]
        addresses6 = (IPv6Network(device.management6),) if device.management6 else ()
        return _Area((IPv4Network(device.management4),), addresses6)
    loopbacks = selector in (ROUTERS, DEVICES)
    chosen = [
        net
        for net in network.networks.values()
        if selector in (net.id, net.site)
        or (selector == OUTSIDE and net.kind == "external")
        or (selector == DEVICES and net.kind == "zone")
        or (net.kind == "lan" and selector in (SITES, network.sites[net.site].kind))
    ]
    return _Area(
        ((province.loopback4,) if loopbacks else ()) + tuple(net.prefix4 for net in chosen),
        ((province.loopback6,) if loopbacks else ()) + tuple(net.prefix6 for net in chosen),
    )
