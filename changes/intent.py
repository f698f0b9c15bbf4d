# SPDX-License-Identifier: MIT
"""What a server should be, as variables for the templates of its roles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from changes.bundle import RoleError, Roles
from changes.drivers.server_device.state import Bundle
from changes.logins import (
    database_login,
    database_logins,
    management_keys,
    scram_verifier,
    snmp_users,
)
from changes.names import records, reverse4, reverse6, serial
from changes.site_trials import Trust
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.model.service import Permit, Service
from tinhnet.pki import Distribution, Issued, Pki
from tinhnet.reporting import SYSLOG_PORT, TRAP_PORT, controllers_of
from tinhnet.secrets import SecretStore
from tinhnet.snmp_identity import engine_id

GOVERNMENT_PATH = "/documents"


@dataclass(frozen=True, slots=True)
class Revocation:
    """What the OCSP responder and the CRL page publish."""

    crl: str
    index: str
    signer: str
    signer_key: str


@dataclass(frozen=True, slots=True)
class Province:
    """The declared network with the secrets and certificates that belong to it."""

    network: DeclaredNetwork
    state: Path
    secrets: SecretStore
    pki: Pki


def province(network: DeclaredNetwork, state: Path) -> Province:
    """Open the state directory of a declared network."""
    store = SecretStore(state / "secrets")
    name = next(
        (one.name for one in network.services.values() if one.check.kind == "ocsp"),
        f"pki.{network.province.domain}",
    )
    where = Distribution(f"http://{name}/ocsp", f"http://{name}/crl.der")
    return Province(network, state, store, Pki(state, store, where, network.province.name_vi))


def server_bundle(
    opened: Province,
    device: Device,
    roles: Roles,
    chosen: Sequence[str],
    settings: Mapping[str, object],
) -> Bundle:
    """Return the whole intended state of a server.

    `chosen` are the roles it is made of, `settings` what Ansible's variables
    say over their defaults.
    """
    return roles.bundle(device.id, chosen, {**variables(opened, device), **settings})


def roles_of(
    device: Device, base: Sequence[str], by_service: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Return the roles of a server in order, each once; RoleError for an unknown service."""
    missing = [service for service in device.services if service not in by_service]
    if missing:
        raise RoleError(
            f"{device.id}: no role for service {', '.join(missing)}",
            "name its roles in playbooks/roles/server/defaults/main.yml",
        )
    wanted = [role for service in device.services for role in by_service[service]]
    return tuple(dict.fromkeys([*base, *wanted]))


def variables(opened: Province, device: Device) -> dict[str, object]:
    """Return everything the templates may use for a server."""
    network = opened.network
    issued = certificate(opened, device)
    found: dict[str, object] = {
        "address4": device.management4,
        "address6": device.management6,
        "authority": opened.pki.authority(),
        "certificate": issued.certificate_pem,
        "certificate_key": lambda: issued.key.value,
        "controllers": controllers_of(network),
        "database_login": partial(_login, opened),
        "databases": _databases(opened, device),
        "device": device,
        "device_addresses": _device_addresses(network),
        "domain": network.province.domain,
        "engine": engine_id(device.id).hex(),
        "government": _government(opened, device),
        "log_port": 6514,
        "log_server": _first(_servers(network, "syslog-tls")),
        "management_keys": management_keys(opened.secrets),
        "name_servers": _servers(network, "dns"),
        "page_services": _page_services(network),
        "page_units": _page_units(network),
        "permits": permits_to(network, device),
        "province": network.province,
        "records": records(network),
        "reverse4": reverse4(network),
        "reverse6": reverse6(network),
        "serial": serial(network),
        "services": network.services,
        "site": network.sites[device.site],
        "snmp_users": snmp_users(opened.secrets, device.id),
        "syslog_port": SYSLOG_PORT,
        "time_servers": _servers(network, "ntp"),
        "trap_port": TRAP_PORT,
    }
    if any(network.services[one].check.kind == "ocsp" for one in device.services):
        found["revocation"] = _revocation(opened)
    return found


def certificate(opened: Province, device: Device) -> Issued:
    """Return a server's certificate: its own name, its services' names and its addresses."""
    network = opened.network
    names = [f"{device.id}.{network.province.domain}"]
    names += [network.services[service].name for service in device.services]
    addresses = [one for one in (device.management4, device.management6) if one is not None]
    return opened.pki.server(device.id, tuple(dict.fromkeys(names)), addresses)


def permits_to(network: DeclaredNetwork, device: Device) -> tuple[Permit, ...]:
    """Return the permits that reach a device."""
    return tuple(
        permit
        for permit in network.permits
        if any(device.management4 in prefix for prefix in permit.targets4)
    )


def _login(opened: Province, service: str) -> dict[str, str]:
    login = database_login(opened.secrets, service)
    return {"user": login.name, "password": login.password.value}


def _databases(opened: Province, device: Device) -> list[dict[str, object]]:
    """Return the databases of a database server: one for each client server's service."""
    network = opened.network
    own = [network.services[service] for service in device.services]
    if not any(service.check.kind == "postgresql" for service in own):
        return []
    clients = [
        network.devices[client]
        for service in own
        for client in service.clients
        if client in network.devices
    ]
    return [
        {
            "name": service,
            "clients": [f"{address}/{address.max_prefixlen}" for address in _addresses(client)],
            "logins": [
                {"name": login.name, "verifier": scram_verifier(login)}
                for login in database_logins(opened.secrets, service)
            ],
        }
        for client in clients
        for service in client.services
    ]


def _government(opened: Province, device: Device) -> dict[str, object] | None:
    """Return the far end of the document exchange, None until their authority is known.

    Their authority's certificate is handed over by hand, as
    `partners/<device>.pem` in the state directory.
    """
    network = opened.network
    for service in network.services.values():
        server = network.devices[service.server]
        handed_over = opened.state / "partners" / f"{server.id}.pem"
        external = server.role == "external" and device.id in service.clients
        if external and handed_over.is_file():
            return {
                "name": service.name,
                "host": str(server.management4),
                "port": service.port,
                "path": GOVERNMENT_PATH,
                "authority": f"/etc/tinhnet/partners/{server.id}.pem",
                "authority_pem": handed_over.read_text(encoding="ascii"),
            }
    return None


def _revocation(opened: Province) -> Revocation:
    """Gather what is published; every server's certificate is issued first, so it is complete."""
    for device in opened.network.devices.values():
        if device.role == "server" and device.managed:
            certificate(opened, device)
    signer = opened.pki.signer()
    return Revocation(
        opened.pki.crl(), opened.pki.index(), signer.certificate_pem, signer.key.value
    )


def _servers(network: DeclaredNetwork, kind: str) -> tuple[Device, ...]:
    found = [one.server for one in network.services.values() if one.check.kind == kind]
    return tuple(network.devices[server] for server in dict.fromkeys(found))


def _first(devices: Sequence[Device]) -> Device | None:
    return devices[0] if devices else None


def _device_addresses(network: DeclaredNetwork) -> list[dict[str, str]]:
    """Return every IPv4 address with the device it belongs to, for the log server's table."""
    return [
        {"index": str(interface.address4.ip), "value": device.id}
        for device in network.devices.values()
        for interface in device.interfaces
        if interface.address4 is not None
    ]


def _page_services(network: DeclaredNetwork) -> list[dict[str, str]]:
    return [
        {"name": service.name_vi, "url": service.url}
        for service in network.services.values()
        if service.check.kind == "https" and _is_ours(network, service)
    ]


def _is_ours(network: DeclaredNetwork, service: Service) -> bool:
    return network.devices[service.server].managed


def _page_units(network: DeclaredNetwork) -> list[dict[str, str]]:
    return [
        {"name": unit.name_vi, "kind": unit.kind}
        for unit in network.units.values()
        if unit.is_valid(network.province.as_of)
    ]


def _addresses(device: Device) -> list[IPv4Address | IPv6Address]:
    return [one for one in (device.management4, device.management6) if one is not None]


def trust(opened: Province) -> Trust:
    """Return what clients trust; revocation is asked for the first page's certificate.

    A proof only looks: nothing is issued, nothing renewed.  PkiError when
    nothing was ever issued.
    """
    network = opened.network
    pages = [one for one in network.services.values() if one.check.kind == "https"]
    asked = next(one for one in pages if _is_ours(network, one))
    partners = {path.stem: path for path in (opened.state / "partners").glob("*.pem")}
    return Trust(
        authority=opened.pki.held_authority(),
        certificate=opened.pki.held(asked.server),
        partners={name: path.read_text(encoding="ascii") for name, path in partners.items()},
    )
