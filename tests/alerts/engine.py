# SPDX-License-Identifier: MIT
"""A root-cause engine for tests, whose memory goes through text after every instant."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from alerts.cause import Judgement, advance
from alerts.evidence import Patience
from alerts.graph import Graph, Thing, build, consequences
from alerts.memory import Memory, Snapshot
from alerts.plain import dump, load
from tinhnet.model.observation import Observation, State

ZERO = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = Patience(parents_s=15, again_s=120, together_s=5)


def at(seconds: float) -> datetime:
    """Return the time so many seconds after the beginning."""
    return ZERO + timedelta(seconds=seconds)


class Engine:
    """An engine whose memory goes through text after every instant."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.memory = Memory()
        self.planned: frozenset[str] = frozenset()

    def see(self, seconds: float, *, when: float | None = None, **states: str) -> Judgement:
        """Let the engine see things at a moment; `_` in a name stands for `-`."""
        return self.see_all(
            seconds,
            {id_.replace("__", ":").replace("_", "-"): s for id_, s in states.items()},
            when,
        )

    def see_all(self, now: float, states: dict[str, str], when: float | None = None) -> Judgement:
        """Let the engine see things, asked at `when`."""
        asked = at(now if when is None else when)
        seen = {id_: Observation(State(state), asked) for id_, state in states.items()}
        memory = load(dump(self.memory), Memory)
        snapshot = Snapshot(seen, self.planned)
        self.memory, judged = advance(self.graph, memory, snapshot, at(now), PATIENCE)
        return judged

    def sweep(self, seconds: float, broken: Iterable[str] = ()) -> Judgement:
        """Ask everything at one instant while `broken` is broken."""
        lost = consequences(self.graph, broken)
        asked = [id_ for id_, thing in self.graph.things.items() if thing.is_asked]
        return self.see_all(seconds, {id_: "down" if id_ in lost else "up" for id_ in asked})


def names(judged: Judgement) -> list[str]:
    """Return the causes by name."""
    return [one.thing for one in judged.causes]


def doubly_fed() -> Graph:
    """Return a leaf that needs one of two things, and a third one."""
    return build(
        [
            Thing("device:a"),
            Thing("device:b"),
            Thing("device:c"),
            Thing("device:leaf", (("device:a", "device:b"), ("device:c",))),
        ]
    )


def chain() -> Graph:
    """Return grandmother, parent and child."""
    return build(
        [
            Thing("device:top"),
            Thing("device:middle", (("device:top",),)),
            Thing("device:leaf", (("device:middle",),)),
        ]
    )
