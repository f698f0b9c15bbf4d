# SPDX-License-Identifier: MIT
"""Whom on the declared network a message is about: its device, interface, link and site."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device, Interface

CIRCUIT = "circuit"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something happened; `site` is that of the circuit where it is about one."""

    device: str
    interface: str | None
    link: str | None
    site: str | None


class Places:
    """The declared network, to be looked up by what messages say; built once per network."""

    def __init__(self, network: DeclaredNetwork) -> None:
        self._network = network
        self._by_address = {
            address: device.id
            for device in network.devices.values()
            for address in _addresses(device)
        }
        self._ends: dict[tuple[str, str], set[str]] = defaultdict(set)
        for device in network.devices.values():
            for interface in device.interfaces:
                for neighbour in self._neighbours(interface):
                    self._ends[device.id, neighbour].add(interface.name)

    def knows(self, address: str) -> bool:
        """Tell whether an address may send to us: a declared one, or this machine."""
        return is_local(address) or plain(address) in self._by_address

    def sender(self, address: str, named: str | None = None) -> str | None:
        """Return the device that sent from an address.

        The name that a message bears counts on this machine's own address
        alone: a relay on it passes on what others said.
        """
        device = self._by_address.get(plain(address))
        if device is None and named is not None and is_local(address):
            return self._device_called(named)
        return device

    def devices_at(self, address: str) -> tuple[str, ...]:
        """Return the devices that may send from an address; every one from this machine's own."""
        device = self._by_address.get(plain(address))
        if device is not None:
            return (device,)
        return tuple(self._network.devices) if is_local(address) else ()

    def place(self, device: str, interface: str | None, neighbour: str | None) -> Place:
        """Return where a device's message belongs, as far as one reading is possible."""
        declared = self._network.devices[device]
        found = _interface(declared, interface)
        if found is None and neighbour is not None:
            ends = self._ends.get((device, plain(neighbour)), set())
            found = _interface(declared, next(iter(ends))) if len(ends) == 1 else None
        if found is None:
            return Place(device, interface, None, declared.site)
        link = self._network.links.get(found.link or "")
        if link is None:
            return Place(device, found.name, None, declared.site)
        is_circuit = link.kind == CIRCUIT
        site = self._network.devices[link.a.device].site if is_circuit else declared.site
        return Place(device, found.name, link.id, site)

    def _device_called(self, name: str) -> str | None:
        """Return the device of a host name, with or without a domain."""
        for word in (name.lower(), name.lower().partition(".")[0]):
            if word in self._network.devices:
                return word
        return None

    def _neighbours(self, interface: Interface) -> Iterator[str]:
        """Yield how the far end of an interface may be called: its addresses and router id."""
        peer = self._network.devices.get(interface.peer_device or "")
        if peer is None:
            return
        if peer.router_id is not None:
            yield str(peer.router_id)
        far = _interface(peer, interface.peer_interface)
        for address in (far.address4, far.address6) if far else ():
            if address is not None:
                yield str(address.ip)


def plain(address: str) -> str:
    """Return an address in its one form: no zone, and IPv4 as itself; other text unchanged."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def is_local(address: str) -> bool:
    """Tell whether an address is this machine's own."""
    try:
        return ip_address(plain(address)).is_loopback
    except ValueError:
        return False


def _interface(device: Device, name: str | None) -> Interface | None:
    return next((one for one in device.interfaces if one.name == name), None)


def _addresses(device: Device) -> Iterator[str]:
    for address in (device.management4, device.management6, device.bootstrap4):
        if address is not None:
            yield str(address)
    for interface in device.interfaces:
        for one in (interface.address4, interface.address6):
            if one is not None:
                yield str(one.ip)
