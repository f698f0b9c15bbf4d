# SPDX-License-Identifier: MIT
"""All the sockets that are listened on, in a thread of their own.

A port that cannot be taken keeps no other from listening: it is told and
tried again.
"""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from collectors.listen.syslog import Address, Listener, Received
from collectors.listen.traps import Trap, TrapListener, Where
from collectors.snmp.receive import Receiver, Refusal
from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of

LOOK_S = 0.1
AGAIN_S = 5.0
RENEW_S = 86_400.0
SYSLOG = {"syslog_udp_port": "udp", "syslog_tcp_port": "tcp", "syslog_tls_port": "tls"}
UDP, TRAPS = "syslog_udp_port", "trap_port"
WAIT_S = 30.0

log = log_of("listen")


@dataclass(frozen=True, slots=True)
class Ports:
    """Where to listen: the settings by name; a port of 0 is not taken."""

    host: str
    wanted: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Takers:
    """What the sockets give to, and ask; all but `certify` is quick and asked in their thread."""

    line: Callable[[Received], None]
    trap: Callable[[Trap], None]
    knows: Callable[[str], bool]
    receiver: Receiver
    certify: Callable[[ssl.SSLContext], None]


class Ears:
    """Listens from `open` to `close`; `taken` are the ports that are listened on, by setting."""

    def __init__(self, ports: Ports, takers: Takers) -> None:
        self._ports = ports
        self._takers = takers
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ears", daemon=True)
        self._listeners: list[Listener] = []
        self._traps = TrapListener(takers.receiver, takers.trap, takers.knows)
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._certified_at: float | None = None
        self._told: dict[str, str] = {}
        self.taken: dict[str, int] = {}

    @property
    def refused(self) -> Mapping[Refusal, int]:
        """How many packets of traps were refused, by reason."""
        return dict(self._traps.refused)

    @property
    def blamed(self) -> Mapping[Refusal, str]:
        """Who sent the last packet that was refused, by reason."""
        return dict(self._traps.blamed)

    @property
    def turned_away(self) -> int:
        """How many connections were refused because too many were open."""
        return sum(one.refused for one in self._listeners)

    @property
    def udp_ports(self) -> frozenset[int]:
        """The UDP ports that are listened on."""
        return frozenset(self.taken[name] for name in (UDP, TRAPS) if name in self.taken)

    def open(self) -> None:
        """Begin to listen; returns once every port was tried."""
        self._thread.start()
        self._ready.wait(WAIT_S)

    def close(self) -> None:
        """Stop listening; what connections had sent so far is given first."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(WAIT_S)

    def _run(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        tried = float("-inf")
        try:
            while not self._stop.is_set():
                if loop.time() - tried >= AGAIN_S:
                    await self._open_missing()
                    await self._renew()
                    tried = loop.time()
                    self._ready.set()
                await asyncio.sleep(LOOK_S)
        finally:
            self._ready.set()
            self._traps.close()
            for listener in self._listeners:
                await listener.close()

    async def _open_missing(self) -> None:
        for name, port in self._ports.wanted.items():
            if port and name not in self.taken:
                opening = self._open_traps if name == TRAPS else partial(self._open_lines, name)
                await self._try(name, port, opening)

    async def _try(self, name: str, port: int, opening: Callable[[int], Awaitable[int]]) -> None:
        """Take one port; what keeps us from it is told once, until it changes."""
        try:
            self.taken[name] = await opening(port)
        except (OSError, TinhnetError) as error:
            reason = error.message if isinstance(error, TinhnetError) else str(error.strerror)
            if self._told.get(name) != reason:
                self._told[name] = reason
                log.error(  # noqa: TRY400 a sentence, no trace
                    "port_not_taken",
                    setting=f"listen.{name}",
                    host=self._ports.host,
                    port=port,
                    error=reason,
                    hint="listen.host and the ports of listen say where to listen; 0 takes none",
                )
            return
        self._told.pop(name, None)
        log.info("port_taken", setting=f"listen.{name}", host=self._ports.host, port=port)

    async def _open_traps(self, port: int) -> int:
        await self._traps.open(Where(self._ports.host, port))
        return self._traps.port

    async def _open_lines(self, name: str, port: int) -> int:
        transport = SYSLOG[name]
        tls = None
        if transport == "tls":
            await self._certify()
            tls = self._tls
        wanted = Address("tcp" if tls else transport, self._ports.host, port, tls)
        listener = await Listener(self._takers.line).open(wanted)
        self._listeners.append(listener)
        return listener.bound[0]

    async def _renew(self) -> None:
        """Load the certificate anew once a day: the authority renews it when that is due."""
        loop = asyncio.get_running_loop()
        if self._certified_at is None or loop.time() - self._certified_at < RENEW_S:
            return
        try:
            await self._certify()
        except (OSError, TinhnetError) as error:
            log.error("certificate_not_renewed", error=str(error))  # noqa: TRY400 a sentence, no trace

    async def _certify(self) -> None:
        """Let the authority work beside the sockets: it waits for a lock and writes files."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._takers.certify, self._tls)
        self._certified_at = loop.time()
