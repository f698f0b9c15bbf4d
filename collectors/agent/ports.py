# SPDX-License-Identifier: MIT
"""What the kernel says of this machine's ports: which came up, which went down (rtnetlink(7))."""

import errno
import select
import socket
import struct
from collections.abc import Callable, Iterator

RTMGRP_LINK = 1
RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK = 16, 17, 18
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
IFF_RUNNING = 0x40
IFLA_IFNAME = 3
HEADER = struct.Struct("=IHHII")
LINK = struct.Struct("=BxHiII")
ATTRIBUTE = struct.Struct("=HH")
PAUSE_S = 0.2
RECEIVE_BYTES = 1 << 20

Tell = Callable[[str, bool], None]


def watch(tell: Tell, is_over: Callable[[], bool]) -> None:
    """Tell of every port whether it runs, and again when that changes, until `is_over`."""
    known: dict[str, bool] = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as channel:
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        channel.bind((0, RTMGRP_LINK))
        channel.send(_wish())
        while not is_over():
            if not select.select([channel], [], [], PAUSE_S)[0]:
                continue
            try:
                octets = channel.recv(1 << 16)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                channel.send(_wish())  # something was missed: ask for all of it
                continue
            for name, runs in states(octets):
                if known.get(name, True) != runs:
                    tell(name, runs)
                known[name] = runs


def states(octets: bytes) -> Iterator[tuple[str, bool]]:
    """Yield name and whether it runs of each port that a datagram of the kernel tells of."""
    while len(octets) >= HEADER.size:
        length, kind, *_ = HEADER.unpack_from(octets)
        if length < HEADER.size:
            return
        body, octets = octets[HEADER.size : length], octets[_aligned(length) :]
        if kind not in (RTM_NEWLINK, RTM_DELLINK) or len(body) < LINK.size:
            continue
        flags = LINK.unpack_from(body)[3]
        name = _name(body[LINK.size :])
        if name:
            yield name, kind == RTM_NEWLINK and bool(flags & IFF_RUNNING)


def _name(attributes: bytes) -> str:
    while len(attributes) >= ATTRIBUTE.size:
        length, kind = ATTRIBUTE.unpack_from(attributes)
        if length < ATTRIBUTE.size:
            break
        if kind == IFLA_IFNAME:
            return attributes[ATTRIBUTE.size : length].rstrip(b"\0").decode(errors="replace")
        attributes = attributes[_aligned(length) :]
    return ""


def _aligned(length: int) -> int:
    return (length + 3) & ~3


def _wish() -> bytes:
    """Return the request for the state of every port."""
    body = LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
    flags = NLM_F_REQUEST | NLM_F_DUMP
    return HEADER.pack(HEADER.size + len(body), RTM_GETLINK, flags, 1, 0) + body
