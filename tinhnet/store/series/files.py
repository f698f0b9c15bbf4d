# SPDX-License-Identifier: MIT
"""Samples in a file of ours: a head of loose chunks, then hourly blobs and rollups."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path

from tinhnet.clock import Clock
from tinhnet.errors import message_id
from tinhnet.store.series import table
from tinhnet.store.series.chunk import ChunkDamagedError, Loose, Run, pack_loose, run_of
from tinhnet.store.series.contract import RECENT, Upkeep
from tinhnet.store.series.database import Database
from tinhnet.store.series.errors import SeriesDamagedError
from tinhnet.store.series.keep import HOUR_MS, Entry, sifted
from tinhnet.store.series.registry import MEMBER, MEMBER_BITS, Registry
from tinhnet.store.series.rollup import (
    Buckets,
    add_run,
    latest_wins,
    points_of_buckets,
    points_of_samples,
)
from tinhnet.store.series.sample import (
    Point,
    Refusal,
    Sample,
    Selector,
    Series,
    milliseconds,
    moment,
    step_of,
)
from tinhnet.store.series.table import COARSE, END, FINE, FRESH, HEAD, RAW, SAMPLES, Row, Span
from tinhnet.store.series.upkeep import Keeper

FILE = "series.db"

Batch = dict[int, list[Loose]]


class FileSeries:
    """The contract, in a directory; see `tinhnet.store.series.contract.SeriesStore`."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._database = Database(directory / FILE, table.SCHEMA)
        self._clock = clock
        self._registry = Registry()
        self._keeper = Keeper()
        self._refused: Counter[Refusal] = Counter()
        self._newest: dict[int, int] = {}
        self._turn = threading.RLock()

    @property
    def where(self) -> str:
        """Name the file."""
        return str(self._database.path)

    @property
    def refused(self) -> Mapping[Refusal, int]:
        """Count what was not kept, by reason."""
        return dict(self._refused)

    @property
    def backlog(self) -> int:
        """Return 0: what is kept has arrived."""
        return 0

    def append(self, samples: Iterable[Sample]) -> None:
        """Keep samples in one transaction, one loose chunk per group."""
        entries, refused = sifted(samples, self._clock())
        with self._turn:
            newest = dict(self._newest)
            if entries:
                with self._database.writing() as connection:
                    batch = self._batch(entries, newest, refused, connection)
                    table.add(connection, _fresh_rows(batch))
            self._newest = newest
            self._refused.update(refused)

    def latest(self, selector: Selector, within: timedelta = RECENT) -> dict[Series, Sample]:
        """Return the newest sample of each series meant."""
        start = milliseconds(self._clock() - within)
        found: dict[Series, Sample] = {}
        with self._database.reading() as connection:
            if connection is None:
                return found
            self._registry.refresh(connection)
            for group, wanted in self._registry.by_group(self._registry.find(selector)).items():
                rows = list(table.chunks(connection, SAMPLES, Span(group, start, END)))
                rows.sort(key=lambda row: row.last, reverse=True)
                for member, series in wanted:
                    newest = self._newest_of(rows, member)
                    if newest is not None and newest[0] >= start:
                        found[series] = Sample(series, moment(newest[0]), newest[1])
        return found

    def window(
        self, series: Series, start: datetime, end: datetime, step: timedelta | None = None
    ) -> tuple[Point, ...]:
        """Return samples, or steps of them."""
        first, last = milliseconds(start), milliseconds(end)
        step_ms = None if step is None else step_of(step)
        if first >= last:
            return ()
        with self._database.reading() as connection:
            place = None
            if connection is not None:
                self._registry.refresh(connection)
                place = self._registry.places.get(series)
            if connection is None or place is None:
                return ()
            if step_ms is None:
                return points_of_samples(self._samples(connection, place, first, last))
            span = Span(place >> MEMBER_BITS, first - first % step_ms, last + -last % step_ms)
            return points_of_buckets(self._buckets(connection, span, place & MEMBER, step_ms))

    def maintain(self, now: datetime) -> Upkeep:
        """Seal hours, roll them up, let go of what is too old, look for damage."""
        with self._database.writing() as connection:
            self._registry.refresh(connection)
            return self._keeper.maintain(connection, self._registry.kinds, milliseconds(now))

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _batch(
        self,
        entries: list[Entry],
        newest: dict[int, int],
        refused: list[Refusal],
        connection: sqlite3.Connection,
    ) -> Batch:
        """Return what is to be written, by group; duplicates and bad names join `refused`."""
        self._registry.refresh(connection)
        places = self._registry.places
        fresh = self._registry.write(
            [one for one, _, _ in entries if one not in places and one.is_well_named], connection
        )
        batch: Batch = {}
        kept: dict[int, set[int]] = {}
        for series, at, value in sorted(entries, key=itemgetter(1)):
            place = places.get(series)
            if place is None:
                place = fresh.get(series)
            if place is None:
                refused.append(Refusal.BAD_NAME)
                continue
            group = place >> MEMBER_BITS
            if place not in newest:
                newest[place] = table.newest(connection, group)
            if at > newest[place]:
                newest[place] = at
            else:
                if place not in kept:
                    kept[place] = _times_since(connection, batch.get(group, []), place, at)
                if at in kept[place]:
                    refused.append(Refusal.DUPLICATE)
                    continue
            if place in kept:
                kept[place].add(at)
            batch.setdefault(group, []).append((place & MEMBER, at, value))
        return batch

    def _newest_of(self, rows: list[Row], member: int) -> tuple[int, float] | None:
        """Return the newest sample of a member; rows come with the latest end first."""
        found: tuple[int, float] | None = None
        for row in rows:
            if found is not None and found[0] >= row.last:
                break
            run = self._run(row, member)
            if run is not None and (found is None or run.times[-1] > found[0]):
                found = (run.times[-1], run.columns[0][-1])
        return found

    def _samples(
        self, connection: sqlite3.Connection, place: int, start: int, end: int
    ) -> list[tuple[int, float]]:
        found: list[tuple[int, float]] = []
        for row in table.chunks(connection, SAMPLES, Span(place >> MEMBER_BITS, start, end)):
            run = self._run(row, place & MEMBER)
            if run is not None:
                found.extend(zip(run.times, run.columns[0], strict=True))
        found.sort()
        return [one for one in found if start <= one[0] < end]

    def _buckets(
        self, connection: sqlite3.Connection, span: Span, member: int, step_ms: int
    ) -> Buckets:
        """Add up the head and the coarsest tier that fits; before its beginning, coarser ones."""
        buckets: Buckets = {}
        for run in self._runs(connection, HEAD, span, member):
            add_run(buckets, _between(run, span.start, span.end), step_ms)
        base = next((tier for tier in (COARSE, FINE) if step_ms % tier == 0), RAW)
        end = span.end
        for tier in (RAW, FINE, COARSE):
            if tier < base or end <= span.start:
                continue
            start = span.start if tier == RAW else span.start - span.start % tier
            runs = list(self._runs(connection, [tier], Span(span.group, start, end), member))
            if runs:
                add_run(buckets, _between(latest_wins(runs), start, end), step_ms)
            begin = table.oldest(connection, tier, span.group)
            if begin is not None:
                end = min(end, begin - begin % HOUR_MS)
        return buckets

    def _runs(
        self, connection: sqlite3.Connection, tiers: Iterable[int], span: Span, member: int
    ) -> Iterator[Run]:
        for row in table.chunks(connection, tiers, span):
            run = self._run(row, member)
            if run is not None:
                yield run

    def _run(self, row: Row, member: int) -> Run | None:
        try:
            return run_of(row.packed, member)
        except ChunkDamagedError as error:
            raise SeriesDamagedError(
                message_id("%(where)s: chunk %(id)s, %(first)s to %(last)s, is damaged: %(why)s"),
                message_id("all else can be read; the next upkeep puts this chunk aside"),
                where=self.where,
                id=row.id,
                first=moment(row.first).isoformat(),
                last=moment(row.last).isoformat(),
                why=error,
            ) from error


def _times_since(
    connection: sqlite3.Connection, pending: list[Loose], place: int, start: int
) -> set[int]:
    """Return the times of a series from `start` on that are written or about to be."""
    member = place & MEMBER
    times = {at for one, at, _ in pending if one == member}
    for row in table.chunks(connection, SAMPLES, Span(place >> MEMBER_BITS, start, END)):
        try:
            run = run_of(row.packed, member)
        except ChunkDamagedError:  # `maintain` deals with it; its samples are lost anyway
            continue
        if run is not None:
            times.update(run.times)
    return times


def _fresh_rows(batch: Batch) -> Iterator[tuple[int, int, int, int, bytes]]:
    for group, samples in batch.items():
        samples.sort()
        times = [at for _, at, _ in samples]
        yield FRESH, group, min(times), max(times), pack_loose(samples)


def _between(run: Run, start: int, end: int) -> Run:
    """Return the part of a run from `start` on and before `end`."""
    kept = [index for index, at in enumerate(run.times) if start <= at < end]
    if len(kept) == len(run.times):
        return run
    return Run(
        [run.times[index] for index in kept],
        tuple([column[index] for index in kept] for column in run.columns),
    )
