# SPDX-License-Identifier: MIT
"""The credentials of a server, as they stand on it: database logins, SNMPv3 users, keys.

Everything follows from the secret store alone, so that a second run changes
nothing.  A login or user bears the version of its secret in its name: while a
rotation runs, the old and the new one exist side by side.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from changes.credentials import SSH_KEY, make_passphrase, public_key
from tinhnet.secrets import Secret, SecretStore
from tinhnet.snmp_identity import SnmpUser, known_users, secret_names

SCRAM_ROUNDS = 4096
"""What PostgreSQL 15 uses itself (RFC 7677, section 4, asks for at least this)."""


@dataclass(frozen=True, slots=True)
class Login:
    """A database login; its name carries the version of its password."""

    name: str
    password: Secret


def accepted(store: SecretStore, name: str) -> tuple[Secret, ...]:
    """Return the versions a device accepts: the current one and one being rotated in."""
    current = store.read(name).version
    return tuple(one for one in store.versions(name) if one.version >= current)


def database_login(store: SecretStore, service: str) -> Login:
    """Return the login that a service uses now."""
    store.ensure(f"db/{service}", make_passphrase)
    return _login(service, store.read(f"db/{service}"))


def database_logins(store: SecretStore, service: str) -> tuple[Login, ...]:
    """Return the logins the database accepts."""
    store.ensure(f"db/{service}", make_passphrase)
    return tuple(_login(service, secret) for secret in accepted(store, f"db/{service}"))


def scram_verifier(login: Login) -> str:
    """Return what PostgreSQL stores for a password (RFC 5802); the salt follows from the secret."""
    password = login.password.value.encode()
    salt = hmac.new(password, login.name.encode(), "sha256").digest()[:16]
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, SCRAM_ROUNDS)
    client = hmac.new(salted, b"Client Key", "sha256").digest()
    stored = hashlib.sha256(client).digest()
    server = hmac.new(salted, b"Server Key", "sha256").digest()
    parts = [base64.b64encode(one).decode() for one in (salt, stored, server)]
    return f"SCRAM-SHA-256${SCRAM_ROUNDS}:{parts[0]}${parts[1]}:{parts[2]}"


def snmp_users(store: SecretStore, device: str) -> tuple[SnmpUser, ...]:
    """Return the SNMPv3 users of a server; a version staged for one key alone is no user yet."""
    for name in secret_names(device):
        store.ensure(name, make_passphrase)
    return known_users(store, device)


def management_keys(store: SecretStore) -> tuple[str, ...]:
    """Return the public keys every device accepts for the account `tinhnet`."""
    return tuple(public_key(one) for one in accepted(store, SSH_KEY))


def _login(service: str, secret: Secret) -> Login:
    return Login(f"{service}_v{secret.version}", secret)
