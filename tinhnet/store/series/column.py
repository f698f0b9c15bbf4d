# SPDX-License-Identifier: MIT
"""Columns of numbers as few bytes: differences for whole numbers, XOR for the rest.

Two ideas of Gorilla (Pelkonen et al., VLDB 2015, section 4.1): times hardly
differ in their second difference, neighbouring floats share their upper bits.
Bits are not packed one by one, which Python would do slowly: bytes of equal
weight are put side by side, and zlib finds what repeats.  Everything is
little-endian.
"""

import struct
from collections.abc import Sequence
from itertools import accumulate, pairwise

EXACT = 2**53
"""Whole numbers below this are exact as 64-bit floats."""

_WIDTHS = ((1, "b", 2**7), (2, "h", 2**15), (4, "i", 2**31), (8, "q", 2**63))
_CODES = {width: code for width, code, _ in _WIDTHS}
_WHOLE, _THOUSANDTHS, _FLOAT = 0, 1, 2
_SCALE = 1000


def pack_times(times: Sequence[int]) -> bytes:
    """Return ascending whole numbers as bytes; at least one."""
    steps = [after - before for before, after in pairwise(times)]
    return struct.pack("<q", times[0]) + (_pack_steps(steps) if steps else b"")


def unpack_times(packed: bytes, start: int, count: int) -> tuple[list[int], int]:
    """Return `count` times that stand at `start`, and where they end."""
    (first,) = struct.unpack_from("<q", packed, start)
    end = start + 8
    if count == 1:
        return [first], end
    steps, end = _unpack_steps(packed, end, count - 1)
    return list(accumulate(steps, initial=first)), end


def pack_values(values: Sequence[float]) -> bytes:
    """Return floats as bytes; at least one, all finite; a negative zero loses its sign."""
    for kind, scale in ((_WHOLE, 1), (_THOUSANDTHS, _SCALE)):
        scaled = _scaled(values, scale)
        if scaled is not None:
            return bytes((kind,)) + _pack_steps(scaled)
    return bytes((_FLOAT,)) + _planes(_crossed(struct.pack(f"<{len(values)}d", *values)), 8)


def unpack_values(packed: bytes, start: int, count: int) -> tuple[list[float], int]:
    """Return `count` floats that stand at `start`, and where they end."""
    kind = packed[start]
    start += 1
    if kind == _FLOAT:
        end = start + 8 * count
        plain = _uncrossed(_unplanes(packed[start:end], 8))
        return list(struct.unpack(f"<{count}d", plain)), end
    whole, end = _unpack_steps(packed, start, count)
    if kind == _THOUSANDTHS:
        return [value / _SCALE for value in whole], end
    return [float(value) for value in whole], end


def _scaled(values: Sequence[float], scale: int) -> list[int] | None:
    """Return the values times `scale` when that makes them whole without loss, None otherwise."""
    limit = EXACT // scale
    if not -limit < min(values) <= max(values) < limit:
        return None
    if scale == 1:
        return [int(value) for value in values] if all(map(float.is_integer, values)) else None
    whole: list[int] = []
    for value in values:
        near = round(value * scale)
        if near / scale != value:
            return None
        whole.append(near)
    return whole


def _pack_steps(values: Sequence[int]) -> bytes:
    """Return whole numbers by their differences: width, the first one, the others."""
    steps = [after - before for before, after in pairwise(values)]
    first = struct.pack("<q", values[0])
    if not any(steps):
        return b"\0" + first
    reach = max(*steps, -1 - min(steps))
    width, code = next((width, code) for width, code, limit in _WIDTHS if reach < limit)
    return bytes((width,)) + first + _planes(struct.pack(f"<{len(steps)}{code}", *steps), width)


def _unpack_steps(packed: bytes, start: int, count: int) -> tuple[list[int], int]:
    width, first = struct.unpack_from("<Bq", packed, start)
    start += 9
    if width == 0:
        return [first] * count, start
    end = start + width * (count - 1)
    plain = _unplanes(packed[start:end], width)
    steps = struct.unpack(f"<{count - 1}{_CODES[width]}", plain)
    return list(accumulate(steps, initial=first)), end


def _planes(plain: bytes, width: int) -> bytes:
    """Put bytes of equal weight side by side."""
    return b"".join(plain[weight::width] for weight in range(width))


def _unplanes(planes: bytes, width: int) -> bytes:
    count = len(planes) // width
    plain = bytearray(len(planes))
    for weight in range(width):
        plain[weight::width] = planes[weight * count : (weight + 1) * count]
    return bytes(plain)


def _crossed(plain: bytes) -> bytes:
    """Return each 8-byte word XORed with the one before; whole columns are one big number."""
    number = int.from_bytes(plain, "little")
    crossed = (number ^ (number << 64)) & ((1 << 8 * len(plain)) - 1)
    return crossed.to_bytes(len(plain), "little")


def _uncrossed(crossed: bytes) -> bytes:
    number = int.from_bytes(crossed, "little")
    bits = 8 * len(crossed)
    reach = 64
    while reach < bits:
        number ^= number << reach
        reach *= 2
    return (number & ((1 << bits) - 1)).to_bytes(len(crossed), "little")
