# SPDX-License-Identifier: MIT
"""The secrets of a router's configuration: which exist, and which versions it must hold."""

import io
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.secrets import Secret, SecretMissingError, SecretStore
from tinhnet.snmp_identity import SnmpUser, secret_names, user_name

OSPF_KEY_LENGTH = 16
"""Characters: what RFC 2328, appendix D.3 gives an MD5 key, and FRR cuts off the rest."""
SSH_KEY = "ssh/management"


@dataclass(frozen=True, slots=True)
class OspfKey:
    """An MD5 key of a link; the neighbour finds it by its id (1-255)."""

    id: int
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one device must hold.

    `ospf` is keyed by link; FRR signs with the last key of a link.
    `ssh_keys` are public keys in OpenSSH's form.
    """

    ospf: Mapping[str, tuple[OspfKey, ...]]
    snmp: tuple[SnmpUser, ...]
    ssh_keys: tuple[str, ...]


def names_for(network: DeclaredNetwork, device: str) -> dict[str, Callable[[], str]]:
    """Return the names of a router's secrets and how each is made."""
    names: dict[str, Callable[[], str]] = {
        f"ospf/{face.link}": make_ospf_key
        for face in network.devices[device].interfaces
        if face.link is not None and face.cost is not None
    }
    return names | dict.fromkeys(secret_names(device), make_passphrase)


def credentials_for(
    network: DeclaredNetwork, device: str, store: SecretStore, *, create: bool
) -> Credentials:
    """Return the credentials of a router in the present phase of a rotation.

    A staged version stands beside the current one until it is promoted, so
    a plain run in the middle of a rotation agrees with it.  `create` makes
    what is missing; without it a missing secret is shown by its reference.
    The current OSPF key goes on signing: `changes.key_switch` lets the staged
    one sign, at both ends of a link at once.
    """
    held = {
        name: _versions(store, name, make if create else None)
        for name, make in names_for(network, device).items()
    }
    return Credentials(
        ospf={
            name.removeprefix("ospf/"): _ospf_keys(versions)
            for name, versions in held.items()
            if name.startswith("ospf/")
        },
        snmp=_snmp_users(held[f"snmp/{device}/auth"], held[f"snmp/{device}/priv"]),
        ssh_keys=tuple(
            public_key(secret)
            for secret in _versions(store, SSH_KEY, make_ssh_key if create else None)
        ),
    )


def make_ospf_key() -> str:
    """Return a random MD5 key."""
    return secrets.token_urlsafe(OSPF_KEY_LENGTH)[:OSPF_KEY_LENGTH].replace("-", "x")


def make_passphrase() -> str:
    """Return a random SNMPv3 passphrase (RFC 3414 asks for at least 8 characters)."""
    return secrets.token_urlsafe(24)


def make_ssh_key() -> str:
    """Return a new private key for Ed25519 in OpenSSH's form."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key"
        subprocess.run(
            ["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)],
            check=True,
        )
        return path.read_text(encoding="ascii")


def public_key(secret: Secret) -> str:
    """Return the line of authorized_keys for a private key; a reference stays as it is."""
    if not secret.value.startswith("-----BEGIN"):
        return secret.value
    try:
        key = paramiko.Ed25519Key.from_private_key(io.StringIO(secret.value))
    except paramiko.SSHException as error:
        raise TinhnetError(
            f"secret {secret.name} v{secret.version} is no Ed25519 private key",
            "replace it by `ssh-keygen -t ed25519`",
        ) from error
    return f"{key.get_name()} {key.get_base64()} tinhnet-v{secret.version}"


def ospf_key_id(version: int) -> int:
    """Return the id (1-255) under which routers know a version of a link's key."""
    return (version - 1) % 255 + 1


def _versions(store: SecretStore, name: str, make: Callable[[], str] | None) -> tuple[Secret, ...]:
    """Return the current version and, behind it, the staged one."""
    try:
        current = store.ensure(name, make) if make else store.read(name)
    except SecretMissingError:
        return (Secret(name, 1, f"<secret {name} v1>"),)
    current = store.read(name)
    staged = [one for one in store.versions(name) if one.version > current.version]
    return (current, *staged)


def _ospf_keys(versions: tuple[Secret, ...]) -> tuple[OspfKey, ...]:
    """Return the keys with the current one last, as FRR signs with the last."""
    return tuple(OspfKey(ospf_key_id(one.version), one.value) for one in reversed(versions))


def _snmp_users(auth: tuple[Secret, ...], priv: tuple[Secret, ...]) -> tuple[SnmpUser, ...]:
    """Pair the keys of each version; one staged alone is not yet a user."""
    others = {one.version: one.value for one in priv}
    return tuple(
        SnmpUser(user_name(one.version), one.value, others[one.version])
        for one in auth
        if one.version in others
    )
