# SPDX-License-Identifier: MIT
"""A wire that takes time: moves frames between two ports of a carrier after a delay.

The kernels this lab must run on have no netem.  Started as a program inside
the carrier's namespace (standard library only, no package is imported there):
`delay.py PORT_A PORT_B DELAY_MS LOSS_PERCENT DESCRIPTOR`; the word `ready` goes to
the open file with that number, which is then closed.

Loss is made here, too: a packet socket sees frames before nftables does.
"""

import random
import select
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field

SOL_PACKET = 263  # <linux/if_packet.h>
PACKET_VNET_HDR = 15
PACKET_IGNORE_OUTGOING = 23
# A header of checksum and segmentation offload comes before each frame and goes back out
# with it: between two veths checksums are left open and TCP travels in 64 KB pieces.
_LARGEST = 10 + 65536 + 64
HELD_BYTES = 8_000_000  # each way: 320 ms at 200 Mbit/s; what does not fit is dropped
_AT_ONCE = 64
READY = "ready"


@dataclass(slots=True)
class Lane:
    """One direction: frames wait until they are due."""

    source: socket.socket
    target: socket.socket
    waiting: deque[tuple[float, bytes]] = field(default_factory=deque)
    held_bytes: int = 0

    def accept(self, frame: bytes, due: float) -> bool:
        """Queue a frame; False when the lane is full and the frame is lost."""
        if self.held_bytes + len(frame) > HELD_BYTES:
            return False
        self.waiting.append((due, frame))
        self.held_bytes += len(frame)
        return True

    def due(self, at: float) -> list[bytes]:
        """Take out the frames that are due."""
        ready = []
        while self.waiting and self.waiting[0][0] <= at:
            _, frame = self.waiting.popleft()
            self.held_bytes -= len(frame)
            ready.append(frame)
        return ready

    def wait_s(self, at: float) -> float | None:
        """Return how long until the next frame is due, None when none waits."""
        return max(0.0, self.waiting[0][0] - at) if self.waiting else None


def main(arguments: list[str]) -> None:
    """Carry frames until the lab ends this process."""
    near, far, delay_ms, loss_percent, descriptor = arguments
    a, b = _open(near), _open(far)
    with open(int(descriptor), "w", encoding="ascii") as waiting:  # noqa: PTH123 no path
        waiting.write(READY)
    carry((Lane(a, b), Lane(b, a)), float(delay_ms) / 1000, float(loss_percent) / 100)


def carry(lanes: tuple[Lane, Lane], delay_s: float, loss_ratio: float) -> None:
    """Serve both directions for ever."""
    by_source = {lane.source: lane for lane in lanes}
    while True:
        at = time.monotonic()
        waits = [wait for lane in lanes if (wait := lane.wait_s(at)) is not None]
        readable, _, _ = select.select(list(by_source), [], [], min(waits, default=None))
        at = time.monotonic()
        for source in readable:
            for frame in _read(source):
                if random.random() >= loss_ratio:  # noqa: S311 a bad line, not a secret
                    by_source[source].accept(frame, at + delay_s)
        for lane in lanes:
            for frame in lane.due(time.monotonic()):
                _send(lane.target, frame)


def _open(port: str) -> socket.socket:
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    packets.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    packets.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
    packets.bind((port, 3))
    packets.settimeout(0)
    return packets


def _read(source: socket.socket) -> list[bytes]:
    frames = []
    for _ in range(_AT_ONCE):
        try:
            frames.append(source.recv(_LARGEST))
        except OSError:  # nothing left, or the port is down for a moment
            break
    return frames


def _send(target: socket.socket, frame: bytes) -> None:
    try:
        target.send(frame)
    except OSError:  # a full queue or a dark port loses frames, as a line does
        return


if __name__ == "__main__":
    main(sys.argv[1:])
