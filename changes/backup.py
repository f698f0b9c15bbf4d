# SPDX-License-Identifier: MIT
"""Running configurations kept as text: masked, and written only when they changed."""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from changes.credentials import credentials_for
from changes.device import Access, access_of, session
from changes.drivers import frr
from changes.drivers.frr_device.talk import Request
from changes.mask import mask
from changes.push import Order, Outcome, push
from changes.render import SECTIONS, render, whole_text
from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.secrets import SecretMissingError, SecretStore

PATH = "configs"
_REFERENCE = re.compile(r"<secret ([a-z0-9][a-z0-9._/-]*) v(\d+)>")


class BackupError(TinhnetError):
    """A backup cannot be used."""


@dataclass(frozen=True, slots=True)
class Saved:
    """One backup: its file, whether it differs from the one before, and how."""

    path: Path
    changed: bool
    before: str
    after: str


def read_running(device: Device, access: Access) -> dict[str, str]:
    """Return every section as it really runs, secrets and all; never write this down."""
    request: Request = {
        "mode": "read",
        "who": "backup",
        "token": "",
        "wait_s": 5.0,
        "bare": False,
        "prefixes": [],
        "sections": {},
    }
    with session(device, access) as opened:
        answer = frr.ask(opened, request)
    fault = answer.get("fault")
    if fault is not None:
        raise BackupError(f"{device.id}: {fault['message']}")
    return {name: one["after"] for name, one in answer["sections"].items()}


def save(
    device: str, running: Mapping[str, str], state: Path, store: SecretStore, *, check: bool
) -> Saved:
    """Write the masked configuration of a device, if it is not what the file holds already."""
    path = state / PATH / f"{device}.conf"
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    ordered = {name: running[name] for name in SECTIONS if name in running}
    after = mask(whole_text(ordered), store)
    if before == after or check:
        return Saved(path, before != after, before, after)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(after)
    draft.replace(path)
    return Saved(path, changed=True, before=before, after=after)


def sections_of(path: Path, store: SecretStore) -> dict[str, str]:
    """Return the sections of a backup with its secrets put in again.

    Raises BackupError where the file or one of its secrets is gone.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BackupError(f"there is no backup {path}", "run backup.yml first") from error
    if "<secret unknown>" in text:
        raise BackupError(
            f"{path} holds a secret that was never known here",
            "restore that line by hand and take a new backup",
        )
    sections: dict[str, str] = {}
    for block in text.split("### ")[1:]:
        name, _, body = block.partition("\n")
        sections[name.strip()] = _unmasked(body.rstrip("\n") + "\n", store)
    return sections


def restore(
    network: DeclaredNetwork,
    device: Device,
    state: Path,
    store: SecretStore,
    order: Order,
    path: Path | None,
) -> Outcome:
    """Push a backup (the last one by default) as one change.

    The access that the product needs stays: management keys are those of
    today, and the boot routes that would hide OSPF's stay away.
    """
    held = sections_of(path or state / PATH / f"{device.id}.conf", store)
    credentials = credentials_for(network, device.id, store, create=False, switched=False)
    today = render(network, device.id, credentials)
    sections = {**held, **{name: today[name] for name in ("bootstrap", "accounts")}}
    return push(device, access_of(state, store), store, sections, order)


def unified(saved: Saved) -> str:
    """Return what changed since the last backup, as `diff -u` writes it."""
    return "\n".join(
        difflib.unified_diff(saved.before.splitlines(), saved.after.splitlines(), lineterm="")
    )


def _unmasked(text: str, store: SecretStore) -> str:
    def value(match: "re.Match[str]") -> str:
        try:
            return store.read(match[1], int(match[2])).value
        except SecretMissingError as error:
            raise BackupError(
                f"the backup needs secret {match[1]} v{match[2]}, which is gone",
                "after a rotation only the version before it is kept: provision the device instead",
            ) from error

    return _REFERENCE.sub(value, text)
