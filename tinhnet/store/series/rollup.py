# SPDX-License-Identifier: MIT
"""Rollups: least, greatest, sum and count of the samples of a step."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tinhnet.store.series.chunk import Run
from tinhnet.store.series.sample import Point, moment


@dataclass(slots=True)
class Bucket:
    """What is known of one step while samples and finer buckets are added."""

    minimum: float
    maximum: float
    total: float
    count: float

    def add(self, minimum: float, maximum: float, total: float, count: float) -> None:
        """Take in a sample or a finer bucket."""
        self.minimum = min(self.minimum, minimum)
        self.maximum = max(self.maximum, maximum)
        self.total += total
        self.count += count


Buckets = dict[int, Bucket]
"""By the beginning of their step, in milliseconds."""


def add_run(buckets: Buckets, run: Run, step_ms: int) -> None:
    """Add what a run of samples or of rollups holds; steps begin at whole steps of UTC."""
    rows = zip(run.times, *_four_columns(run), strict=True)
    for at, minimum, maximum, total, count in rows:
        begin = at - at % step_ms
        bucket = buckets.get(begin)
        if bucket is None:
            buckets[begin] = Bucket(minimum, maximum, total, count)
            continue
        bucket.add(minimum, maximum, total, count)


def rolled_up(run: Run, step_ms: int) -> Run:
    """Return the rollups of a run of samples or of finer rollups."""
    times, lows, highs, totals, counts = run.times, *_four_columns(run)
    rows: list[tuple[int, float, float, float, float]] = []
    start = 0
    while start < len(times):
        begin = times[start] - times[start] % step_ms
        end = bisect_left(times, begin + step_ms, start)
        part = slice(start, end)
        rows.append(
            (begin, min(lows[part]), max(highs[part]), sum(totals[part]), sum(counts[part]))
        )
        start = end
    begins, *columns = zip(*rows, strict=True)
    return Run(begins, tuple(columns))


def latest_wins(runs: Iterable[Run]) -> Run:
    """Return one run of all; where two tell of the same time the later run is right."""
    rows: dict[int, tuple[float, ...]] = {}
    for run in runs:
        rows.update(zip(run.times, zip(*run.columns, strict=True), strict=True))
    times = sorted(rows)
    return Run(times, tuple(zip(*[rows[at] for at in times], strict=True)))


def points_of_buckets(buckets: Mapping[int, Bucket]) -> tuple[Point, ...]:
    """Return buckets as points in the order of time."""
    return tuple(
        Point(moment(at), one.minimum, one.total / one.count, one.maximum, round(one.count))
        for at, one in sorted(buckets.items())
    )


def points_of_samples(samples: Iterable[tuple[int, float]]) -> tuple[Point, ...]:
    """Return samples, in the order of time, as points of one each."""
    return tuple(Point(moment(at), value, value, value, 1) for at, value in samples)


def _four_columns(run: Run) -> tuple[Sequence[float], ...]:
    """Return least, greatest, sum and count; of samples they are all the sample, and one."""
    if len(run.columns) > 1:
        return run.columns
    values = run.columns[0]
    return values, values, values, [1.0] * len(values)
