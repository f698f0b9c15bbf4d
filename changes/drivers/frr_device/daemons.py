# SPDX-License-Identifier: MIT
"""FRRouting's daemons, each asked over the socket that vtysh uses.

A vtysh first builds the commands of all daemons: 50 ms of CPU before it asks
one, where a daemon answers in less than 1 ms.  Commands end with NUL, answers
with three and a status (FRR's lib/vty.c).
"""

import socket
from collections.abc import Iterator
from pathlib import Path

from .run import TIMEOUT_S
from .text import RefusedError

FOLDER = Path("/run/frr")
MARK = b"\0\0\0"


def ask(daemon: str, command: str) -> str:
    """Return a daemon's answer.  Raises RefusedError where there is none."""
    return _ask(FOLDER / f"{daemon}.vty", command)


def ask_all(command: str) -> Iterator[str]:
    """Yield the answers of the daemons that run, in the order of their names.

    Raises RefusedError where none runs: that is no empty answer.
    """
    is_answered = False
    for path in sorted(FOLDER.glob("*.vty")):
        try:
            yield _ask(path, command)
        except (ConnectionRefusedError, FileNotFoundError):  # a daemon that ended
            continue
        is_answered = True
    if not is_answered:
        raise RefusedError("frr", "no daemon of FRRouting runs")


def _ask(path: Path, command: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT_S)
        connection.connect(str(path))
        try:
            for line in ("enable", command):
                answer = _answer(connection, line, path.stem)
        except TimeoutError as error:
            silent = f"{path.stem} does not answer within {TIMEOUT_S:g} s"
            raise RefusedError("frr", silent) from error
        return answer


def _answer(connection: socket.socket, command: str, daemon: str) -> str:
    connection.sendall(command.encode() + b"\0")
    held = b""
    while held[-4:-1] != MARK:
        part = connection.recv(65536)
        if not part:
            raise RefusedError("frr", f"{daemon} closed the connection")
        held += part
    text = held[:-4].decode(errors="replace")
    if held[-1] != 0:
        raise RefusedError("frr", f"{daemon} refused {command!r}: {text.strip()}")
    return text
