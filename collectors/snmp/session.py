# SPDX-License-Identifier: MIT
"""A conversation with one agent over UDP.

Every try bears its own number, so that an answer that comes late still
counts for its request and for no other.  Whatever arrives that is not an
answer to an open question is dropped and counted.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from collectors.snmp import pdu
from collectors.snmp.errors import AgentError, MalformedError, NoAnswerError, RefusedError
from collectors.snmp.security import Opened, Security
from collectors.snmp.value import Value

PORT = 161
_LARGEST_DATAGRAM = 65535
_DATAGRAMS_PER_TURN = 16
_MOST_REPORTS = 4
"""Introduction, two corrections of time, and the answer that must then come."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for an answer: `first_s`, then twice as long, `tries` times in all."""

    first_s: float = 1.0
    tries: int = 3

    @property
    def waits_s(self) -> tuple[float, ...]:
        """The seconds of each try."""
        return tuple(self.first_s * 2**number for number in range(self.tries))


@dataclass(slots=True)
class Traffic:
    """What a session has sent and received so far."""

    sent: int = 0
    received: int = 0
    repeated: int = 0
    dropped: int = 0
    last_drop: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an agent listens: a numeric address and a UDP port."""

    address: str
    port: int = PORT

    def __str__(self) -> str:
        """Return `address:port` as people write it."""
        return (
            f"[{self.address}]:{self.port}"
            if ":" in self.address
            else f"{self.address}:{self.port}"
        )


Draw = Callable[[], int]
"""Returns a random number below 2**31; tests may count instead."""
Seal = Callable[[int, float, int], bytes]
"""Returns a message from its number, the time now and the number of the try."""


class Session:
    """An open socket to one agent; use as an asynchronous context manager."""

    def __init__(
        self, target: Target, security: Security, draw: Draw, patience: Patience | None = None
    ) -> None:
        self.target = target
        self.traffic = Traffic()
        self._security = security
        self._draw = draw
        self._patience = patience or Patience()
        self._waiting: dict[int, asyncio.Future[Opened | None]] = {}
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        """Open the socket; connected, so that only the agent's address is heard."""
        family = socket.AF_INET6 if ":" in self.target.address else socket.AF_INET
        self._loop = asyncio.get_running_loop()
        opened = socket.socket(family, socket.SOCK_DGRAM)
        opened.setblocking(False)  # noqa: FBT003 the socket's own signature
        try:
            opened.connect((self.target.address, self.target.port))
        except OSError as error:
            opened.close()
            raise self._unreachable(error) from error
        self._socket = opened
        self._loop.add_reader(opened.fileno(), self._receive)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the socket; questions still open are cancelled."""
        if self._socket is not None and self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        for future in self._waiting.values():
            future.cancel()
        self._waiting.clear()

    async def get(self, names: tuple[bytes, ...]) -> list[Value]:
        """Return the values of these very names; absent ones tell why."""
        answer = await self._ask_whole(pdu.GET, names)
        if list(answer.names) != list(names):
            raise self._odd("answered for other names than it was asked for")
        return list(answer.values)

    async def get_next(self, names: tuple[bytes, ...]) -> pdu.Answer:
        """Return what follows each of the names."""
        answer = await self._ask_whole(pdu.GET_NEXT, names)
        if len(answer.names) != len(names):
            raise self._odd(f"answered {len(answer.names)} values to {len(names)} names")
        return answer

    async def get_bulk(
        self, names: tuple[bytes, ...], repetitions: Callable[[int], int]
    ) -> pdu.Answer:
        """Return the rows that follow; `repetitions` tells how many to ask for in each try.

        A try after silence asks for less: the answer may have been too large
        for the way.  AgentError with status TOO_BIG is left to the caller.
        """
        return await self.ask(lambda tried: pdu.Request(pdu.GET_BULK, names, 0, repetitions(tried)))

    async def ask(self, request_of: Callable[[int], pdu.Request]) -> pdu.Answer:
        """Return the agent's answer, introducing ourselves where that is needed.

        Raises a SnmpError that says what to do when there is none.
        """
        security = self._security
        for _ in range(_MOST_REPORTS):
            if security.is_ready:
                opened = await self._exchange(
                    lambda number, now, tried: security.seal(request_of(tried), number, now)
                )
            else:
                opened = await self._exchange(lambda number, _now, _tried: security.probe(number))
            if opened.answer.kind == pdu.RESPONSE:
                return self._checked(opened.answer)
            security.learn(opened, self._now())
        raise self._odd("reports one fault after another instead of answering")

    async def _ask_whole(self, kind: int, names: tuple[bytes, ...]) -> pdu.Answer:
        """Ask for all names at once, or in halves where the agent finds that too big."""
        try:
            return await self.ask(lambda _tried: pdu.Request(kind, names))
        except AgentError as error:
            if error.status != pdu.TOO_BIG or len(names) == 1:
                raise
        half = len(names) // 2
        first = await self._ask_whole(kind, names[:half])
        second = await self._ask_whole(kind, names[half:])
        return pdu.Answer(
            first.kind,
            first.request_id,
            0,
            0,
            [*first.names, *second.names],
            [*first.values, *second.values],
        )

    async def _exchange(self, seal: Seal) -> Opened:
        """Send until something comes back that belongs to one of the tries."""
        if self._socket is None or self._loop is None:
            raise RuntimeError("the session is not open")
        numbers: list[int] = []
        waits_s = self._patience.waits_s
        try:
            for tried, wait_s in enumerate(waits_s):
                number = self._draw()
                gate: asyncio.Future[Opened | None] = self._loop.create_future()
                numbers.append(number)
                for one in numbers:
                    self._waiting[one] = gate
                self._send(seal(number, self._now(), tried))
                timer = self._loop.call_later(wait_s, _give_up, gate)
                try:
                    opened = await gate
                finally:
                    timer.cancel()
                if opened is not None:
                    return opened
                self.traffic.repeated += 1
        finally:
            for one in numbers:
                self._waiting.pop(one, None)
        raise self._silence(sum(waits_s))

    def _send(self, message: bytes) -> None:
        if self._socket is None:
            raise RuntimeError("the session is not open")
        self.traffic.sent += 1
        try:
            self._socket.send(message)
        except BlockingIOError:
            return  # the buffer is full: as good as lost on the way, the next try repeats it
        except OSError as error:
            raise self._unreachable(error) from error

    def _receive(self) -> None:
        """Take what has arrived, but not so much at once that others wait."""
        for _ in range(_DATAGRAMS_PER_TURN):
            if self._socket is None:
                return
            try:
                message = self._socket.recv(_LARGEST_DATAGRAM)
            except BlockingIOError:
                return
            except OSError as error:
                self._fail(self._unreachable(error))
                return
            self._take(message)

    def _take(self, message: bytes) -> None:
        """Hand a message to the question that it answers."""
        self.traffic.received += 1
        try:
            opened = self._security.open(message, self._now())
        except MalformedError as error:
            self._drop(error.message)
            return
        gate = self._waiting.get(opened.number)
        if gate is None or gate.done():
            self._drop("an answer to a question that is not open")
            return
        gate.set_result(opened)

    def _drop(self, why: str) -> None:
        self.traffic.dropped += 1
        self.traffic.last_drop = why

    def _fail(self, error: RefusedError) -> None:
        for gate in self._waiting.values():
            if not gate.done():
                gate.set_exception(error)

    def _now(self) -> float:
        if self._loop is None:
            raise RuntimeError("the session is not open")
        return self._loop.time()

    def _checked(self, answer: pdu.Answer) -> pdu.Answer:
        if answer.status == 0:
            return answer
        said = pdu.STATUS.get(answer.status, f"error {answer.status}")
        raise AgentError(
            f"{self.target} answers: {said}",
            "look into the agent's log and at the rights of the user or community",
            status=answer.status,
        )

    def _odd(self, what: str) -> AgentError:
        return AgentError(
            f"{self.target} {what}", "its agent is faulty: update or restart it, and tell its maker"
        )

    def _silence(self, waited_s: float) -> NoAnswerError:
        dropped = self.traffic.dropped
        unread = (
            f"; {dropped} packets were dropped, last: {self.traffic.last_drop}" if dropped else ""
        )
        return NoAnswerError(
            f"{self.target} did not answer within {waited_s:g} s{unread}",
            "check that the agent runs and that no firewall stands in between; "
            f"{self._security.suspicion}",
        )

    def _unreachable(self, error: OSError) -> RefusedError:
        if isinstance(error, ConnectionRefusedError):
            return RefusedError(
                f"nobody listens on {self.target}", "start the agent, or give its address and port"
            )
        return RefusedError(
            f"{self.target} cannot be reached: {error.strerror}",
            "check address, route and firewall",
        )


def _give_up(gate: asyncio.Future[Opened | None]) -> None:
    if not gate.done():
        gate.set_result(None)
