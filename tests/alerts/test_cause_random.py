# SPDX-License-Identifier: MIT
"""On any graph, in any order of asking, through any restart: the true causes and nothing else."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.cause import Judgement, advance
from alerts.evidence import Patience
from alerts.graph import Graph, Thing, build, consequences
from alerts.memory import Memory, Snapshot
from alerts.plain import dump, load
from tinhnet.model.observation import Observation, State

ZERO = datetime(2026, 1, 1, tzinfo=UTC)
RANDOM = settings(max_examples=150, deadline=None, derandomize=True, database=None)
PATIENCE = Patience(parents_s=60, again_s=300, together_s=5)
SETTLE_S = 25.0  # longer than any answer takes, shorter than anybody's patience
END_S = 10 + 4 * SETTLE_S
WORLDS = range(120)


def at(seconds: float) -> datetime:
    """Return the time so many seconds after the beginning."""
    return ZERO + timedelta(seconds=seconds)


def dice_of(seed: int) -> random.Random:
    """Return dice that always fall the same way."""
    return random.Random(seed)  # noqa: S311 nothing secret is drawn


def random_graph(dice: random.Random, size: int) -> Graph:
    """Return a graph with AND and OR needs, and buildings in which several things stand."""
    things: list[Thing] = []
    shells: list[str] = []
    for number in range(size):
        names = [one.id for one in things if one.is_asked]
        groups = [
            tuple(sorted(dice.sample(names, min(len(names), dice.choice((1, 1, 2, 3))))))
            for _ in range(dice.choice((0, 1, 1, 2)))
            if names
        ]
        if names and dice.random() < 0.25:
            shell = Thing(f"site:s{number}", tuple(groups[:1]), is_asked=False)
            things.append(shell)
            shells.append(shell.id)
        elif shells and dice.random() < 0.6:
            things.append(Thing(f"device:d{number}", ((dice.choice(shells),), *groups[:1])))
        else:
            things.append(Thing(f"device:d{number}", tuple(dict.fromkeys(groups))))
    return build(things)


def down(graph: Graph, broken: Iterable[str]) -> frozenset[str]:
    """Return the asked things that are seen down while `broken` is broken."""
    return frozenset(id_ for id_ in consequences(graph, broken) if graph.things[id_].is_asked)


def smallest(graph: Graph, seen_down: frozenset[str], free: frozenset[str]) -> frozenset[str]:
    """Return the smallest set of broken things, `free` aside, that explains exactly what is down.

    Of two equally small ones the one with fewer buildings: what was asked is
    better known than what is concluded.
    """
    asked = [id_ for id_, thing in graph.things.items() if thing.is_asked and id_ in seen_down]
    shells = [id_ for id_, thing in graph.things.items() if not thing.is_asked]
    tried = [id_ for id_ in (*asked, *shells) if id_ not in free]
    for count in range(len(tried) + 1):
        fitting = [
            frozenset(chosen)
            for chosen in combinations(tried, count)
            if down(graph, free.union(chosen)) == seen_down
        ]
        if fitting:
            return min(fitting, key=lambda one: len(one.intersection(shells)))
    raise AssertionError("nothing explains this")


def snapshot(
    graph: Graph, seen_down: frozenset[str], seconds: float, planned: frozenset[str] = frozenset()
) -> Snapshot:
    """Return what everybody who is asked at one instant says."""
    return Snapshot(
        {
            id_: Observation(State.DOWN if id_ in seen_down else State.UP, at(seconds))
            for id_, thing in graph.things.items()
            if thing.is_asked
        },
        planned,
    )


@RANDOM
@given(seed=st.integers(0, 2**32), size=st.integers(2, 9), planning=st.booleans())
def test_what_is_seen_at_one_instant_is_explained_by_the_smallest_set(
    seed: int, size: int, *, planning: bool
) -> None:
    """Brute force over every set of causes agrees, redundancy and planned work included."""
    dice = dice_of(seed)
    graph = random_graph(dice, size)
    broken = dice.sample(list(graph.things), min(len(graph.things), dice.choice((1, 2, 3))))
    names = [id_ for id_, thing in graph.things.items() if thing.is_asked]
    planned = frozenset(dice.sample(names, min(2, len(names)))) if planning else frozenset()
    seen_down = down(graph, broken)

    _, judged = advance(graph, Memory(), snapshot(graph, seen_down, 10, planned), at(10), PATIENCE)

    wanted = smallest(graph, seen_down, planned & seen_down)
    assert {one.thing for one in judged.causes} == wanted
    assert judged.held == ()


@RANDOM
@given(seed=st.integers(0, 2**32), size=st.integers(2, 9))
def test_everything_down_is_named_explained_planned_or_held(seed: int, size: int) -> None:
    """Nothing that is broken may vanish between the lists, and nothing stands in two."""
    dice = dice_of(seed)
    graph = random_graph(dice, size)
    names = [id_ for id_, thing in graph.things.items() if thing.is_asked]
    seen = {
        id_: Observation(dice.choice(list(State)), at(dice.choice((8.0, 9.0, 10.0))))
        for id_ in names
        if dice.random() < 0.9
    }
    planned = frozenset(id_ for id_ in graph.things if dice.random() < 0.2)

    _, judged = advance(graph, Memory(), Snapshot(seen, planned), at(10), PATIENCE)

    lists = [
        *[one.thing for one in judged.causes if graph.things[one.thing].is_asked],
        *[one.thing for one in judged.held if graph.things[one.thing].is_asked],
        *judged.hidden,
        *judged.planned,
    ]
    assert sorted(lists) == sorted(id_ for id_, one in seen.items() if one.state is State.DOWN)


@dataclass(slots=True)
class World:
    """A network in which things break and are mended, and which answers late."""

    graph: Graph
    dice: random.Random
    restarts: bool
    changes: list[tuple[float, frozenset[str]]]
    memory: Memory = field(default_factory=Memory)
    pending: list[tuple[float, str, Observation]] = field(default_factory=list)
    arrived: list[Snapshot] = field(default_factory=list)
    told: list[tuple[float, Judgement]] = field(default_factory=list)

    def broken_at(self, seconds: float) -> frozenset[str]:
        """Return what is broken at a moment."""
        return next(broken for since, broken in reversed(self.changes) if since <= seconds)

    def ask(self, id_: str, seconds: float) -> None:
        """Ask one thing; its answer arrives some time later."""
        state = State.DOWN if id_ in down(self.graph, self.broken_at(seconds)) else State.UP
        delay = self.dice.choice((0.05, 0.3, 1.0, 3.0))
        self.pending.append((seconds + delay, id_, Observation(state, at(seconds))))

    def step(self, seconds: float) -> Judgement:
        """Hand over what has arrived, and ask again what the engine wants asked."""
        arrived = [one for one in self.pending if one[0] <= seconds]
        self.pending = [one for one in self.pending if one[0] > seconds]
        self.dice.shuffle(arrived)
        seen: dict[str, Observation] = {}
        for _, id_, observation in arrived:
            if id_ not in seen or seen[id_].at < observation.at:
                seen[id_] = observation
        if self.restarts and self.dice.random() < 0.3:
            self.memory = load(dump(self.memory), Memory)
        self.memory, judged = advance(
            self.graph, self.memory, Snapshot(seen), at(seconds), PATIENCE
        )
        for id_ in judged.reprobe:
            self.ask(id_, seconds)
        self.arrived.append(Snapshot(seen))
        self.told.append((seconds, judged))
        return judged

    def run(self, until: float) -> Judgement:
        """Ask everybody in random order, round after round, until a moment."""
        seconds = 0.0
        judged = self.step(seconds)
        while seconds < until:
            names = [id_ for id_, thing in self.graph.things.items() if thing.is_asked]
            for id_ in self.dice.sample(names, max(1, len(names) // 3)):
                self.ask(id_, seconds + self.dice.random())
            seconds += 1.0
            judged = self.step(seconds)
        return judged


def a_world(seed: int, size: int, *, restarts: bool) -> World:
    """Return a world whose breakages come in waves, far enough apart to be seen."""
    dice = dice_of(seed)
    graph = random_graph(dice, size)
    changes = [(0.0, frozenset[str]())]
    broken = frozenset[str]()
    for wave in range(dice.choice((1, 2, 3))):
        names = [id_ for id_ in graph.things if id_ not in broken]
        if broken and dice.random() < 0.5:
            broken = broken - set(dice.sample(sorted(broken), 1))
        elif names:
            broken = broken | set(dice.sample(names, min(len(names), dice.choice((1, 1, 2)))))
        changes.append((10.0 + wave * SETTLE_S + dice.random(), broken))
    return World(graph, dice, restarts, changes)


@cache
def lived(seed: int) -> World:
    """Return a world after its life; every third one is restarted again and again."""
    world = a_world(seed, 2 + seed % 7, restarts=seed % 3 == 0)
    world.run(END_S)
    return world


def likely(world: World) -> list[tuple[float, frozenset[str]]]:
    """Return since when what may be called a cause: truly broken, or the smallest explanation.

    An explanation begins from nothing, or from what was broken before.
    """
    found = []
    before = frozenset[str]()
    for since, broken in world.changes:
        seen_down = down(world.graph, broken)
        afresh = smallest(world.graph, seen_down, frozenset())
        beside = smallest(world.graph, seen_down, before & broken)
        found.append((since, broken | afresh | beside))
        before = broken
    return found


@pytest.mark.parametrize("seed", WORLDS)
def test_no_order_of_asking_names_anything_that_is_not_broken(seed: int) -> None:
    """A child polled before its parent must never alert, whatever is late or restarted.

    Several breakages may look like one smaller or another one: what the
    smallest explanation of a true instant names is right, too.
    """
    world = lived(seed)

    true = likely(world)
    for seconds, judged in world.told:
        past = frozenset[str]().union(*(ids for since, ids in true if since <= seconds))
        assert past.issuperset(judged.opened)


@pytest.mark.parametrize("seed", WORLDS)
def test_once_the_world_stands_still_the_causes_explain_all_that_is_down(seed: int) -> None:
    """Whatever came late: in the end nothing waits, and nothing down is left over."""
    world = lived(seed)

    judged = world.told[-1][1]
    seen_down = down(world.graph, world.broken_at(END_S))
    assert judged.held == ()
    assert down(world.graph, [one.thing for one in judged.causes]) == seen_down
    assert judged.reprobe == ()


@pytest.mark.parametrize("seed", WORLDS)
def test_every_recovery_has_its_cause_and_every_cause_at_most_one(seed: int) -> None:
    """What opens closes once, what closes was open, and what is listed is what is open."""
    world = lived(seed)

    standing: set[str] = set()
    for _, judged in world.told:
        closed = [one.thing for one in judged.closed]
        assert len(set(closed)) == len(closed)
        assert standing.issuperset(closed)
        standing -= set(closed)
        assert standing.isdisjoint(judged.opened)
        standing |= set(judged.opened)
        assert {one.thing for one in judged.causes} == standing


@pytest.mark.parametrize("seed", WORLDS)
def test_a_restart_between_any_two_instants_changes_nothing(seed: int) -> None:
    """Memory as text and back leads to the same judgements."""
    world = lived(seed)

    memory = Memory()
    for arrived, (seconds, judged) in zip(world.arrived, world.told, strict=True):
        memory, again = advance(world.graph, memory, arrived, at(seconds), PATIENCE)
        memory = load(dump(memory), Memory)
        assert again == judged


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1_000, 4_000))
def test_thousands_of_worlds(seed: int) -> None:
    """The same of many more worlds."""
    test_no_order_of_asking_names_anything_that_is_not_broken(seed)
    test_once_the_world_stands_still_the_causes_explain_all_that_is_down(seed)
    test_every_recovery_has_its_cause_and_every_cause_at_most_one(seed)
    lived.cache_clear()


@RANDOM
@given(seed=st.integers(0, 2**32), size=st.integers(2, 9))
def test_nobody_waits_for_ever(seed: int, size: int) -> None:
    """Where nobody ever answers again, everything held is told when patience ends."""
    dice = dice_of(seed)
    graph = random_graph(dice, size)
    seen = {
        id_: Observation(dice.choice(list(State)), at(dice.choice((8.0, 9.0, 10.0))))
        for id_, thing in graph.things.items()
        if thing.is_asked and dice.random() < 0.9
    }
    memory, judged = advance(graph, Memory(), Snapshot(seen), at(10), PATIENCE)
    for _ in range(len(graph.things) + 1):
        if judged.wake_at is None:
            break
        memory, judged = advance(graph, memory, Snapshot({}), judged.wake_at, PATIENCE)

    assert judged.held == ()
    assert judged.wake_at is None
