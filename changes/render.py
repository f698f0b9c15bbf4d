# SPDX-License-Identifier: MIT
"""One whole intended configuration per router, rendered from the declared network."""

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import Path

import jinja2

from changes.credentials import Credentials, OspfKey
from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device, Interface
from tinhnet.model.link import Network
from tinhnet.model.service import Permit
from tinhnet.reporting import SYSLOG_PORT, TRAP_PORT, controllers_of
from tinhnet.snmp_identity import engine_id

ACCOUNT = "tinhnet"
TEMPLATES = Path(__file__).resolve().parent.parent / "playbooks" / "templates"
SECTIONS = (
    "sysctl",
    "alias",
    "daemons",
    "frr",
    "bootstrap",
    "tc",
    "nftables",
    "snmpd_unit",
    "snmpd",
    "chrony",
    "rsyslog",
    "sshd",
    "banner",
    "accounts",
    "provisioned",
    "units",
)
HUBS = frozenset({"core"})


class RenderError(TinhnetError):
    """A template is wrong: it names what does not exist."""


@dataclass(frozen=True, slots=True)
class Port:
    """An interface as the templates see it.

    `is_routed` means OSPF runs or announces it; `peer4`/`peer6` are the far
    end of a link, None on a LAN.  `keys` are the link's MD5 keys in the order
    in which they are set.
    """

    name: str
    description: str
    address4: IPv4Interface | None
    address6: IPv6Interface | None
    prefix4: IPv4Network | None
    prefix6: IPv6Network | None
    is_routed: bool
    peer: str | None
    peer4: IPv4Address | None
    peer6: IPv6Address | None
    cost: int | None
    bandwidth_bps: int | None
    keys: tuple[OspfKey, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """A permitted flow of one address family, as a rule needs it."""

    family: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    protocol: str
    ports: tuple[int, ...]
    purpose: str


@dataclass(frozen=True, slots=True)
class Server:
    """A server that routers talk to."""

    id: str
    address4: IPv4Address


Prefix = IPv4Network | IPv6Network


def render(network: DeclaredNetwork, device: str, credentials: Credentials) -> dict[str, str]:
    """Return the sections of a router's intended configuration.

    Raises RenderError where a template asks for what does not exist.
    """
    view = view_of(network, network.devices[device], credentials)
    return {section: _section(section, view) for section in SECTIONS}


def whole_text(sections: Mapping[str, str]) -> str:
    """Return sections as the one text that people read, diff and keep."""
    parts = (f"### {name}\n{text}" for name, text in sections.items() if text)
    return "\n".join(part if part.endswith("\n") else part + "\n" for part in parts)


def view_of(
    network: DeclaredNetwork, device: Device, credentials: Credentials
) -> dict[str, object]:
    """Return everything the templates of a router may ask for."""
    ports = tuple(_port(network, face, credentials) for face in device.interfaces)
    lans = tuple(port for port in ports if port.peer is None and port.name != "lo")
    outside = _outside_of(network, device)
    is_hub = device.role in HUBS
    view: dict[str, object] = {
        "device": device,
        "province": network.province,
        "site": network.sites[device.site],
        "account": ACCOUNT,
        "is_hub": is_hub,
        "ports": ports,
        "lans": (*lans, *(port for port in ports if port.peer and not port.is_routed)),
        "outside": outside,
        "outsides": tuple(one for one in network.networks.values() if one.kind == "external"),
        "transit": _transit(network, device),
        "flows": tuple(_flows(network, device)),
        "snmp_users": credentials.snmp,
        "ssh_keys": credentials.ssh_keys,
        "time_servers": _servers(network, "ntp"),
        "log_servers": _servers(network, "syslog-tls"),
        "controllers": tuple(Server(one.id, one.management4) for one in controllers_of(network)),
        "syslog_port": SYSLOG_PORT,
        "trap_port": TRAP_PORT,
        "engine": engine_id(device.id).hex(),
        "spoof_sets": is_hub,
    }
    return {**view, **(_hub_sets(network, device) if is_hub else {})}


def _section(section: str, view: Mapping[str, object]) -> str:
    try:
        text = _environment().get_template(f"frr/{section}.j2").render(view)
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        where = f"{section}.j2" + (f":{line}" if line else "")
        raise RenderError(f"playbooks/templates/frr/{where}: {error.message}") from error
    return "\n".join(line for line in text.splitlines() if line.strip()) + "\n" if text else ""


def prepare() -> None:
    """Compile every template once, before a run forks a process for each device.

    What exists by now is kept out of garbage collection: a child that walks
    through it copies its memory, page by page.
    """
    for section in SECTIONS:
        _environment().get_template(f"frr/{section}.j2")
    gc.collect()
    gc.freeze()


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 configuration files, not HTML
    )


def _port(network: DeclaredNetwork, face: Interface, credentials: Credentials) -> Port:
    far = (
        network.devices[face.peer_device].interface(face.peer_interface)
        if face.peer_device and face.peer_interface
        else None
    )
    is_outside = face.network is not None and network.networks[face.network].kind == "external"
    return Port(
        name=face.name,
        description=_ascii(face.description),
        address4=face.address4,
        address6=face.address6,
        prefix4=face.address4.network if face.address4 else None,
        prefix6=face.address6.network if face.address6 else None,
        is_routed=not is_outside and (face.cost is not None or face.link is None),
        peer=face.peer_device,
        peer4=far.address4.ip if far and far.address4 else None,
        peer6=far.address6.ip if far and far.address6 else None,
        cost=face.cost,
        bandwidth_bps=face.bandwidth_bps,
        keys=credentials.ospf.get(face.link or "", ()),
    )


def _outside_of(network: DeclaredNetwork, device: Device) -> tuple[Network, ...]:
    names = {face.network for face in device.interfaces}
    return tuple(
        one for one in network.networks.values() if one.kind == "external" and one.id in names
    )


def _transit(network: DeclaredNetwork, device: Device) -> tuple[str, ...]:
    """Return the interfaces between which a router that is no hub may pass packets on."""
    hubs = tuple(
        face.name
        for face in device.interfaces
        if face.peer_device and network.devices[face.peer_device].role in HUBS
    )
    return hubs if device.role == "firewall" else ()


def _flows(network: DeclaredNetwork, device: Device) -> Iterable[Flow]:
    """Yield the permits that pass through a router, cut to what lies behind it.

    A firewall sees all of them.  Any other router has networks of its own (a
    LAN, the outside), and only flows from or to those pass.
    """
    behind = [
        network.networks[face.network] for face in device.interfaces if face.network is not None
    ]
    everything = device.role == "firewall"
    for permit in network.permits:
        for family, sources, targets, own in (
            ("ip", permit.sources4, permit.targets4, [one.prefix4 for one in behind]),
            ("ip6", permit.sources6, permit.targets6, [one.prefix6 for one in behind]),
        ):
            if not sources or not targets:
                continue
            if everything:
                yield _flow(family, sources, targets, permit)
                continue
            if mine := _common(sources, own):
                yield _flow(family, mine, targets, permit)
            if mine := _common(targets, own):
                yield _flow(family, sources, mine, permit)


def _flow(
    family: str, sources: Sequence[Prefix], targets: Sequence[Prefix], permit: Permit
) -> Flow:
    return Flow(
        family,
        tuple(_written(prefix) for prefix in sources),
        tuple(_written(prefix) for prefix in targets),
        permit.protocol,
        permit.ports,
        _ascii(permit.purpose),
    )


def _common(wide: Sequence[Prefix], own: Sequence[Prefix]) -> tuple[Prefix, ...]:
    """Return the parts of `wide` that are our own."""
    found: dict[Prefix, None] = {}
    for one in wide:
        for mine in own:
            if one.version == mine.version and one.overlaps(mine):
                found[one if one.prefixlen >= mine.prefixlen else mine] = None
    return tuple(found)


def _hub_sets(network: DeclaredNetwork, device: Device) -> dict[str, object]:
    """Return which source addresses may come in over which circuit of a hub."""
    sources4: list[str] = []
    sources6: list[str] = []
    circuits = []
    for face in device.interfaces:
        if face.kind != "circuit" or face.peer_device is None:
            continue
        circuits.append(f'"{face.name}"')
        site = network.devices[face.peer_device].site
        for peer in network.devices_of(site):
            for end in peer.interfaces:
                if end.address4 and peer.platform == device.platform:
                    sources4.append(f'"{face.name}" . {_written(end.address4.network)}')
                if end.address6 and peer.platform == device.platform:
                    sources6.append(f'"{face.name}" . {_written(end.address6.network)}')
        sources6.append(f'"{face.name}" . fe80::/10')
    lans = [one for one in network.networks.values() if one.kind == "lan"]
    return {
        "circuits": circuits,
        "sources4": sources4,
        "sources6": sources6,
        "sites4": [one.prefix4 for one in lans],
        "sites6": [one.prefix6 for one in lans],
    }


def _servers(network: DeclaredNetwork, kind: str) -> tuple[Server, ...]:
    """Return the servers of the services that are checked as `kind`."""
    ids = dict.fromkeys(one.server for one in network.services.values() if one.check.kind == kind)
    return tuple(Server(one, network.devices[one].management4) for one in ids)


def _written(prefix: Prefix) -> str:
    """Return a prefix as nft writes it: a single address without its length."""
    return str(prefix.network_address if prefix.num_addresses == 1 else prefix)


def _ascii(text: str) -> str:
    """Return text that every reader of a device takes: no quotes, one line."""
    return " ".join(text.replace('"', "'").split())
