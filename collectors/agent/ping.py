# SPDX-License-Identifier: MIT
"""Echo requests (RFC 792, RFC 4443) to many targets once a second, each out of its own interface.

One raw socket per family serves all targets.  A probe of a circuit names the
interface it leaves by and the address it comes from (IP_PKTINFO), and only an
answer that came in by the same interface counts: a cut circuit is never
reported up because another way exists.  While an answer is missing, the target
and its neighbours of the same interface are asked ten times a second.

Needs CAP_NET_RAW, or a kernel that gives everybody ICMP sockets
(net.ipv4.ping_group_range).
"""

import collections
import contextlib
import heapq
import secrets
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from collectors.agent.icmp import (
    ECHO,
    NoInterfaceError,
    family_of,
    index_of,
    open_socket,
    pinned,
    request,
    told,
)
from collectors.agent.pace import Course, rhythm_of

BODY = struct.Struct("!8sIQ")
"""What a request carries: whose it is, the number of its target, the number of the request."""
SUSPECT, LOSE, FORGET = 0, 1, 2
"""What is due for a request without an answer, in this order."""


class Target(NamedTuple):
    """Whom to ask; `interface` and `source` pin the way, None leaves it to the routes."""

    name: str
    address: str
    interface: str | None = None
    source: str | None = None


class Echo(NamedTuple):
    """What became of one request: when it was sent (Unix seconds) and the seconds to its answer.

    `round_trip_s` None means that no answer came in time; `why` says more
    where the network refused to carry the request: a name and its values, or
    what the system said.  `is_urgent`: somebody
    waits for it.  An answer that comes after its request was told to be lost
    is told too, with the same `at`.
    """

    name: str
    at: float
    round_trip_s: float | None
    why: tuple[str, ...] = ()
    is_urgent: bool = False


class _Open(NamedTuple):
    """A request without an answer yet; times in nanoseconds."""

    target: int
    sent_ns: int
    wall_ns: int


class Pinger:
    """Asks every target once per interval, evenly spread, and tells what came of each request.

    `interval_s` is the time between two requests to one target, `patience_s`
    how long an answer may take.  `look` and `turn` may be called from any
    thread.  Raises PermissionError where no ICMP socket is allowed.
    """

    def __init__(
        self, targets: Sequence[Target], *, interval_s: float = 1.0, patience_s: float = 1.0
    ) -> None:
        self._targets = tuple(targets)
        self._addresses = [ip_address(target.address) for target in self._targets]
        self._rhythm = rhythm_of(interval_s, patience_s)
        self._near = _together(self._targets)
        self._token = secrets.token_bytes(8)
        self._number = 0
        self._open: dict[int, _Open] = {}
        self._lost: set[int] = set()
        self._deadlines: list[tuple[int, int, int]] = []
        self._due: list[tuple[int, int, int]] = []
        self._wishes: collections.deque[Callable[[int], object]] = collections.deque()
        self._dark: set[str] = set()
        began = time.monotonic_ns()
        self._courses = [
            Course(began + int(share * self._rhythm.interval_ns), self._rhythm)
            for share in _shares(self._targets)
        ]
        families = {family_of(address.version) for address in self._addresses}
        self._sockets = {family: open_socket(family) for family in families}
        self._woken, self._waker = socket.socketpair()
        for one in (self._woken, self._waker):
            one.setblocking(False)  # noqa: FBT003 the signature of socket

    def close(self) -> None:
        """Close the sockets."""
        for one in (*self._sockets.values(), self._woken, self._waker):
            one.close()

    def look(self, names: Iterable[str]) -> None:
        """Ask these targets at once and until they answer, for some seconds at most."""
        wanted = frozenset(names)
        self._wish(lambda now: self._watch(lambda target: target.name in wanted, now))

    def turn(self, interface: str, *, is_up: bool) -> None:
        """Take note that an interface came up or went down, and ask what lies behind it."""

        def turned(now: int) -> None:
            (self._dark.discard if is_up else self._dark.add)(interface)
            self._watch(lambda target: target.interface == interface, now)

        self._wish(turned)

    def run(self, tell: Callable[[Echo], None], is_over: Callable[[], bool]) -> None:
        """Ask until `is_over`, which is looked at at least once per interval."""
        now = time.monotonic_ns()
        for index, course in enumerate(self._courses):
            heapq.heappush(self._due, (course.next_ns(now), index, course.version))
        while not is_over():
            now = time.monotonic_ns()
            while self._wishes:
                self._wishes.popleft()(now)
            while self._due and self._due[0][0] <= now:
                _, index, version = heapq.heappop(self._due)
                if version == self._courses[index].version:
                    self._send(index, tell)
                    self._plan(index, now)
            self._expire(time.monotonic_ns(), tell)
            self._receive(self._pause(), tell)

    def _wish(self, wish: Callable[[int], object]) -> None:
        """Leave something for the thread that asks, and wake it."""
        self._wishes.append(wish)
        with contextlib.suppress(OSError):  # it is full, so the thread wakes anyway, or closed
            self._waker.send(b"!")

    def _watch(self, is_meant: Callable[[Target], bool], now: int) -> None:
        for index, target in enumerate(self._targets):
            if is_meant(target):
                self._courses[index].look(now)
                heapq.heappush(self._due, (now, index, self._courses[index].version))

    def _missed(self, index: int, now: int) -> None:
        """Ask again and again where an answer is missing, and what shares its interface."""
        if not self._courses[index].miss(now):
            return
        self._hurry(index, now)
        for near in self._near[index]:
            if self._courses[near].miss(now):
                self._hurry(near, now)

    def _hurry(self, index: int, now: int) -> None:
        """Ask now, and wait no longer for earlier requests than for those of a burst."""
        course = self._courses[index]
        heapq.heappush(self._due, (now, index, course.version))
        for number, asked in self._open.items():
            if asked.target == index:
                self._await(asked.sent_ns + course.patience_ns, number, LOSE)

    def _plan(self, index: int, now: int) -> None:
        course = self._courses[index]
        heapq.heappush(self._due, (course.next_ns(now), index, course.version))

    def _pause(self) -> float:
        """Return the seconds until the next request or the next deadline."""
        now = time.monotonic_ns()
        latest = now + self._rhythm.interval_ns
        soonest = min([latest, *(one[0] for one in (*self._due[:1], *self._deadlines[:1]))])
        return max(0.0, (soonest - now) / 1e9)

    def _send(self, index: int, tell: Callable[[Echo], None]) -> None:
        target, address, course = self._targets[index], self._addresses[index], self._courses[index]
        self._number += 1
        number = self._number
        family = family_of(address.version)
        packet = request(family, number, BODY.pack(self._token, index, number))
        wall_ns, sent_ns = time.time_ns(), time.monotonic_ns()
        try:
            self._sockets[family].sendmsg(
                [packet], pinned(family, target.interface, target.source), 0, (str(address), 0)
            )
        except OSError as error:
            tell(Echo(target.name, wall_ns / 1e9, None, _refusal(error), is_urgent=True))
            self._missed(index, sent_ns)
            return
        self._open[number] = _Open(index, sent_ns, wall_ns)
        if target.interface in self._dark:
            self._lose(number, tell, ("interface_down", target.interface))
        elif not course.is_bursting:
            self._await(sent_ns + course.suspicion_ns, number, SUSPECT)
        self._await(sent_ns + course.patience_ns, number, LOSE)
        self._await(sent_ns + self._rhythm.patience_ns, number, FORGET)

    def _await(self, at_ns: int, number: int, step: int) -> None:
        heapq.heappush(self._deadlines, (at_ns, step, number))

    def _expire(self, now: int, tell: Callable[[Echo], None]) -> None:
        """Do what is due for requests without an answer, after reading what already came."""
        if self._deadlines and self._deadlines[0][0] <= now:
            self._receive(0.0, tell)
        while self._deadlines and self._deadlines[0][0] <= now:
            _, step, number = heapq.heappop(self._deadlines)
            asked = self._open.get(number)
            if asked is None:
                continue
            if step == SUSPECT:
                self._missed(asked.target, now)
            elif step == LOSE:
                self._lose(number, tell)
            else:
                del self._open[number]
                self._lost.discard(number)

    def _lose(self, number: int, tell: Callable[[Echo], None], why: tuple[str, ...] = ()) -> None:
        """Tell that a request has no answer; one that comes later is still told."""
        if number not in self._lost:
            self._lost.add(number)
            asked = self._open[number]
            name = self._targets[asked.target].name
            tell(Echo(name, asked.wall_ns / 1e9, None, why, is_urgent=True))
            self._missed(asked.target, time.monotonic_ns())

    def _receive(self, pause_s: float, tell: Callable[[Echo], None]) -> None:
        ready, _, _ = select.select([self._woken, *self._sockets.values()], [], [], pause_s)
        for one in ready:
            if one is self._woken:
                one.recv(4096)
                continue
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
        if family == socket.AF_INET and octets[:1] >= b"\x40":
            octets = octets[(octets[0] & 0x0F) * 4 :]  # a raw socket gives the IP header too
        if len(octets) < 8 + BODY.size or octets[0] != ECHO[socket.AddressFamily(family)][1]:
            return
        token, index, number = BODY.unpack_from(octets, 8)
        asked = self._open.get(number)
        if token != self._token or asked is None or asked.target != index:
            return
        target = self._targets[index]
        if ip_address(origin.partition("%")[0]) != self._addresses[index]:
            return
        stamp_ns, came_by = told(extra)
        if target.interface is not None and came_by != index_of(target.interface):
            return
        course = self._courses[index]
        is_urgent = course.is_bursting or number in self._lost
        del self._open[number]
        self._lost.discard(number)
        taken_ns = received_ns - asked.sent_ns
        if stamp_ns is not None and 0 <= stamp_ns - asked.wall_ns <= taken_ns:
            taken_ns = stamp_ns - asked.wall_ns
        if target.interface is not None:
            self._dark.discard(target.interface)
        course.answered(asked.sent_ns, taken_ns)
        if is_urgent:  # whatever was planned for the burst no longer holds
            course.version += 1
            self._plan(index, received_ns)
        tell(Echo(target.name, asked.wall_ns / 1e9, taken_ns / 1e9, is_urgent=is_urgent))


def _refusal(error: OSError) -> tuple[str, ...]:
    """Return why the network did not carry a request."""
    if isinstance(error, NoInterfaceError):
        return ("no_interface", str(error))
    return (error.strerror or str(error),)


def _together(targets: Sequence[Target]) -> list[list[int]]:
    """Return for each target the others that leave by the same interface."""
    by_interface: dict[str, list[int]] = {}
    for index, target in enumerate(targets):
        if target.interface is not None:
            by_interface.setdefault(target.interface, []).append(index)
    return [
        [near for near in by_interface.get(target.interface or "", ()) if near != index]
        for index, target in enumerate(targets)
    ]


def _shares(targets: Sequence[Target]) -> list[float]:
    """Return where in the interval each target is asked, 0 to 1.

    Targets of one interface lie as far apart as they can: a circuit asked
    over both families is asked twice as often.
    """
    keys = [one.interface or f"\0{index}" for index, one in enumerate(targets)]
    counts = collections.Counter(keys)
    first = {key: rank / len(counts) for rank, key in enumerate(counts)}
    met: collections.Counter[str] = collections.Counter()
    shares: list[float] = []
    for key in keys:
        shares.append((first[key] / counts[key] + met[key] / counts[key]) % 1.0)
        met[key] += 1
    return shares
