# SPDX-License-Identifier: MIT
"""Chunks: the samples of a group of series as one blob, loose while fresh, sealed later.

A loose chunk is written in microseconds and read by position; a sealed one
is small.  Both begin with their format and a CRC-32 of the rest, so that a
damaged chunk is known as one.  A chunk of rollups has four columns (least,
greatest, sum, count), one of samples has one.
"""

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinhnet.store.series.column import pack_times, pack_values, unpack_times, unpack_values

LOOSE, SEALED = 1, 2

_HEAD = struct.Struct("<BI")
_COUNT = struct.Struct("<I")
_SEALED_HEAD = struct.Struct("<BH")
_SEALED_MEMBER = struct.Struct("<BII")
_LEVEL = 6

Loose = tuple[int, int, float]
"""Member of the group, time in milliseconds, value."""


class ChunkDamagedError(Exception):
    """A chunk is not what was written; whoever read it knows which one it was."""


@dataclass(frozen=True, slots=True)
class Run:
    """One series' part of a chunk: ascending times in milliseconds, and columns as long."""

    times: Sequence[int]
    columns: tuple[Sequence[float], ...]


def pack_loose(samples: Sequence[Loose]) -> bytes:
    """Return samples sorted by member and time, at least one, as a loose chunk."""
    count = len(samples)
    members, times, values = zip(*samples, strict=True)
    body = _COUNT.pack(count) + bytes(members) + struct.pack(f"<{count}q{count}d", *times, *values)
    return _HEAD.pack(LOOSE, zlib.crc32(body)) + body


def pack_sealed(runs: Mapping[int, Run]) -> bytes:
    """Return the runs of members, of which there is at least one, as a sealed chunk."""
    index: list[bytes] = []
    parts: list[bytes] = []
    offset = 0
    for member, run in sorted(runs.items()):
        part = pack_times(run.times) + b"".join(pack_values(column) for column in run.columns)
        index.append(_SEALED_MEMBER.pack(member, len(run.times), offset))
        parts.append(part)
        offset += len(part)
    columns = len(next(iter(runs.values())).columns)
    body = _SEALED_HEAD.pack(columns, len(runs)) + b"".join(index)
    body += zlib.compress(b"".join(parts), _LEVEL)
    return _HEAD.pack(SEALED, zlib.crc32(body)) + body


def run_of(packed: bytes, member: int) -> Run | None:
    """Return one member's run, None without any; ChunkDamagedError tells a damaged chunk."""
    if check(packed) == LOOSE:
        return _loose_run(packed, member)
    for entry, count, offset in _sealed_index(packed):
        if entry == member:
            return _sealed_run(packed, zlib.decompress(_sealed_body(packed)), count, offset)
    return None


def samples_of(packed: bytes) -> list[Loose]:
    """Return the samples of all members, sorted; ChunkDamagedError tells a damaged chunk."""
    if check(packed) == LOOSE:
        count = _loose_count(packed)
        start = _HEAD.size + _COUNT.size
        numbers = struct.unpack_from(f"<{count}q{count}d", packed, start + count)
        members = packed[start : start + count]
        return list(zip(members, numbers[:count], numbers[count:], strict=True))
    return [
        (member, at, value)
        for member, run in runs_of(packed).items()
        for at, value in zip(run.times, run.columns[0], strict=True)
    ]


def runs_of(packed: bytes) -> dict[int, Run]:
    """Return the runs of all members of a sealed chunk, or ChunkDamagedError."""
    if check(packed) != SEALED:
        raise ChunkDamagedError("it is not sealed")
    body = zlib.decompress(_sealed_body(packed))
    return {
        member: _sealed_run(packed, body, count, offset)
        for member, count, offset in _sealed_index(packed)
    }


def check(packed: bytes) -> int:
    """Return the format of a chunk; ChunkDamagedError unless it is whole and known."""
    if len(packed) < _HEAD.size:
        raise ChunkDamagedError("it is cut off")
    known, crc = _HEAD.unpack_from(packed)
    if known not in (LOOSE, SEALED):
        raise ChunkDamagedError(f"format {known} is not known")
    if zlib.crc32(memoryview(packed)[_HEAD.size :]) != crc:
        raise ChunkDamagedError("its checksum is wrong")
    return int(known)


def _loose_count(packed: bytes) -> int:
    return int(_COUNT.unpack_from(packed, _HEAD.size)[0])


def _loose_run(packed: bytes, member: int) -> Run | None:
    count = _loose_count(packed)
    start = _HEAD.size + _COUNT.size
    members = packed[start : start + count]
    first = members.find(member)
    if first < 0:
        return None
    held = members.count(member)
    start += count + 8 * first
    times = struct.unpack_from(f"<{held}q", packed, start)
    return Run(times, (struct.unpack_from(f"<{held}d", packed, start + 8 * count),))


def _sealed_index(packed: bytes) -> list[tuple[int, int, int]]:
    _, members = _SEALED_HEAD.unpack_from(packed, _HEAD.size)
    start = _HEAD.size + _SEALED_HEAD.size
    entries = packed[start : start + members * _SEALED_MEMBER.size]
    return list(_SEALED_MEMBER.iter_unpack(entries))


def _sealed_body(packed: bytes) -> memoryview:
    _, members = _SEALED_HEAD.unpack_from(packed, _HEAD.size)
    start = _HEAD.size + _SEALED_HEAD.size + members * _SEALED_MEMBER.size
    return memoryview(packed)[start:]


def _sealed_run(packed: bytes, body: bytes, count: int, offset: int) -> Run:
    columns, _ = _SEALED_HEAD.unpack_from(packed, _HEAD.size)
    times, end = unpack_times(body, offset, count)
    held: list[list[float]] = []
    for _ in range(columns):
        values, end = unpack_values(body, end, count)
        held.append(values)
    return Run(times, tuple(held))
