# SPDX-License-Identifier: MIT
"""Whose traps can be believed: the SNMPv3 users of every declared device, with their keys.

Stretching a passphrase costs a millisecond, so it is done once; reading
secrets costs a disk, so a device's are read again no more often than every
few seconds, however many packets ask for it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from collectors.snmp.receive import Keys
from collectors.snmp.usm import AES_KEY_BYTES, localise, stretch
from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of
from tinhnet.snmp_identity import SnmpUser, engine_id

ALGORITHM = "sha256"
AGAIN_S = 5.0
"""Seconds after which an unknown user is looked for again: keys may have been rotated."""

log = log_of("listen")
Known = Callable[[str], Sequence[SnmpUser]]


@dataclass(frozen=True, slots=True)
class _Read:
    """The users of a device, and when they were read (monotonic seconds)."""

    users: tuple[SnmpUser, ...]
    at: float


class Users:
    """The keys of declared devices; at most a few for each, whatever is asked.

    `engine` is ours, `known` reads a device's users, `at` names the devices
    that may send from an address.
    """

    def __init__(
        self,
        engine: bytes,
        devices: Sequence[str],
        known: Known,
        at: Callable[[str], Sequence[str]],
    ) -> None:
        self._engine = engine
        self._devices = {engine_id(device): device for device in devices}
        self._known = known
        self._at = at
        self._read: dict[str, _Read] = {}
        self._masters: dict[tuple[str, str], tuple[bytes, bytes]] = {}
        self._keys: dict[tuple[bytes, str, str], Keys] = {}

    def find(self, engine: bytes, name: str, sender: str) -> Sequence[Keys]:
        """Return the keys of a user of that name at an engine: the sender's own, or ours."""
        device = self._devices.get(engine)
        if device is not None:
            return [self._keys_of(engine, device, one) for one in self._users(device, name)]
        if engine != self._engine:
            return ()
        return [
            self._keys_of(engine, device, one)
            for device in self._at(sender)
            for one in self._users(device, name)
        ]

    def warm(self) -> None:
        """Read and stretch everything now, so that no trap waits for it."""
        for engine, device in self._devices.items():
            for one in self._users(device, None):
                self._keys_of(engine, device, one)

    def _users(self, device: str, name: str | None) -> list[SnmpUser]:
        """Return a device's users of a name, all of them for None."""
        read = self._read.get(device)
        now = time.monotonic()
        is_met = read is not None and any(one.name == name for one in read.users)
        if read is None or (not is_met and now - read.at > AGAIN_S):
            read = self._read[device] = _Read(self._load(device), now)
        return [one for one in read.users if name in (None, one.name)]

    def _load(self, device: str) -> tuple[SnmpUser, ...]:
        try:
            return tuple(self._known(device))
        except TinhnetError as error:
            log.warning("snmp_users_unknown", device=device, error=error.message)
            return ()

    def _keys_of(self, engine: bytes, device: str, user: SnmpUser) -> Keys:
        key = (engine, device, user.name)
        found = self._keys.get(key)
        if found is None:
            auth, priv = self._stretched(device, user)
            found = self._keys[key] = Keys(
                device,
                ALGORITHM,
                localise(auth, engine, ALGORITHM),
                localise(priv, engine, ALGORITHM)[:AES_KEY_BYTES],
            )
        return found

    def _stretched(self, device: str, user: SnmpUser) -> tuple[bytes, bytes]:
        key = (device, user.name)
        found = self._masters.get(key)
        if found is None:
            found = stretch(user.auth, ALGORITHM), stretch(user.priv, ALGORITHM)
            self._masters[key] = found
        return found
