# SPDX-License-Identifier: MIT
"""New credentials for servers, and the management key on devices that are otherwise left alone.

A rotation is: stage the next versions, let every device accept both, prove
the new ones, promote them, let every device forget the old ones, prove that
the old ones are refused.  Devices are told which versions they accept by the
secret store alone (`changes.logins.accepted`), so each step can be repeated.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from changes.credentials import SSH_KEY, make_passphrase, public_key
from changes.logins import accepted
from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.secrets import Secret, SecretStore

COMMAND = "/usr/bin/python3 -I -B -"
KEYS_PROGRAM = """\
import json, os, pathlib
wanted, gone, check = json.loads({arguments!r})
path = pathlib.Path.home() / ".ssh" / "authorized_keys"
held = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
key = lambda line: " ".join(line.split()[:2])
kept = [line for line in held if key(line) not in gone and key(line) not in wanted]
lines = [*kept, *(line + " tinhnet" for line in wanted)]
known = {{key(line) for line in held}}
changes = ["key added"] * len(set(wanted) - known) + ["key removed"] * len(set(gone) & known)
if changes and not check:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(".authorized_keys.new")
    draft.touch(mode=0o600)
    draft.write_text("\\n".join(lines) + "\\n", encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(path)
print("\\n" + json.dumps({{"format": 1, "changes": changes}}))
"""


class RotationError(TinhnetError):
    """A step of a rotation cannot be done."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A secret that was staged or promoted, with the version it is about."""

    name: str
    version: int


def server_secrets(network: DeclaredNetwork, store: SecretStore) -> dict[str, Callable[[], str]]:
    """Return the secrets of servers that rotate, with how each is made anew."""
    servers = {one.id for one in network.devices.values() if one.role == "server" and one.managed}
    names = [
        name
        for name in store.names()
        if name.startswith("db/") or (name.startswith("snmp/") and name.split("/")[1] in servers)
    ]
    return dict.fromkeys(names, make_passphrase)


def stage(store: SecretStore, names: dict[str, Callable[[], str]]) -> tuple[Moved, ...]:
    """Make the next version of every secret; what is staged already stays."""
    return tuple(Moved(name, store.stage(name, make).version) for name, make in names.items())


def promote(store: SecretStore, names: Iterable[str]) -> tuple[Moved, ...]:
    """Make every staged version current; one that was promoted before is passed over."""
    return tuple(
        Moved(name, store.promote(name).version)
        for name in names
        if accepted(store, name)[-1].version > store.read(name).version
    )


def keys_request(store: SecretStore, *, check: bool) -> str:
    """Return the program that makes a device accept the management keys it should.

    Keys of other people in the file stay; old versions of ours go.
    """
    wanted = [_body(one) for one in accepted(store, SSH_KEY)]
    current = store.read(SSH_KEY).version
    gone = [_body(one) for one in store.versions(SSH_KEY) if one.version < current]
    return KEYS_PROGRAM.format(arguments=json.dumps([wanted, gone, check]))


def _body(secret: Secret) -> str:
    """Return a public key without its comment: whoever wrote it down may have chosen another."""
    return " ".join(public_key(secret).split()[:2])


def keys_changes(device: str, output: str) -> tuple[str, ...]:
    """Read a device's answer; RotationError when there is none."""
    for line in reversed(output.splitlines()):
        if line.startswith('{"format"'):
            return tuple(str(one) for one in json.loads(line)["changes"])
    raise RotationError(
        f"{device}: the session ended without an answer",
        "run the rotation again: it goes on where it stopped",
    )
