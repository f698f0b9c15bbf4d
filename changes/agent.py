# SPDX-License-Identifier: MIT
"""The probe agent as it is shipped: program, orders, token and authority, to cores and site PCs.

The program is `collectors/agent` as it stands, read as files.  A router gets
it as one section of its configuration, a PC as a bundle of its own.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from changes import agent_program as program
from changes.drivers.frr_device import agent as section
from changes.drivers.frr_device.agent import File
from changes.drivers.server_device import state
from tinhnet.agents import orders_of, runs_agent, secret_of
from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.pki import Pki, PkiError
from tinhnet.reporting import AGENT_PORT, controllers_of
from tinhnet.secrets import SecretMissingError, SecretStore

ROOM = Path(__file__).resolve().parent.parent / "collectors"
TOKEN_OCTETS = 24
NO_AUTHORITY = "<the certificate authority, which is made when something is changed>\n"


class AgentError(TinhnetError):
    """An agent cannot be given orders."""


@dataclass(frozen=True, slots=True)
class Keys:
    """How an agent proves itself, and whom it believes: a token and an authority's PEM."""

    token: str = field(repr=False)
    authority: str


def keys_for(device: str, store: SecretStore, pki: Pki, *, create: bool) -> Keys:
    """Return an agent's keys; without `create` a missing one is shown by what stands for it."""
    name = secret_of(device)
    if create:
        token = store.ensure(name, lambda: secrets.token_urlsafe(TOKEN_OCTETS)).value
        return Keys(token, pki.authority())
    try:
        token = store.read(name).value
    except SecretMissingError:
        token = f"<secret {name} v1>"
    try:
        return Keys(token, pki.held_authority())
    except PkiError:
        return Keys(token, NO_AUTHORITY)


def section_for(
    network: DeclaredNetwork, device: Device, store: SecretStore, pki: Pki, *, create: bool
) -> str:
    """Return the section `agent` of a router, empty where none runs on it."""
    if not runs_agent(network, device.id):
        return ""
    keys = keys_for(device.id, store, pki, create=create)
    unit = program.UNIT.format(groups=program.VTYSH)
    files = [
        *code(),
        *(File(path, 0o600, text) for path, text in _orders(network, device, keys).items()),
        File(program.UNIT_FILE, 0o644, unit),
    ]
    return section.RUNS + section.pack(files)


def bundle_for(
    network: DeclaredNetwork, device: Device, store: SecretStore, pki: Pki, *, create: bool
) -> state.Bundle:
    """Return what makes a PC run an agent, with systemd or without."""
    keys = keys_for(device.id, store, pki, create=create)
    ours = [_owned(one) for one in code()]
    ours += [
        _owned(File(path, 0o640, text), program.ACCOUNT)
        for path, text in _orders(network, device, keys).items()
    ]
    ours += [
        _owned(File(program.LINKED_UNIT_FILE, 0o644, program.UNIT.format(groups=""))),
        _owned(File(program.CONTROL_FILE, 0o755, program.CONTROL)),
        _owned(File(program.BOOT_FILE, 0o755, program.BOOT)),
    ]
    when = (f"{program.HOME}/", f"{program.ORDERS}/")
    again = (program.CONTROL_FILE, "restart")
    begin, status = (program.CONTROL_FILE, "start"), (program.CONTROL_FILE, "status")
    return state.Bundle(
        device=device.id,
        packages=(),
        accounts=(_ACCOUNT,),
        absent_accounts=(),
        directories=(
            state.Directory(program.HOME, "root", "root", 0o755),
            state.Directory(program.ORDERS, "root", program.ACCOUNT, 0o750),
        ),
        files=tuple(ours),
        absent=(),
        checks=(),
        steps=(
            state.Step("probe agent restarted", when, (), again, None, None, "units"),
            state.Step("probe agent started", (), status, begin, None, None, "end"),
        ),
        units=(),
    )


@cache
def code() -> tuple[File, ...]:
    """Return the agent's program as files of a device."""
    paths = [ROOM / "__init__.py", *sorted((ROOM / "agent").glob("*.py"))]
    return tuple(
        File(
            f"{program.HOME}/{path.relative_to(ROOM.parent)}",
            0o644,
            path.read_text(encoding="utf-8"),
        )
        for path in paths
    )


def shown(text: str) -> str:
    """Return a section as people read it: of a program only which one it is."""
    lines = [line for line in text.split("\n") if line.startswith(("account ", "unit "))]
    for one in section.unpack(text):
        lines.append(f"file {one.path} {one.mode:04o}")
        body = readable(one.path, one.text).rstrip("\n")
        lines += [f"\t{line}" for line in body.split("\n")]
    return "".join(f"{line}\n" for line in lines)


def readable(path: str, text: str | None) -> str:
    """Return a file as people read it in a difference, empty where there is none."""
    if not text or not path.endswith(".py"):
        return text or ""
    return f"sha256 {hashlib.sha256(text.encode()).hexdigest()[:16]}\n"


_ACCOUNT = state.Account(
    program.ACCOUNT, "/nonexistent", "/usr/sbin/nologin", groups=(), system=True
)


def _orders(network: DeclaredNetwork, device: Device, keys: Keys) -> dict[str, str]:
    """Return what the agent is told, as files that stand beside each other."""
    controllers = controllers_of(network)
    if not controllers:
        raise AgentError(
            f"{device.id}: no controller is declared to which a probe agent could report",
            "declare a device of role controller",
        )
    orders = orders_of(network, device.id, str(controllers[0].management4), AGENT_PORT)
    return {
        f"{program.ORDERS}/orders.json": json.dumps(orders, indent=1, ensure_ascii=False) + "\n",
        f"{program.ORDERS}/token": keys.token + "\n",
        f"{program.ORDERS}/authority.pem": keys.authority,
    }


def _owned(one: File, group: str = "root") -> state.File:
    return state.File(
        path=one.path,
        text=one.text,
        owner="root",
        group=group,
        mode=one.mode,
        where=None,
        is_secret=one.path.endswith("/token"),
    )
