# SPDX-License-Identifier: MIT
"""How far a server's clock is from ours, by one question of NTP (RFC 5905, section 8)."""

import socket
import struct
import time

PATIENCE_S = 3.0
QUESTION = struct.Struct("!B39x8s")
ANSWER = struct.Struct("!BB30xQQ")
CLIENT = 0x23
"""Version 4, mode 3."""
SERVER_MODE = 4
ALARM = 3
"""The server says of itself that its clock is not synchronised."""
ERA_S = 2_208_988_800
"""Seconds from 1900 to 1970."""
FRACTION = 1 << 32


def offset_s(address: str, port: int = 123) -> float | None:
    """Return the seconds by which a server's clock is ahead of ours, None if it cannot tell."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as channel:
            channel.settimeout(PATIENCE_S)
            channel.connect((address, port))
            sent = time.time()
            channel.send(QUESTION.pack(CLIENT, _stamp(sent)))
            answer = channel.recv(1024)
            received = time.time()
    except OSError:
        return None
    if len(answer) < ANSWER.size or answer[24:32] != _stamp(sent):
        return None  # not the answer to this question
    first, stratum, arrived, left = ANSWER.unpack_from(answer)
    if first & 7 != SERVER_MODE or first >> 6 == ALARM or stratum == 0:
        return None
    return ((_seconds(arrived) - sent) + (_seconds(left) - received)) / 2


def _stamp(at: float) -> bytes:
    return int((at + ERA_S) * FRACTION).to_bytes(8)


def _seconds(stamp: int) -> float:
    return stamp / FRACTION - ERA_S
