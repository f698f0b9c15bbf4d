# SPDX-License-Identifier: MIT
"""Whoever is killed at any moment has lost nothing that was accepted, and doubled nothing."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.store.series.server import Server
from tests.store.series.trial import Now, settle, trial_on
from tests.store.series.writer import BEGIN, PER_BATCH, SERIES
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.files import FileSeries

ROOT = Path(__file__).parents[3]
ROUNDS = 4


@dataclass
class Writer:
    """A process that appends batch after batch; `accepted` is the last one it told of."""

    process: subprocess.Popen[str]
    accepted: int = -1

    def wait(self, batches: int) -> None:
        """Wait until some more batches are accepted."""
        assert self.process.stdout is not None
        for _ in range(batches):
            self.accepted = int(self.process.stdout.readline())

    def kill(self) -> None:
        """Kill it wherever it is, and read what it told before."""
        self.process.kill()
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):
                self.accepted = int(line)


@contextmanager
def writing(state: Path, url: str, first: int) -> Iterator[Writer]:
    """Let a writer append batches from a number on, and kill it in the end."""
    command = [sys.executable, "-m", "tests.store.series.writer", str(state), url, str(first)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        writer = Writer(process)
        try:
            yield writer
        finally:
            writer.kill()


def whole_batches(store: SeriesStore, accepted: int) -> int:
    """Return how many batches are kept; each is there once and whole, none before it missing."""
    end = BEGIN + timedelta(days=30)
    shown = [
        [round(point.value) for point in store.window(series, BEGIN, end)] for series in SERIES
    ]
    kept = len(shown[0])
    assert shown == [list(range(kept))] * len(SERIES)
    assert kept % PER_BATCH == 0, "a batch is kept whole or not at all"
    assert kept // PER_BATCH in (accepted + 1, accepted + 2)
    steps = store.window(SERIES[1], BEGIN, end, timedelta(hours=1))
    assert sum(point.samples for point in steps) == kept
    return kept // PER_BATCH


def test_a_writer_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """The machine room loses power, the kernel kills: what was accepted is there, once."""
    chance = random.Random(20260105)  # noqa: S311
    first = 0
    for _ in range(ROUNDS):
        with writing(tmp_path, "", first) as writer:
            writer.wait(chance.randrange(1, 12))
        store = FileSeries(tmp_path / "series", Now())
        first = whole_batches(store, writer.accepted)
        store.close()


@pytest.mark.slow
def test_both_sides_killed_at_any_moment_lose_and_double_nothing(
    own_server: Server, tmp_path: Path
) -> None:
    """Whoever of collector and Prometheus dies first, each sample arrives, once."""
    chance = random.Random(20160101)  # noqa: S311
    first = 0
    for number in range(ROUNDS):
        with writing(tmp_path, own_server.url, first) as writer:
            writer.wait(chance.randrange(1, 6))
            if number % 2:
                own_server.stop(signal.SIGKILL)
                writer.wait(chance.randrange(1, 6))
            if number % 4 == 1:
                own_server.start()
                writer.wait(chance.randrange(1, 6))
        if number % 4 == 3:
            own_server.start()
        store = trial_on(own_server, tmp_path / "series", "").open()
        settle(store, BEGIN)
        first = whole_batches(store, writer.accepted)
        assert store.backlog == 0
        assert store.refused == {}
        store.close()
