# SPDX-License-Identifier: MIT
"""Samples on their way to a server: a queue on the disk that outlives everybody.

A row is a parcel: what one request carries.  A parcel that the server will
not take whole is split in two that stand in its place, until what it refuses
stands alone.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinhnet.store.series import registry
from tinhnet.store.series.chunk import ChunkDamagedError
from tinhnet.store.series.database import Database
from tinhnet.store.series.keep import Entry
from tinhnet.store.series.registry import Registry
from tinhnet.store.series.sample import Series

FILE = "spool.db"
PER_PARCEL = 2000
"""Samples of one request; Prometheus' own sender stops at 2,000 (max_samples_per_send)."""
FORMAT = 1

SCHEMA = f"""{registry.SCHEMA}
CREATE TABLE waiting (id INTEGER NOT NULL, part TEXT NOT NULL, late INTEGER NOT NULL,
  size INTEGER NOT NULL, packed BLOB NOT NULL, PRIMARY KEY (id, part)) WITHOUT ROWID;
CREATE TABLE damaged (id INTEGER NOT NULL, part TEXT NOT NULL, late INTEGER NOT NULL,
  size INTEGER NOT NULL, packed BLOB NOT NULL);
"""
_HEAD = struct.Struct("<BI")
_SAMPLE = struct.Struct("<qqd")

_Placed = tuple[int, int, float]
"""Milliseconds, place, value."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Samples sorted by time; `is_late` when the server may have some of these moments already."""

    id: int
    part: str
    is_late: bool
    samples: tuple[Entry, ...]


class Spool:
    """The queue of a directory; `Database` sees to it that one process writes."""

    def __init__(self, directory: Path) -> None:
        self._database = Database(directory / FILE, SCHEMA)
        self._registry = Registry()
        self._series: dict[int, Series] = {}

    @property
    def size(self) -> int:
        """Count the samples that wait."""
        with self._database.reading() as connection:
            if connection is None:
                return 0
            found = connection.execute("SELECT coalesce(sum(size), 0) FROM waiting").fetchone()
            return int(found[0])

    def put(self, late: Sequence[Entry], fresh: Sequence[Entry]) -> None:
        """Write samples at the end of the queue, all or none, the late ones before the others.

        Both are told in the order of time.
        """
        told = (*late, *fresh)
        if not told:
            return
        with self._database.writing() as connection:
            self._registry.refresh(connection)
            wanted = dict.fromkeys(series for series, _, _ in told)
            places = self._registry.places | self._registry.write(wanted, connection)
            (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM waiting").fetchone()
            for is_late, entries in ((True, late), (False, fresh)):
                placed = [(at, places[series], value) for series, at, value in entries]
                for start in range(0, len(placed), PER_PARCEL):
                    last += 1
                    piece = placed[start : start + PER_PARCEL]
                    row = (last, "", is_late, len(piece), _packed(piece))
                    connection.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?)", row)

    def first(self) -> Parcel | None:
        """Return the parcel that waits longest, None when none does.

        A damaged one is moved aside, where a person can look at it.
        """
        while (row := self._oldest()) is not None:
            number, part, late, packed = row
            try:
                return Parcel(number, part, bool(late), tuple(self._entries(packed)))
            except ChunkDamagedError:
                self._set_aside(number, part)
        return None

    def drop(self, parcel: Parcel) -> None:
        """Forget a parcel that has arrived, or never will."""
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM waiting WHERE id = ? AND part = ?", (parcel.id, parcel.part)
            )

    def split(self, parcel: Parcel) -> None:
        """Put the two halves of a parcel in its place, the older one first."""
        places = self._registry.places
        placed = [(at, places[series], value) for series, at, value in parcel.samples]
        middle = len(placed) // 2
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM waiting WHERE id = ? AND part = ?", (parcel.id, parcel.part)
            )
            for half, piece in (("0", placed[:middle]), ("1", placed[middle:])):
                row = (parcel.id, parcel.part + half, parcel.is_late, len(piece), _packed(piece))
                connection.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?)", row)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _oldest(self) -> tuple[int, str, int, bytes] | None:
        with self._database.reading() as connection:
            if connection is None:
                return None
            self._registry.refresh(connection)
            found: tuple[int, str, int, bytes] | None = connection.execute(
                "SELECT id, part, late, packed FROM waiting ORDER BY id, part LIMIT 1"
            ).fetchone()
            return found

    def _entries(self, packed: bytes) -> Iterator[Entry]:
        known, crc = _HEAD.unpack_from(packed)
        body = packed[_HEAD.size :]
        if known != FORMAT or zlib.crc32(body) != crc:
            raise ChunkDamagedError("its checksum is wrong")
        if len(self._series) < len(self._registry.places):
            self._series = {place: series for series, place in self._registry.places.items()}
        for at, place, value in _SAMPLE.iter_unpack(body):
            yield self._series[place], at, value

    def _set_aside(self, number: int, part: str) -> None:
        with self._database.writing() as connection:
            key = (number, part)
            connection.execute(
                "INSERT INTO damaged SELECT * FROM waiting WHERE id = ? AND part = ?", key
            )
            connection.execute("DELETE FROM waiting WHERE id = ? AND part = ?", key)


def _packed(placed: Sequence[_Placed]) -> bytes:
    body = b"".join(_SAMPLE.pack(*one) for one in placed)
    return _HEAD.pack(FORMAT, zlib.crc32(body)) + body
