# SPDX-License-Identifier: MIT
"""Samples in a Prometheus: each goes to the spool first, then to the server, in order."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from operator import itemgetter

from tinhnet.clock import Clock
from tinhnet.logs import Log
from tinhnet.store.series.contract import RECENT, Upkeep
from tinhnet.store.series.delivery import Delivery
from tinhnet.store.series.errors import SeriesUnreachableError
from tinhnet.store.series.keep import EARLY, Entry, sifted
from tinhnet.store.series.promql import Client, matchers, steady
from tinhnet.store.series.rollup import points_of_samples
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
from tinhnet.store.series.spool import Spool

STEPS_PER_QUERY = 10_000
"""Prometheus answers at most 11,000 points a series."""
RETRY = timedelta(seconds=10)
"""How long `append` leaves a server alone that did not answer; `maintain` always asks."""
_STATISTIC = "_statistic"  # no series of ours may have such a label
_STATISTICS = ("min", "avg", "max", "count")


class PrometheusSeries:
    """The contract, over HTTP; see `tinhnet.store.series.contract.SeriesStore`."""

    def __init__(self, client: Client, spool: Spool, clock: Clock, log: Log) -> None:
        self._client = client
        self._spool = spool
        self._clock = clock
        self._log = log
        self._delivery = Delivery(client, spool)
        self._turn = threading.RLock()
        self._refused: Counter[Refusal] = Counter()
        self._newest: dict[Series, int] = {}
        self._since: int | None = None
        self._away_until: datetime | None = None
        self._has_open_start: bool | None = None

    @property
    def where(self) -> str:
        """Name the server."""
        return self._client.where

    @property
    def refused(self) -> Mapping[Refusal, int]:
        """Count what was not kept, by reason."""
        return dict(self._refused + self._delivery.refused)

    @property
    def backlog(self) -> int:
        """Count the samples in the spool."""
        return self._spool.size

    def append(self, samples: Iterable[Sample]) -> None:
        """Write samples to the spool, then send what is in it unless the server is away."""
        now = self._clock()
        entries, refused = sifted(samples, now)
        with self._turn:
            if self._since is None:
                # Whoever wrote before us may have written up to here.
                self._since = milliseconds(now + EARLY)
            newest = dict(self._newest)
            late, fresh = _sorted_out(entries, self._since, newest, refused)
            self._spool.put(late, fresh)
            self._newest = newest
            self._refused.update(refused)
            if self._away_until is None or now >= self._away_until:
                self._deliver(now)

    def latest(self, selector: Selector, within: timedelta = RECENT) -> dict[Series, Sample]:
        """Return the newest sample of each series meant."""
        now = self._clock()
        start, end = milliseconds(now - within), milliseconds(now + EARLY)
        expression = f"{matchers(selector)}[{end - start + 1}ms]"
        found: dict[Series, Sample] = {}
        for row in steady(lambda: self._client.query(expression, end)):
            at, value = row.values[-1]
            if at >= start:
                found[row.series] = Sample(row.series, moment(at), value)
        return found

    def window(
        self, series: Series, start: datetime, end: datetime, step: timedelta | None = None
    ) -> tuple[Point, ...]:
        """Return samples, or steps of them."""
        first, last = milliseconds(start), milliseconds(end)
        step_ms = None if step is None else step_of(step)
        if first >= last or not series.is_well_named:
            return ()
        if step_ms is None:
            meant = matchers(Selector(series.name, series.labels))
            expression = f"{meant}[{last - first}ms]"
            rows = steady(lambda: self._client.query(expression, last - 1))
            found = [one for row in rows if row.series == series for one in row.values]
            return points_of_samples(one for one in found if first <= one[0] < last)
        first -= first % step_ms
        last += -last % step_ms
        points: list[Point] = []
        for begin in range(first, last, step_ms * STEPS_PER_QUERY):
            until = min(last, begin + step_ms * STEPS_PER_QUERY)
            points += self._steps(series, begin, until, step_ms)
        return tuple(points)

    def maintain(self, now: datetime) -> Upkeep:
        """Send what is in the spool, though the server was away a moment ago."""
        with self._turn:
            delivered = self._deliver(now)
            more = self._away_until is None and self._spool.size > 0
            return Upkeep(delivered=delivered, more=more)

    def close(self) -> None:
        """Let go of the spool."""
        self._spool.close()

    def _deliver(self, now: datetime) -> int:
        """Send parcels; when there is no answer, note it once and leave it for later."""
        was_away = self._away_until is not None
        before = self._delivery.delivered
        try:
            self._delivery.deliver()
        except SeriesUnreachableError as error:
            self._away_until = now + RETRY
            if not was_away:
                self._log.warning("series_server_away", backlog=self.backlog, said=str(error))
        else:
            self._away_until = None
            if was_away:
                self._log.info("series_server_back", backlog=self.backlog)
        return self._delivery.delivered - before

    def _steps(self, series: Series, start: int, end: int, step_ms: int) -> list[Point]:
        """Return the steps from `start` on and before `end`, both at whole steps.

        A step is asked for at its last millisecond; whether a range reaches
        one millisecond further back differs between servers.
        """
        reach = step_ms if self._starts_open() else step_ms - 1
        meant = matchers(Selector(series.name, series.labels))
        expression = " or ".join(
            f'label_replace({one}_over_time({meant}[{reach}ms]), "{_STATISTIC}", "{one}", "", "")'
            for one in _STATISTICS
        )
        first, last = start + step_ms - 1, end - 1
        rows = steady(lambda: self._client.query_range(expression, first, last, step_ms))
        # Series with more labels are meant as well; theirs are other rows.
        told = {
            one: dict(row.values)
            for row in rows
            for one in _STATISTICS
            if row.labels == dict(series.labels) | {_STATISTIC: one}
        }
        if set(told) != set(_STATISTICS):
            return []
        return [
            Point(
                moment(at - step_ms + 1),
                minimum,
                told["avg"][at],
                told["max"][at],
                round(told["count"][at]),
            )
            for at, minimum in told["min"].items()
        ]

    def _starts_open(self) -> bool:
        """Tell whether ranges leave their first moment out: Prometheus 3 and others do."""
        if self._has_open_start is None:
            counted = self._client.query_range(
                "count_over_time(vector(1)[2s:1s])", 10_000, 10_000, 1000
            )
            self._has_open_start = counted[0].values[0][1] < 3  # noqa: PLR2004
        return self._has_open_start


def _sorted_out(
    entries: list[Entry], since: int, newest: dict[Series, int], refused: list[Refusal]
) -> tuple[list[Entry], list[Entry]]:
    """Return samples the server is asked about first, and those newer than all of their series.

    `newest` is what this process has seen, and is kept up to date; of times
    up to `since` the server may have anything.
    """
    late: list[Entry] = []
    fresh: list[Entry] = []
    for entry in sorted(entries, key=itemgetter(1)):
        series, at, _ = entry
        known = newest.get(series)
        if known is None and not series.is_well_named:
            refused.append(Refusal.BAD_NAME)
        elif at == known:
            refused.append(Refusal.DUPLICATE)
        elif at <= max(since, known or since):
            late.append(entry)
            newest[series] = max(at, known or at)
        else:
            fresh.append(entry)
            newest[series] = at
    return late, fresh
