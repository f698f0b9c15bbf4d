# SPDX-License-Identifier: MIT
"""The table of chunks: tiers, spans, and how rows are read and written.

Every chunk is a row: a tier, a group of series, the span of its times.  A
sample is in exactly one chunk of FRESH, FOLDED and RAW, and in the rollups
exactly when it is in RAW: so a window of steps is the sum of the head (FRESH
and FOLDED) and one other tier.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tinhnet.store.series import registry
from tinhnet.store.series.keep import FINE_MS, HOUR_MS

FRESH, FOLDED, RAW, FINE, COARSE = 0, 1, 2, FINE_MS, HOUR_MS
"""What was appended; that, many chunks in one; closed hours; rollups of 5 minutes and an hour."""
HEAD = (FRESH, FOLDED)
SAMPLES = (FRESH, FOLDED, RAW)
END = 1 << 62
"""Later than any time."""

SCHEMA = f"""{registry.SCHEMA}
CREATE TABLE chunk (id INTEGER PRIMARY KEY, tier INTEGER NOT NULL, grp INTEGER NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, packed BLOB NOT NULL);
CREATE INDEX chunk_span ON chunk (tier, grp, last, first);
CREATE TABLE damaged (id INTEGER PRIMARY KEY, tier INTEGER NOT NULL, grp INTEGER NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, packed BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A chunk where it stands; `last` is the last millisecond it tells of."""

    id: int
    tier: int
    group: int
    first: int
    last: int
    packed: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """What is looked for: chunks of a group that tell of times from `start` on, before `end`."""

    group: int
    start: int
    end: int


def chunks(connection: sqlite3.Connection, tiers: Iterable[int], span: Span) -> Iterator[Row]:
    """Yield the chunks of a span, oldest first within each tier."""
    for tier in tiers:
        rows = connection.execute(
            "SELECT id, tier, grp, first, last, packed FROM chunk"
            " WHERE tier = ? AND grp = ? AND last >= ? AND first < ? ORDER BY id",
            (tier, span.group, span.start, span.end),
        )
        for row in rows:
            yield Row(*row)


def add(connection: sqlite3.Connection, rows: Iterable[tuple[int, int, int, int, bytes]]) -> None:
    """Write chunks: tier, group, first, last, packed."""
    connection.executemany(
        "INSERT INTO chunk (tier, grp, first, last, packed) VALUES (?, ?, ?, ?, ?)", rows
    )


def remove(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Delete chunks."""
    connection.executemany("DELETE FROM chunk WHERE id = ?", [(row.id,) for row in rows])


def set_aside(connection: sqlite3.Connection, row: Row) -> None:
    """Move a damaged chunk where nobody reads it and a person can look at it."""
    connection.execute("INSERT OR IGNORE INTO damaged SELECT * FROM chunk WHERE id = ?", (row.id,))
    remove(connection, [row])


def newest(connection: sqlite3.Connection, group: int) -> int:
    """Return the last time a group has samples of, -1 without any."""
    found = [
        connection.execute(
            "SELECT max(last) FROM chunk WHERE tier = ? AND grp = ?", (tier, group)
        ).fetchone()[0]
        for tier in SAMPLES
    ]
    return max((last for last in found if last is not None), default=-1)


def oldest(connection: sqlite3.Connection, tier: int, group: int) -> int | None:
    """Return the first time a tier of a group tells of, None without any."""
    found: int | None = connection.execute(
        "SELECT min(first) FROM chunk WHERE tier = ? AND grp = ?", (tier, group)
    ).fetchone()[0]
    return found
