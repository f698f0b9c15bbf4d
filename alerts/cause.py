# SPDX-License-Identifier: MIT
"""Root cause at one instant: which broken things explain all others.

`advance` is pure: what was seen comes in as a snapshot, what is remembered
as plain values, time as an argument.  It names the smallest set of causes,
says what each explains, and holds back whatever may still turn out to be
explained, for a bounded time, naming what to ask again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.evidence import Patience, Verdict, weigh
from alerts.graph import Graph
from alerts.memory import Memory, Open, Record, Snapshot, absorb
from alerts.standing import Role, Standing, behind, standings
from tinhnet.model.observation import State


@dataclass(frozen=True, slots=True)
class Cause:
    """One broken thing and what it explains.

    `explains` was seen down, `unseen` must be down but nobody could ask.
    `sites_down` lost every circuit to it (and to causes beside it),
    `sites_degraded` only some.  `unsure` names the needs that could not be
    proven to work in time.  A cause under planned work stays open but
    `is_planned`; a recovering one was seen working, and what it explained is
    being asked again.
    """

    thing: str
    since: datetime
    explains: tuple[str, ...]
    unseen: tuple[str, ...]
    sites_down: tuple[str, ...]
    sites_degraded: tuple[str, ...]
    unsure: tuple[str, ...]
    is_planned: bool
    is_recovering: bool


@dataclass(frozen=True, slots=True)
class Recovery:
    """A cause that ended.

    `reason`: "works" (seen working at `until`), "explained" (`by` was found
    to be behind it), "planned" (planned work was) or "removed" (no longer
    declared).  `back` works again, `still_down` does not.
    """

    thing: str
    since: datetime
    until: datetime
    reason: str
    by: tuple[str, ...]
    back: tuple[str, ...]
    still_down: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A thing that may be a cause and waits for the proof; `until` at the latest."""

    thing: str
    since: datetime
    waits_for: tuple[str, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Judgement:
    """What holds at one instant.

    `opened` are the causes named just now, `closed` those that ended.
    `hidden` maps everything that is not told to what it hides behind.
    `planned` is down for planned work.  `sites` is the state of every site
    with circuits: on fewer circuits than it has, it is degraded.  `reprobe`
    is what to ask now, needs first; `wake_at` is when to call `advance`
    again even if nothing new is seen, None for never.
    """

    causes: tuple[Cause, ...]
    opened: tuple[str, ...]
    closed: tuple[Recovery, ...]
    held: tuple[Held, ...]
    hidden: Mapping[str, tuple[str, ...]]
    planned: tuple[str, ...]
    sites: Mapping[str, State]
    reprobe: tuple[str, ...]
    wake_at: datetime | None


def advance(
    graph: Graph, memory: Memory, snapshot: Snapshot, now: datetime, patience: Patience
) -> tuple[Memory, Judgement]:
    """Return what to remember and what holds, after seeing `snapshot` at `now`."""
    records = absorb(graph, memory.records, snapshot.seen)
    known = {id_: _seen_working(graph, records, id_, one, now) for id_, one in memory.open.items()}
    declared = {id_: one for id_, one in known.items() if id_ in graph.things}
    before = Memory(records, memory.waiting, declared)
    found = standings(graph, before, snapshot.planned, patience.together_s)
    verdicts = weigh(graph, before, found, now, patience)

    named = _named(found, verdicts, now)
    closed = [
        *(
            _ended("removed", id_, one, records, now)
            for id_, one in known.items()
            if id_ not in declared
        ),
        *_endings(before, found, named, now, patience),
    ]
    ended = {one.thing for one in closed}
    stay = {id_: one for id_, one in declared.items() if id_ not in ended}
    opened = _grown({**_firmed(stay, verdicts), **named}, found)
    pending = {id_: one for id_, one in verdicts.items() if _is_pending(opened.get(id_))}
    after = Memory(records, {id_: one.waiting for id_, one in pending.items()}, opened)
    view = _View(graph, after, found, snapshot.planned)
    return after, view.judgement(
        tuple(named), tuple(closed), pending, _wake_at(after, pending, patience)
    )


def _seen_working(
    graph: Graph, records: Mapping[str, Record], id_: str, opened: Open, now: datetime
) -> Open:
    """Return an open cause, marked as recovering once it was seen working after it broke."""
    thing = graph.things.get(id_)
    if thing is None or opened.works_at is not None:
        return opened
    witnesses = (id_,) if thing.is_asked else graph.inside[id_]
    seen = [records[one] for one in witnesses if one in records]
    worked = [one.works_at for one in seen if one.works_at and one.works_at > opened.since]
    if not worked:
        return opened
    return replace(opened, works_at=min(worked), closing_from=now)


def _named(
    found: Mapping[str, Standing], verdicts: Mapping[str, Verdict], now: datetime
) -> dict[str, Open]:
    """Return the candidates that are causes from now on."""
    named = {}
    for id_, verdict in verdicts.items():
        is_new = found[id_].role is Role.CANDIDATE
        if is_new and (verdict.is_proven or now >= verdict.deadline):
            since = found[id_].since or now
            named[id_] = Open(since, unsure=() if verdict.is_proven else verdict.unproven)
    return named


def _firmed(stay: Mapping[str, Open], verdicts: Mapping[str, Verdict]) -> dict[str, Open]:
    """Drop the doubt about causes that were named unproven and are proven now."""
    return {
        id_: replace(one, unsure=()) if id_ in verdicts and verdicts[id_].is_proven else one
        for id_, one in stay.items()
    }


def _is_pending(opened: Open | None) -> bool:
    """Tell whether a proof is still to be waited for."""
    return opened is None or opened.works_at is not None or bool(opened.unsure)


def _grown(opened: Mapping[str, Open], found: Mapping[str, Standing]) -> dict[str, Open]:
    """Add to every open cause what it explains now."""
    explained = behind(found, opened, (Role.EXPLAINED, Role.INFERRED))
    return {
        id_: replace(one, explained=one.explained.union(explained[id_]))
        for id_, one in opened.items()
    }


def _endings(
    before: Memory,
    found: Mapping[str, Standing],
    named: Mapping[str, Open],
    now: datetime,
    patience: Patience,
) -> Iterable[Recovery]:
    """Yield the causes that end now.

    One that works again ends when everything it explained was asked again,
    so that the recovery can list what came back; or when that takes too long.
    """
    for id_, one in before.open.items():
        role = found[id_].role
        if one.works_at is None:
            if role in {Role.EXPLAINED, Role.PLANNED}:
                reason = "explained" if role is Role.EXPLAINED else "planned"
                yield _ended(reason, id_, one, before.records, now, tuple(sorted(found[id_].roots)))
            continue
        waited = now - (one.closing_from or now) >= timedelta(seconds=patience.again_s)
        if waited or id_ in named or not _unasked(one, before.records):
            yield _ended("works", id_, one, before.records, one.works_at)


def _unasked(opened: Open, records: Mapping[str, Record]) -> list[str]:
    """Return what a recovering cause explained and nobody asked since."""
    since = opened.works_at
    return sorted(
        id_
        for id_ in opened.explained
        if since is not None and id_ in records and records[id_].at < since
    )


def _ended(
    reason: str,
    id_: str,
    opened: Open,
    records: Mapping[str, Record],
    until: datetime,
    by: tuple[str, ...] = (),
) -> Recovery:
    states = {one: records[one].state for one in sorted(opened.explained) if one in records}
    return Recovery(
        thing=id_,
        since=opened.since,
        until=until,
        reason=reason,
        by=by,
        back=tuple(one for one, state in states.items() if state.works),
        still_down=tuple(one for one, state in states.items() if not state.works),
    )


def _wake_at(after: Memory, pending: Mapping[str, Verdict], patience: Patience) -> datetime | None:
    again = timedelta(seconds=patience.again_s)
    times = [one.deadline for id_, one in pending.items() if id_ not in after.open]
    times += [one.closing_from + again for one in after.open.values() if one.closing_from]
    return min(times, default=None)


@dataclass(frozen=True, slots=True)
class _View:
    """What one instant looks like to people."""

    graph: Graph
    after: Memory
    found: Mapping[str, Standing]
    planned: frozenset[str]

    def judgement(
        self,
        opened: tuple[str, ...],
        closed: tuple[Recovery, ...],
        pending: Mapping[str, Verdict],
        wake_at: datetime | None,
    ) -> Judgement:
        held = {id_: one for id_, one in pending.items() if self.found[id_].role is Role.CANDIDATE}
        held = {id_: one for id_, one in held.items() if id_ not in opened}
        return Judgement(
            causes=self._causes(),
            opened=opened,
            closed=closed,
            held=tuple(
                Held(id_, self.found[id_].since or one.waiting.epoch, one.unproven, one.deadline)
                for id_, one in held.items()
            ),
            hidden={
                id_: tuple(sorted(one.roots))
                for id_, one in self.found.items()
                if one.role is Role.EXPLAINED
            },
            planned=self._of(Role.PLANNED),
            sites={site: self._site(site) for site in self.graph.circuits},
            reprobe=self._reprobe(pending),
            wake_at=wake_at,
        )

    def _of(self, role: Role) -> tuple[str, ...]:
        return tuple(id_ for id_, one in self.found.items() if one.role is role)

    def _causes(self) -> tuple[Cause, ...]:
        seen = behind(self.found, self.after.open, (Role.EXPLAINED,))
        unseen = behind(self.found, self.after.open, (Role.INFERRED,))
        down, degraded = self._hurt()
        return tuple(
            Cause(
                thing=id_,
                since=one.since,
                explains=tuple(seen[id_]),
                unseen=tuple(unseen[id_]),
                sites_down=tuple(down.get(id_, ())),
                sites_degraded=tuple(degraded.get(id_, ())),
                unsure=one.unsure,
                is_planned=id_ in self.planned,
                is_recovering=one.works_at is not None,
            )
            for id_, one in sorted(
                self.after.open.items(), key=lambda item: self.graph.rank[item[0]]
            )
        )

    def _hurt(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Return the sites that each cause took down, and those that it took a circuit from."""
        down: dict[str, list[str]] = {}
        degraded: dict[str, list[str]] = {}
        for site, circuits in self.graph.circuits.items():
            hurt = down if self._site(site) is State.DOWN else degraded
            for root in sorted({root for one in circuits for root in self.found[one].roots}):
                hurt.setdefault(root, []).append(site)
        return down, degraded

    def _site(self, site: str) -> State:
        states = {self._circuit(one) for one in self.graph.circuits[site]}
        if states == {State.DOWN}:
            return State.DOWN
        if not states & {State.UP, State.DEGRADED}:
            return State.UNKNOWN
        return State.DEGRADED if states & {State.DOWN, State.DEGRADED} else State.UP

    def _circuit(self, id_: str) -> State:
        if self.found[id_].is_broken:
            return State.DOWN
        record = self.after.records.get(id_)
        return record.state if record and record.state.works else State.UNKNOWN

    def _reprobe(self, pending: Mapping[str, Verdict]) -> tuple[str, ...]:
        asked = {id_ for one in pending.values() for id_ in one.ask}
        for opened in self.after.open.values():
            asked.update(_unasked(opened, self.after.records))
        return tuple(sorted(asked, key=lambda id_: self.graph.rank.get(id_, -1)))
