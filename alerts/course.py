# SPDX-License-Identifier: MIT
"""One alert through what happens to it in one instant: its row, its timeline, what is told."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.statement import FRESH_S, Statement, duration
from tinhnet.alerting.life import (
    Event,
    Habits,
    Released,
    Silenced,
    Ticked,
    Unsilenced,
    due_at,
    step,
)
from tinhnet.alerting.trial import Condition, event_of, habits_of
from tinhnet.model.alert import Alert, AlertEntry, AlertRecord, AlertState, Notice


@dataclass(frozen=True, slots=True)
class Outcome:
    """An alert after an instant; nothing is to be written where `is_changed` is False."""

    record: AlertRecord
    entries: tuple[AlertEntry, ...]
    notices: tuple[Notice, ...]
    is_changed: bool
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Hidings:
    """What hides an alert now, by name and since when, and which of what hid it was lifted.

    What no longer hides and was not lifted has run out.
    """

    now: Mapping[str, datetime] = field(default_factory=dict)
    lifted: frozenset[str] = frozenset()


def begun(statement: Statement) -> AlertRecord:
    """Return an alert that has never held."""
    alert = Alert(
        fingerprint=statement.fingerprint,
        rule=statement.rule.id,
        thing=statement.place.thing,
        severity=statement.rule.severity,
        at=statement.at,
    )
    return AlertRecord(
        alert,
        statement.rule.title_vi,
        statement.rule.title_en,
        statement.sentence("vi"),
        statement.sentence("en"),
        labels=dict(statement.labels),
        device=statement.place.device,
        link=statement.place.link,
        site=statement.place.site,
        value=statement.value,
    )


def run(
    before: AlertRecord,
    statement: Statement | None,
    hidings: Hidings,
    habits: Habits,
    now: datetime,
) -> Outcome:
    """Return an alert after what is said of it and what hides it at `now`.

    What hides it comes first, so that nothing is told that should not be;
    what stops hiding it comes last, so that what is over is not told.
    """
    course = _Course(_fresh(before), habits)
    for by, since in hidings.now.items():
        if by not in course.record.alert.silences:
            course.take(Silenced(since, by))
    if statement is not None:
        if before.alert.since is None:
            course.begin(statement, now)
        course.say(statement, now)
    for by in course.record.alert.silences:
        if by not in hidings.now and course.record.alert.since is not None:
            is_lapse = by not in hidings.lifted and not by.startswith("cause:")
            course.take(Unsilenced(now, by, is_lapse))
    due = due_at(course.record.alert, habits)
    if due is not None and due <= now:
        course.take(Ticked(now))
        due = due_at(course.record.alert, habits)
    if statement is not None and before.alert.fired_at is not None:
        course.describe_end(statement, before.alert.since)
    course.point_at_cause()
    return course.outcome(before, due)


def _fresh(record: AlertRecord) -> AlertRecord:
    """Return an alert without what an episode that is over left behind."""
    if record.alert.since is not None:
        return record
    alert = replace(record.alert, silences=())
    return replace(record, alert=alert, cause=None, explains=(), sites_down=(), sites_degraded=())


def habits_for(statement: Statement | None, known: Mapping[str, Habits], rule: str) -> Habits:
    """Return the habits of an alert's rule; of a rule that is gone the usual ones."""
    return habits_of(statement.rule) if statement else known.get(rule, Habits())


@dataclass(slots=True)
class _Course:
    record: AlertRecord
    habits: Habits
    entries: list[AlertEntry] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def begin(self, statement: Statement, now: datetime) -> None:
        """Let a cause hold since it broke, and fire when it is named: now."""
        if statement.is_cause and statement.condition is Condition.HOLDS:
            alert = replace(
                self.record.alert, since=statement.at, at=max(self.record.alert.at, now)
            )
            self.record = replace(self.record, alert=alert)

    def say(self, statement: Statement, now: datetime) -> None:
        """Let a statement happen, and keep what it tells."""
        alert = self.record.alert
        is_named = statement.is_cause and statement.condition is Condition.HOLDS
        at = now if is_named else statement.at
        self.take(event_of(alert, statement.condition, at, self.habits), statement.details)
        if statement.condition is Condition.HOLDS:
            self._describe(statement, now, alert)

    def take(self, event: Event, details: Mapping[str, str] | None = None) -> None:
        """Let an event happen and write down what came of it."""
        before = self.record.alert
        after, notices = step(before, event, self.habits)
        self.record = replace(self.record, alert=after)
        self.notices += notices
        self.entries += _entries(before, after, event, details or {})

    def point_at_cause(self) -> None:
        """Keep beside the alert what it hides behind."""
        behind = [one for one in self.record.alert.silences if one.startswith("cause:")]
        cause = behind[0].removeprefix("cause:") if behind else None
        if cause != self.record.cause:
            self.record = replace(self.record, cause=cause)

    def outcome(self, before: AlertRecord, due: datetime | None) -> Outcome:
        same_time = replace(self.record, alert=replace(self.record.alert, at=before.alert.at))
        is_changed = same_time != before
        record = self.record if is_changed else before
        return Outcome(record, tuple(self.entries), tuple(self.notices), is_changed, due)

    def _describe(self, statement: Statement, now: datetime, before: Alert) -> None:
        """Write what the statement says; a value that merely moves on waits a while."""
        alert, told = self.record.alert, self._told(statement)
        same_value = replace(
            told,
            value=self.record.value,
            sentence_vi=self.record.sentence_vi,
            sentence_en=self.record.sentence_en,
        )
        is_fresh = before.since is not None and now - before.at < timedelta(seconds=FRESH_S)
        if same_value == self.record and is_fresh and not statement.is_cause:
            return
        grown = set(told.explains) - set(self.record.explains)
        if grown and alert.fired_at is not None:
            self.entries.append(_explains(alert, grown, now))
        if told != self.record:
            self.record = replace(told, alert=replace(told.alert, at=max(alert.at, now)))

    def _told(self, statement: Statement) -> AlertRecord:
        return replace(
            self.record,
            alert=replace(self.record.alert, severity=statement.rule.severity),
            title_vi=statement.rule.title_vi,
            title_en=statement.rule.title_en,
            sentence_vi=statement.sentence("vi"),
            sentence_en=statement.sentence("en"),
            device=statement.place.device,
            link=statement.place.link,
            site=statement.place.site,
            explains=statement.explains,
            sites_down=statement.sites_down,
            sites_degraded=statement.sites_degraded,
            value=statement.value,
        )

    def describe_end(self, statement: Statement, since: datetime | None) -> None:
        """Say of an alert that is over how it ended and how long it lasted."""
        ended = self.record.alert.resolved_at
        if since is None or ended is None or self.record.alert.since is not None:
            return
        seconds = (ended - since).total_seconds()
        vi = statement.remark_vi or "đã trở lại bình thường"
        en = statement.remark_en or "back to normal"
        self.record = replace(
            self.record,
            value=statement.value if statement.value is not None else self.record.value,
            sentence_vi=f"{statement.place.name_vi}: {vi} sau {duration(seconds, 'vi')}",
            sentence_en=f"{statement.place.name_en}: {en} after {duration(seconds, 'en')}",
        )


def _entries(
    before: Alert, after: Alert, event: Event, details: Mapping[str, str]
) -> Iterator[AlertEntry]:
    """Yield the lines of a timeline that an event makes."""

    def line(kind: str, at: datetime, text: str, more: Mapping[str, str]) -> AlertEntry:
        return AlertEntry(after.fingerprint, after.episode, at, kind, text, details=more)

    if after.episode > before.episode:
        yield line("firing", after.fired_at or after.at, "", {})
    if after.resolved_at != before.resolved_at and after.resolved_at is not None:
        since = before.since or after.resolved_at
        seconds = (after.resolved_at - since).total_seconds()
        more = {"duration_s": f"{seconds:.1f}", **details}
        yield line("resolved", after.resolved_at, f"after {duration(seconds, 'en')}", more)
    lapsed = before.acknowledgement is not None and after.acknowledgement is None
    if lapsed and after.since is not None and not isinstance(event, Released):
        owner = before.acknowledgement.owner if before.acknowledgement else ""
        yield line("acknowledgement_lapsed", after.at, owner, {})
    for by in _less(after.silences, before.silences):
        yield line("silenced", after.at, by, {"by": by})
    for by in _less(before.silences, after.silences):
        yield line("unsilenced", after.at, by, {"by": by})


def _explains(alert: Alert, grown: Iterable[str], now: datetime) -> AlertEntry:
    things = sorted(grown)
    details = {"things": " ".join(things), "count": str(len(things))}
    return AlertEntry(
        alert.fingerprint, alert.episode, now, "explains", " ".join(things[:20]), details=details
    )


def _less(one: Iterable[str], other: Iterable[str]) -> list[str]:
    without = set(other)
    return [by for by in one if by not in without]


def is_alive(record: AlertRecord) -> bool:
    """Tell whether an alert holds or waits to."""
    return record.alert.state is not AlertState.RESOLVED
