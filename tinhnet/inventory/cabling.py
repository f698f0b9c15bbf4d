# SPDX-License-Identifier: MIT
"""Networks, links and interfaces out of a draft: who is cabled to whom, with which addresses."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from tinhnet.inventory import addressing, schema
from tinhnet.inventory.addressing import GATEWAY, PC, Hosts, Prefixes
from tinhnet.inventory.draft import Basics, Draft
from tinhnet.model.device import Device, Interface
from tinhnet.model.link import Endpoint, Link, Network
from tinhnet.model.service import Service

DATA_CENTRE = "data-centre"
EXTERNAL = "external"
MANAGEMENT = "management"
ROUTING_ROLES = ("core", "firewall", "edge", "cpe")


def cpe_of(site: str) -> str:
    """Return the id of a site's CPE."""
    return f"{site}-cpe1"


def pc_of(site: str) -> str:
    """Return the id of a site's PC."""
    return f"{site}-pc"


def lan_of(site: str) -> str:
    """Return the id of a site's LAN."""
    return f"{site}-lan"


def circuit_id_of(circuit: schema.CircuitEntry) -> str:
    """Return the id of a circuit's link: typed, or the site's id and 1 or 2."""
    return circuit.id or f"{circuit.site}-{1 if circuit.role == 'primary' else 2}"


def circuit_port(circuit: schema.CircuitEntry, site: schema.SiteEntry) -> str:
    """Return the interface of the data centre's device on which a circuit ends."""
    if site.kind == EXTERNAL:
        return circuit_id_of(circuit).replace("-", "")
    return f"c{site.number}"


def has_cpe(site: schema.SiteEntry) -> bool:
    """Tell whether a site is one of ours outside the data centre."""
    return site.kind not in (DATA_CENTRE, EXTERNAL)


@dataclass(slots=True)
class Cabling:
    """Collects networks, links and interfaces while they are laid, in declared order."""

    draft: Draft
    basics: Basics
    networks: dict[str, Network] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    _interfaces: dict[str, list[Interface]] = field(default_factory=dict)
    _entries: dict[str, schema.DeviceEntry] = field(default_factory=dict)

    def lay(self) -> None:
        """Lay loopbacks, patches, circuits, zones and LANs."""
        self._entries = {entry.id: entry for entry in self._all_devices()}
        self._interfaces = {id_: [] for id_ in self._entries}
        self._loopbacks()
        self._patches()
        self._circuits()
        self._zones()
        self._lans()

    def devices(self, services: Mapping[str, Service]) -> dict[str, Device]:
        """Return every device with its interfaces."""
        paths = self._paths_to_management()
        running: dict[str, list[str]] = {}
        for service in services.values():
            running.setdefault(service.server, []).append(service.id)
        return {
            id_: self._device(entry, paths.get(id_), tuple(running.get(id_, ())))
            for id_, entry in self._entries.items()
        }

    def _all_devices(self) -> Iterable[schema.DeviceEntry]:
        """Yield the typed devices, then the CPE and the PC of every site.

        A device typed under a CPE's or PC's id replaces the derived one and
        takes its number from the site.
        """
        numbers = {found.value.id: found.value.number for found in self.draft.sites}
        typed = {found.value.id: found.value for found in self.draft.devices}
        for entry in typed.values():
            number = numbers[entry.site] if entry.number is None else entry.number
            yield entry.model_copy(update={"number": number})
        platforms = self.basics.site_devices.value
        for site in (found.value for found in self.draft.sites if has_cpe(found.value)):
            for id_, role, platform, text in (
                (cpe_of(site.id), "cpe", platforms.cpe, "router"),
                (pc_of(site.id), "pc", platforms.pc, "PC"),
            ):
                if id_ not in typed:
                    yield schema.DeviceEntry.model_construct(
                        id=id_,
                        site=site.id,
                        role=role,
                        platform=platform,
                        number=site.number,
                        zone=None,
                        managed=True,
                        description=f"{text} of {site.name_en}",
                    )

    def _loopbacks(self) -> None:
        for entry in self._entries.values():
            if entry.role not in ROUTING_ROLES:
                continue
            of_site = entry.role == "cpe"
            hosts = addressing.loopback(self.basics.pools.value, _number(entry), of_site=of_site)
            self._add(entry.id, "lo", "loopback", f"router id of {entry.id}", hosts)

    def _patches(self) -> None:
        for patch in (found.value for found in self.draft.patches):
            prefixes = addressing.prefixes(self.basics.pools.value, "patch", patch.number)
            link = Link(
                id=f"{patch.a}-{patch.b}",
                kind="patch",
                role="core",
                a=Endpoint(patch.a, patch.b),
                b=Endpoint(patch.b, patch.a),
                carrier=None,
                circuit_id=None,
                bandwidth_bps=None,
                prefix4=prefixes.prefix4,
                prefix6=prefixes.prefix6,
                invented=tuple(patch.invented),
            )
            ends = prefixes.end(second=True), prefixes.end(second=False)
            self._link(link, ends, self.basics.routing.value.cost_patch)

    def _circuits(self) -> None:
        sites = {found.value.id: found.value for found in self.draft.sites}
        external = {found.value.site: found.value for found in self.draft.external}
        for circuit in (found.value for found in self.draft.circuits):
            if circuit.site in external:
                self._external_circuit(circuit, sites[circuit.site], external[circuit.site])
            else:
                self._site_circuit(circuit, sites[circuit.site])

    def _site_circuit(self, circuit: schema.CircuitEntry, site: schema.SiteEntry) -> None:
        primary = circuit.role == "primary"
        routing, ends = self.basics.routing.value, self.basics.circuit_ends.value
        far = circuit.to or (ends.primary if primary else ends.backup)
        prefixes = addressing.prefixes(self.basics.pools.value, circuit.role, site.number)
        a = Endpoint(cpe_of(circuit.site), "wan1" if primary else "wan2")
        link = _circuit_link(circuit, a, Endpoint(far, circuit_port(circuit, site)), prefixes)
        self._link(
            link,
            (prefixes.end(second=True), prefixes.end(second=False)),
            routing.cost_primary if primary else routing.cost_backup,
        )

    def _external_circuit(
        self, circuit: schema.CircuitEntry, site: schema.SiteEntry, network: schema.ExternalEntry
    ) -> None:
        """Lay a circuit to a network that is not ours: both ends have addresses of theirs."""
        far = circuit.to or self.basics.circuit_ends.value.primary
        theirs = next(entry for entry in self._entries.values() if entry.site == circuit.site)
        prefixes = Prefixes(network.prefix4, network.prefix6)
        port = circuit_port(circuit, site)
        link = _circuit_link(circuit, Endpoint(theirs.id, "eth0"), Endpoint(far, port), prefixes)
        ends = prefixes.hosts(_number(theirs)), prefixes.hosts(GATEWAY)
        self._link(link, ends, None, network.id)
        self.networks[network.id] = Network(
            id=network.id,
            site=network.site,
            kind="external",
            zone=None,
            prefix4=network.prefix4,
            prefix6=network.prefix6,
            gateway=link.b,
        )

    def _zones(self) -> None:
        for zone in (found.value for found in self.draft.zones):
            prefixes = addressing.prefixes(self.basics.pools.value, "zone", zone.number)
            site = self._entries[zone.gateway].site
            self._network(zone.id, site, Endpoint(zone.gateway, zone.id), prefixes, zone.id)
            for entry in self._entries.values():
                if entry.zone == zone.id:
                    hosts = prefixes.hosts(_number(entry))
                    self._add(entry.id, "eth0", "lan", f"zone {zone.id}", hosts, zone.id)

    def _lans(self) -> None:
        for site in (found.value for found in self.draft.sites if has_cpe(found.value)):
            prefixes = addressing.prefixes(self.basics.pools.value, "lan", site.number)
            id_ = lan_of(site.id)
            self._network(id_, site.id, Endpoint(cpe_of(site.id), "lan1"), prefixes, None)
            text = f"LAN of {site.id}"
            self._add(pc_of(site.id), "eth0", "lan", text, prefixes.hosts(PC), id_)

    def _network(
        self, id_: str, site: str, gateway: Endpoint, prefixes: Prefixes, zone: str | None
    ) -> None:
        self.networks[id_] = Network(
            id=id_,
            site=site,
            kind="zone" if zone else "lan",
            zone=zone,
            prefix4=prefixes.prefix4,
            prefix6=prefixes.prefix6,
            gateway=gateway,
        )
        text = f"gateway of {f'zone {zone}' if zone else f'the LAN of {site}'}"
        hosts = prefixes.hosts(GATEWAY)
        self._add(gateway.device, gateway.interface, "lan", text, hosts, id_)

    def _link(
        self, link: Link, ends: tuple[Hosts, Hosts], cost: int | None, network: str | None = None
    ) -> None:
        self.links[link.id] = link
        for here, there, hosts in ((link.a, link.b, ends[0]), (link.b, link.a, ends[1])):
            contract = f", {link.carrier} {link.circuit_id}" if link.carrier else ""
            interface = Interface(
                name=here.interface,
                kind=link.kind,
                description=f"{link.kind} {link.id} to {there.device} {there.interface}{contract}",
                link=link.id,
                network=network,
                address4=hosts.address4,
                address6=hosts.address6,
                peer_device=there.device,
                peer_interface=there.interface,
                cost=cost,
                bandwidth_bps=link.bandwidth_bps,
            )
            self._interfaces[here.device].append(interface)

    def _add(
        self,
        device: str,
        name: str,
        kind: str,
        description: str,
        hosts: Hosts,
        network: str | None = None,
    ) -> None:
        interface = Interface(
            name=name,
            kind=kind,
            description=description,
            link=None,
            network=network,
            address4=hosts.address4,
            address6=hosts.address6,
            peer_device=None,
            peer_interface=None,
            cost=None,
            bandwidth_bps=None,
        )
        self._interfaces[device].append(interface)

    def _paths_to_management(self) -> dict[str, Interface]:
        """Return, per router, the interface over which it is nearest to the management zone.

        Breadth first over patches from the zone's gateway, then one circuit.
        """
        gateway = self.networks[MANAGEMENT].gateway
        if gateway is None:
            return {}
        paths = {gateway.device: self._port(gateway)}
        queue = deque([gateway.device])
        while queue:
            device = queue.popleft()
            for link in self.links.values():
                for here, there in ((link.a, link.b), (link.b, link.a)):
                    if there.device != device or here.device in paths or link.role == "backup":
                        continue
                    paths[here.device] = self._port(here)
                    queue.append(here.device)
        return paths

    def _port(self, end: Endpoint) -> Interface:
        return next(port for port in self._interfaces[end.device] if port.name == end.interface)

    def _device(
        self, entry: schema.DeviceEntry, path: Interface | None, services: tuple[str, ...]
    ) -> Device:
        interfaces = tuple(self._interfaces[entry.id])
        routes = entry.role in ROUTING_ROLES
        main = interfaces[0]
        bootstrap = path if routes and path else main
        gateway4, gateway6 = self._next_hop(bootstrap, entry.id)
        return Device(
            id=entry.id,
            site=entry.site,
            role=entry.role,
            platform=entry.platform,
            number=_number(entry),
            interfaces=interfaces,
            router_id=_ip4(main) if routes else None,
            management4=_ip4(main),
            management6=main.address6.ip if main.address6 else None,
            bootstrap4=_ip4(bootstrap),
            gateway4=gateway4,
            gateway6=gateway6,
            managed=entry.managed and entry.role not in ("pc", "external"),
            services=services,
            description=entry.description,
        )

    def _next_hop(
        self, interface: Interface, device: str
    ) -> tuple[IPv4Address | None, IPv6Address | None]:
        """Return who stands at the other side of an interface; None if it is the device itself."""
        far: Endpoint | None = None
        if interface.peer_device and interface.peer_interface:
            far = Endpoint(interface.peer_device, interface.peer_interface)
        elif interface.network:
            far = self.networks[interface.network].gateway
        if far is None or far.device == device:
            return None, None
        port = self._port(far)
        return _ip4(port), port.address6.ip if port.address6 else None


def _number(entry: schema.DeviceEntry) -> int:
    if entry.number is None:
        raise AssertionError(f"{entry.id} was not given its site's number")
    return entry.number


def _ip4(interface: Interface) -> IPv4Address:
    if interface.address4 is None:
        raise AssertionError(f"{interface.name} was laid without an address")
    return interface.address4.ip


def _circuit_link(
    circuit: schema.CircuitEntry, a: Endpoint, b: Endpoint, prefixes: Prefixes
) -> Link:
    return Link(
        id=circuit_id_of(circuit),
        kind="circuit",
        role=circuit.role,
        a=a,
        b=b,
        carrier=circuit.carrier,
        circuit_id=circuit.circuit_id,
        bandwidth_bps=circuit.bandwidth,
        prefix4=prefixes.prefix4,
        prefix6=prefixes.prefix6,
        invented=tuple(circuit.invented),
    )
