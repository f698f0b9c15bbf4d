# SPDX-License-Identifier: MIT
"""The credentials of all routers as one rotation: stage, prove, promote."""

from collections.abc import Callable

from changes.credentials import SSH_KEY, make_ssh_key, names_for
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.secrets import SecretStore


def stage(network: DeclaredNetwork, store: SecretStore) -> tuple[str, ...]:
    """Stage the next version of every router secret; return the names that were not staged yet.

    What is staged already stays: an interrupted rotation goes on with it.
    """
    fresh = []
    for name, make in _makers(network).items():
        store.ensure(name, make)
        if is_staged(store, name):
            continue
        store.stage(name, make)
        fresh.append(name)
    return tuple(fresh)


def promote(network: DeclaredNetwork, store: SecretStore) -> tuple[str, ...]:
    """Make every staged version current; return the names.  The login key comes last."""
    names = [name for name in _makers(network) if is_staged(store, name)]
    for name in names:
        store.promote(name)
    return tuple(names)


def is_staged(store: SecretStore, name: str) -> bool:
    """Tell whether a version waits to become current."""
    current = store.read(name).version
    return any(one.version > current for one in store.versions(name))


def _makers(network: DeclaredNetwork) -> dict[str, Callable[[], str]]:
    makers: dict[str, Callable[[], str]] = {}
    for device in network.devices.values():
        if device.managed and device.platform == "frr":
            makers |= names_for(network, device.id)
    return {**makers, SSH_KEY: make_ssh_key}
