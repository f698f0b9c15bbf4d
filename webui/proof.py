# SPDX-License-Identifier: MIT
"""What the playbook verify has proven of each site, and whether it still holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import g

from tinhnet.model.job import DeviceResult
from tinhnet.store.results import Touch, last_changes, last_touches
from webui.context import index, web
from webui.index import Index

VERIFY = "verify.yml"


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proven of a site.

    `state`: "proven", "failed", "unreachable", "stale" (a device changed
    after it was proven) or "none".  `at` and `job` name the newest
    verification, None where there was none.
    """

    state: str
    at: datetime | None = None
    job: str | None = None


def site_states() -> Mapping[str, Proof]:
    """Return the proof of every site, worked out once per request."""
    if "site_states" not in g:
        with web().store.reading() as connection:
            verified = last_touches(connection, VERIFY, with_check=False)
            changed = last_changes(connection)
        g.site_states = judge(index(), verified, changed)
    found: dict[str, Proof] = g.site_states
    return found


def judge(
    found: Index, verified: Mapping[str, Touch], changed: Mapping[str, int]
) -> dict[str, Proof]:
    """Decide what is proven of each site from the results of its devices.

    The worst device speaks for its site; a device that no verification has
    touched says nothing.
    """
    states = {}
    for site in found.network.sites:
        touches = [
            verified[device.id] for device in found.devices.get(site, ()) if device.id in verified
        ]
        states[site] = _judge(touches, changed)
    return states


def _judge(touches: list[Touch], changed: Mapping[str, int]) -> Proof:
    if not touches:
        return Proof("none")
    newest = max(touches, key=lambda touch: touch.at)
    results = {touch.result for touch in touches}
    if DeviceResult.FAILED in results or DeviceResult.ROLLED_BACK in results:
        state = "failed"
    elif DeviceResult.UNREACHABLE in results:
        state = "unreachable"
    elif any(changed.get(touch.device, 0) > touch.job for touch in touches):
        state = "stale"
    else:
        state = "proven"
    return Proof(state, newest.at, f"J{newest.job}")
