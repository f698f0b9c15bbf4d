# SPDX-License-Identifier: MIT
"""Keys that outlive a lab: each device's host key and the key that may log in."""

import base64
import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from lab.disk import HostKey
from lab.layout import Layout
from lab.shell import run
from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork

_FORMS = ("ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-", "sk-")
USER = "tinhnet"


def authorized_key(layout: Layout, given: Path | None) -> str:
    """Return the public key that the devices' account accepts.

    Without `given` the lab makes a pair once, `login` and `login.pub` in its
    state. TinhnetError when the file is missing or holds no public key.
    """
    path = given or layout.state / "login.pub"
    if given is None and not path.exists():
        layout.state.mkdir(parents=True, exist_ok=True)
        _generate(layout.state / "login", f"lab {layout.prefix}")
    return read_public_key(path)


def read_public_key(path: Path) -> str:
    """Return the line of a public key file; TinhnetError when it is none."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TinhnetError(f"--key {path}: {error}", "name a public key file") from error
    if not text.startswith(_FORMS) or "\n" in text:
        hint = "name the .pub file, never the private key"
        raise TinhnetError(f"{path}: no OpenSSH public key", hint)
    return text + "\n"


def host_keys(layout: Layout, devices: Iterable[str]) -> dict[str, HostKey]:
    """Return every device's host key, making those that are missing (8 ms each)."""
    folder = layout.state / "hostkeys"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    wanted = tuple(devices)
    for device in wanted:
        if not (folder / f"{device}.pub").exists():
            _generate(folder / device, device)
    return {device: _read(folder, device) for device in wanted}


def renew_host_key(layout: Layout, device: str) -> HostKey:
    """Give one device a new host key, as a swapped device would have."""
    folder = layout.state / "hostkeys"
    _generate(folder / device, device)
    return _read(folder, device)


def fingerprint(key: HostKey) -> str:
    """Return what `ssh` and `ssh-keygen -l` show of a key: SHA256 in base64, unpadded."""
    digest = hashlib.sha256(base64.b64decode(key.public.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def write_known_hosts(layout: Layout, network: DeclaredNetwork, keys: dict[str, HostKey]) -> None:
    """Write `known_hosts` for every name and address a device is reached by."""
    lines = []
    for name, key in keys.items():
        device = network.devices[name]
        addresses = [str(device.management4), str(device.bootstrap4)]
        if device.management6 is not None:
            addresses.append(str(device.management6))
        names = ",".join(dict.fromkeys([name, *addresses]))
        lines.append(f"{names} {' '.join(key.public.split()[:2])}\n")
    path = layout.state / "known_hosts"
    path.write_text("".join(lines), encoding="utf-8")
    path.chmod(0o644)


def give_to_product(layout: Layout) -> None:
    """Let the product's user reach what the lab keeps for it, when there is such a user."""
    for path in (layout.state.parent, layout.state):
        path.chmod(0o755)
    login = layout.state / "login"
    if login.exists():
        try:
            shutil.chown(login, USER, USER)
        except LookupError:
            return


def _generate(target: Path, comment: str) -> None:
    """Make a pair beside the target and move it there whole."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        fresh = Path(folder) / "key"
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(fresh)])
        fresh.replace(target)
        fresh.with_suffix(".pub").replace(f"{target}.pub")


def _read(folder: Path, device: str) -> HostKey:
    return HostKey(
        private=(folder / device).read_text(encoding="ascii"),
        public=(folder / f"{device}.pub").read_text(encoding="ascii"),
    )
