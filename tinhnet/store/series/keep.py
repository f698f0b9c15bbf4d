# SPDX-License-Identifier: MIT
"""How long samples are kept, by kind, and what is accepted at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

from tinhnet.store.series.sample import Refusal, Sample, Series, milliseconds

EARLY = timedelta(minutes=5)
"""A sample further ahead of our clock than this is a wrong clock."""
LATE = timedelta(days=1)
"""A sample older than this is refused; an agent behind a cut circuit reports hours late."""
HOUR_MS = 3_600_000
FINE_MS = 300_000


Entry = tuple[Series, int, float]
"""A sample inside the room: its time in milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table: which series, how many share a blob, days kept at each resolution.

    `raw_days` must exceed LATE, so that an hour is complete when it is rolled
    up for the last time.
    """

    name: str
    prefix: str
    group: int
    raw_days: int
    fine_days: int
    coarse_days: int


# A probe samples every second: its raw samples go after three days, and few share a blob,
# because a blob is inflated whole to read one series of it.
KINDS = (
    Kind("probe", "probe_", group=8, raw_days=3, fine_days=400, coarse_days=1830),
    Kind("poll", "", group=64, raw_days=35, fine_days=400, coarse_days=1830),
)


def kind_of(name: str) -> Kind:
    """Return the row of a metric: the first one whose prefix its name begins with."""
    return next(kind for kind in KINDS if name.startswith(kind.prefix))


def sifted(samples: Iterable[Sample], now: datetime) -> tuple[list[Entry], list[Refusal]]:
    """Return what may be kept, in its order, and why each of the others may not."""
    first, last = milliseconds(now - LATE), milliseconds(now + EARLY)
    kept: list[Entry] = []
    refused: list[Refusal] = []
    for sample in samples:
        at = milliseconds(sample.at)
        if not isfinite(sample.value):
            refused.append(Refusal.NOT_A_NUMBER)
        elif at > last:
            refused.append(Refusal.FUTURE)
        elif at < first:
            refused.append(Refusal.TOO_OLD)
        else:
            kept.append((sample.series, at, float(sample.value)))
    return kept, refused
