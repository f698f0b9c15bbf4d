# SPDX-License-Identifier: MIT
"""How every thing stands at one instant: working, explained by others, or perhaps a cause.

One walk through the graph, needs before what needs them.  Nothing here
depends on the order in which things were asked.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.graph import SEVERAL, Graph, Thing
from alerts.memory import Memory, Record
from tinhnet.model.observation import State


class Role(StrEnum):
    """What part a thing plays.

    `candidate`: it would be a cause.  `inferred`: nobody saw it down, but
    what it needs is broken and it was not seen working since.
    """

    FINE = "fine"
    CAUSE = "cause"
    CANDIDATE = "candidate"
    EXPLAINED = "explained"
    INFERRED = "inferred"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one thing stands.

    `since` is when it was first seen broken, or since when it must be.
    `roots` are the causes and candidates behind it; empty for planned work.
    `counted` are the things that a broken building or LAN stands for.
    """

    role: Role
    since: datetime | None = None
    roots: frozenset[str] = frozenset()
    counted: tuple[str, ...] = ()

    @property
    def is_broken(self) -> bool:
        """Tell whether what needs this thing can blame it."""
        return self.role is not Role.FINE


FINE = Standing(Role.FINE)


def standings(
    graph: Graph, memory: Memory, planned: frozenset[str], together_s: float
) -> dict[str, Standing]:
    """Return how every thing stands."""
    walk = _Walk(graph, memory, planned, timedelta(seconds=together_s))
    for thing in graph.things.values():
        walk.found[thing.id] = walk.asked(thing) if thing.is_asked else walk.unasked(thing)
    return walk.found


@dataclass(slots=True)
class _Walk:
    """One walk; `found` grows from needs to what needs them."""

    graph: Graph
    memory: Memory
    planned: frozenset[str]
    together: timedelta
    found: dict[str, Standing] = field(default_factory=dict)

    def asked(self, thing: Thing) -> Standing:
        record = self.memory.records.get(thing.id)
        opened = self.memory.open.get(thing.id)
        blamed = self._blamed(thing)
        is_down = record is not None and record.state is State.DOWN
        if opened is not None and opened.works_at is None and not (opened.unsure and blamed):
            return Standing(Role.CAUSE, opened.since, frozenset({thing.id}))
        if record is None or not is_down:
            return self._unseen(record, blamed)
        since = record.down_since
        if self._is_planned(thing):
            return Standing(Role.PLANNED, since)
        if blamed is None:
            return Standing(Role.CANDIDATE, since, frozenset({thing.id}))
        if not blamed.roots:
            return Standing(Role.PLANNED, since)
        return Standing(Role.EXPLAINED, since, blamed.roots)

    def unasked(self, thing: Thing) -> Standing:
        opened = self.memory.open.get(thing.id)
        blamed = self._blamed(thing)
        if opened is not None and opened.works_at is None:
            return Standing(Role.CAUSE, opened.since, frozenset({thing.id}))
        if blamed is not None:
            return Standing(Role.INFERRED, blamed.since, blamed.roots)
        counted = self._counted(thing)
        times = [self._down_since(id_) for id_ in counted]
        known = [time for time in times if time is not None]
        if len(known) < SEVERAL or max(known) - min(known) > self.together:
            return FINE
        if not self._all_gone(thing, min(known)):
            return FINE
        return Standing(Role.CANDIDATE, min(known), frozenset({thing.id}), counted)

    def _unseen(self, record: Record | None, blamed: Standing | None) -> Standing:
        """Return how a thing stands that was not seen down."""
        if blamed is None or blamed.since is None:
            return FINE
        if record is not None and record.works_at is not None and record.works_at >= blamed.since:
            return FINE
        return Standing(Role.INFERRED, blamed.since, blamed.roots)

    def _blamed(self, thing: Thing) -> Standing | None:
        """Return the needs that fail this thing as one; planned work alone is blamed first."""
        groups = [[self.found[need] for need in group] for group in thing.needs]
        failed = [group for group in groups if all(one.is_broken for one in group)]
        if not failed:
            return None
        sinces = [max(one.since for one in group if one.since) for group in failed]
        roots = [frozenset[str]().union(*(one.roots for one in group)) for group in failed]
        merged = frozenset[str]().union(*roots) if all(roots) else frozenset[str]()
        return Standing(Role.INFERRED, min(sinces), merged)

    def _is_planned(self, thing: Thing) -> bool:
        alone = [group[0] for group in thing.needs if len(group) == 1]
        buildings = [id_ for id_ in alone if not self.graph.things[id_].is_asked]
        return thing.id in self.planned or not self.planned.isdisjoint(buildings)

    def _counted(self, shell: Thing) -> tuple[str, ...]:
        """Return what stands in a building or LAN, is down, and has no other excuse."""
        return tuple(
            id_
            for id_ in self.graph.inside[shell.id]
            if self._is_down(id_)
            and not self._is_proven(id_)
            and not self._is_planned(self.graph.things[id_])
            and not self._has_excuse(id_, shell.id)
        )

    def _all_gone(self, shell: Thing, since: datetime) -> bool:
        """Tell whether nothing in a building or LAN can have worked since it broke."""
        return all(
            self._is_down(id_) or (self._has_excuse(id_, shell.id) and not self._worked(id_, since))
            for id_ in self.graph.inside[shell.id]
        )

    def _has_excuse(self, id_: str, shell: str) -> bool:
        groups = [group for group in self.graph.things[id_].needs if group != (shell,)]
        return any(all(self._is_down(need) for need in group) for group in groups)

    def _is_proven(self, id_: str) -> bool:
        opened = self.memory.open.get(id_)
        return opened is not None and opened.works_at is None and not opened.unsure

    def _is_down(self, id_: str) -> bool:
        if id_ in self.found:
            return self.found[id_].is_broken
        record = self.memory.records.get(id_)
        return record is not None and record.state is State.DOWN

    def _worked(self, id_: str, since: datetime) -> bool:
        record = self.memory.records.get(id_)
        return record is not None and record.works_at is not None and record.works_at >= since

    def _down_since(self, id_: str) -> datetime | None:
        record = self.memory.records.get(id_)
        return record.down_since if record else None


def behind(
    found: Mapping[str, Standing], causes: Iterable[str], roles: Collection[Role]
) -> dict[str, list[str]]:
    """Return for each of `causes` the things in one of `roles` that it stands behind."""
    things: dict[str, list[str]] = {cause: [] for cause in causes}
    for id_, standing in found.items():
        if standing.role in roles:
            for root in standing.roots & things.keys():
                things[root].append(id_)
    return things
