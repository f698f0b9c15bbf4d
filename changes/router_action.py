# SPDX-License-Identifier: MIT
"""What the action plug-ins of routers share: the errors of a session, the outcome of a push."""

from collections.abc import Callable

from changes.action import Result, done, failed, unreachable
from changes.device import UnreachableError
from changes.push import Outcome
from tinhnet.errors import TinhnetError
from tinhnet.model.device import Device
from tinhnet.model.job import DeviceResult


def attempt(work: Callable[[], Result]) -> Result:
    """Do the work of a task; what goes wrong with the device is a result, not a traceback."""
    try:
        return work()
    except UnreachableError as error:
        return unreachable(error)
    except TinhnetError as error:
        return failed(error)


def pushed(device: Device, outcome: Outcome, *, diff: bool) -> Result:
    """Return the result of a push, with its masked diff where it was asked for."""
    result = done(changed=outcome.result == DeviceResult.CHANGED)
    result |= {"tinhnet_result": outcome.result, "seconds": outcome.seconds}
    result |= {
        word: list(lines)
        for word, lines in (("residue", outcome.residue), ("notes", outcome.notes))
        if lines
    }
    if outcome.result == DeviceResult.ROLLED_BACK:
        result["failed"] = True
        result["msg"] = f"{device.id}: rolled back: {'; '.join(outcome.notes)}"
    if diff:
        result["diff"] = [
            {
                "before_header": f"{device.id} {one.section}",
                "after_header": f"{device.id} {one.section}",
                "before": one.before,
                "after": one.after,
            }
            for one in outcome.diffs
        ]
    return result
