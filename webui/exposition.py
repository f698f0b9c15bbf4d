# SPDX-License-Identifier: MIT
"""What /metrics says, made at most once in a few seconds however many ask."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from threading import Lock

from tinhnet.context import Context
from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of
from tinhnet.metrics import Family, Row, exposition, text_of
from tinhnet.store.health import look
from tinhnet.store.heartbeats import list_heartbeats
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.open import open_series
from tinhnet.store.series.sample import Sample, select
from tinhnet.worker import metrics_directory

FRESH_S = 5.0
"""Seconds for which an answer is given again."""
PREFIX = "tinhnet_"
ENDS = {"_per_s": "_per_second", "_s": "_seconds"}
"""How units of our series are spelled in Prometheus (its naming practices), longest first."""
RESERVED = ("_total", "_count", "_sum", "_bucket", "_info")
"""Ends that mean another type to Prometheus; ours are gauges all."""

log = log_of("web")


class Exposition:
    """The text for scrapers, kept for a few seconds."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._series: SeriesStore | None = None
        self._lock = Lock()
        self._text = ""
        self._made_at = float("-inf")

    def text(self) -> str:
        """Return what stands now, or stood a moment ago; one thread makes it, the others wait."""
        with self._lock:
            if time.monotonic() - self._made_at >= FRESH_S:
                self._text = self._make()
                self._made_at = time.monotonic()
            return self._text

    def _make(self) -> str:
        own = exposition(metrics_directory(self._context))
        return own + text_of([*self._health(), *self._samples()])

    def _health(self) -> Iterator[Family]:
        now = self._context.now
        with self._context.store.reading() as connection:
            beats, found = list_heartbeats(connection), look(connection)
        ages: list[Row] = [
            ({"worker": one.worker}, max(0.0, (now - one.at).total_seconds())) for one in beats
        ]
        about = "Seconds since a worker gave a sign of life"
        yield Family(f"{PREFIX}worker_heartbeat_age_seconds", about, ages)
        yield Family(f"{PREFIX}alerts", "Alerts by state", _by_state(found.alerts))
        yield Family(f"{PREFIX}jobs", "Jobs by state", _by_state(found.jobs))
        yield Family(f"{PREFIX}events_appended_total", "Events ever taken in", [({}, found.events)])
        yield Family(f"{PREFIX}state_size_bytes", "Size of the state", [({}, found.size_bytes)])
        yield Family(f"{PREFIX}build_info", "Which product this is", [_build()])

    def _samples(self) -> Iterator[Family]:
        """Yield the newest sample of each series with its own time; none when they are out."""
        try:
            if self._series is None:
                self._series = open_series(self._context.config, self._context.clock)
            newest = self._series.latest(select())
            backlog = self._series.backlog
        except (TinhnetError, OSError) as error:
            log.error("series_not_read", error=str(error))  # noqa: TRY400 a sentence, no trace
            yield Family(f"{PREFIX}series_readable", "1 if samples can be read", [({}, 0)])
            return
        yield Family(f"{PREFIX}series_readable", "1 if samples can be read", [({}, 1)])
        about = "Samples that wait on our disk for the server"
        yield Family(f"{PREFIX}series_backlog_samples", about, [({}, backlog)])
        yield Family(f"{PREFIX}series_fresh", "Series with a fresh sample", [({}, len(newest))])
        by_name: dict[str, list[Sample]] = defaultdict(list)
        for series, sample in newest.items():
            by_name[series.name].append(sample)
        for name, samples in sorted(by_name.items()):
            rows: list[Row] = [(dict(one.series.labels), one.value, one.at) for one in samples]
            yield Family(metric_name(name), f"Newest sample of the series {name}", rows)


def metric_name(series: str) -> str:
    """Return the name of a series as Prometheus wants it: our prefix, units in full."""
    for end, full in ENDS.items():
        if series.endswith(end):
            series = series.removesuffix(end) + full
            break
    is_reserved = series.endswith(RESERVED)
    return f"{PREFIX}{series}_value" if is_reserved else f"{PREFIX}{series}"


def _by_state(counts: Mapping[str, int]) -> list[Row]:
    return [({"state": state}, count) for state, count in sorted(counts.items())]


def _build() -> Row:
    return ({"version": version("tinhnet")}, 1)
