# SPDX-License-Identifier: MIT
"""A dry run of a rule over stored samples, a slice of the series in each request.

Seven days of a metric may be millions of samples: a request looks at as many
series as fit into its time, says how many, and where to go on.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import lazy_gettext

from tinhnet.alerting.rules import Rule
from tinhnet.alerting.trial import Firing, Point, dry_run
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.sample import Series, select

SPANS = {
    "1h": (timedelta(hours=1), lazy_gettext("the last hour")),
    "24h": (timedelta(hours=24), lazy_gettext("the last 24 hours")),
    "7d": (timedelta(days=7), lazy_gettext("the last 7 days")),
}
SLICE_S = 2.0
"""Seconds of a request; one series is always looked at whole."""
SHOWN_LABELS = ("device", "link", "service", "interface", "mount", "from")


@dataclass(frozen=True, slots=True)
class Slice:
    """What one request found: the series from `offset` to before `upto` of `total`."""

    offset: int
    upto: int
    total: int
    samples: int
    firings: tuple[Firing, ...]

    @property
    def is_done(self) -> bool:
        """Tell whether every series was looked at."""
        return self.upto >= self.total


def look(
    series: SeriesStore,
    rule: Rule,
    window: tuple[datetime, datetime],
    offset: int,
    clock: Callable[[], float] = time.monotonic,
) -> Slice:
    """Try a rule on the series from `offset` on, for about `SLICE_S` seconds."""
    start, end = window
    ends = clock() + SLICE_S
    known = sorted(series.latest(select(rule.metric), within=end - start))
    firings: list[Firing] = []
    samples, upto = 0, min(offset, len(known))
    for one in known[offset:]:
        points = [Point(point.at, point.value) for point in series.window(one, start, end)]
        firings += dry_run(rule, {name_of(one): points}, end).firings
        samples, upto = samples + len(points), upto + 1
        if clock() >= ends:
            break
    firings.sort(key=lambda one: one.start, reverse=True)
    return Slice(offset, upto, len(known), samples, tuple(firings))


def name_of(series: Series) -> str:
    """Return what a series is about, shortest words first."""
    labels = dict(series.labels)
    return " · ".join(labels[one] for one in SHOWN_LABELS if one in labels) or series.name
