# SPDX-License-Identifier: MIT
"""What FRRouting's BFD sessions of this device say, one row for each of its ports."""

import json
import shutil
import subprocess
from collections.abc import Mapping

COMMAND = ("vtysh", "-c", "show bfd peers json")
PATIENCE_S = 4.0


def is_there() -> bool:
    """Tell whether this device can be asked."""
    return shutil.which(COMMAND[0]) is not None


def sessions() -> Mapping[str, bool] | None:
    """Return for each port whether all its sessions are up, None when nobody answers."""
    try:
        done = subprocess.run(
            COMMAND, capture_output=True, text=True, check=True, timeout=PATIENCE_S
        )
        return read(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def read(text: str) -> Mapping[str, bool]:
    """Return what the JSON says; sessions without a port, and shut ones, are left out.

    Raises ValueError when it is something else.
    """
    held = json.loads(text)
    if not isinstance(held, list):
        raise ValueError("no list of sessions")  # noqa: TRY004 what JSON says is a value
    found: dict[str, bool] = {}
    for one in held:
        if not isinstance(one, dict) or one.get("status") == "shutdown":
            continue
        port = str(one.get("interface") or "")
        if port:
            found[port] = found.get(port, True) and one.get("status") == "up"
    return found
