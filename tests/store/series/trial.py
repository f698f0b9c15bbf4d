# SPDX-License-Identifier: MIT
"""What the tests of samples share: a clock that is set, and stores on the same samples."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.store.series.server import Server
from tinhnet.clock import Clock
from tinhnet.logs import log_of
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.prometheus import PrometheusSeries
from tinhnet.store.series.promql import Client
from tinhnet.store.series.sample import Sample, Series, series_of
from tinhnet.store.series.spool import Spool

BEGIN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class Now:
    """A clock that stands where it is put."""

    at: datetime = BEGIN

    def __call__(self) -> datetime:
        """Return the time it was put at."""
        return self.at


@dataclass
class Trial:
    """Samples of one test; `make` opens another store on them."""

    make: Callable[[Now], SeriesStore]
    run: str
    now: Now = field(default_factory=Now)
    opened: list[SeriesStore] = field(default_factory=list)

    def open(self) -> SeriesStore:
        """Open a store, as another process would."""
        self.opened.append(self.make(self.now))
        return self.opened[-1]

    def series(self, name: str = "memory_used_bytes", **labels: str) -> Series:
        """Return a series that no other test on the same server has."""
        return series_of(name, run=self.run, **labels)

    def close(self) -> None:
        """Close what was opened."""
        for store in self.opened:
            store.close()


def store_at(url: str, directory: Path, clock: Clock) -> PrometheusSeries:
    """Return a store on a server by URL, with its spool in a directory.

    It is patient: a machine that runs many tests answers late.
    """
    client = Client(url, timeout_s=60)
    return PrometheusSeries(client, Spool(directory), clock, log_of("store"))


def trial_on(server: Server, directory: Path, run: str) -> Trial:
    """Return a trial on a Prometheus, with its spool in a directory."""

    def make(now: Now) -> SeriesStore:
        return store_at(server.url, directory, now)

    return Trial(make, run)


def every(series: Series, step: timedelta, values: list[float]) -> list[Sample]:
    """Return a sample per step, the last one at BEGIN."""
    first = BEGIN - step * (len(values) - 1)
    return [Sample(series, first + step * number, value) for number, value in enumerate(values)]


def seen(store: SeriesStore, series: Series, back: timedelta = DAY) -> list[tuple[datetime, float]]:
    """Return the samples of the time until BEGIN and a minute, as pairs."""
    points = store.window(series, BEGIN - back, BEGIN + MINUTE)
    return [(point.at, point.value) for point in points]


def settle(store: SeriesStore, now: datetime) -> None:
    """Do all upkeep there is."""
    while store.maintain(now).more:
        pass
