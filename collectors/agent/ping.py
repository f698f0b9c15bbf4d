# SPDX-License-Identifier: MIT
"""Echo requests (RFC 792, RFC 4443) to many targets once a second, each out of its own interface.

One raw socket per family serves all targets.  A probe of a circuit names the
interface it leaves by and the address it comes from (IP_PKTINFO), and only an
answer that came in by the same interface counts: a cut circuit is never
reported up because another way exists.  Needs CAP_NET_RAW.
"""

import heapq
import secrets
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import NamedTuple

ECHO = {socket.AF_INET: (8, 0), socket.AF_INET6: (128, 129)}
"""Type of a request and of its answer, by family."""
ICMP_FILTER = 1
SOL_RAW = 255
SO_TIMESTAMPNS = 35
IP_PKTINFO = 8
RECEIVE_BYTES = 1 << 20
BODY = struct.Struct("!8sIQ")
"""What a request carries: whose it is, the number of its target, the number of the request."""
TIMESPEC = struct.Struct("@ll")
INFO4 = struct.Struct("@i4s4s")
INFO6 = struct.Struct("@16sI")


class Target(NamedTuple):
    """Whom to ask; `interface` and `source` pin the way, None leaves it to the routes."""

    name: str
    address: str
    interface: str | None = None
    source: str | None = None


class Echo(NamedTuple):
    """What became of one request: when it was sent (Unix seconds) and the seconds to its answer.

    `round_trip_s` None means that no answer came in time; `why` says more
    where the network refused to carry the request.
    """

    name: str
    at: float
    round_trip_s: float | None
    why: str = ""


class _Open(NamedTuple):
    """A request without an answer yet; times in nanoseconds."""

    target: int
    sent_ns: int
    wall_ns: int


class Pinger:
    """Asks every target once per interval, evenly spread, and tells what came of each request.

    `interval_s` is the time between two requests to one target, `patience_s`
    how long an answer may take.  Raises PermissionError without CAP_NET_RAW.
    """

    def __init__(
        self, targets: Sequence[Target], *, interval_s: float = 1.0, patience_s: float = 1.0
    ) -> None:
        self._targets = tuple(targets)
        self._addresses = [ip_address(target.address) for target in self._targets]
        self._interval_ns = int(interval_s * 1e9)
        self._patience_ns = int(patience_s * 1e9)
        self._token = secrets.token_bytes(8)
        self._number = 0
        self._open: dict[int, _Open] = {}
        self._deadlines: list[tuple[int, int]] = []
        families = {_family(address.version) for address in self._addresses}
        self._sockets = {family: _open_socket(family) for family in families}

    def close(self) -> None:
        """Close the sockets."""
        for one in self._sockets.values():
            one.close()

    def run(self, tell: Callable[[Echo], None], is_over: Callable[[], bool]) -> None:
        """Ask until `is_over`, which is looked at at least once per interval."""
        count = max(len(self._targets), 1)
        began = time.monotonic_ns()
        due = [
            (began + self._interval_ns * index // count, index)
            for index in range(len(self._targets))
        ]
        heapq.heapify(due)
        while not is_over():
            now = time.monotonic_ns()
            while due and due[0][0] <= now:
                at, index = due[0]
                self._send(index, tell)
                missed = (now - at) // self._interval_ns
                heapq.heapreplace(due, (at + (missed + 1) * self._interval_ns, index))
            self._give_up(time.monotonic_ns(), tell)
            self._receive(self._pause(due), tell)

    def _pause(self, due: list[tuple[int, int]]) -> float:
        """Return the seconds until the next request or the next deadline."""
        until = [now for now, _ in (*due[:1], *self._deadlines[:1])]
        soonest = min(until, default=time.monotonic_ns() + self._interval_ns)
        return max(0.0, (soonest - time.monotonic_ns()) / 1e9)

    def _send(self, index: int, tell: Callable[[Echo], None]) -> None:
        target, address = self._targets[index], self._addresses[index]
        self._number += 1
        number = self._number
        family = _family(address.version)
        packet = _request(family, number, BODY.pack(self._token, index, number))
        wall_ns, sent_ns = time.time_ns(), time.monotonic_ns()
        try:
            self._sockets[family].sendmsg([packet], _pinned(family, target), 0, (str(address), 0))
        except OSError as error:
            tell(Echo(target.name, wall_ns / 1e9, None, error.strerror or str(error)))
            return
        self._open[number] = _Open(index, sent_ns, wall_ns)
        heapq.heappush(self._deadlines, (sent_ns + self._patience_ns, number))

    def _give_up(self, now: int, tell: Callable[[Echo], None]) -> None:
        """Tell which requests had their time, after whatever already lies in the sockets."""
        if self._deadlines and self._deadlines[0][0] <= now:
            self._receive(0.0, tell)
        while self._deadlines and self._deadlines[0][0] <= now:
            _, number = heapq.heappop(self._deadlines)
            lost = self._open.pop(number, None)
            if lost is not None:
                tell(Echo(self._targets[lost.target].name, lost.wall_ns / 1e9, None))

    def _receive(self, pause_s: float, tell: Callable[[Echo], None]) -> None:
        ready, _, _ = select.select(list(self._sockets.values()), [], [], pause_s)
        for one in ready:
            while True:
                try:
                    octets, extra, _, origin = one.recvmsg(2048, 512)
                except BlockingIOError:
                    break
                except OSError:
                    continue  # an error of an earlier request; that request is lost anyway
                self._answer(one.family, octets, extra, str(origin[0]), tell)

    def _answer(
        self,
        family: int,
        octets: bytes,
        extra: list[tuple[int, int, bytes]],
        origin: str,
        tell: Callable[[Echo], None],
    ) -> None:
        """Match an answer with its request; anything else that came in is not ours."""
        received_ns = time.monotonic_ns()
        if family == socket.AF_INET:
            octets = octets[(octets[0] & 0x0F) * 4 :] if octets else b""
        if len(octets) < 8 + BODY.size or octets[0] != ECHO[socket.AddressFamily(family)][1]:
            return
        token, index, number = BODY.unpack_from(octets, 8)
        asked = self._open.get(number)
        if token != self._token or asked is None or asked.target != index:
            return
        target = self._targets[index]
        if ip_address(origin.partition("%")[0]) != self._addresses[index]:
            return
        stamp_ns, came_by = _told(extra)
        if target.interface is not None and came_by != _index_of(target.interface):
            return
        del self._open[number]
        taken_ns = received_ns - asked.sent_ns
        if stamp_ns is not None and 0 <= stamp_ns - asked.wall_ns <= taken_ns:
            taken_ns = stamp_ns - asked.wall_ns
        tell(Echo(target.name, asked.wall_ns / 1e9, taken_ns / 1e9))


def _family(version: int) -> socket.AddressFamily:
    return socket.AF_INET if version == 4 else socket.AF_INET6  # noqa: PLR2004 the IP version


def _open_socket(family: socket.AddressFamily) -> socket.socket:
    """Open a raw socket that lets nothing through but answers, with their time and interface."""
    if family == socket.AF_INET:
        one = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        refused = 0xFFFFFFFF ^ (1 << ECHO[family][1])
        one.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("@I", refused))
        one.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    else:
        one = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        blocked = bytearray(b"\xff" * 32)
        blocked[ECHO[family][1] // 8] &= ~(1 << ECHO[family][1] % 8) & 0xFF
        one.setsockopt(socket.IPPROTO_ICMPV6, ICMP_FILTER, _words(bytes(blocked)))
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    one.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    one.setblocking(False)  # noqa: FBT003 the signature of socket
    return one


def _words(blocked: bytes) -> bytes:
    """Return a filter's bits as the kernel's array of 32-bit words (RFC 3542, 3.2)."""
    return struct.pack("@8I", *struct.unpack("<8I", blocked))


def _request(family: socket.AddressFamily, number: int, body: bytes) -> bytes:
    """Return an echo request; of IPv6 the kernel computes the checksum."""
    header = struct.pack("!BBHHH", ECHO[family][0], 0, 0, 0x746E, number & 0xFFFF)
    if family == socket.AF_INET6:
        return header + body
    return header[:2] + struct.pack("!H", checksum(header + body)) + header[4:] + body


def checksum(octets: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of an even number of octets."""
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _pinned(family: socket.AddressFamily, target: Target) -> list[tuple[int, int, bytes]]:
    """Return the control message that makes a request leave by the target's interface.

    Raises OSError where the interface does not exist.
    """
    if target.interface is None and target.source is None:
        return []
    index = _index_of(target.interface) if target.interface is not None else 0
    if index is None:
        raise OSError(19, f"no interface {target.interface}")
    source = ip_address(target.source).packed if target.source else None
    if family == socket.AF_INET:
        info = INFO4.pack(index, source or bytes(4), bytes(4))
        return [(socket.IPPROTO_IP, IP_PKTINFO, info)]
    info = INFO6.pack(source or bytes(16), index)
    return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, info)]


def _told(extra: list[tuple[int, int, bytes]]) -> tuple[int | None, int | None]:
    """Return what the kernel tells of a packet: when it came (Unix nanoseconds), by which port."""
    stamp_ns: int | None = None
    came_by: int | None = None
    for level, kind, octets in extra:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = TIMESPEC.unpack_from(octets)
            stamp_ns = seconds * 1_000_000_000 + nanoseconds
        elif (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
            came_by = INFO4.unpack_from(octets)[0]
        elif (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            came_by = INFO6.unpack_from(octets)[1]
    return stamp_ns, came_by


def _index_of(interface: str) -> int | None:
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        return None
