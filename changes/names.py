# SPDX-License-Identifier: MIT
"""The DNS records that follow from the declared network."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from tinhnet.model.declared import DeclaredNetwork


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record; names carry no final dot."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Reverse:
    """A reverse zone with its PTR records."""

    zone: str
    records: tuple[Record, ...]


def records(network: DeclaredNetwork) -> tuple[Record, ...]:
    """Return A and AAAA records of every device and service of ours, sorted by name."""
    found = {
        Record(name, "A" if isinstance(address, IPv4Address) else "AAAA", str(address))
        for name, address in _named(network)
    }
    return tuple(sorted(found, key=lambda one: (one.name, one.kind)))


def reverse4(network: DeclaredNetwork) -> Reverse:
    """Return the reverse zone that covers the aggregate, at the next octet boundary (RFC 1035)."""
    aggregate = network.province.aggregate4
    octets = str(aggregate.network_address).split(".")[: max(1, aggregate.prefixlen // 8)]
    return _reverse(network, ".".join(reversed(octets)) + ".in-addr.arpa", aggregate)


def reverse6(network: DeclaredNetwork) -> Reverse:
    """Return the reverse zone of the IPv6 aggregate, at the next nibble boundary (RFC 3596)."""
    aggregate = network.province.aggregate6
    nibbles = aggregate.network_address.exploded.replace(":", "")[: aggregate.prefixlen // 4]
    return _reverse(network, ".".join(reversed(nibbles)) + ".ip6.arpa", aggregate)


def serial(network: DeclaredNetwork) -> int:
    """Return the SOA serial: it follows from what is declared, both name servers agree on it."""
    return int(network.digest[:7], 16) + 1


def _named(network: DeclaredNetwork) -> list[tuple[str, IPv4Address | IPv6Address]]:
    domain = network.province.domain
    devices = [device for device in network.devices.values() if device.role != "external"]
    pairs = [(f"{device.id}.{domain}", device) for device in devices]
    pairs += [
        (service.name, network.devices[service.server])
        for service in network.services.values()
        if service.name.endswith(f".{domain}")
    ]
    named: list[tuple[str, IPv4Address | IPv6Address]] = []
    for name, device in pairs:
        named.append((name, device.management4))
        if device.management6 is not None:
            named.append((name, device.management6))
    return named


def _reverse(network: DeclaredNetwork, zone: str, aggregate: IPv4Network | IPv6Network) -> Reverse:
    domain = network.province.domain
    devices = [device for device in network.devices.values() if device.role != "external"]
    found = [
        Record(address.reverse_pointer, "PTR", f"{device.id}.{domain}")
        for device in devices
        for address in (device.management4, device.management6)
        if address is not None and address in aggregate
    ]
    return Reverse(zone, tuple(sorted(found, key=lambda one: one.name)))
