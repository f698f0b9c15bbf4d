# SPDX-License-Identifier: MIT
"""Whoever is killed at any moment has lost nothing that was accepted, and doubled nothing."""

import random
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from tests.store.series.trial import BEGIN, MINUTE, Now
from tinhnet.store.series.files import FileSeries
from tinhnet.store.series.sample import Series, series_of

ROOT = Path(__file__).parents[3]
ROUNDS = 8
SERIES = [
    series_of(name, device=device)
    for device in ("a", "b")
    for name in ("memory_used_bytes", "probe_loss_ratio")
]
PER_BATCH = 10
WRITER = """
import sys
from datetime import timedelta
from pathlib import Path
from tests.store.series.test_kill import PER_BATCH, SERIES, at_of
from tests.store.series.trial import MINUTE, Now
from tinhnet.store.series.files import FileSeries
from tinhnet.store.series.sample import Sample

now = Now()
store = FileSeries(Path(sys.argv[1]), now)
batch = int(sys.argv[2])
while True:
    numbers = range(batch * PER_BATCH, (batch + 1) * PER_BATCH)
    now.at = at_of(numbers[-1])
    store.append([Sample(one, at_of(n), float(n)) for one in SERIES for n in numbers])
    print(batch, flush=True)
    store.maintain(now.at)
    batch += 1
"""


def at_of(number: int) -> datetime:
    """Return when a numbered sample was taken: minute by minute, so that hours close."""
    return BEGIN + number * MINUTE


def killed_after(directory: Path, first: int, batches: int) -> int:
    """Let a writer accept some batches, kill it in the middle of the next; return the last one."""
    command = [sys.executable, "-c", WRITER, str(directory), str(first)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        accepted = [int(writer.stdout.readline()) for _ in range(batches)]
        writer.kill()
        # What it said before it died counts as well.
        accepted += [int(line) for line in writer.stdout if line.endswith("\n")]
    return accepted[-1]


def numbers_of(store: FileSeries, series: Series) -> list[int]:
    """Return the values of all samples of a series in the order of time."""
    end = BEGIN + timedelta(days=30)
    return [round(point.value) for point in store.window(series, BEGIN, end)]


def test_a_writer_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """The machine room loses power, the kernel kills: what was accepted is there, once."""
    chance = random.Random(20260105)  # noqa: S311
    directory = tmp_path / "series"
    first = 0
    for _ in range(ROUNDS):
        last = killed_after(directory, first, chance.randrange(1, 12))
        store = FileSeries(directory, Now())
        kept = numbers_of(store, SERIES[0])
        assert len(kept) % PER_BATCH == 0, "a batch is kept whole or not at all"
        assert len(kept) // PER_BATCH in (last + 1, last + 2)
        for series in SERIES:
            assert numbers_of(store, series) == list(range(len(kept)))
        steps = store.window(SERIES[1], BEGIN, BEGIN + timedelta(days=30), timedelta(hours=1))
        assert sum(point.samples for point in steps) == len(kept)
        store.close()
        first = len(kept) // PER_BATCH
