# SPDX-License-Identifier: MIT
"""When a candidate may be called a cause: its needs were seen working, then it was asked again.

A thing seen down at 1, a parent seen working at 2, the thing still down at 3:
only that order excludes that the parent was the reason at 1 and has just come
back.  Waiting is bounded; what could not be proven in time is said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.graph import Graph, Needs
from alerts.memory import Memory, Record, Waiting, latest
from alerts.standing import Role, Standing


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before speaking, in seconds.

    `parents_s`: for the needs of a candidate to answer.  `again_s`: for the
    thing itself to be asked again after they did; longer than the slowest
    round of polling.  `together_s`: how far apart things may be seen to
    vanish and still have vanished at once.
    """

    parents_s: float = 15.0
    again_s: float = 120.0
    together_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a candidate's proof stands.

    `unproven` are the needs still open (the thing itself, when only it must
    be asked again); `ask` is what to ask now; `deadline` is when waiting ends.
    """

    waiting: Waiting
    is_proven: bool
    unproven: tuple[str, ...]
    ask: tuple[str, ...]
    deadline: datetime


def weigh(
    graph: Graph,
    memory: Memory,
    found: Mapping[str, Standing],
    now: datetime,
    patience: Patience,
) -> dict[str, Verdict]:
    """Return the verdict on every candidate and on every cause that was named unproven."""
    scale = _Scale(graph, memory, found)
    return {
        id_: scale.verdict(id_, standing, now, patience)
        for id_, standing in found.items()
        if standing.role is Role.CANDIDATE
        or (standing.role is Role.CAUSE and memory.open[id_].unsure)
    }


@dataclass(frozen=True, slots=True)
class _Scale:
    graph: Graph
    memory: Memory
    found: Mapping[str, Standing]

    def verdict(self, id_: str, standing: Standing, now: datetime, patience: Patience) -> Verdict:
        seen_down = standing.counted or (id_,)
        groups = self._groups(id_, standing)
        epoch = self._epoch(seen_down, groups, now)
        waiting = self._waiting(id_, epoch, now)
        cleared = self._cleared(waiting, groups, seen_down)
        times = [
            min((cleared[one] for one in group if one in cleared), default=None) for group in groups
        ]
        open_needs = [
            one for group, time in zip(groups, times, strict=True) if time is None for one in group
        ]
        if open_needs:
            return Verdict(
                waiting=replace(waiting, cleared=cleared, proven_at=None),
                is_proven=False,
                unproven=tuple(dict.fromkeys(open_needs)),
                ask=tuple(self._askable(open_needs, seen_down)),
                deadline=waiting.began_at + timedelta(seconds=patience.parents_s),
            )
        ready_at = latest([epoch, *times]) or epoch
        again = tuple(one for one in seen_down if self._asked_at(one, epoch) < ready_at)
        proven_at = waiting.proven_at or now
        return Verdict(
            waiting=replace(waiting, cleared=cleared, proven_at=proven_at),
            is_proven=not again,
            unproven=again,
            ask=again,
            deadline=proven_at + timedelta(seconds=patience.again_s),
        )

    def _groups(self, id_: str, standing: Standing) -> Needs:
        """Return what must be proven to work; for a building, also what its circuits need."""
        groups = list(self.graph.things[id_].needs)
        for one in standing.counted:
            groups += [group for group in self.graph.things[one].needs if group != (id_,)]
        return tuple(dict.fromkeys(groups))

    def _epoch(self, seen_down: Iterable[str], groups: Needs, now: datetime) -> datetime:
        """Return the moment from which a need that works proves something.

        That is the first time the thing was seen down, or the last time one
        of its needs was, if that has come back since.
        """
        downs = [record.down_since for record in self._records(seen_down)]
        needs = self._records(
            other for group in groups for need in group for other in self._sources(need)
        )
        downs += [record.down_at for record in needs if record.state.works]
        return latest(downs) or now

    def _waiting(self, id_: str, epoch: datetime, now: datetime) -> Waiting:
        known = self.memory.waiting.get(id_)
        if known is None:
            return Waiting(epoch, now)
        return known if known.epoch == epoch else Waiting(epoch, known.began_at)

    def _cleared(
        self, waiting: Waiting, groups: Needs, seen_down: tuple[str, ...]
    ) -> dict[str, datetime]:
        cleared = {}
        for need in dict.fromkeys(one for group in groups for one in group):
            if self.found[need].is_broken:
                continue
            proof = waiting.cleared.get(need) or self._proof(need, waiting.epoch, seen_down)
            if proof is not None:
                cleared[need] = proof
        return cleared

    def _proof(self, need: str, epoch: datetime, seen_down: tuple[str, ...]) -> datetime | None:
        """Return when a need was seen working at or after `epoch`, None if it was not.

        A building works when something in it does.  When nothing else in it
        may still work, it has been judged already and is not in doubt; what
        it needs itself must be proven then.
        """
        worked = [record.works_at for record in self._records(self._witnesses(need))]
        since = [time for time in worked if time is not None and time >= epoch]
        if since:
            return min(since)
        if self.graph.things[need].is_asked or self._doubtful(need, seen_down):
            return None
        times = [epoch]
        for group in self.graph.things[need].needs:
            proofs = [self._proof(one, epoch, seen_down) for one in self._intact(group)]
            known = [proof for proof in proofs if proof is not None]
            if not known:
                return None
            times.append(min(known))
        return max(times)

    def _intact(self, needs: Iterable[str]) -> list[str]:
        return [need for need in needs if not self.found[need].is_broken]

    def _doubtful(self, shell: str, seen_down: tuple[str, ...]) -> list[str]:
        """Return what stands in a building and might be found gone, too."""
        return [
            id_
            for id_ in self.graph.inside[shell]
            if id_ not in seen_down and not self.found[id_].is_broken
        ]

    def _askable(self, needs: Iterable[str], seen_down: tuple[str, ...]) -> list[str]:
        asked: list[str] = []
        for need in self._intact(needs):
            thing = self.graph.things[need]
            further = [one for group in thing.needs for one in group]
            if thing.is_asked:
                asked.append(need)
            else:
                asked += self._doubtful(need, seen_down) or self._askable(further, seen_down)
        return list(dict.fromkeys(asked))

    def _witnesses(self, need: str) -> tuple[str, ...]:
        return (need,) if self.graph.things[need].is_asked else self.graph.inside[need]

    def _sources(self, need: str) -> list[str]:
        """Return every asked thing that a proof of this need may rest on."""
        thing = self.graph.things[need]
        if thing.is_asked:
            return [need]
        further = [
            source for group in thing.needs for one in group for source in self._sources(one)
        ]
        return [*self.graph.inside[need], *further]

    def _records(self, ids: Iterable[str]) -> list[Record]:
        known = [self.memory.records.get(id_) for id_ in ids]
        return [record for record in known if record is not None]

    def _asked_at(self, id_: str, otherwise: datetime) -> datetime:
        record = self.memory.records.get(id_)
        return record.at if record else otherwise
