# SPDX-License-Identifier: MIT
"""Where probe agents run, and what each is ordered to ask and whom to tell.

A core or an edge probes the links that end on it, each out of its own port; a site's PC
checks the services that its site may use.  The orders are what
`collectors/agent/probe.py` reads; the files they name stand beside them.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device, Interface
from tinhnet.model.service import Expectation, Service

PROBES = frozenset(("core", "edge"))
CHECKS = "pc"
ROLES = PROBES | {CHECKS}
COLLECTOR = "collector"
"""The name of the certificate by which the collector proves itself."""
LINKS = frozenset(("circuit", "patch"))
SECRET = "agent/"  # noqa: S105 the beginning of names, not a value
TOKEN_FILE = "token"  # noqa: S105 the name of a file
AUTHORITY_FILE = "authority.pem"
SIX = "/ipv6"
"""Ends the name of a target that asks over IPv6 what another asks over IPv4."""
HTTPS, TLS, OPENED = "https", "tls", "tcp"
SPOKEN = {HTTPS: HTTPS, "dns": "dns", "ntp": "ntp", "syslog-tls": TLS}
"""How a service of a kind is checked; of any other kind the port is opened."""

CHECK_INTERVAL_S = 30
"""Seconds between two checks of a service by one PC; forty PCs share the servers."""
CHECK_STALE_S = 75
"""Seconds that a PC's check counts: two intervals, and time for an answer and its way here."""

Row = dict[str, str | int]
Orders = dict[str, object]


def runs_agent(network: DeclaredNetwork, device_id: str) -> bool:
    """Tell whether a probe agent runs on a device."""
    return network.devices[device_id].role in ROLES


def secret_of(device_id: str) -> str:
    """Return the name of the secret by which an agent proves who it is."""
    return f"{SECRET}{device_id}"


def collector_of(network: DeclaredNetwork) -> Device | None:
    """Return the device on which the product runs, None where none is declared."""
    return next((one for one in network.devices.values() if one.role == "controller"), None)


def collector_name(network: DeclaredNetwork) -> str:
    """Return the DNS name that the collector's certificate bears."""
    device = collector_of(network)
    return f"{device.id if device else 'collector'}.{network.province.domain}"


def kind_of(service: Service) -> str:
    """Return how a service is checked."""
    return SPOKEN.get(service.check.kind, OPENED)


def link_of(target: str) -> str:
    """Return the link that a target of a core's orders asks."""
    return target.removesuffix(SIX)


def orders_of(network: DeclaredNetwork, device_id: str, collector_host: str, port: int) -> Orders:
    """Return an agent's orders; the token itself is never part of them."""
    device = network.devices[device_id]
    checks = list(_checks(network, device)) if device.role == CHECKS else []
    return {
        "agent": device_id,
        "token_file": TOKEN_FILE,
        "collector": {
            "host": collector_host,
            "port": port,
            "name": collector_name(network),
            "authority_file": AUTHORITY_FILE,
        },
        "targets": list(_targets(network, device)) if device.role in PROBES else [],
        "checks": checks,
    } | ({"check_interval_s": CHECK_INTERVAL_S} if checks else {})


def _targets(network: DeclaredNetwork, device: Device) -> Iterator[Row]:
    """Yield the far end of each link, asked from the near one: never over another link."""
    for port in device.interfaces:
        if port.kind not in LINKS or not (port.link and port.peer_device and port.peer_interface):
            continue
        far = network.devices[port.peer_device].interface(port.peer_interface)
        if port.address4 and far.address4:
            yield _target(port.link, port, far.address4.ip, port.address4.ip)
        if port.address6 and far.address6:
            yield _target(port.link + SIX, port, far.address6.ip, port.address6.ip)


def _target(
    name: str, port: Interface, far: IPv4Address | IPv6Address, near: IPv4Address | IPv6Address
) -> Row:
    return {"name": name, "address": str(far), "interface": port.name, "source": str(near)}


def _checks(network: DeclaredNetwork, pc: Device) -> Iterator[Row]:
    """Yield one check of each service that the PC may use, by its main port."""
    for wanted in network.expectations:
        service = network.services.get(wanted.service or "")
        if wanted.client != pc.id or not wanted.allowed or service is None:
            continue
        if (wanted.protocol, wanted.port) == (service.protocol, service.port):
            kind = kind_of(service)
            if kind != OPENED or service.protocol == OPENED:
                yield _check(network, wanted, service, kind)


def _check(network: DeclaredNetwork, wanted: Expectation, service: Service, kind: str) -> Row:
    """Return a check by address: that names are known is a service of its own."""
    row: Row = {
        "service": service.id,
        "kind": kind,
        "address": str(wanted.address4),
        "port": wanted.port,
    }
    if kind in (HTTPS, TLS):
        row |= {"name": service.name, "authority_file": AUTHORITY_FILE}
    if kind == HTTPS:
        row |= {"path": service.check.path or "/", "expect": service.check.expect or ""}
    elif kind == "dns":
        row |= _lookup(network)
    return row


def _lookup(network: DeclaredNetwork) -> Row:
    """Return the name a name server must know, and its address."""
    page = next((one for one in network.services.values() if one.check.kind == "https"), None)
    if page is None:
        return {"name": network.province.domain, "expect": ""}
    return {"name": page.name, "expect": str(network.devices[page.server].management4)}
