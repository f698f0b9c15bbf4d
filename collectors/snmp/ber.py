# SPDX-License-Identifier: MIT
"""The part of BER (X.690) that SNMP uses, written for speed.

Names of objects stay encoded: comparing and cutting bytes is what a walk
does millions of times.  Reading refuses what SNMP forbids (indefinite and
over-long lengths, content that runs over its container) by MalformedError.
"""

from functools import lru_cache
from ipaddress import IPv4Address

from collectors.snmp.errors import MalformedError
from collectors.snmp.value import Absent, Value

INTEGER = 0x02
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30
IP_ADDRESS = 0x40
COUNTER32 = 0x41
GAUGE32 = 0x42
TIME_TICKS = 0x43
OPAQUE = 0x44
COUNTER64 = 0x46
UNSIGNED32 = 0x47

LONGEST_OID = 128
"""Sub-identifiers of a name (RFC 2578, section 3.5)."""
LARGEST_ARC = 2**32 - 1
_UNSIGNED = frozenset((COUNTER32, GAUGE32, TIME_TICKS, COUNTER64, UNSIGNED32))
_ABSENT = {
    0x80: Absent.NO_SUCH_OBJECT,
    0x81: Absent.NO_SUCH_INSTANCE,
    0x82: Absent.END_OF_MIB_VIEW,
}
_LONG = 0x80
_MOST_LENGTH_BYTES = 4
_MOST_INTEGER_BYTES = 9
_IP_BYTES = 4
_FIRST_ARCS = 40
_LAST_ROOT = 2


def read_header(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """Return where the content of the element at `at` begins and ends.

    Its tag must be `tag` and its content must lie within `data`.
    """
    try:
        if data[at] != tag:
            raise MalformedError(f"byte {at}: tag {data[at]:#04x}, expected {tag:#04x}")
        size = data[at + 1]
    except IndexError:
        raise MalformedError(f"byte {at}: the packet is cut off") from None
    begin = at + 2
    if size >= _LONG:
        begin, size = _long_length(data, begin, size & 0x7F)
    if begin + size > len(data):
        raise MalformedError(f"byte {at}: {size} bytes are announced, {len(data) - begin} are left")
    return begin, begin + size


def _long_length(data: bytes, at: int, count: int) -> tuple[int, int]:
    """Return begin of content and length, from a length of `count` bytes at `at`."""
    if not 0 < count <= _MOST_LENGTH_BYTES or at + count > len(data):
        raise MalformedError(f"byte {at}: a length of {count} bytes")
    return at + count, int.from_bytes(data[at : at + count])


def read_integer(data: bytes, at: int) -> tuple[int, int]:
    """Return an INTEGER and where the next element begins."""
    begin, end = read_header(data, at, INTEGER)
    if not 0 < end - begin <= _MOST_INTEGER_BYTES:
        raise MalformedError(f"byte {at}: an integer of {end - begin} bytes")
    return int.from_bytes(data[begin:end], signed=True), end


def read_octets(data: bytes, at: int) -> tuple[bytes, int]:
    """Return an OCTET STRING and where the next element begins."""
    begin, end = read_header(data, at, OCTET_STRING)
    return data[begin:end], end


def read_bindings(data: bytes, at: int, end: int) -> tuple[list[bytes], list[Value]]:
    """Return names and values of the variable bindings between `at` and `end`.

    One pass and two lists instead of an object per binding: this loop is
    where a poll spends its time.
    """
    names: list[bytes] = []
    values: list[Value] = []
    from_bytes = int.from_bytes
    try:
        while at < end:
            stop = at + 2 + data[at + 1]
            name_at = at + 2
            if data[at + 1] >= _LONG:
                name_at, stop = read_header(data, at, SEQUENCE)
            tag_at = name_at + 2 + data[name_at + 1]
            if data[at] != SEQUENCE or data[name_at] != OBJECT_IDENTIFIER or stop > end:
                raise MalformedError(f"byte {at}: no variable binding")
            begin = tag_at + 2
            size = data[tag_at + 1]
            if size >= _LONG:
                begin, size = _long_length(data, begin, size & 0x7F)
            if begin + size != stop or data[name_at + 1] >= _LONG:
                raise MalformedError(f"byte {at}: a variable binding of a wrong length")
            names.append(data[name_at + 2 : tag_at])
            tag = data[tag_at]
            if tag in _UNSIGNED and 0 < size <= _MOST_INTEGER_BYTES:
                values.append(from_bytes(data[begin:stop]))
            elif tag == OCTET_STRING:
                values.append(data[begin:stop])
            elif tag == INTEGER and 0 < size <= _MOST_INTEGER_BYTES:
                values.append(from_bytes(data[begin:stop], signed=True))
            else:
                values.append(_read_rare(tag, data[begin:stop]))
            at = stop
    except IndexError:
        raise MalformedError(f"byte {at}: the packet is cut off") from None
    return names, values


def _read_rare(tag: int, content: bytes) -> Value:
    """Return a value of a type that counters and texts do not have."""
    if tag in _ABSENT:
        return _ABSENT[tag]
    if tag == OBJECT_IDENTIFIER:
        return dotted(content)
    if tag == IP_ADDRESS and len(content) == _IP_BYTES:
        return IPv4Address(content)
    if tag == OPAQUE:
        return content
    if tag == NULL and not content:
        return None
    raise MalformedError(f"a value of type {tag:#04x} with {len(content)} bytes")


def element(tag: int, content: bytes) -> bytes:
    """Return an element in its shortest form."""
    size = len(content)
    if size < _LONG:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, _LONG | len(length))) + length + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """Return a signed integer element in its shortest form."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return bytes((tag, size)) + value.to_bytes(size, signed=True)


@lru_cache(maxsize=4096)
def oid(text: str) -> bytes:
    """Return the encoded content of a dotted name such as `1.3.6.1.2.1.1.3`."""
    numbers = [int(part) for part in text.strip(".").split(".")]
    return encode_arcs(tuple(numbers))


def encode_arcs(numbers: tuple[int, ...]) -> bytes:
    """Return the encoded content of a name; it has at least two arcs."""
    first = numbers[0] * _FIRST_ARCS + numbers[1]
    return b"".join(encode_arc(number) for number in (first, *numbers[2:]))


def encode_arc(number: int) -> bytes:
    """Return one sub-identifier in base 128."""
    found = [number & 0x7F]
    while number := number >> 7:
        found.append(number & 0x7F | _LONG)
    return bytes(reversed(found))


def arcs(content: bytes) -> tuple[int, ...]:
    """Return the sub-identifiers of an encoded name, or of the index behind a column.

    The first one is not split into two: see `dotted` for whole names.
    """
    found: list[int] = []
    number = 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if number > LARGEST_ARC:
            raise MalformedError("a sub-identifier of a name is larger than 4294967295")
        if byte < _LONG:
            found.append(number)
            number = 0
    if (content and content[-1] >= _LONG) or len(found) > LONGEST_OID:
        raise MalformedError("a name is cut off or longer than 128 sub-identifiers")
    return tuple(found)


@lru_cache(maxsize=4096)
def dotted(content: bytes) -> str:
    """Return a whole encoded name as dotted text; few names recur in most answers."""
    found = arcs(content)
    if not found:
        return "0.0"
    root = min(found[0] // _FIRST_ARCS, _LAST_ROOT)
    return ".".join(map(str, (root, found[0] - root * _FIRST_ARCS, *found[1:])))
