# SPDX-License-Identifier: MIT
"""Listening TCP sockets: opening ours, and naming who holds the one we wanted."""

import errno
import socket
from dataclasses import dataclass
from pathlib import Path

from tinhnet.errors import TinhnetError

BACKLOG = 128
LISTEN = "0A"
"""TCP_LISTEN as /proc/net/tcp writes it (include/net/tcp_states.h)."""


class PortInUseError(TinhnetError):
    """Somebody else listens there."""


class PortRefusedError(TinhnetError):
    """The address cannot be listened on."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that listens on a port."""

    pid: int
    name: str


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket that children may inherit.

    Raises PortInUseError, with the holder's pid and name where they can be
    known, or PortRefusedError.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise PortRefusedError(
                f"{host}:{port} cannot be listened on: {error.strerror}",
                "choose another web.host or web.port",
            ) from error
        found = holder(port)
        who = f"by {found.name} (pid {found.pid})" if found else "by another user's process"
        raise PortInUseError(
            f"{host}:{port} is in use {who}", "end it, or choose another web.port"
        ) from error
    listener.set_inheritable(True)
    return listener


def holder(port: int) -> Holder | None:
    """Return who listens on a TCP port, None when nobody does or the kernel does not tell us."""
    inodes = _listening(port)
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _has_open(process, wanted):
            name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
            return Holder(int(process.name), name)
    return None


def _listening(port: int) -> set[str]:
    """Return the inodes of the sockets that listen on a port, in this network namespace."""
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net") / table
        if not path.is_file():
            continue
        for line in path.read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def _has_open(process: Path, wanted: set[str]) -> bool:
    try:
        return any(str(link.readlink()) in wanted for link in (process / "fd").iterdir())
    except OSError:
        return False
