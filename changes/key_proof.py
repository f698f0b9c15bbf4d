# SPDX-License-Identifier: MIT
"""Prove by logging in which versions of the management key a device accepts."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from changes.credentials import SSH_KEY
from tinhnet.secrets import SecretStore

TIMEOUT_S = 20
REFUSED = "Permission denied"


def wrong_logins(store: SecretStore, address: str, known_hosts: Path, user: str) -> tuple[str, ...]:
    """Return one sentence for each version of the key that is not treated as it should be.

    The current and a staged version must log in, a previous one must be
    refused.  A device that does not answer is a sentence too.
    """
    current = store.read(SSH_KEY).version
    found = []
    for secret in store.versions(SSH_KEY):
        key = store.path(SSH_KEY, secret.version)
        code, words = _log_in(_command(key, known_hosts, f"{user}@{address}"))
        wanted = secret.version >= current
        if wanted and code != 0:
            found.append(f"key v{secret.version} should log in: {words}")
        elif not wanted and code == 0:
            found.append(f"key v{secret.version} still logs in; it should be refused")
        elif not wanted and REFUSED not in words:
            found.append(f"key v{secret.version} was not tried: {words}")
    return tuple(found)


def _command(key: Path, known_hosts: Path, target: str) -> Sequence[str]:
    options = {
        "BatchMode": "yes",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "ControlMaster": "no",
        "ControlPath": "none",
        "ConnectTimeout": "8",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(known_hosts),
        "PreferredAuthentications": "publickey",
    }
    pairs = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    return ["ssh", "-F", "none", "-i", str(key), *pairs, target, "true"]


def _log_in(command: Sequence[str]) -> tuple[int, str]:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return 255, "no answer in time"
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return done.returncode, lines[-1] if lines else ""
