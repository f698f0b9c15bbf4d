# SPDX-License-Identifier: MIT
"""Syslog comes in over real sockets: datagrams, streams, TLS; senders misbehave."""

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from collectors.listen.syslog import Address, Limits, Listener, Received
from collectors.syslog.framing import LARGEST
from tinhnet.pki import Distribution, Pki
from tinhnet.secrets import SecretStore

LOCAL = "127.0.0.1"
WAIT_S = 60.0
USUAL = Limits()
Talk = Callable[[Listener], Awaitable[None]]


def listen(talk: Talk, *addresses: Address, until: int, limits: Limits = USUAL) -> list[Received]:
    """Listen, let a test talk, and wait until as many messages have come."""
    taken: list[Received] = []

    async def work() -> None:
        enough = asyncio.Event()

        def take(one: Received) -> None:
            taken.append(one)
            if len(taken) >= until:
                enough.set()

        listener = await Listener(take, limits).open(*addresses)
        try:
            await talk(listener)
            await asyncio.wait_for(enough.wait(), WAIT_S)
        finally:
            await listener.close()

    asyncio.run(work())
    return taken


async def send(port: int, *pieces: bytes, tls: ssl.SSLContext | None = None) -> None:
    """Open a connection, write, and close it."""
    _, writer = await asyncio.open_connection(LOCAL, port, ssl=tls)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


def test_udp_and_tcp_bring_the_same_messages() -> None:
    """A datagram is a message, a stream is cut; each says how and whence it came."""

    async def talk(listener: Listener) -> None:
        udp, tcp = listener.bound
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto("<13>một\n".encode(), (LOCAL, udp))
            sender.sendto(b"\n", (LOCAL, udp))
        await send(tcp, b"<13>hai\n<13", b">ba\n")
        await send(tcp, b"7 <13>bo", b"n8 <13>nam\n")

    taken = listen(talk, Address("udp", LOCAL, 0), Address("tcp", LOCAL, 0), until=5)

    assert {(one.transport, one.octets.decode()) for one in taken} == {
        ("udp", "<13>một"),
        ("tcp", "<13>hai"),
        ("tcp", "<13>ba"),
        ("tcp", "<13>bon"),
        ("tcp", "<13>nam"),
    }
    assert {one.sender for one in taken} == {LOCAL}
    assert all(one.at.tzinfo is not None and one.fault is None for one in taken)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the contexts of a server and of a client that trusts it."""
    folder: Path = tmp_path_factory.mktemp("pki")
    where = Distribution("http://pki.test/ocsp", "http://pki.test/crl")
    pki = Pki(folder, SecretStore(folder / "secrets"), where, "Tỉnh")
    issued = pki.server("syslog", ["syslog"], [ip_address(LOCAL)])
    both = folder / "syslog.pem"
    both.write_text(issued.certificate_pem + issued.key.value, encoding="ascii")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(both)
    return server, ssl.create_default_context(cadata=pki.authority())


def test_tls_is_told_from_tcp(trust: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """A message says that nobody could have changed it on the way; plain text gives none."""
    server, client = trust

    async def talk(listener: Listener) -> None:
        await send(listener.bound[0], b"<13>in the clear\n")
        await send(listener.bound[0], b"8 <13>safe", tls=client)

    taken = listen(talk, Address("tcp", LOCAL, 0, server), until=1)

    assert [(one.transport, one.octets) for one in taken] == [("tls", b"<13>safe")]


def test_a_connection_that_breaks_off_gives_what_it_had_sent() -> None:
    """The last words of a router that dies are the ones we want."""

    async def talk(listener: Listener) -> None:
        _, writer = await asyncio.open_connection(LOCAL, listener.bound[0])
        writer.write(b"<13>first\n<13>last wor")
        await writer.drain()
        writer.close()

    taken = listen(talk, Address("tcp", LOCAL, 0), until=2)

    assert [one.octets for one in taken] == [b"<13>first", b"<13>last wor"]


def test_closing_gives_what_open_connections_had_sent() -> None:
    """A restart of the listener loses nothing that had come in."""
    taken: list[Received] = []

    async def work() -> None:
        first = asyncio.Event()

        def take(one: Received) -> None:
            taken.append(one)
            first.set()

        listener = await Listener(take).open(Address("tcp", LOCAL, 0))
        _, writer = await asyncio.open_connection(LOCAL, listener.bound[0])
        writer.write(b"<13>first\n<13>last wor")
        await asyncio.wait_for(first.wait(), WAIT_S)
        await listener.close()
        writer.close()

    asyncio.run(work())

    assert [one.octets for one in taken] == [b"<13>first", b"<13>last wor"]


def test_a_silent_connection_is_closed_and_does_not_take_a_place_for_ever() -> None:
    """With room for one, others are refused until the silent one had its time."""

    async def talk(listener: Listener) -> None:
        reader, writer = await asyncio.open_connection(LOCAL, listener.bound[0])
        refused, other = await asyncio.open_connection(LOCAL, listener.bound[0])
        assert await asyncio.wait_for(refused.read(), WAIT_S) == b""
        assert listener.refused == 1
        other.close()
        assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
        writer.close()
        await send(listener.bound[0], b"<13>heard\n")

    limits = Limits(connections=1, silence_s=0.5)
    taken = listen(talk, Address("tcp", LOCAL, 0), until=1, limits=limits)

    assert taken[0].octets == b"<13>heard"


def test_a_port_in_use_opens_nothing() -> None:
    """All ports or none: half a listener would look like a whole one."""
    with socket.socket() as taken:
        taken.bind((LOCAL, 0))
        taken.listen()
        port = taken.getsockname()[1]

        taken_none: list[Received] = []

        async def work() -> None:
            listener = Listener(taken_none.append)
            free = Address("tcp", LOCAL, 0)
            with pytest.raises(OSError, match="address already in use"):
                await listener.open(free, Address("tcp", LOCAL, port))
            with pytest.raises(OSError, match="Connect call failed"):
                await asyncio.open_connection(LOCAL, listener.bound[0])

        asyncio.run(work())


def test_a_message_without_end_is_cut() -> None:
    """The listener stays within its limit and says that something is missing."""

    async def talk(listener: Listener) -> None:
        await send(listener.bound[0], b"<13>" + b"x" * (LARGEST * 2))

    taken = listen(talk, Address("tcp", LOCAL, 0), until=1)

    assert taken[0].fault == f"longer than {LARGEST} bytes: cut"
    assert len(taken[0].octets) == LARGEST


@pytest.mark.skipif(shutil.which("logger") is None, reason="util-linux's logger is not here")
@pytest.mark.parametrize("option", ["--udp", "--tcp"])
def test_a_real_sender_is_understood(option: str) -> None:
    """util-linux's logger, as every Debian has it, over both transports."""

    async def talk(listener: Listener) -> None:
        port = listener.bound[0]
        command = [
            "logger",
            option,
            "--server",
            LOCAL,
            "--port",
            str(port),
            "--rfc5424",
            "xin chào",
        ]
        done = await asyncio.to_thread(subprocess.run, command, check=False, timeout=30)
        assert done.returncode == 0

    taken = listen(talk, Address(option.strip("-"), LOCAL, 0), until=1)

    assert taken[0].octets.endswith("xin chào".encode())
    assert taken[0].octets.startswith(b"<13>1 ")
