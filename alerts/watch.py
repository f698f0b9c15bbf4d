# SPDX-License-Identifier: MIT
"""The alert worker: rows in, a decision, rows out, in one transaction.

Everything is read and decided first, and only then, if anything is to be
written, read once more and written: who writes wakes everybody, himself too.
What was decided counts once it is written; a worker that dies decides again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from alerts.accounts import EXTEND_S
from alerts.decision import Decision, Mind, Moment, Rows, decide
from alerts.hiding import WindowsNow, windows_now
from alerts.memory import Memory
from alerts.plain import dump, load
from alerts.rounds import Rounds, view_of
from alerts.scene import read_scene, stamp_of
from alerts.sight import Sight, sight_of
from alerts.statement import Statement
from alerts.working import SETTLE_S
from tinhnet.alerting.rules import SHIPPED
from tinhnet.context import Context
from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of
from tinhnet.model.alert import AlertRecord
from tinhnet.model.job import Job, JobDevice, JobState
from tinhnet.model.window import Window
from tinhnet.store import alerts, claims, jobs, memories, observed, windows
from tinhnet.store.engine import Transaction
from tinhnet.store.observed import Raw, Sheet
from tinhnet.worker import Identity

CAUSE = "cause"
LOOK_S = 10.0
"""Seconds between two looks at the files of inventory and rules."""
IDLE_S = 60.0
NEWEST_JOBS = 20
"""Jobs among which those that have just ended are looked for."""
HORIZON = timedelta(days=1)
"""How far ahead windows are looked through; then they are looked through again."""

log = log_of("alert")


@dataclass(frozen=True, slots=True)
class Read:
    """Everything that was read in one transaction; the same again changes nothing."""

    sheets: tuple[Sheet, ...]
    windows: tuple[Window, ...]
    alive: tuple[AlertRecord, ...]
    jobs: tuple[tuple[Job, tuple[JobDevice, ...]], ...]
    remembered_at: datetime | None


@dataclass(slots=True)
class _Cache:
    """What would be worked out again from rows that have not changed."""

    sheets: dict[str, tuple[str, Mapping[str, Raw]]] = field(default_factory=dict)
    windows: tuple[tuple[Window, ...], WindowsNow] | None = None


class AlertWorker:
    """Decides what is an alert."""

    def __init__(self, context: Context, identity: Identity) -> None:
        """Read the declared network and the rules."""
        settings = context.config.alerts
        self._rules = Path(settings.rules) if settings.rules else SHIPPED
        self._scene = read_scene(context.config.inventory, self._rules, settings)
        self._looked_at = context.now
        self._mind: Mind | None = None
        self._remembered_at: datetime | None = None
        self._cache = _Cache()
        self._read: Read | None = None
        self._due: datetime | None = None
        self._rounds = Rounds(context, identity.started_at)

    def step(self, context: Context) -> float:
        """Decide once; return after how many seconds to look again."""
        now = context.now
        self._look(context, now)
        with context.store.reading() as connection:
            read = self._rows(connection, now)
            mind = self._known(connection, read)
            view = view_of(self._scene, mind.judged, read.alive)
            said = self._rounds.take(context, connection, view, now)
            is_same = read == self._read and self._due is not None and now < self._due
            if is_same and not said and self._rounds.is_settled:
                return self._seconds(now)
            decision = self._decide(connection, mind, read, said, now)
        if decision.is_empty and self._rounds.is_settled:
            self._mind, self._read, self._due = decision.mind, read, decision.due
            return self._seconds(now)
        with context.store.writing() as connection:
            again = self._rows(connection, now)
            if again != read:
                mind = self._known(connection, again)
                decision = self._decide(connection, mind, again, said, now)
            self._write(connection, decision, now)
        self._rounds.kept(now)
        self._mind, self._due, self._read = decision.mind, decision.due, None
        if decision.remembers is not None:
            self._remembered_at = now
        _tell(decision)
        return self._seconds(now)

    def close(self, context: Context) -> None:
        """Let go of the samples."""
        del context
        self._rounds.close()

    def _look(self, context: Context, now: datetime) -> None:
        """Take in files that changed; a mistake in them keeps what was there before."""
        if now - self._looked_at < timedelta(seconds=LOOK_S):
            return
        self._looked_at = now
        if stamp_of(context.config.inventory, self._rules) == self._scene.stamp:
            return
        try:
            self._scene = read_scene(context.config.inventory, self._rules, context.config.alerts)
        except TinhnetError as error:
            log.error("declared_unreadable", error=error.message)  # noqa: TRY400 a sentence, no trace
            return
        self._due = None
        if self._mind is not None:
            self._mind = _judging_anew(self._mind)

    def _rows(self, connection: Transaction, now: datetime) -> Read:
        return Read(
            sheets=observed.list_sheets(connection),
            windows=windows.list_open(connection, now),
            alive=alerts.list_alive(connection),
            jobs=_jobs(connection, now),
            remembered_at=memories.remembered_at(connection, CAUSE),
        )

    def _known(self, connection: Transaction, read: Read) -> Mind:
        """Return what is known; from the rows when there is nothing, or when another wrote them."""
        if self._mind is not None and read.remembered_at == self._remembered_at:
            return self._mind
        self._remembered_at = read.remembered_at
        self._mind = Mind(_recalled(connection), claims=claims.open_claims(connection))
        return self._mind

    def _decide(
        self,
        connection: Transaction,
        mind: Mind,
        read: Read,
        said: tuple[Statement, ...],
        now: datetime,
    ) -> Decision:
        windowed = self._windows(read.windows, now)
        moment = Moment(
            sight=self._sight(read.sheets, now),
            windows=windowed,
            rows=Rows(read.alive, read.jobs, _lifted(connection, read.alive, windowed)),
            said=said,
            now=now,
            extend_s=EXTEND_S,
        )
        return decide(
            self._scene, mind, moment, lambda wanted: alerts.find_alerts(connection, wanted)
        )

    def _sight(self, sheets: Iterable[Sheet], now: datetime) -> Sight:
        parsed: dict[str, tuple[str, Mapping[str, Raw]]] = {}
        for sheet in sheets:
            known = self._cache.sheets.get(sheet.source)
            if known is not None and known[0] == sheet.content:
                parsed[sheet.source] = known
            else:
                parsed[sheet.source] = (sheet.content, _raw_of(sheet))
        self._cache.sheets = parsed
        return sight_of((raw for _, raw in parsed.values()), now, self._scene.limits)

    def _windows(self, held: tuple[Window, ...], now: datetime) -> WindowsNow:
        cached = self._cache.windows
        if cached is not None and cached[0] == held:
            turns_at = cached[1].turns_at
            if turns_at is None or now < turns_at:
                return cached[1]
        found = windows_now(held, self._scene.network, now, HORIZON)
        self._cache.windows = (held, found)
        return found

    def _write(self, connection: Transaction, decision: Decision, now: datetime) -> None:
        alerts.put_alerts(connection, decision.records)
        alerts.add_entries(connection, decision.entries)
        alerts.add_notices(connection, decision.notices)
        claims.move_claims(connection, decision.claims.ended, end=True)
        claims.begin_claims(connection, decision.claims.begun)
        claims.move_claims(connection, decision.claims.extended)
        if decision.ask:
            observed.ask_again(connection, decision.ask, now)
        if decision.remembers is not None:
            memories.remember(connection, CAUSE, dump(decision.remembers), now)
        self._rounds.keep(connection, self._scene, now)

    def _seconds(self, now: datetime) -> float:
        times = [one for one in (self._due, self._rounds.due) if one is not None]
        wanted = min(((one - now).total_seconds() for one in times), default=IDLE_S)
        return min(max(wanted, 0.0), IDLE_S)


def _raw_of(sheet: Sheet) -> Mapping[str, Raw]:
    """Return what a collector saw; nothing of one whose row cannot be read: all is unknown."""
    try:
        return observed.raw_of(sheet)
    except TinhnetError as error:
        log.error("observed_unreadable", source=sheet.source, error=error.message)  # noqa: TRY400 a sentence
        return {}


def _recalled(connection: Transaction) -> Memory:
    text = memories.recall(connection, CAUSE)
    if text is None:
        return Memory()
    try:
        return load(text, Memory)
    except TinhnetError as error:
        log.error("memory_unreadable", error=error.message, hint=error.hint)  # noqa: TRY400 a sentence
        return Memory()


def _judging_anew(mind: Mind) -> Mind:
    return Mind(
        memory=mind.memory,
        claims=mind.claims,
        extended_at=mind.extended_at,
        measured=mind.measured,
    )


def _jobs(connection: Transaction, now: datetime) -> tuple[tuple[Job, tuple[JobDevice, ...]], ...]:
    """Return the jobs that run, and those that ended so short ago that they explain things."""
    since = now - timedelta(seconds=SETTLE_S)
    found = {
        job.number: job
        for job in (
            *jobs.list_jobs(connection, states=[JobState.RUNNING]),
            *jobs.list_jobs(connection, limit=NEWEST_JOBS),
        )
        if job.state is JobState.RUNNING or (job.ended_at is not None and job.ended_at >= since)
    }
    return tuple(
        (job, jobs.list_devices(connection, number)) for number, job in sorted(found.items())
    )


def _lifted(
    connection: Transaction, alive: Iterable[AlertRecord], windowed: WindowsNow
) -> frozenset[str]:
    """Return the windows that people ended, of those that hide something and are not open."""
    is_open = {one.window.id for one in windowed.open}
    hiding = {
        by for one in alive for by in one.alert.silences if ":" not in by and by not in is_open
    }
    found = {id_: windows.find_window(connection, id_) for id_ in sorted(hiding)}
    return frozenset(id_ for id_, kept in found.items() if kept and kept.lifted_at is not None)


def _tell(decision: Decision) -> None:
    """Log what an operator would want to know at 3 a.m."""
    for notice in decision.notices:
        record = next(
            one for one in decision.records if one.alert.fingerprint == notice.fingerprint
        )
        log.info(
            "alert",
            kind=notice.kind,
            rule=record.alert.rule,
            thing=record.alert.thing,
            fingerprint=notice.fingerprint,
            explains=len(record.explains),
        )
