# SPDX-License-Identifier: MIT
"""What the product knows of itself, as values that rules judge like any others."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from tinhnet.alerting.rules import Rule
from tinhnet.store.heartbeats import Heartbeat
from tinhnet.store.series.sample import Sample, Series, series_of

SILENT_BEATS = 3.0
"""Heartbeats a worker may owe."""
FORGOTTEN = timedelta(days=7)
"""A collector that wrote nothing for so long was taken away."""
WORKER_AGE = "worker_age_s"
METRICS = frozenset({WORKER_AGE, "observed_age_s", "state_used_ratio", "series_backlog"})


def ages_of_workers(
    beats: Iterable[Heartbeat], expected: Iterable[str], started: datetime, now: datetime
) -> dict[Series, Sample]:
    """Return how long each worker is silent, as far as we look: since `started`."""
    last = {one.worker: max(one.at, started) for one in beats}
    wanted = last | {name: started for name in expected if name not in last}
    return {
        (series := series_of(WORKER_AGE, worker=name)): Sample(
            series, now, max((now - at).total_seconds(), 0.0)
        )
        for name, at in wanted.items()
    }


def for_beats(rule: Rule, beats: Iterable[Heartbeat]) -> Rule:
    """Return the rule about silent workers for those that promise a sign of life less often."""
    slowest = max((one.interval_s for one in beats), default=1)
    above = max(rule.above or 0.0, SILENT_BEATS * slowest)
    return replace(rule, above=above, clear=min(rule.clear or above, above))


def ages_of_sources(
    sources: Mapping[str, datetime], started: datetime, now: datetime
) -> dict[Series, Sample]:
    """Return how old what each collector wrote is, as far as we look: since `started`."""
    return {
        (series := series_of("observed_age_s", source=name)): Sample(
            series, now, max((now - max(at, started)).total_seconds(), 0.0)
        )
        for name, at in sources.items()
        if now - at < FORGOTTEN
    }


def used_of(state: Path, now: datetime) -> dict[Series, Sample]:
    """Return how full the disk of the state is; nothing where it cannot be asked."""
    try:
        usage = shutil.disk_usage(state)
    except OSError:
        return {}
    series = series_of("state_used_ratio")
    return {series: Sample(series, now, usage.used / usage.total)}


def backlog_of(count: int, now: datetime) -> dict[Series, Sample]:
    """Return how many samples wait for their server."""
    series = series_of("series_backlog")
    return {series: Sample(series, now, float(count))}
