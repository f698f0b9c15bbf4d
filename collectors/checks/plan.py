# SPDX-License-Identifier: MIT
"""What is checked of each declared service, from where the product runs."""

from collections.abc import Callable, Iterator

from collectors.agent.check import Check
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.service import Service

NTP = "ntp"
SPOKEN = frozenset({"https", "dns", NTP})
"""Kinds that are checked in the service's own protocol; else its port is opened."""
OPENED = "tcp"


def checks_of(network: DeclaredNetwork, authority_of: Callable[[str], str]) -> Iterator[Check]:
    """Yield a check of every service that can be checked, by the address of its server.

    A service by UDP whose protocol nobody speaks here cannot be told from a
    silent one, and is left out.  `authority_of` gives the authority (PEM) by
    which a server proves itself.
    """
    name = next((one for one in network.services.values() if one.check.kind == "https"), None)
    for service in network.services.values():
        server = network.devices[service.server]
        kind = service.check.kind if service.check.kind in SPOKEN else OPENED
        if (kind == OPENED and service.protocol != OPENED) or server.role == "controller":
            continue
        authority = authority_of(server.id) if kind == "https" else ""
        yield _check(service, str(server.management4), kind, authority, _lookup(network, name))


def _check(
    service: Service, address: str, kind: str, authority: str, lookup: tuple[str, str]
) -> Check:
    if kind == "https":
        page, text = service.check.path or "/", service.check.expect or ""
        return Check(service.id, kind, address, service.port, service.name, page, text, authority)
    if kind == "dns":
        wanted, expected = lookup
        return Check(service.id, kind, address, service.port, wanted, expect=expected)
    return Check(service.id, kind, address, service.port)


def _lookup(network: DeclaredNetwork, page: Service | None) -> tuple[str, str]:
    """Return a name that every name server must know, and its address."""
    if page is None:
        return network.province.domain, ""
    return page.name, str(network.devices[page.server].management4)
