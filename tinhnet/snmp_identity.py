# SPDX-License-Identifier: MIT
"""Who a device is in SNMPv3: its engine and its users, for whoever asks and whoever listens.

A trap is authenticated with the keys of the engine that sent it (RFC 3414,
section 1.5.1), so its receiver must know each device's engine before the
first trap comes.  The engine follows from the device's id alone: it stays
the same when an address or a disk is replaced.
"""

import hashlib
from dataclasses import dataclass, field

from tinhnet.secrets import SecretStore

NET_SNMP = 8072
"""The enterprise whose engines run on our devices (IANA private enterprise numbers)."""
TEXT, OCTETS = 4, 5
"""Formats of an engine id (RFC 3411, SnmpEngineID): administratively assigned text, octets."""
LONGEST = 27
"""Octets that follow the format."""


@dataclass(frozen=True, slots=True)
class SnmpUser:
    """An SNMPv3 user; its name tells the version of its keys."""

    name: str
    auth: str = field(repr=False)
    priv: str = field(repr=False)


def engine_id(device: str) -> bytes:
    """Return the engine id (RFC 3411) of a device: its id as text, a hash where that is long."""
    name = device.encode()
    kind = TEXT if len(name) <= LONGEST else OCTETS
    told = name if kind == TEXT else hashlib.sha256(name).digest()[:LONGEST]
    return (NET_SNMP | 1 << 31).to_bytes(4) + bytes([kind]) + told


def user_name(version: int) -> str:
    """Return the SNMPv3 user whose keys have this version."""
    return f"tinhnet{version}"


def secret_names(device: str) -> tuple[str, str]:
    """Return the names of a device's secrets for authentication and privacy."""
    return f"snmp/{device}/auth", f"snmp/{device}/priv"


def known_users(store: SecretStore, device: str) -> tuple[SnmpUser, ...]:
    """Return the users a device holds now: the current one, then one being rotated in.

    Empty where the device was never given any.  A device asks and tells as
    the current one; a staged one may become it at any moment.
    """
    auth, priv = secret_names(device)
    held = store.versions(auth)
    others = {one.version: one.value for one in store.versions(priv)}
    if not held or not others:
        return ()
    current = store.read(auth).version
    return tuple(
        SnmpUser(user_name(one.version), one.value, others[one.version])
        for one in held
        if one.version >= current and one.version in others
    )
