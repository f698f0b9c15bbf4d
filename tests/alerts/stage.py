# SPDX-License-Identifier: MIT
"""The alert worker over a real state and the real Quảng Nam, with a truthful collector and a clock.

A step of the worker is one call; nothing sleeps.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.graph import Graph, consequences, graph_of
from alerts.watch import AlertWorker
from tests.clock import Clock
from tinhnet.config import load_config
from tinhnet.context import open_context
from tinhnet.inventory import load
from tinhnet.model.actor import Actor, Role
from tinhnet.model.alert import AlertFilter, AlertRecord, AlertState
from tinhnet.model.observation import Observation, State
from tinhnet.store import alerts, observed
from tinhnet.store.engine import Transaction
from tinhnet.store.heartbeats import Heartbeat, beat
from tinhnet.store.series.open import open_series
from tinhnet.store.series.sample import Sample, series_of
from tinhnet.worker import Identity

ROOT = Path(__file__).parents[2]
ZERO = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
ACTOR = Actor("lan", frozenset(Role), "cli")
WORKERS = ("change", "web")
MOST_STEPS = 200


ALONE = {"TINHNET__SUPERVISOR__WORKERS": "change,web"}
"""On stage no other worker runs, and none is missed."""


class Stage:
    """A province, what is broken in it, and the worker that must find out."""

    def __init__(self, state: Path, graph: Graph | None = None) -> None:
        self.clock = Clock(ZERO)
        self.context = open_context(
            load_config(ALONE | {"TINHNET_STATE": str(state)}, ROOT), self.clock
        )
        self.graph = graph or graph_of(load(ROOT / "inventory"))
        self.asked = [id_ for id_, thing in self.graph.things.items() if thing.is_asked]
        self.broken: set[str] = set()
        self.seen: dict[str, Observation] = {}
        self.series = open_series(self.context.config, self.clock)
        self.worker = self.start()

    def start(self) -> AlertWorker:
        """Start the worker (again)."""
        identity = Identity("alert", "test", 1, self.clock.now)
        return AlertWorker(self.context, identity)

    def restart(self) -> None:
        """Kill the worker: what it only had in its head is gone."""
        self.worker.close(self.context)
        self.worker = self.start()

    def look(self, things: Iterable[str] | None = None) -> None:
        """Let the collector ask things (all of them) at this moment and write what it saw."""
        lost = consequences(self.graph, self.broken)
        for thing in self.asked if things is None else things:
            if thing in self.graph.things:
                state = State.DOWN if thing in lost else State.UP
                self.seen[thing] = Observation(state, self.clock.now)
        with self.context.store.writing() as connection:
            observed.put_observed(connection, "collect", self.clock.now, self.seen)
            wanted = observed.asked_again(connection)
            looked = [one for one in wanted if things is None or one in set(things)]
            observed.looked_at(connection, looked)
            for worker in (*WORKERS, "alert"):
                self._beat(connection, worker)

    def _beat(self, connection: Transaction, worker: str) -> None:
        now = self.clock.now
        beat(connection, Heartbeat(worker, "test", 1, ZERO, now, 2))

    def answer(self) -> tuple[str, ...]:
        """Let the collector look at what the worker asked for; return what that was."""
        with self.context.store.reading() as connection:
            wanted = tuple(observed.asked_again(connection))
        if wanted:
            self.look(wanted)
        return wanted

    def step(self) -> float:
        """Let the worker step until it wants to sleep; return for how long."""
        for _ in range(MOST_STEPS):
            seconds = self.worker.step(self.context)
            if seconds > 0:
                return seconds
        raise AssertionError("the worker never sleeps")

    def pass_time(self, seconds: float, every: float = 1.0) -> None:
        """Let time pass; the collector asks everything once a second, at once what is asked for."""
        end = self.clock.now + timedelta(seconds=seconds)
        while self.clock.now < end:
            self.clock.now = min(self.clock.now + timedelta(seconds=every), end)
            self.look()
            self.settle()

    def settle(self) -> None:
        """Let worker and collector answer each other, 0.1 s each time, while they want to."""
        for _ in range(5):
            self.step()
            self.clock.now += timedelta(seconds=0.1)
            if not self.answer():
                break
        self.step()

    def breaks(self, *things: str) -> None:
        """Break things and let the collector see it."""
        self.broken |= set(things)
        self.look()
        self.settle()

    def mends(self, *things: str) -> None:
        """Mend things and let the collector see it."""
        self.broken -= set(things)
        self.look()
        self.settle()

    def measure(self, name: str, value: float, **labels: str) -> None:
        """Append a sample of now."""
        self.series.append([Sample(series_of(name, **labels), self.clock.now, value)])

    def alerts(self, *states: AlertState) -> tuple[AlertRecord, ...]:
        """Return the alerts in some states, of any without one."""
        with self.context.store.reading() as connection:
            return alerts.list_alerts(connection, AlertFilter(states))

    def firing(self) -> tuple[AlertRecord, ...]:
        """Return the alerts that fire."""
        return self.alerts(AlertState.FIRING)

    def told(self) -> list[tuple[str, str]]:
        """Return what people were told: kind and thing of every notice, in order."""
        with self.context.store.reading() as connection:
            found = [one.notice for one in alerts.notices_after(connection, 0)]
            known = alerts.find_alerts(connection, {one.fingerprint for one in found})
        return [(one.kind, known[one.fingerprint].alert.thing) for one in found]

    def kinds(self, record: AlertRecord) -> list[str]:
        """Return the kinds of an alert's timeline, oldest first."""
        with self.context.store.reading() as connection:
            lines = alerts.list_entries(connection, record.alert.fingerprint)
        return [one.entry.kind for one in reversed(lines)]

    def close(self) -> None:
        """Let go of everything."""
        self.worker.close(self.context)
        self.series.close()
        self.context.store.close()


@contextmanager
def stage(state: Path) -> Iterator[Stage]:
    """Return a province in which everything works and the worker has seen it."""
    found = Stage(state)
    found.look()
    found.settle()
    try:
        yield found
    finally:
        found.close()
