# SPDX-License-Identifier: MIT
"""What every action plug-in does alike: find its device, and put what came of it into a result.

The plug-ins themselves stand in `playbooks/plugins/action`, because they
inherit from Ansible; nothing here knows it.
"""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from changes.servers import (
    RolledBackError,
    last_words,
    state_unknown,
    unreachable_because,
    was_reached,
)
from tinhnet.errors import TinhnetError
from tinhnet.inventory.once import load_once
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.model.job import DeviceResult
from tinhnet.secrets import SecretStore, secrets_of

Result = dict[str, object]
"""A task's result in Ansible's words, with ours as `tinhnet_result`."""


@dataclass(frozen=True, slots=True)
class Target:
    """The device of a task, all that is declared and secret around it, and who asks."""

    network: DeclaredNetwork
    device: Device
    state: Path
    secrets: SecretStore
    who: str


def target_of(variables: Mapping[str, object]) -> Target:
    """Return the target that the inventory plug-in's variables of a host name."""
    state = Path(str(variables["tinhnet_state"]))
    network = load_once(Path(str(variables["tinhnet_inventory"])))
    return Target(
        network=network,
        device=network.devices[str(variables["tinhnet_device"])],
        state=state,
        secrets=secrets_of(state),
        who=str(variables.get("tinhnet_actor") or getpass.getuser()),
    )


def done(*, changed: bool) -> Result:
    """Return the result of a task that went well."""
    word = DeviceResult.CHANGED if changed else DeviceResult.OK
    return {"changed": changed, "tinhnet_result": word.value}


def failed(why: TinhnetError | str) -> Result:
    """Return the result of a task that did not; a device that put itself back says so."""
    undone = isinstance(why, RolledBackError)
    word = DeviceResult.ROLLED_BACK if undone else DeviceResult.FAILED
    return {"failed": True, "tinhnet_result": word.value, "msg": str(why)}


def unreachable(why: TinhnetError | str) -> Result:
    """Return the result of a task that never got to its device."""
    word = DeviceResult.UNREACHABLE
    return {"unreachable": True, "tinhnet_result": word.value, "msg": str(why)}


def no_session(device: str, words: str, *, changing: bool = False) -> Result:
    """Return the result of a device that ssh could not talk to, from ssh's words.

    A changed host key is a refusal of ours, not a device that is away.  A
    session that was lost while it was `changing` the device leaves a state
    that is not known, and that is a failure.
    """
    from changes.hostkeys import changed_key  # noqa: PLC0415 paramiko costs 0.2 s, only needed here

    changed = changed_key(device, words)
    if changed:
        return failed(changed)
    if changing and was_reached(words):
        return failed(state_unknown(device, last_words(words)))
    return unreachable(unreachable_because(device, words))
