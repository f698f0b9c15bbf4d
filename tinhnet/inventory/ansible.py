# SPDX-License-Identifier: MIT
"""What Ansible gets to know of the declared network: plain facts, no secret."""

import os
from dataclasses import dataclass
from pathlib import Path

from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device

USER = "tinhnet"
INTERPRETER = "/usr/bin/python3"
FIRST_CONTACT = "-o StrictHostKeyChecking=accept-new -o HashKnownHosts=no"
"""A host key is learned once, in plain text under the device id, and never changes by itself."""

ROLE_GROUPS = {
    "core": "core",
    "firewall": "firewall",
    "edge": "edge",
    "cpe": "cpe",
    "server": "servers",
    "pc": "pcs",
    "controller": "controllers",
    "external": "outside",
}
ROUTER_ROLES = ("core", "firewall", "edge", "cpe")
ROUTERS = "routers"


@dataclass(frozen=True, slots=True)
class Host:
    """One Ansible host: its groups and its few variables."""

    name: str
    groups: tuple[str, ...]
    variables: dict[str, str | bool | list[str]]


def hosts(network: DeclaredNetwork) -> tuple[Host, ...]:
    """Return every device as an Ansible host, in declared order."""
    return tuple(_host(network, device) for device in network.devices.values())


def shared_variables(directory: Path) -> dict[str, str]:
    """Return the variables of group `all`; `directory` holds the inventory.

    The management key and the known host keys live in the state directory:
    TINHNET_STATE, or `var` beside the inventory.
    """
    state = Path(os.environ.get("TINHNET_STATE") or directory.parent / "var").absolute()
    return {
        "ansible_user": USER,
        "ansible_python_interpreter": INTERPRETER,
        "ansible_ssh_private_key_file": str(state / "secrets" / "ssh-management"),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={state / 'known_hosts'} {FIRST_CONTACT}",
        "tinhnet_inventory": str(directory.absolute()),
        "tinhnet_state": str(state),
    }


def reserved_names(levels: tuple[str, ...]) -> frozenset[str]:
    """Return the group names that no site or device may take as its id."""
    return frozenset({"all", "ungrouped", ROUTERS, *ROLE_GROUPS.values(), *levels})


def _host(network: DeclaredNetwork, device: Device) -> Host:
    groups = [ROLE_GROUPS[device.role]]
    if device.role in ROUTER_ROLES and device.managed:
        groups.append(ROUTERS)
    groups += [network.sites[device.site].kind, device.site]
    variables: dict[str, str | bool | list[str]] = {
        "ansible_host": str(device.management4),
        "ansible_ssh_extra_args": f"-o HostKeyAlias={device.id}",
        "tinhnet_device": device.id,
        "tinhnet_site": device.site,
        "tinhnet_role": device.role,
        "tinhnet_platform": device.platform,
        "tinhnet_managed": device.managed,
        "tinhnet_services": list(device.services),
        "tinhnet_bootstrap": str(device.bootstrap4),
    }
    return Host(device.id, tuple(dict.fromkeys(groups)), variables)
