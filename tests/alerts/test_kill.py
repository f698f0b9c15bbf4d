# SPDX-License-Identifier: MIT
"""The alert worker killed at any moment: nothing is lost, nothing is told twice."""

import multiprocessing
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event

import pytest

from alerts.graph import Graph, consequences
from alerts.watch import AlertWorker
from tests.alerts.stage import ALONE, ROOT
from tinhnet.clock import utc_now
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.model.alert import AlertFilter, AlertState
from tinhnet.model.observation import Observation, State
from tinhnet.store import alerts, observed
from tinhnet.worker import Identity, loop

FORK = multiprocessing.get_context("fork")
PHASES = (
    {"link:dien-ban-1"},
    {"link:hoi-an-2", "link:tam-ky-1"},
    {"site:dai-loc"},
    {"service:portal"},
    {"device:core1"},
    {"link:dien-ban-1", "link:nui-thanh-1"},
    {"device:web1"},
    {"site:hoi-an", "link:tay-giang-1"},
)
PATIENCE_S = 60.0


def serve(state: Path) -> None:
    """Be the alert worker, as `tinhnet worker alert` is."""
    context = open_context(load_config(ALONE | {"TINHNET_STATE": str(state)}, ROOT))
    identity = Identity("alert", "test", os.getpid(), utc_now())
    loop(AlertWorker(context, identity), context, identity, Event())


@dataclass
class Storm:
    """A truthful collector, and somebody who kills the worker."""

    state: Path
    graph: Graph
    context: Context
    dice: random.Random | None
    broken: set[str] = field(default_factory=set)
    kills: int = 0
    child: BaseProcess | None = None
    dies_at: float = 0.0

    def tick(self) -> None:
        """Look at everything, and kill the worker where its time has come."""
        now = utc_now()
        lost = consequences(self.graph, self.broken)
        seen = {
            thing: Observation(State.DOWN if thing in lost else State.UP, now)
            for thing, one in self.graph.things.items()
            if one.is_asked
        }
        with self.context.store.writing() as connection:
            observed.put_observed(connection, "collect", now, seen)
            observed.looked_at(connection, observed.asked_again(connection))
        self.see_to_worker()
        time.sleep(0.1)

    def see_to_worker(self) -> None:
        """Kill the worker at its moment, and start the next one."""
        if self.child is not None and self.dice is not None and time.monotonic() > self.dies_at:
            self.end()
            self.kills += 1
        if self.child is None:
            self.child = FORK.Process(target=serve, args=(self.state,), daemon=True)
            self.child.start()
            life = self.dice.uniform(0.1, 2.5) if self.dice else 0.0
            self.dies_at = time.monotonic() + life

    def end(self) -> None:
        """Kill the worker as a power cut would."""
        if self.child is not None:
            self.child.kill()
            self.child.join()
            self.child = None

    def until(self, wanted: set[str]) -> None:
        """Let time pass until just these things fire."""
        ends = time.monotonic() + PATIENCE_S
        while self.firing() != wanted:
            assert time.monotonic() < ends, (self.firing(), wanted)
            self.tick()

    def firing(self) -> set[str]:
        """Return what fires."""
        with self.context.store.reading() as connection:
            found = alerts.list_alerts(connection, AlertFilter((AlertState.FIRING,)))
        return {one.alert.thing for one in found if one.alert.rule.endswith("-down")}

    def told(self) -> list[tuple[str, str, str, int]]:
        """Return every notice about causes, in the order of things."""
        with self.context.store.reading() as connection:
            found = [one.notice for one in alerts.notices_after(connection, 0)]
            known = alerts.find_alerts(connection, {one.fingerprint for one in found})
        return sorted(
            (known[one.fingerprint].alert.thing, one.key, one.kind, one.episode)
            for one in found
            if known[one.fingerprint].alert.rule.endswith("-down")
        )

    def lines(self) -> list[tuple[str, str, int]]:
        """Return the lines of all timelines about causes."""
        with self.context.store.reading() as connection:
            found = alerts.list_alerts(connection)
            return sorted(
                (one.alert.thing, line.entry.kind, line.entry.episode)
                for one in found
                if one.alert.rule.endswith("-down")
                for line in alerts.list_entries(connection, one.alert.fingerprint)
                if line.entry.kind in {"firing", "resolved"}
            )


@contextmanager
def storm(state: Path, graph: Graph, dice: random.Random | None) -> Iterator[Storm]:
    """Open a state for a storm, and leave no worker behind."""
    context = open_context(load_config(ALONE | {"TINHNET_STATE": str(state)}, ROOT))
    found = Storm(state, graph, context, dice)
    try:
        yield found
    finally:
        found.end()
        context.store.close()


def lived(state: Path, graph: Graph, dice: random.Random | None, least_kills: int) -> Storm:
    """Let all phases break and mend."""
    with storm(state, graph, dice) as found:
        for _ in range(3):
            found.tick()
        phase = 0
        while phase < len(PHASES) or found.kills < least_kills:
            things = PHASES[phase % len(PHASES)] if phase < len(PHASES) else set[str]()
            found.broken = set(things)
            found.until(things)
            found.broken = set()
            found.until(set())
            found.tick()
            phase += 1
        return found


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_worker_killed_again_and_again_tells_the_same_as_one_left_alone(
    tmp_path: Path, province: Graph
) -> None:
    """Thirty kills during a storm: the same notices with the same keys, the same timelines."""
    seed = random.SystemRandom().randrange(1 << 32)
    left_alone = lived(tmp_path / "calm", province, None, 0)
    killed = lived(tmp_path / "storm", province, random.Random(seed), 30)  # noqa: S311 no secret

    assert killed.kills >= 30, seed
    assert killed.told() == left_alone.told(), seed
    assert killed.lines() == left_alone.lines(), seed
    assert {kind for _, _, kind, _ in killed.told()} == {"firing", "resolved"}
