# SPDX-License-Identifier: MIT
"""Measure how fast and how small samples are kept; prints a table.

A province of 20,000 series is polled once a minute for six hours and a bit,
with the counters, gauges and states that routers show; every figure is a
median with its smallest and largest value.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tinhnet.store.series.files import FileSeries
from tinhnet.store.series.sample import Sample, Series, select, series_of

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SERIES = 20_000
HOURS = 6
READS = 200


class Signal:
    """What a device would answer: the next value of a metric."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self._shape = number % 4
        self._chance = chance
        self._value = float(chance.randrange(10**12)) if self._shape < 2 else chance.random()  # noqa: PLR2004 shapes and shares of made-up samples

    def next(self) -> float:
        """Return a busy counter, a quiet counter, a noisy gauge, or a state that hardly changes."""
        if self._shape == 0:
            self._value += self._chance.randrange(75_000_000)
        elif self._shape == 1:
            self._value += self._chance.random() < 0.1  # noqa: PLR2004 shapes and shares of made-up samples
        elif self._shape == 2:  # noqa: PLR2004 shapes and shares of made-up samples
            self._value = self._chance.random()
        else:
            self._value = 1.0
        return self._value


METRICS = (
    "interface_in_bytes_total",
    "interface_in_errors_total",
    "interface_load_ratio",
    "interface_is_up",
)


def province() -> list[Series]:
    """Return the series: devices with interfaces with metrics."""
    return [
        series_of(
            METRICS[number % 4],
            device=f"site-{number // 200}/cpe1",
            interface=f"eth{number % 200 // 4}",
            site=f"site-{number // 200}",
        )
        for number in range(SERIES)
    ]


def sweeps(known: list[Series]) -> Iterator[list[Sample]]:
    """Yield what each minute brings; every device answers at a moment of its own."""
    chance = random.Random(7)  # noqa: S311 the same samples every time
    signals = [Signal(number, chance) for number in range(len(known))]
    for minute in range(HOURS * 60 + 30):
        at = BEGIN + minute * MINUTE
        answers = [at + timedelta(milliseconds=chance.randrange(20_000)) for _ in range(100)]
        yield [
            Sample(one, answers[number // 200], signals[number].next())
            for number, one in enumerate(known)
        ]


def seconds(work: Callable[[], object]) -> float:
    """Return how long something took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def row(title: str, aim: str, values: list[float], unit: str) -> str:
    """Return a line of the table."""
    middle = statistics.median(values)
    return f"| {title} | {aim} | **{middle:.2f} {unit}** ({min(values):.2f}-{max(values):.2f}) |"


def measure(directory: Path) -> Iterator[str]:
    """Yield the lines of the table."""
    now = [BEGIN]
    store = FileSeries(directory, lambda: now[0])
    known = province()
    writes: list[float] = []
    upkeeps: list[float] = []
    for sweep in sweeps(known):
        now[0] = max(sample.at for sample in sweep)
        writes.append(seconds(lambda sweep=sweep: store.append(sweep)))  # type: ignore[misc] # bound at once
        upkeeps.append(seconds(lambda: store.maintain(now[0])))
    chance = random.Random(1)  # noqa: S311 the same samples every time
    some = [chance.choice(known) for _ in range(READS)]
    end = now[0] + MINUTE
    start = end - timedelta(hours=HOURS)
    reads = [seconds(lambda one=one: store.window(one, start, end)) for one in some]  # type: ignore[misc] # bound at once
    five = timedelta(minutes=5)
    steps = [seconds(lambda one=one: store.window(one, start, end, five)) for one in some]  # type: ignore[misc] # bound at once
    everything = [seconds(lambda: store.latest(select())) for _ in range(5)]
    while store.maintain(now[0]).more:
        pass
    store.close()
    kept = len(writes) * len(known)
    held = sum(path.stat().st_size for path in directory.iterdir())
    yield row("20,000 series, a sample each, written", "≤ 500 ms", [1e3 * s for s in writes], "ms")
    yield row("one series, 6 h, read", "≤ 5 ms", [1e3 * s for s in reads], "ms")
    yield row("one series, 6 h in steps of 5 min", "–", [1e3 * s for s in steps], "ms")
    yield row("newest sample of 20,000 series", "–", [1e3 * s for s in everything], "ms")
    yield row("upkeep, each minute", "–", [1e3 * s for s in upkeeps], "ms")
    yield f"| bytes per sample, head, rollups and index included | – | **{held / kept:.1f}** |"


def main() -> None:
    """Measure in a directory that goes away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--directory", type=Path, help="where to measure; a temporary one otherwise"
    )
    chosen = parser.parse_args().directory
    print("| Figure | Aim | Measured |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory(dir=chosen, prefix="tinhnet-series-") as directory:
        for line in measure(Path(directory)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
