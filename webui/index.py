# SPDX-License-Identifier: MIT
"""The declared network by the questions that pages ask, answered without a search."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device, Interface
from tinhnet.model.link import Link, Network
from tinhnet.model.place import Site
from tinhnet.model.service import Service

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Index:
    """Who belongs to whom in one declared network.

    `circuits` are the links of a site that a carrier provides, primary
    first; `links` are all links by the device they end on.
    """

    network: DeclaredNetwork
    devices: Mapping[str, tuple[Device, ...]]
    circuits: Mapping[str, tuple[Link, ...]]
    links: Mapping[str, tuple[Link, ...]]
    networks: Mapping[str, tuple[Network, ...]]
    services: Mapping[str, tuple[Service, ...]]

    def site_of(self, device: str) -> Site:
        """Return the site where a device stands."""
        return self.network.sites[self.network.devices[device].site]

    def far_site(self, link: Link) -> Site:
        """Return the site at the link's end that is not the data centre's."""
        return self.site_of(link.a.device)

    def users_of(self, service: Service) -> tuple[Site, ...]:
        """Return the sites whose clients may use a service."""
        return tuple(
            site
            for site in self.network.sites.values()
            if site.kind in service.clients or site.id in service.clients
        )


def index_of(network: DeclaredNetwork) -> Index:
    """Return the index of `network`; about 20 ms for 2,000 devices, so keep it."""
    devices: dict[str, list[Device]] = defaultdict(list)
    links: dict[str, list[Link]] = defaultdict(list)
    circuits: dict[str, list[Link]] = defaultdict(list)
    networks: dict[str, list[Network]] = defaultdict(list)
    services: dict[str, list[Service]] = defaultdict(list)
    for device in network.devices.values():
        devices[device.site].append(device)
    for link in network.links.values():
        links[link.a.device].append(link)
        links[link.b.device].append(link)
        if link.kind == "circuit":
            circuits[network.devices[link.a.device].site].append(link)
    for prefix in network.networks.values():
        networks[prefix.site].append(prefix)
    for service in network.services.values():
        services[service.server].append(service)
    return Index(
        network=network,
        devices=_frozen(devices),
        circuits={
            site: tuple(sorted(found, key=lambda link: link.role != "primary"))
            for site, found in circuits.items()
        },
        links=_frozen(links),
        networks=_frozen(networks),
        services=_frozen(services),
    )


def addresses_of(interface: Interface) -> tuple[str, ...]:
    """Return an interface's addresses as text, IPv4 first."""
    return tuple(
        str(address) for address in (interface.address4, interface.address6) if address is not None
    )


def _frozen(groups: Mapping[str, list[_Item]]) -> dict[str, tuple[_Item, ...]]:
    """Return the groups as they stay."""
    return {key: tuple(items) for key, items in groups.items()}
