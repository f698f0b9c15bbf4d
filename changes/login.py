# SPDX-License-Identifier: MIT
"""Proof that a version of the management key opens, or no longer opens, a device."""

from dataclasses import replace

from changes.credentials import SSH_KEY
from changes.device import Access, KeyRefusedError, session
from tinhnet.errors import TinhnetError
from tinhnet.model.device import Device
from tinhnet.secrets import SecretStore

WHICH = ("previous", "current", "staged")


class LoginProofError(TinhnetError):
    """A key opens a device that must refuse it, or is refused where it must open."""


def prove_login(
    device: Device, access: Access, store: SecretStore, which: str, *, accepted: bool
) -> str:
    """Log in with one version of the key alone; return what was proved.

    Raises LoginProofError, and UnreachableError when nothing can be proved.
    """
    version = version_of(store, which)
    if version is None:
        return f"there is no {which} key"
    key = store.path(SSH_KEY, version)
    alone = replace(access, keys=(key,))
    try:
        with session(device, alone):
            pass
    except KeyRefusedError as error:
        if accepted:
            raise LoginProofError(
                f"{device.id} refuses the {which} management key (v{version})",
                "nothing was taken away yet; run the rotation again",
            ) from error
        return f"key v{version} is refused"
    if not accepted:
        raise LoginProofError(
            f"{device.id} still accepts the {which} management key (v{version})",
            "look into its authorized_keys and run the rotation again",
        )
    return f"key v{version} opens"


def version_of(store: SecretStore, which: str) -> int | None:
    """Return the number of the previous, current or staged version; None if there is none."""
    current = store.read(SSH_KEY).version
    numbers = [one.version for one in store.versions(SSH_KEY)]
    chosen = {
        "previous": [number for number in numbers if number < current],
        "current": [current],
        "staged": [number for number in numbers if number > current],
    }[which]
    return chosen[-1] if chosen else None
