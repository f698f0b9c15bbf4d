# SPDX-License-Identifier: MIT
"""Running configurations kept as text: masked, and written only when they changed."""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from changes.credentials import Credentials, credentials_for
from changes.device import Access, access_of, session
from changes.drivers import frr
from changes.drivers.frr_device.talk import Request
from changes.mask import mask
from changes.push import Order, Outcome, agent_section, push
from changes.render import SECTIONS, render, whole_text
from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.secrets import SecretMissingError, SecretStore

PATH = "configs"
OLDER = "older"
"""Beside the last backup of each device: a folder per device with those before it."""
OLDER_KEPT = 50
"""Backups before the last one that are kept for each device."""
_REFERENCE = re.compile(r"<secret ([a-z0-9][a-z0-9._/-]*) v(\d+)>")
_HEADING = re.compile(rf"^### ({'|'.join(SECTIONS)})\n", re.MULTILINE)
_HOSTNAME = re.compile(r"^hostname (\S+)$", re.MULTILINE)
_OSPF_KEY = re.compile(
    r"^ ip ospf message-digest-key \d+ md5 <secret ospf/(\S+) v\d+>\n", re.MULTILINE
)
_SNMP_USER = re.compile(r"^(?:createUser|rouser) tinhnet\d+ .*\n", re.MULTILINE)
_TRAP_USER = re.compile(r"^trapsess .*\n", re.MULTILINE)


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
    """Write the masked configuration of a device, if it is not what the file holds already.

    What the file held is kept beside it, under the time of its writing (UTC).
    """
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
    if before:
        _keep(path, device)
    draft.replace(path)
    return Saved(path, changed=True, before=before, after=after)


def sections_of(path: Path, device: str) -> dict[str, str]:
    """Return the sections of a device's backup, its secrets still as references.

    Raises BackupError where there is no such file, or it is another device's.
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
    _, *parts = _HEADING.split(text)
    sections = {
        name: f"{body.rstrip()}\n" for name, body in zip(parts[::2], parts[1::2], strict=True)
    }
    named = _HOSTNAME.search(sections.get("frr", ""))
    if named is None or named[1] != device:
        whose = f"is a backup of {named[1]}" if named else "names no device"
        raise BackupError(
            f"{path} {whose}, not of {device}", "nothing was sent; choose another file"
        )
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

    Credentials are those of today: a key that was withdrawn stays withdrawn,
    and a neighbour that knows only the new one keeps its adjacency.  The boot
    routes that would hide OSPF's stay away.  The probe agent is that of today.
    """
    held = sections_of(path or state / PATH / f"{device.id}.conf", device.id)
    credentials = credentials_for(network, device.id, store, create=False)
    today = render(network, device.id, credentials)
    renewed = with_credentials(held, credentials, today)
    sections = {name: _unmasked(text, store) for name, text in renewed.items()}
    sections["agent"] = agent_section(network, device, state, create=not order.check)
    return push(device, access_of(state, store), store, sections, order)


def with_credentials(
    held: Mapping[str, str], credentials: Credentials, today: Mapping[str, str]
) -> dict[str, str]:
    """Return a backup's sections with the OSPF keys, SNMPv3 users and logins of today.

    A link that is declared no more keeps the reference of the backup.
    """
    snmpd = held.get("snmpd", "")
    for who in (_SNMP_USER, _TRAP_USER):
        snmpd = _in_place_of(who, snmpd, "".join(who.findall(today["snmpd"])))
    return {
        **held,
        "frr": _with_ospf_keys(held["frr"], credentials),
        "snmpd": snmpd,
        **{name: today[name] for name in ("bootstrap", "accounts")},
    }


def unified(saved: Saved) -> str:
    """Return what changed since the last backup, as `diff -u` writes it."""
    return "\n".join(
        difflib.unified_diff(saved.before.splitlines(), saved.after.splitlines(), lineterm="")
    )


def _keep(path: Path, device: str) -> None:
    """Move the last backup to the older ones and drop the oldest of those."""
    folder = path.parent / OLDER / device
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    path.replace(folder / f"{written:%Y%m%dT%H%M%S.%fZ}.conf")
    for old in sorted(folder.glob("*.conf"))[:-OLDER_KEPT]:
        old.unlink()


def _with_ospf_keys(text: str, credentials: Credentials) -> str:
    """Put today's keys of each link where the first key of the backup stands."""
    seen: set[str] = set()

    def keys(match: "re.Match[str]") -> str:
        link = match[1]
        if link not in credentials.ospf:
            return match[0]
        if link in seen:
            return ""
        seen.add(link)
        return "".join(
            f" ip ospf message-digest-key {key.id} md5 {key.value}\n"
            for key in credentials.ospf[link]
        )

    return _OSPF_KEY.sub(keys, text)


def _in_place_of(pattern: "re.Pattern[str]", text: str, lines: str) -> str:
    """Put lines where the first match stands, and take every match away."""
    first = pattern.search(text)
    if first is None:
        return text
    return text[: first.start()] + lines + pattern.sub("", text[first.start() :])


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
