# SPDX-License-Identifier: MIT
"""Known host keys of devices: trusted and recorded on first use, strict ever after."""

import base64
import fcntl
import hashlib
import os
import re
from pathlib import Path

import paramiko

from tinhnet.errors import TinhnetError


class HostKeyChangedError(TinhnetError):
    """A device shows another host key than the one recorded for it."""


class KnownHosts:
    """The file `known_hosts` of an installation, in OpenSSH's form, keyed by device id.

    A device keeps its key when it changes address (bare, then provisioned),
    so the id is what the key belongs to.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def keys_of(self, device: str) -> tuple[str, ...]:
        """Return the recorded keys of a device as `type base64`."""
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ()
        words = (line.split() for line in lines)
        return tuple(
            f"{parts[1]} {parts[2]}"
            for parts in words
            if len(parts) >= 3 and device in parts[0].split(",")  # noqa: PLR2004 names type key
        )

    def accept(self, device: str, addresses: tuple[str, ...], shown: str) -> bool:
        """Accept a key that is recorded, or record it when there is none.

        Returns whether it was recorded now.  Raises HostKeyChangedError with
        both fingerprints.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            known = self.keys_of(device)
            if shown in known:
                return False
            if known:
                raise _changed(device, fingerprint(known[0]), fingerprint(shown), self._path)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            names = ",".join(dict.fromkeys((device, *addresses)))
            os.write(descriptor, f"{names} {shown}\n".encode())
            return True
        finally:
            os.close(descriptor)


def fingerprint(key: str) -> str:
    """Return the fingerprint as `ssh-keygen -l` shows it."""
    digest = hashlib.sha256(base64.b64decode(key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def changed_key(device: str, words: str) -> HostKeyChangedError | None:
    """Return the error for a changed host key out of the words of ssh, None if it is not that."""
    shown, offending = _SHOWN.search(words), _OFFENDING.search(words)
    if shown is None or offending is None:
        return None
    path = Path(offending[1])
    recorded = path.read_text(encoding="utf-8").splitlines()[int(offending[2]) - 1].split()
    return _changed(device, fingerprint(" ".join(recorded[1:3])), shown[1], path)


_SHOWN = re.compile(r"sent by the remote host is\s+(SHA256:[A-Za-z0-9+/]+)")
_OFFENDING = re.compile(r"^Offending \S+ key in (.+):(\d+)\s*$", re.MULTILINE)


def _changed(device: str, recorded: str, shown: str, path: Path) -> HostKeyChangedError:
    return HostKeyChangedError(
        f"{device}: the host key changed: recorded {recorded}, shown {shown}",
        "nothing was sent; if the device was replaced or rebuilt on purpose, compare the"
        " fingerprint on its console (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`) and"
        f" forget the old key with `ssh-keygen -R {device} -f {path}`: the next run records the"
        " new one; otherwise somebody may be between",
    )


class RecordedPolicy(paramiko.MissingHostKeyPolicy):
    """Ask the recorded keys for every connection; paramiko itself knows none."""

    def __init__(self, known: KnownHosts, device: str, addresses: tuple[str, ...]) -> None:
        self._known = known
        self._device = device
        self._addresses = addresses

    def missing_host_key(
        self,
        client: paramiko.SSHClient,  # noqa: ARG002 paramiko's signature
        hostname: str,  # noqa: ARG002 the device's id counts, not its address
        key: paramiko.PKey,
    ) -> None:
        """Accept or raise HostKeyChangedError."""
        self._known.accept(self._device, self._addresses, f"{key.get_name()} {key.get_base64()}")
