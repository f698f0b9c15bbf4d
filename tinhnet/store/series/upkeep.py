# SPDX-License-Identifier: MIT
"""What keeps the file small, quick and whole: fold, seal, roll up, join, let go, look."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from tinhnet.store.series import table
from tinhnet.store.series.chunk import (
    ChunkDamagedError,
    Loose,
    Run,
    check,
    pack_loose,
    pack_sealed,
    runs_of,
    samples_of,
)
from tinhnet.store.series.contract import Upkeep
from tinhnet.store.series.keep import HOUR_MS, LATE, Kind
from tinhnet.store.series.rollup import latest_wins, rolled_up
from tinhnet.store.series.sample import MILLISECOND
from tinhnet.store.series.table import COARSE, END, FINE, FOLDED, FRESH, HEAD, RAW, Row, Span

DAY_MS = 24 * HOUR_MS
GRACE_MS = 300_000
"""How long an hour stays open for stragglers; later ones open it again."""
FOLD_AT = 96
"""Fresh chunks of a group before they become one; a poll a minute never gets there."""
GROUPS_PER_CALL = 16
LOOKED_AT_PER_CALL = 256
BLOCKS = ((FINE, DAY_MS), (COARSE, 7 * DAY_MS))
"""How long the rollups are that hours are joined to."""
LATE_MS = LATE // MILLISECOND + HOUR_MS


@dataclass(slots=True)
class Keeper:
    """The work, in pieces of one transaction; remembers how far it has looked and joined."""

    _looked_at: int = 0
    _joined: dict[int, int] = field(default_factory=dict)
    _damaged: dict[int, Row] = field(default_factory=dict)

    def maintain(
        self, connection: sqlite3.Connection, kinds: Mapping[int, Kind], now_ms: int
    ) -> Upkeep:
        """Do a piece of everything; what is done twice does no harm."""
        self._damaged = {}
        self._look(connection)
        until = (now_ms - GRACE_MS) // HOUR_MS * HOUR_MS
        sealing = _groups_to_seal(connection, until)
        for group in sealing:
            self._seal(connection, group, until)
        for group in _groups_to_fold(connection):
            self._fold(connection, group)
        joining = self._blocks(connection, now_ms, is_settled=len(sealing) < GROUPS_PER_CALL)
        for tier, span in joining:
            self._join(connection, tier, span)
        retired = sum(_retire(connection, group, kind, now_ms) for group, kind in kinds.items())
        for row in self._damaged.values():
            table.set_aside(connection, row)
        return Upkeep(
            sealed=len(sealing),
            joined=len(joining),
            retired=retired,
            damaged=len(self._damaged),
            more=len(sealing) == GROUPS_PER_CALL or bool(joining),
        )

    def _look(self, connection: sqlite3.Connection) -> None:
        """Check the next chunks; begin anew after the last one."""
        rows = connection.execute(
            "SELECT id, tier, grp, first, last, packed FROM chunk WHERE id > ? ORDER BY id LIMIT ?",
            (self._looked_at, LOOKED_AT_PER_CALL),
        ).fetchall()
        for row in rows:
            try:
                check(row[-1])
            except ChunkDamagedError:
                self._damaged[row[0]] = Row(*row)
        self._looked_at = rows[-1][0] if len(rows) == LOOKED_AT_PER_CALL else 0

    def _seal(self, connection: sqlite3.Connection, group: int, until: int) -> None:
        """Move what the head has of closed hours into hourly blobs, and roll those hours up."""
        rows, samples = self._samples(connection, HEAD, Span(group, 0, until))
        hours: dict[int, list[Loose]] = {}
        rest: list[Loose] = []
        for sample in samples:
            at = sample[1]
            kept = rest if at >= until else hours.setdefault(at - at % HOUR_MS, [])
            kept.append(sample)
        for hour, fresh in hours.items():
            self._seal_hour(connection, group, hour, fresh)
        table.remove(connection, rows)
        if rest:
            table.add(connection, [_loose_row(group, rest)])

    def _seal_hour(
        self, connection: sqlite3.Connection, group: int, hour: int, fresh: list[Loose]
    ) -> None:
        """Write an hour's blob anew, with what it had, and its rollups; newer rollups win."""
        span = Span(group, hour, hour + HOUR_MS)
        rows, samples = self._samples(connection, [RAW], span)
        runs = _by_member(sorted(samples + fresh))
        table.remove(connection, rows)
        table.add(connection, [(RAW, group, *_span_of(runs), pack_sealed(runs))])
        for tier in (FINE, COARSE):
            runs = {member: rolled_up(run, tier) for member, run in runs.items()}
            table.add(connection, [_rollup_row(tier, group, runs)])

    def _fold(self, connection: sqlite3.Connection, group: int) -> None:
        """Make one chunk of many small ones."""
        rows, samples = self._samples(connection, [FRESH], Span(group, 0, END))
        table.remove(connection, rows)
        if samples:
            table.add(connection, [_loose_row(group, samples)])

    def _blocks(
        self, connection: sqlite3.Connection, now_ms: int, *, is_settled: bool
    ) -> list[tuple[int, Span]]:
        """Return closed blocks of rollups that are still in pieces."""
        blocks: list[tuple[int, Span]] = []
        for tier, block in BLOCKS:
            until = (now_ms - LATE_MS) // block * block
            found = connection.execute(
                "SELECT grp, last / ? AS block FROM chunk WHERE tier = ? AND last >= ? AND last < ?"
                " GROUP BY grp, block HAVING count(*) > 1 LIMIT ?",
                (block, tier, self._joined.get(tier, 0), until, GROUPS_PER_CALL),
            ).fetchall()
            blocks += [(tier, Span(group, at * block, (at + 1) * block)) for group, at in found]
            if is_settled and not found:
                self._joined[tier] = until
        return blocks

    def _join(self, connection: sqlite3.Connection, tier: int, span: Span) -> None:
        """Make one chunk of the rollups of a day or a week."""
        held: dict[int, list[Run]] = {}
        rows: list[Row] = []
        for row in table.chunks(connection, [tier], span):
            if row.first < span.start or row.last >= span.end:
                continue
            try:
                runs = runs_of(row.packed)
            except ChunkDamagedError:
                self._damaged[row.id] = row
                continue
            rows.append(row)
            for member, run in runs.items():
                held.setdefault(member, []).append(run)
        table.remove(connection, rows)
        joined = {member: latest_wins(runs) for member, runs in held.items()}
        if joined:
            table.add(connection, [_rollup_row(tier, span.group, joined)])

    def _samples(
        self, connection: sqlite3.Connection, tiers: Iterable[int], span: Span
    ) -> tuple[list[Row], list[Loose]]:
        """Return the chunks of a span that can be read, and their samples, sorted."""
        rows: list[Row] = []
        samples: list[Loose] = []
        for row in table.chunks(connection, tiers, span):
            try:
                samples += samples_of(row.packed)
            except ChunkDamagedError:
                self._damaged[row.id] = row
            else:
                rows.append(row)
        return rows, sorted(samples)


def _groups_to_seal(connection: sqlite3.Connection, until: int) -> list[int]:
    found = connection.execute(
        "SELECT DISTINCT grp FROM chunk WHERE tier IN (?, ?) AND first < ? LIMIT ?",
        (*HEAD, until, GROUPS_PER_CALL),
    )
    return [group for (group,) in found]


def _groups_to_fold(connection: sqlite3.Connection) -> list[int]:
    found = connection.execute(
        "SELECT grp FROM chunk WHERE tier = ? GROUP BY grp HAVING count(*) >= ? LIMIT ?",
        (FRESH, FOLD_AT, GROUPS_PER_CALL),
    )
    return [group for (group,) in found]


def _retire(connection: sqlite3.Connection, group: int, kind: Kind, now_ms: int) -> int:
    """Delete what a group need not keep any longer; return how many chunks that was."""
    days = {RAW: kind.raw_days, FINE: kind.fine_days, COARSE: kind.coarse_days}
    return sum(
        connection.execute(
            "DELETE FROM chunk WHERE tier = ? AND grp = ? AND last < ?",
            (tier, group, now_ms - kept * DAY_MS),
        ).rowcount
        for tier, kept in days.items()
    )


def _by_member(samples: Iterable[Loose]) -> dict[int, Run]:
    """Return sorted samples as runs."""
    runs: dict[int, Run] = {}
    for member, held in groupby(samples, key=itemgetter(0)):
        _, times, values = zip(*held, strict=True)
        runs[member] = Run(times, (values,))
    return runs


def _loose_row(group: int, samples: list[Loose]) -> tuple[int, int, int, int, bytes]:
    times = [at for _, at, _ in samples]
    return FOLDED, group, min(times), max(times), pack_loose(samples)


def _rollup_row(tier: int, group: int, runs: Mapping[int, Run]) -> tuple[int, int, int, int, bytes]:
    first, last = _span_of(runs)
    return tier, group, first, last + tier - 1, pack_sealed(runs)


def _span_of(runs: Mapping[int, Run]) -> tuple[int, int]:
    return min(run.times[0] for run in runs.values()), max(run.times[-1] for run in runs.values())
