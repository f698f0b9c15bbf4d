# SPDX-License-Identifier: MIT
"""Datagrams that came faster than they were read: room for more, and a count of what was lost."""

import asyncio
import socket
from collections.abc import Collection
from pathlib import Path

ROOM_BYTES = 4 << 20
"""What a socket asks for; the kernel gives at most twice net.core.rmem_max."""
TABLES = ("udp", "udp6")
_ADDRESS, _DROPS = 1, -1


def widen(endpoint: asyncio.DatagramTransport) -> None:
    """Ask the kernel to hold more datagrams while we are busy."""
    held: socket.socket = endpoint.get_extra_info("socket")
    held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM_BYTES)


def dropped(ports: Collection[int]) -> int:
    """Return how many datagrams the kernel dropped at our sockets because they were full.

    Anybody's sockets on these ports in this network namespace count (proc(5)).
    """
    total = 0
    for table in TABLES:
        path = Path("/proc/net") / table
        if not path.is_file():
            continue
        for line in path.read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if int(fields[_ADDRESS].rpartition(":")[2], 16) in ports:
                total += int(fields[_DROPS])
    return total
