# SPDX-License-Identifier: MIT
"""What FRRouting's BFD sessions of this device say, one row for each of its ports.

bfdd itself is asked, over the socket that vtysh uses: 0.4 ms, where a vtysh
costs 30 ms of CPU and asks PAM about us, which a service without rights
cannot answer.
"""

import json
import os
import socket
from collections.abc import Mapping

SOCKET = "/run/frr/bfdd.vty"
"""Only members of the group frrvty may use it."""
COMMANDS = (b"enable", b"show bfd peers json")
MARK = b"\0\0\0"
"""Ends an answer, before one octet that says whether it is one (FRR's lib/vty.c); 0 is yes."""
PATIENCE_S = 4.0


def is_there() -> bool:
    """Tell whether this device can be asked."""
    return os.path.exists(SOCKET)  # noqa: PTH110 pathlib costs more than the rest of the program


def sessions(path: str = SOCKET) -> Mapping[str, bool] | None:
    """Return for each port whether all its sessions are up, None when nobody answers."""
    try:
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(PATIENCE_S)
            channel.connect(path)
            *_, told = [_asked(channel, command) for command in COMMANDS]
        return read(told)
    except (OSError, ValueError):
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


def _asked(channel: socket.socket, command: bytes) -> str:
    """Return the answer to one command.  Raises ValueError when it is refused or cut short."""
    channel.sendall(command + b"\0")
    held = b""
    while held[-4:-1] != MARK:
        octets = channel.recv(65536)
        if not octets:
            raise ValueError("the daemon ended the connection")
        held += octets
    if held[-1] != 0:
        raise ValueError(held[:-4].decode(errors="replace"))
    return held[:-4].decode()
