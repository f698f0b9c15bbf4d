# SPDX-License-Identifier: MIT
"""Rounds over the samples: one metric after the other, so that no cause waits for all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts import ourselves
from alerts.cause import Judgement
from alerts.hiding import broken_now
from alerts.measuring import (
    REACHED,
    Course,
    Kept,
    Said,
    holding,
    judged,
    kept_of,
    newest_for,
    owners_of,
    reached,
    said_as_statements,
    watches_of,
)
from alerts.plain import dump, load
from alerts.scene import Scene
from alerts.statement import Statement
from tinhnet.alerting.rules import Rule
from tinhnet.alerting.trial import Condition, Watch
from tinhnet.context import Context
from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of
from tinhnet.model.alert import AlertRecord
from tinhnet.settings import Config
from tinhnet.store import heartbeats, memories, observed
from tinhnet.store.engine import Transaction
from tinhnet.store.heartbeats import Heartbeat
from tinhnet.store.series.open import open_series
from tinhnet.store.series.sample import Sample, Series, select

RULES = "rules"
SERVICE_UP = "service_up"
OURSELVES = "ourselves"
"""Stands in the schedule for everything that we know of ourselves."""
SELF_S = 2.0
LATEST = timedelta(minutes=3)
"""How far back newest samples are looked for; older ones a watch has seen already."""
KEEP_S = 300.0
"""Points of rates are written at most this often; what holds is written at once."""

log = log_of("alert")


@dataclass(frozen=True, slots=True)
class View:
    """What a round must know of this instant besides samples; `alive` are fingerprints by rule."""

    scene: Scene
    broken: Mapping[str, str]
    connected: frozenset[str]
    alive: Mapping[str, frozenset[str]]

    def alive_of(self, rule: str) -> frozenset[str]:
        """Return the fingerprints of a rule's alerts that hold or wait to."""
        return self.alive.get(rule, frozenset())


class Rounds:
    """The rules over samples, and what they remember."""

    def __init__(self, context: Context, started: datetime) -> None:
        """Open the samples for reading."""
        self._series = open_series(context.config, context.clock)
        self._started = started
        self._watches: dict[str, dict[Series, Watch]] | None = None
        self._kept: frozenset[tuple[str, Series]] = frozenset()
        self._kept_at = started
        self._dues: dict[str, datetime] = {}
        self.is_settled = True

    @property
    def due(self) -> datetime | None:
        """Return when the next metric is to be looked at."""
        return min(self._dues.values(), default=None)

    def close(self) -> None:
        """Let go of the samples."""
        self._series.close()

    def take(
        self, context: Context, connection: Transaction, view: View, now: datetime
    ) -> tuple[Statement, ...]:
        """Evaluate the rules of the metric that is due next; nothing when none is."""
        metric = self._next(view.scene, context.config, now)
        if metric is None:
            return ()
        watches = self._recalled(connection)
        beats = heartbeats.list_heartbeats(connection) if metric == OURSELVES else ()
        newest = self._newest(context, connection, metric, beats)
        found: list[Statement] = []
        for rule in view.scene.rules.values():
            if rule.judges is not None or _source(rule) != metric:
                continue
            meant = ourselves.for_beats(rule, beats) if _is_beat(rule) else rule
            samples = _samples(meant, newest, view, now)
            known = watches.get(rule.id, {})
            owners = owners_of(known.keys() | samples.keys(), view.scene.network)
            held, said = judged(meant, known, samples, owners, Course(now, self._started))
            if metric == OURSELVES:
                held, said = _only_there(held, said, samples, now)
            if rule.metric == REACHED:
                said += [
                    Said(series, Condition.UNKNOWN, now, None)
                    for series in held.keys() - samples.keys()
                ]
            watches[rule.id] = held
            found += said_as_statements(meant, said, view.scene.network, view.alive_of(rule.id))
        self.is_settled = holding(watches) == self._kept and not self._is_late(view, now)
        return tuple(found)

    def keep(self, connection: Transaction, scene: Scene, now: datetime) -> None:
        """Write what must outlive a restart, in the transaction of what followed from it."""
        if not self.is_settled and self._watches is not None:
            memories.remember(connection, RULES, dump(kept_of(self._watches, scene.rules)), now)

    def kept(self, now: datetime) -> None:
        """Note that it was written."""
        if not self.is_settled and self._watches is not None:
            self._kept, self._kept_at = holding(self._watches), now
            self.is_settled = True

    def _is_late(self, view: View, now: datetime) -> bool:
        """Tell whether points of rates wait to be written."""
        rates = (id_ for id_, rule in view.scene.rules.items() if rule.kind == "rate")
        watches = self._watches or {}
        has_points = any(watches.get(id_) for id_ in rates)
        return has_points and now - self._kept_at >= timedelta(seconds=KEEP_S)

    def _recalled(self, connection: Transaction) -> dict[str, dict[Series, Watch]]:
        if self._watches is None:
            text = memories.recall(connection, RULES)
            self._watches = {}
            if text is not None:
                try:
                    self._watches = watches_of(load(text, Kept))
                except TinhnetError as error:
                    log.error("memory_unreadable", error=error.message)  # noqa: TRY400 a sentence
            self._kept = holding(self._watches)
        return self._watches

    def _next(self, scene: Scene, config: Config, now: datetime) -> str | None:
        """Return the metric that is due; the metrics are spread over a period."""
        period = timedelta(seconds=config.alerts.period_s)
        metrics = sorted({_source(one) for one in scene.rules.values() if one.judges is None})
        for number, metric in enumerate(metrics):
            self._dues.setdefault(metric, now + number * period / len(metrics))
        for gone in self._dues.keys() - set(metrics):
            del self._dues[gone]
        if not self._dues:
            return None
        metric, due = min(self._dues.items(), key=lambda one: one[1])
        if due > now:
            return None
        pause = timedelta(seconds=SELF_S) if metric == OURSELVES else period
        self._dues[metric] = max(due + pause, now)
        return metric

    def _newest(
        self,
        context: Context,
        connection: Transaction,
        metric: str,
        beats: tuple[Heartbeat, ...],
    ) -> dict[Series, Sample]:
        """Return the newest samples of a metric; none where the store cannot be read just now."""
        now = context.now
        try:
            if metric != OURSELVES:
                return self._series.latest(select(metric), LATEST)
            expected = context.config.supervisor.workers
            sources = {one.source: one.at for one in observed.list_sheets(connection)}
            return {
                **ourselves.ages_of_workers(beats, expected, self._started, now),
                **ourselves.ages_of_sources(sources, self._started, now),
                **ourselves.used_of(context.config.state, now),
                **ourselves.backlog_of(self._series.backlog, now),
            }
        except TinhnetError as error:
            log.warning("samples_unreadable", metric=metric, error=error.message)
            return {}


def view_of(scene: Scene, judgement: Judgement | None, alive: Iterable[AlertRecord]) -> View:
    """Return what a round must know of the last judgement and of the alerts that are alive."""
    by_rule: dict[str, set[str]] = {}
    for one in alive:
        by_rule.setdefault(one.alert.rule, set()).add(one.alert.fingerprint)
    known = {rule: frozenset(found) for rule, found in by_rule.items()}
    if judgement is None:
        return View(scene, {}, frozenset(), known)
    connected = frozenset(site for site, state in judgement.sites.items() if state.works)
    return View(scene, broken_now(judgement), connected, known)


def _source(rule: Rule) -> str:
    """Return the metric whose samples a rule is evaluated over."""
    if rule.metric in ourselves.METRICS:
        return OURSELVES
    return SERVICE_UP if rule.metric == REACHED else rule.metric


def _is_beat(rule: Rule) -> bool:
    return rule.metric == ourselves.WORKER_AGE


def _samples(
    rule: Rule, newest: Mapping[Series, Sample], view: View, now: datetime
) -> dict[Series, Sample]:
    if rule.metric == REACHED:
        oldest = now - timedelta(seconds=rule.stale_s)
        known = {series: one for series, one in newest.items() if one.at >= oldest}
        return reached(known, view.broken, view.connected)
    return newest_for(rule, newest, view.scene.network)


def _only_there(
    held: dict[Series, Watch], said: list[Said], samples: Mapping[Series, Sample], now: datetime
) -> tuple[dict[Series, Watch], list[Said]]:
    """Let go of what is no longer ours: a worker that ended as it was told is not silent."""
    gone = held.keys() - samples.keys()
    over = [Said(series, Condition.CLEAR, now, None) for series in gone]
    kept = {series: one for series, one in held.items() if series not in gone}
    return kept, [*(one for one in said if one.series not in gone), *over]
