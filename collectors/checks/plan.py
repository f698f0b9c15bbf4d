# SPDX-License-Identifier: MIT
"""What is checked of each declared service, from where the product runs."""

from collections.abc import Callable, Iterator

from collectors.agent.check import Check
from collectors.agent.proof import Proof
from tinhnet.agents import HTTPS, OPENED, TLS, kind_of
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.service import Service

NTP = "ntp"


def checks_of(
    network: DeclaredNetwork, authority_of: Callable[[str], str], proof: Proof | None = None
) -> Iterator[Check]:
    """Yield a check of every service that can be checked, by the address of its server.

    A service by UDP whose protocol nobody speaks here cannot be told from a
    silent one, and is left out.  `authority_of` gives the authority (PEM) by
    which a server proves itself, `proof` is how we do.
    """
    name = next((one for one in network.services.values() if one.check.kind == "https"), None)
    for service in network.services.values():
        server = network.devices[service.server]
        kind = kind_of(service)
        if (kind == OPENED and service.protocol != OPENED) or server.role == "controller":
            continue
        plain = Check(service.id, kind, str(server.management4), service.port)
        if kind in (HTTPS, TLS):
            plain = plain._replace(name=service.name, authority=authority_of(server.id))
        yield _completed(plain, service, proof, _lookup(network, name))


def _completed(
    plain: Check, service: Service, proof: Proof | None, lookup: tuple[str, str]
) -> Check:
    """Return a check with what its kind asks for."""
    if plain.kind == HTTPS:
        page, text = service.check.path or "/", service.check.expect or ""
        return plain._replace(path=page, expect=text)
    if plain.kind == TLS:
        return plain._replace(proof=proof)
    if plain.kind == "dns":
        wanted, expected = lookup
        return plain._replace(name=wanted, expect=expected)
    return plain


def _lookup(network: DeclaredNetwork, page: Service | None) -> tuple[str, str]:
    """Return a name that every name server must know, and its address."""
    if page is None:
        return network.province.domain, ""
    return page.name, str(network.devices[page.server].management4)
