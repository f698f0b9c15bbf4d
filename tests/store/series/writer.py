# SPDX-License-Identifier: MIT
"""`python -m tests.store.series.writer STATE URL FIRST`: append batches until killed.

Says the number of each batch once it is accepted.  Imports little, because
it is started again and again.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.sample import Sample, series_of

BEGIN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
PER_BATCH = 10
SERIES = [
    series_of(name, device=device)
    for device in ("a", "b")
    for name in ("memory_used_bytes", "probe_loss_ratio")
]


def at_of(number: int) -> datetime:
    """Return when a numbered sample was taken: minute by minute, so that hours close."""
    return BEGIN + number * timedelta(minutes=1)


class Writing:
    """A writer whose clock is where its batch ends."""

    def __init__(self, state: Path, url: str) -> None:
        self.now = BEGIN
        self.store = self._opened(state, url)

    def _opened(self, state: Path, url: str) -> SeriesStore:
        if url:
            from tests.store.series.trial import store_at  # noqa: PLC0415
            from tinhnet.logs import set_up_logs  # noqa: PLC0415
            from tinhnet.settings import LogsConfig  # noqa: PLC0415

            set_up_logs(LogsConfig(), str)  # on standard error, as the product does
            return store_at(url, state / "series", lambda: self.now)
        from tinhnet.store.series.files import FileSeries  # noqa: PLC0415

        return FileSeries(state / "series", lambda: self.now)

    def append(self, batch: int) -> None:
        """Append a batch, say so, and do some upkeep."""
        numbers = range(batch * PER_BATCH, (batch + 1) * PER_BATCH)
        self.now = at_of(numbers[-1])
        self.store.append(
            [Sample(one, at_of(number), float(number)) for one in SERIES for number in numbers]
        )
        sys.stdout.write(f"{batch}\n")
        sys.stdout.flush()
        self.store.maintain(self.now)


def main(state: str, url: str, first: str) -> None:
    """Append for ever."""
    writing = Writing(Path(state), url)
    batch = int(first)
    while True:
        writing.append(batch)
        batch += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
