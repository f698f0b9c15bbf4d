# SPDX-License-Identifier: MIT
"""A sink that keeps what it hears, and a part at work in a thread of its own."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from collectors.part import Part
from tinhnet.model.event import Event
from tinhnet.model.observation import Observation
from tinhnet.store.series.sample import Sample

WAIT_S = 60.0
GOODBYE_S = 1.0
"""A part returns within a second of being told to (collectors/part.py)."""


@dataclass
class Heard:
    """What parts found so far, with the moment (monotonic) at which each was observed."""

    found: list[Sample] = field(default_factory=list)
    seen: list[tuple[float, str, Observation]] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)

    def samples(self, found: Sequence[Sample]) -> None:
        """Keep samples."""
        self.found += found

    def observe(self, seen: Mapping[str, Observation]) -> None:
        """Keep what was seen."""
        self.seen += [(time.monotonic(), thing, one) for thing, one in seen.items()]

    def events(self, found: Sequence[Event]) -> None:
        """Keep events."""
        self.told += found

    def of(self, name: str, **labels: str) -> list[Sample]:
        """Return the samples of this name whose series has these labels."""
        wanted = set(labels.items())
        return [
            one
            for one in list(self.found)
            if one.series.name == name and wanted <= set(one.series.labels)
        ]

    def states(self, thing: str) -> list[Observation]:
        """Return what was seen of a thing, in order."""
        return [one for _, about, one in list(self.seen) if about == thing]


@contextmanager
def working(part: Part) -> Iterator[None]:
    """Run a part while the block runs; it must end in time, and without a fault."""
    stop = threading.Event()
    faults: list[BaseException] = []

    def run() -> None:
        try:
            part.run(stop)
        except BaseException as error:  # noqa: BLE001 the test tells it
            faults.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        ended = time.monotonic()
        thread.join(WAIT_S)
    assert not faults, faults
    assert time.monotonic() - ended < GOODBYE_S + 1.0  # the second of a loaded machine


def until(condition: Callable[[], object], what: str, look_s: float = 0.02) -> None:
    """Wait for a condition, at most WAIT_S; looking costs time, too."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true"
        time.sleep(look_s)
