# SPDX-License-Identifier: MIT
"""What every store of samples can do; tests/store/series holds each of them to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tinhnet.store.series.sample import Point, Refusal, Sample, Selector, Series

RECENT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What one call of `maintain` did; `more` asks for another call soon."""

    sealed: int = 0
    joined: int = 0
    retired: int = 0
    damaged: int = 0
    delivered: int = 0
    more: bool = False


class SeriesStore(Protocol):
    """Samples over time; threads may share one.

    One process writes (`append`, `maintain`), any number read.
    """

    @property
    def where(self) -> str:
        """Name the store for people, without a password."""
        ...

    @property
    def refused(self) -> Mapping[Refusal, int]:
        """Count the samples that were not kept since the store was opened, by reason."""
        ...

    @property
    def backlog(self) -> int:
        """Count the samples that are safe on our disk and not yet at the server; 0 with files."""
        ...

    def append(self, samples: Iterable[Sample]) -> None:
        """Keep samples, all or (with an error) none; they outlive a power cut from then on.

        A sample that cannot be kept is left out and counted in `refused`: a
        bad name, no finite number, more than 5 minutes ahead of the clock,
        more than a day behind it, or a second one of its series in the same
        millisecond, whatever its value.  Samples may come in any order.
        Raises SeriesFullError, SeriesBusyError and their kin.
        """
        ...

    def latest(self, selector: Selector, within: timedelta = RECENT) -> dict[Series, Sample]:
        """Return the newest sample of each series meant that was taken in the time `within`.

        A series without one is not there: silence is unknown, not zero.
        """
        ...

    def window(
        self, series: Series, start: datetime, end: datetime, step: timedelta | None = None
    ) -> tuple[Point, ...]:
        """Return what was measured from `start` on and before `end`, in the order of time.

        Without `step` these are the samples themselves, as long as they are
        kept.  With one, of whole seconds, each point is a whole step of UTC
        that begins before `end` and ends after `start`; steps without samples
        are left out, and time whose samples are gone is told from rollups,
        which may be coarser than `step`.  A window that ends where it starts,
        or before, is empty.  Raises ValueError for another step.
        """
        ...

    def maintain(self, now: datetime) -> Upkeep:
        """Do a bounded piece of the work that keeps the store small, quick and whole."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
