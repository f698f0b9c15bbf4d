# SPDX-License-Identifier: MIT
"""Rollups: least, greatest, sum and count of the samples of a step."""

from collections.abc import Iterable, Mapping
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
    four = run.columns if len(run.columns) > 1 else _as_rollups(run)
    for at, minimum, maximum, total, count in zip(run.times, *four, strict=True):
        begin = at - at % step_ms
        bucket = buckets.get(begin)
        if bucket is None:
            buckets[begin] = Bucket(minimum, maximum, total, count)
            continue
        bucket.add(minimum, maximum, total, count)


def run_of_buckets(buckets: Mapping[int, Bucket]) -> Run:
    """Return buckets as a run of four columns."""
    times = sorted(buckets)
    held = [buckets[at] for at in times]
    return Run(
        times,
        (
            [one.minimum for one in held],
            [one.maximum for one in held],
            [one.total for one in held],
            [one.count for one in held],
        ),
    )


def rolled_up(run: Run, step_ms: int) -> Run:
    """Return the rollups of a run of samples."""
    buckets: Buckets = {}
    add_run(buckets, run, step_ms)
    return run_of_buckets(buckets)


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


def _as_rollups(run: Run) -> tuple[Iterable[float], ...]:
    values = run.columns[0]
    return values, values, values, [1.0] * len(values)
