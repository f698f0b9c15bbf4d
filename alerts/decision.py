# SPDX-License-Identifier: MIT
"""One instant of the alert worker: from rows that were read to rows that are to be written.

Pure: rows, memory and the time come in; what must be written, and when to
look again, comes out.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.accounts import Changes, account, after
from alerts.causation import Instant, statements
from alerts.cause import Judgement, advance
from alerts.course import Hidings, Outcome, begun, habits_for, run
from alerts.hiding import (
    Hiding,
    WindowsNow,
    broken_now,
    down_times,
    job_turns,
    jobs_now,
)
from alerts.memory import Memory, Record, Snapshot, absorb
from alerts.naming import place_of_labels
from alerts.scene import Scene
from alerts.sight import Sight
from alerts.statement import Statement
from tinhnet.alerting.ledger import Claim
from tinhnet.alerting.trial import Condition
from tinhnet.model.alert import AlertEntry, AlertRecord, Notice
from tinhnet.model.job import Job, JobDevice
from tinhnet.model.observation import State

Find = Callable[[Iterable[str]], Mapping[str, AlertRecord]]
RECENT_DOWN = timedelta(minutes=10)
"""How long it is remembered over a restart that something was down which works again."""
AGAIN_S = 0.5
AGAIN_MAX_S = 10.0
"""Seconds before the same thing is asked for again; each time doubles them."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What was read of the state; `lifted` are windows that people ended."""

    alive: tuple[AlertRecord, ...] = ()
    jobs: tuple[tuple[Job, tuple[JobDevice, ...]], ...] = ()
    lifted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """When a thing was asked for last, and how often in a row."""

    at: datetime
    times: int


@dataclass(frozen=True, slots=True)
class Mind:
    """What the worker knows from the instant before; the part that must outlive it is rows too."""

    memory: Memory = field(default_factory=Memory)
    judged: Judgement | None = None
    sight: Sight = field(default_factory=Sight)
    planned: frozenset[str] = frozenset()
    claims: Mapping[str, Claim] = field(default_factory=dict)
    extended_at: datetime | None = None
    asked: Mapping[str, Asked] = field(default_factory=dict)
    measured: Mapping[str, datetime] = field(default_factory=dict)
    """When what an alert's rule last judged was measured, by fingerprint."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be written, what is known afterwards, and when to look again (None: never)."""

    mind: Mind
    outcomes: tuple[Outcome, ...]
    claims: Changes
    ask: tuple[str, ...]
    remembers: Memory | None
    due: datetime | None

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is to be written."""
        return not (self.outcomes or self.ask or self.remembers) and self.claims.is_empty

    @property
    def records(self) -> list[AlertRecord]:
        """Return the alerts that changed."""
        return [one.record for one in self.outcomes]

    @property
    def entries(self) -> list[AlertEntry]:
        """Return the new lines of timelines."""
        return [entry for one in self.outcomes for entry in one.entries]

    @property
    def notices(self) -> list[Notice]:
        """Return what people must be told."""
        return [notice for one in self.outcomes for notice in one.notices]


@dataclass(frozen=True, slots=True)
class Moment:
    """What is decided upon besides memory: sight, windows, rows, rules' statements, the time."""

    sight: Sight
    windows: WindowsNow
    rows: Rows
    said: tuple[Statement, ...]
    now: datetime
    extend_s: float


def decide(scene: Scene, mind: Mind, moment: Moment, find: Find) -> Decision:
    """Return what follows from one instant; `find` returns alerts that resolved before."""
    now = moment.now
    memory, judged = _judge(scene, mind, moment)
    hiding = Hiding(
        moment.windows.open,
        jobs_now(moment.rows.jobs, scene.network, scene.graph),
        broken_now(judged),
        down_times(memory),
    )
    measured = _measured(mind.measured, moment)
    said = _said(scene, moment, memory, judged)
    outcomes = _outcomes(scene, moment, said, _Hider(hiding, measured, scene), find)
    changes, extended_at = _accounts(scene, mind, moment)
    ask, asked = _asking(_wanted(scene, judged), mind.asked, now)
    turns = [
        moment.sight.stale_at,
        judged.wake_at,
        moment.windows.turns_at,
        *job_turns(hiding.jobs, now),
        *(one.due for one in outcomes),
        *(_ask_at(one) for one in asked.values()),
        extended_at + timedelta(seconds=moment.extend_s) if extended_at else None,
    ]
    return Decision(
        mind=Mind(
            memory=memory,
            judged=replace(judged, opened=(), closed=()),
            sight=moment.sight,
            planned=moment.windows.planned,
            claims=after(mind.claims, changes),
            extended_at=extended_at,
            asked=asked,
            measured=measured,
        ),
        outcomes=tuple(one for one in outcomes if one.is_changed or one.entries),
        claims=changes,
        ask=ask,
        remembers=_to_keep(memory, now) if trace(memory) != trace(mind.memory) else None,
        due=min((at for at in turns if at is not None), default=None),
    )


def trace(memory: Memory) -> tuple[object, ...]:
    """Return the part of a memory whose change must be kept: collectors tell the rest again."""
    standing = {
        thing: (one.state, one.down_since)
        for thing, one in memory.records.items()
        if one.state is not State.UP
    }
    return memory.open, memory.waiting, standing


def _judge(scene: Scene, mind: Mind, moment: Moment) -> tuple[Memory, Judgement]:
    """Judge anew where anything may have changed; seeing the same again changes nothing."""
    planned = moment.windows.planned
    known = mind.judged
    if (
        known is not None
        and not mind.memory.waiting
        and mind.sight.states == moment.sight.states
        and mind.planned == planned
        and known.wake_at is None
        and not known.reprobe
        and not any(one.unseen for one in known.causes)
    ):
        return mind.memory, known
    seen_before = absorb(scene.graph, mind.memory.records, mind.sight.observations())
    memory = replace(mind.memory, records=seen_before)  # what was passed over as nothing new
    snapshot = Snapshot(moment.sight.observations(), planned)
    return advance(scene.graph, memory, snapshot, moment.now, scene.patience)


def _said(scene: Scene, moment: Moment, memory: Memory, judged: Judgement) -> list[Statement]:
    """Return what is said of alerts: by causes, by rules, and by what was taken from the network.

    Where two are about the same alert, the later one counts.
    """
    instant = Instant(scene.network, scene.graph, scene.rules, memory, judged, moment.now)
    return [
        *statements(instant, moment.rows.alive),
        *moment.said,
        *_orphans(scene, moment.rows.alive, moment.now),
    ]


def _accounts(scene: Scene, mind: Mind, moment: Moment) -> tuple[Changes, datetime | None]:
    """Return what is to be written of claims, and when those that go on were last extended.

    Where the same was seen as before, they are only extended, once in a while.
    """
    last = mind.extended_at
    extend = last is None or moment.now - last >= timedelta(seconds=moment.extend_s)
    is_new = extend or mind.sight.states != moment.sight.states
    circuits = scene.circuits if is_new else []
    changes = account(circuits, mind.claims, moment.sight, mind.sight, extend=extend)
    return changes, moment.now if extend else last


@dataclass(frozen=True, slots=True)
class _Hider:
    """What hides an alert, for one instant."""

    hiding: Hiding
    measured: Mapping[str, datetime]
    scene: Scene

    def of(
        self, record: AlertRecord, said: Statement | None, moment: Moment
    ) -> Mapping[str, datetime]:
        """Return what hides an alert; a cause that waits for its proof keeps what hid it."""
        rule = self.scene.rules.get(record.alert.rule)
        is_cause = rule is not None and rule.judges is not None
        alert = record.alert
        if alert.since is None and said is not None:
            alert = replace(alert, since=said.at)
        at = None if is_cause else self.measured.get(alert.fingerprint, alert.at)
        things = {alert.thing}
        if not is_cause:
            things |= {f"device:{record.device}"} if record.device else set()
            things |= {f"link:{record.link}"} if record.link else set()
        found = self.hiding.of(alert, frozenset(things), at, moment.now)
        is_held = said is None and is_cause and self.hiding.broken.get(alert.thing) == alert.thing
        kept = dict.fromkeys(alert.silences, moment.now) if is_held else {}
        return {**kept, **found}


def _outcomes(
    scene: Scene, moment: Moment, said: Iterable[Statement], hider: _Hider, find: Find
) -> list[Outcome]:
    """Return what becomes of every alert that holds or of which something is said."""
    alive = {one.alert.fingerprint: one for one in moment.rows.alive}
    by_alert = {one.fingerprint: one for one in said}
    fresh = {
        key: one
        for key, one in by_alert.items()
        if key not in alive and one.condition is Condition.HOLDS
    }
    known = find(fresh) if fresh else {}
    records = {**alive, **{key: known.get(key) or begun(one) for key, one in fresh.items()}}
    return [
        run(
            record,
            by_alert.get(key),
            Hidings(hider.of(record, by_alert.get(key), moment), moment.rows.lifted),
            habits_for(by_alert.get(key), scene.habits, record.alert.rule),
            moment.now,
        )
        for key, record in records.items()
    ]


def _orphans(scene: Scene, alive: Iterable[AlertRecord], now: datetime) -> Iterable[Statement]:
    """Yield the end of alerts whose device, link or service is not declared any more."""
    for record in alive:
        rule = scene.rules.get(record.alert.rule)
        if rule is None or rule.judges is not None:
            continue
        place = place_of_labels(record.labels, scene.network)
        kind, _, id_ = place.thing.partition(":")
        declared = {
            "device": scene.network.devices,
            "link": scene.network.links,
            "service": scene.network.services,
        }.get(kind)
        if declared is not None and id_ not in declared:
            yield Statement(
                rule,
                record.labels,
                place,
                Condition.CLEAR,
                now,
                remark_vi="không còn trong khai báo",
                remark_en="no longer declared",
            )


def _measured(known: Mapping[str, datetime], moment: Moment) -> dict[str, datetime]:
    """Return when what each alert's rule judged was measured, of alerts that are alive."""
    alive = {one.alert.fingerprint for one in moment.rows.alive}
    kept = {key: at for key, at in known.items() if key in alive}
    return kept | {one.fingerprint: one.at for one in moment.said}


def _wanted(scene: Scene, judged: Judgement) -> tuple[str, ...]:
    """Return what is to be asked: needs first, and with them at once what waits for them.

    An answer of the thing after those of its needs is its proof: asking all
    at once saves a round.
    """
    wanted = dict.fromkeys(judged.reprobe)
    for one in judged.held:
        thing = scene.graph.things[one.thing]
        wanted |= dict.fromkeys((thing.id,) if thing.is_asked else scene.graph.inside[one.thing])
    return tuple(wanted)


def _asking(
    wanted: Iterable[str], known: Mapping[str, Asked], now: datetime
) -> tuple[tuple[str, ...], dict[str, Asked]]:
    """Return what to ask for now: at once the first time, then less and less often."""
    ask, asked = [], {}
    for thing in wanted:
        before = known.get(thing)
        if before is not None and now < _ask_at(before):
            asked[thing] = before
            continue
        ask.append(thing)
        asked[thing] = Asked(now, 1 if before is None else before.times + 1)
    return tuple(ask), asked


def _ask_at(asked: Asked) -> datetime:
    doublings = min(asked.times - 1, 16)
    return asked.at + timedelta(seconds=min(AGAIN_S * 2.0**doublings, AGAIN_MAX_S))


def _to_keep(memory: Memory, now: datetime) -> Memory:
    """Return a memory without what collectors tell again."""
    return replace(
        memory,
        records={thing: one for thing, one in memory.records.items() if _is_kept(one, now)},
    )


def _is_kept(record: Record, now: datetime) -> bool:
    is_recent = record.down_at is not None and now - record.down_at < RECENT_DOWN
    return record.state is not State.UP or is_recent
