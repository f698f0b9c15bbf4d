# SPDX-License-Identifier: MIT
"""Syslog over UDP (RFC 5426), TCP (RFC 6587) and TLS (RFC 5425): sockets in, messages out.

Nothing is parsed here.  A sender can neither stop nor grow the listener: the
number of connections and the octets of each are bounded, a silent connection
is closed, and one that is broken off gives what it had sent.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Self

from collectors.listen.datagrams import widen
from collectors.listen.part import part
from collectors.syslog.framing import LARGEST, Frame, Framer

READ_BYTES = 65_536


class Received(NamedTuple):
    """A message as it came: when (aware UTC), from which address, over what, its octets.

    `fault` says what is wrong with how it came: it was cut, or broken off.
    """

    at: datetime
    sender: str
    transport: str
    octets: bytes
    fault: str | None


Take = Callable[[Received], None]
Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the time as an aware UTC datetime."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much senders may ask of a listener; times in seconds."""

    connections: int = 500
    silence_s: float = 3600.0
    handshake_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where one listener stands; `tls` makes it TLS, "udp" and "tcp" are transports."""

    transport: str
    host: str
    port: int
    tls: ssl.SSLContext | None = None


class Listener:
    """Listens on addresses until closed; `bound` holds the ports that were really taken.

    `refused` counts connections above the limit.  Raises OSError from `open`
    when a port is in use or may not be taken; nothing stays open then.
    """

    def __init__(self, take: Take, limits: Limits = Limits(), clock: Clock = now) -> None:
        self._take = take
        self._limits = limits
        self._clock = clock
        self._endpoints: list[asyncio.DatagramTransport] = []
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.Task[None]] = set()
        self.bound: list[int] = []
        self.refused = 0

    async def open(self, *addresses: Address) -> Self:
        """Take all ports, or none."""
        try:
            for address in addresses:
                await self._open_one(address)
        except OSError:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """Stop listening; what connections had sent so far is given first."""
        for endpoint in self._endpoints:
            endpoint.close()
        for server in self._servers:
            server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()
        self._endpoints, self._servers = [], []

    async def _open_one(self, address: Address) -> None:
        if address.transport == "udp":
            endpoint, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Datagrams(self._give), local_addr=(address.host, address.port)
            )
            widen(endpoint)
            self._endpoints.append(endpoint)
            self.bound.append(endpoint.get_extra_info("sockname")[1])
            return
        word = "tls" if address.tls else "tcp"

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(reader, writer, word)

        server = await asyncio.start_server(
            serve,
            address.host,
            address.port,
            ssl=address.tls,
            ssl_handshake_timeout=self._limits.handshake_s if address.tls else None,
            limit=READ_BYTES,
        )
        self._servers.append(server)
        self.bound.append(server.sockets[0].getsockname()[1])

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, transport: str
    ) -> None:
        """Read one connection to its end, its silence, or ours."""
        task = asyncio.current_task()
        if task is None or len(self._open) >= self._limits.connections:
            self.refused += 1
            await part(writer)
            return
        self._open.add(task)
        sender = str(writer.get_extra_info("peername")[0])
        framer = Framer()
        try:
            while octets := await asyncio.wait_for(reader.read(READ_BYTES), self._limits.silence_s):
                for frame in framer.feed(octets):
                    self._give(sender, transport, frame)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # broken off, silent, or we close: what came before is given below
        finally:
            for frame in framer.finish():
                self._give(sender, transport, frame)
            self._open.discard(task)
            await part(writer)

    def _give(self, sender: str, transport: str, frame: Frame) -> None:
        self._take(Received(self._clock(), sender, transport, frame.line, frame.fault))


class _Datagrams(asyncio.DatagramProtocol):
    """A datagram is a message."""

    def __init__(self, give: Callable[[str, str, Frame], None]) -> None:
        self._give = give

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """Give one message; an empty datagram says nothing."""
        octets = data.rstrip(b"\r\n\0")
        if octets:
            fault = f"longer than {LARGEST} bytes: cut" if len(octets) > LARGEST else None
            self._give(str(addr[0]), "udp", Frame(octets[:LARGEST], fault))
