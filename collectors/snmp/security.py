# SPDX-License-Identifier: MIT
"""How a message is wrapped: the one interface of SNMPv2c and SNMPv3, and the simpler of the two."""

from dataclasses import dataclass, field
from typing import Protocol

from collectors.snmp import ber, pdu
from collectors.snmp.errors import CredentialsError, MalformedError

_VERSION_2C = ber.integer(1)


@dataclass(frozen=True, slots=True)
class Clock:
    """What an SNMPv3 engine says of itself; `time` in seconds since its last start."""

    engine: bytes
    boots: int
    time: int


@dataclass(frozen=True, slots=True)
class Opened:
    """An unwrapped message; `number` tells which request it belongs to."""

    number: int
    answer: pdu.Answer
    clock: Clock | None = None
    is_authentic: bool = False


class Security(Protocol):
    """A way of wrapping messages to one agent.

    `number` is the id of both message and request; `now` is monotonic time
    in seconds.  `open` raises MalformedError for what must be ignored.
    """

    @property
    def is_ready(self) -> bool:
        """True once everything is known that `seal` needs."""
        ...

    @property
    def suspicion(self) -> str:
        """What to check first when an agent stays silent."""
        ...

    def probe(self, number: int) -> bytes:
        """Return a message that makes the agent introduce itself."""
        ...

    def seal(self, request: pdu.Request, number: int, now: float) -> bytes:
        """Return the message for a request."""
        ...

    def open(self, message: bytes, now: float) -> Opened:
        """Return what a message holds, once it is proved to come from the agent."""
        ...

    def learn(self, report: Opened, now: float) -> None:
        """Take in a report; return if asking again can help, raise what is wrong otherwise."""
        ...


@dataclass(frozen=True, slots=True)
class Community:
    """SNMPv2c (RFC 3416): a word in clear text; for tests and for devices that know no better."""

    word: str = field(repr=False)

    @property
    def is_ready(self) -> bool:
        """True: there is nothing to find out."""
        return True

    @property
    def suspicion(self) -> str:
        """An agent does not answer a wrong community."""
        return "a wrong community is met with silence"

    def probe(self, number: int) -> bytes:
        """Return an empty request; nobody asks for it."""
        return self.seal(pdu.Request(pdu.GET, ()), number, 0.0)

    def seal(self, request: pdu.Request, number: int, now: float) -> bytes:
        """Return the message for a request."""
        del now
        word = ber.element(ber.OCTET_STRING, self.word.encode())
        return ber.element(ber.SEQUENCE, _VERSION_2C + word + request.encode(number))

    def open(self, message: bytes, now: float) -> Opened:
        """Return what a message holds."""
        del now
        at, end = ber.read_header(message, 0, ber.SEQUENCE)
        version, at = ber.read_integer(message, at)
        if end != len(message) or version != 1:
            raise MalformedError(f"an answer of SNMP version {version} with {len(message)} bytes")
        _, at = ber.read_octets(message, at)
        answer = pdu.read_answer(message, at)
        return Opened(answer.request_id, answer)

    def learn(self, report: Opened, now: float) -> None:
        """Refuse: SNMPv2c has no reports."""
        del now
        names = ", ".join(ber.dotted(name) for name in report.answer.names)
        raise CredentialsError(
            f"SNMPv2c is answered by a report: {names}", "ask by SNMPv3: --v3-user"
        )
