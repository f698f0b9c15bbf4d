# SPDX-License-Identifier: MIT
"""SNMP traps and informs over UDP: packets in, notifications out; an inform is answered when told.

Nothing is judged here.  A stranger gets no answer at all, so that nobody can
make us send to a third party, and leaves nothing behind but a count.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from collectors.listen.datagrams import widen
from collectors.listen.syslog import Clock, now
from collectors.snmp.receive import Notification, Receiver, Refusal, Reply


class Trap(NamedTuple):
    """A notification as it came; `answer` sends what the sender of an inform waits for.

    `answer` is called from any thread, once what was told is stored.
    """

    at: datetime
    sender: str
    notification: Notification
    answer: Callable[[], None]


Take = Callable[[Trap], None]


@dataclass(frozen=True, slots=True)
class Where:
    """The UDP address to listen on."""

    host: str
    port: int


class TrapListener:
    """Listens for traps until closed; `port` is what was really taken.

    `knows` tells whether an address is one of ours.  `refused` counts packets
    by reason; `blamed` is the last sender of each.  Raises OSError from
    `open` when the port is in use or may not be taken.
    """

    def __init__(
        self, receiver: Receiver, take: Take, knows: Callable[[str], bool], clock: Clock = now
    ) -> None:
        self._receiver = receiver
        self._take = take
        self._knows = knows
        self._clock = clock
        self._endpoint: asyncio.DatagramTransport | None = None
        self.port = 0
        self.refused: Counter[Refusal] = Counter()
        self.blamed: dict[Refusal, str] = {}

    async def open(self, where: Where) -> Self:
        """Take the port."""
        endpoint, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Packets(self._receive), local_addr=(where.host, where.port)
        )
        widen(endpoint)
        self._endpoint = endpoint
        self.port = endpoint.get_extra_info("sockname")[1]
        return self

    def close(self) -> None:
        """Stop listening."""
        if self._endpoint is not None:
            self._endpoint.close()
            self._endpoint = None

    def _receive(self, packet: bytes, address: tuple[str | int, ...]) -> None:
        sender = str(address[0])
        if not self._knows(sender):
            self._refuse(Refusal.STRANGER, sender)
            return
        found = self._receiver.take(packet, sender, time.monotonic())
        if isinstance(found, Refusal):
            self._refuse(found, sender)
        elif isinstance(found, Reply):
            self._send(found.octets, address)
        else:
            self._take(Trap(self._clock(), sender, found, self._answer_of(found, address)))

    def _refuse(self, reason: Refusal, sender: str) -> None:
        self.refused[reason] += 1
        self.blamed[reason] = sender

    def _answer_of(self, found: Notification, address: tuple[str | int, ...]) -> Callable[[], None]:
        loop = asyncio.get_running_loop()
        reply = found.reply

        def answer() -> None:
            if reply is not None and not loop.is_closed():
                loop.call_soon_threadsafe(self._send, reply, address)

        return answer

    def _send(self, octets: bytes, address: tuple[str | int, ...]) -> None:
        if self._endpoint is not None:
            self._endpoint.sendto(octets, address)


class _Packets(asyncio.DatagramProtocol):
    """A datagram is a packet."""

    def __init__(self, receive: Callable[[bytes, tuple[str | int, ...]], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """Pass one packet on; an empty one says nothing: with it a proof tries the way here."""
        if data:
            self._receive(data, addr)
