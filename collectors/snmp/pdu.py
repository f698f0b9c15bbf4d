# SPDX-License-Identifier: MIT
"""Protocol data units of SNMPv2 (RFC 3416): what is asked and what is answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from collectors.snmp import ber
from collectors.snmp.errors import MalformedError
from collectors.snmp.value import Value

GET = 0xA0
GET_NEXT = 0xA1
RESPONSE = 0xA2
GET_BULK = 0xA5
REPORT = 0xA8

TOO_BIG = 1
STATUS = {
    1: "the answer would be too big",
    2: "no such name",
    3: "bad value",
    4: "read only",
    5: "general error",
    6: "no access",
    13: "resource unavailable",
    16: "authorization error",
}
_EMPTY = b"\x05\x00"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: `first` and `second` are non-repeaters and max-repetitions of GET_BULK."""

    kind: int
    names: tuple[bytes, ...]
    first: int = 0
    second: int = 0

    def encode(self, request_id: int) -> bytes:
        """Return the PDU."""
        bindings = b"".join(
            ber.element(ber.SEQUENCE, ber.element(ber.OBJECT_IDENTIFIER, name) + _EMPTY)
            for name in self.names
        )
        return ber.element(
            self.kind,
            ber.integer(request_id)
            + ber.integer(self.first)
            + ber.integer(self.second)
            + ber.element(ber.SEQUENCE, bindings),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A response or report: `names` and `values` have the same length and order."""

    kind: int
    request_id: int
    status: int
    index: int
    names: Sequence[bytes]
    values: Sequence[Value]


def read_answer(data: bytes, at: int) -> Answer:
    """Return the response or report that begins at `at`."""
    kind = data[at] if at < len(data) else 0
    if kind not in (RESPONSE, REPORT):
        raise MalformedError(f"byte {at}: PDU {kind:#04x} is no answer")
    at, end = ber.read_header(data, at, kind)
    request_id, at = ber.read_integer(data, at)
    status, at = ber.read_integer(data, at)
    index, at = ber.read_integer(data, at)
    at, stop = ber.read_header(data, at, ber.SEQUENCE)
    if stop != end:
        raise MalformedError(f"byte {stop}: the bindings end before the PDU does")
    names, values = ber.read_bindings(data, at, end)
    return Answer(kind, request_id, status, index, names, values)
