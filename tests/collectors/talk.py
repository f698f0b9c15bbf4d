# SPDX-License-Identifier: MIT
"""Sessions with the agents of the tests, and a way in between that can be spoilt."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TypeVar, cast

from collectors.snmp.security import Security
from collectors.snmp.session import Patience, Session, Target
from collectors.snmp.usm import User, UserSecurity
from tests.collectors.agent import AUTH, PRIV

T = TypeVar("T")
LONG = Patience(first_s=30, tries=3)
"""Longer than any machine needs: a test that waits this out has failed."""
SHORT = Patience(first_s=0.05, tries=3)
"""For agents that never answer, however long one waits."""


def user(authentication: str = "sha256", name: str | None = None, **keys: str) -> UserSecurity:
    """Return the security of a user of the shared snmpd."""
    keys = {"auth": AUTH, "priv": PRIV} | keys
    return UserSecurity(User(name or authentication, authentication, **keys), 0)


def session(port: int, security: Security, patience: Patience = LONG) -> Session:
    """Return a session with a port of the loopback whose numbers count up."""
    return Session(Target("127.0.0.1", port), security, itertools.count(1).__next__, patience)


def run(work: Callable[[], Coroutine[object, object, T]]) -> T:
    """Run a coroutine to its end."""
    return asyncio.run(work())


class Relay(asyncio.DatagramProtocol):
    """Stands between a session and its agent; `spoil` decides what becomes of each answer."""

    def __init__(self, port: int, spoil: Callable[[int, bytes], list[bytes]]) -> None:
        self.port = port
        self.spoil = spoil
        self.asked: list[bytes] = []
        self.answered = 0
        self.client: tuple[str, int] | None = None
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self.transport = cast("asyncio.DatagramTransport", transport)  # not by class in 3.11

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Pass a question on as it is, an answer as `spoil` leaves it."""
        assert self.transport is not None
        if addr[1] != self.port:
            self.client = addr
            self.asked.append(data)
            self.transport.sendto(data, ("127.0.0.1", self.port))
            return
        self.answered += 1
        for answer in self.spoil(self.answered, data):
            self.transport.sendto(answer, self.client)


@asynccontextmanager
async def relayed(
    port: int, spoil: Callable[[int, bytes], list[bytes]]
) -> AsyncIterator[tuple[int, Relay]]:
    """Run a relay in front of an agent."""
    loop = asyncio.get_running_loop()
    transport, relay = await loop.create_datagram_endpoint(
        lambda: Relay(port, spoil), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1], relay
    finally:
        transport.close()
