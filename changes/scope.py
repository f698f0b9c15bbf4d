# SPDX-License-Identifier: MIT
"""What a proof leaves out when it is limited to some devices: nobody may take a part for all."""

from collections.abc import Collection, Iterator

from changes.conclusion import named
from tinhnet.inventory.ansible import ROUTER_ROLES
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device

CLIENT_ROLES = ("pc", "server", "controller")


def left_out(network: DeclaredNetwork, chosen: Collection[str]) -> tuple[str, ...]:
    """Return what is not proven where only `chosen` devices take part, as sentences."""
    return tuple(_left_out(network, frozenset(chosen)))


def _left_out(network: DeclaredNetwork, chosen: frozenset[str]) -> Iterator[str]:
    routers = _devices(network, ROUTER_ROLES)
    if missing := [one for one in routers if one not in chosen]:
        yield f"the routing of {len(missing)} of {len(routers)} routers ({named(missing)})"
    clients = _devices(network, CLIENT_ROLES)
    if missing := [one for one in clients if one not in chosen]:
        yield (
            f"what {len(missing)} of {len(clients)} clients may and may not reach"
            f" ({named(missing)})"
        )
    if untried := _tried(network, clients) - _tried(network, chosen):
        services = [one for one in network.services.values() if one.id in untried]
        told = ", ".join(f"{one.id} on {one.server}" for one in services)
        yield f"that these services work: {told}; no chosen client may use them"


def _devices(network: DeclaredNetwork, roles: Collection[str]) -> list[str]:
    return [one.id for one in network.devices.values() if one.role in roles and _is_ours(one)]


def _is_ours(device: Device) -> bool:
    """Tell whether the proof logs in: on everything managed, and on the PCs of sites."""
    return device.managed or device.role == "pc"


def _tried(network: DeclaredNetwork, clients: Collection[str]) -> set[str]:
    """Return the services that some of the clients use."""
    return {
        one.service
        for one in network.expectations
        if one.service is not None and one.allowed and one.client in clients
    }
