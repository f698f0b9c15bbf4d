# SPDX-License-Identifier: MIT
"""A rule over samples: whether its condition holds now, and how often it would have fired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tinhnet.alerting.life import Cleared, Event, Habits, Raised, Ticked, fingerprint, step
from tinhnet.alerting.rules import Rule
from tinhnet.model.alert import Alert, Notice

SPACING = 40
"""Parts of a rate's time of which one point is remembered: any of them may be its beginning."""


class Condition(StrEnum):
    """What a rule says of a thing at a moment."""

    HOLDS = "holds"
    CLEAR = "clear"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric; None: somebody looked and learned nothing."""

    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Watch:
    """What a rule remembers of one series: the points it needs, and whether it held."""

    points: tuple[Point, ...] = ()
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Firing:
    """One time a rule would have fired; `end` is None while it goes on."""

    thing: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a rule would have done."""

    rule: str
    firings: tuple[Firing, ...]

    def sentence(self, language: str) -> str:
        """Return it for people, in "vi" or "en"."""
        count = len(self.firings)
        if language == "vi":
            return f"lẽ ra đã cảnh báo {count} lần"
        return f"would have fired {count} time{'' if count == 1 else 's'}"


def judge(rule: Rule, watch: Watch, point: Point) -> tuple[Watch, Condition]:
    """Return what to remember and whether the condition holds at a point.

    Points come in order of time; one that is no newer changes nothing.  An
    absence is judged by `absent_at`, not here: any value ends it.
    """
    if watch.points and point.at <= watch.points[-1].at:
        return watch, Condition.HOLDS if watch.holds else Condition.CLEAR
    if point.value is None:
        return Watch((), watch.holds), Condition.UNKNOWN
    points = _kept(rule, watch, point)
    if rule.kind == "absence":
        return Watch(points), Condition.CLEAR
    value = _rate(rule, points) if rule.kind == "rate" else point.value
    if value is None:
        return Watch(points, watch.holds), Condition.UNKNOWN
    holds = _exceeds(rule, value, watch.holds)
    return Watch(points, holds), Condition.HOLDS if holds else Condition.CLEAR


def absent_at(rule: Rule, last: datetime) -> datetime:
    """Return when an absence begins to hold, after a last value."""
    return last + timedelta(seconds=rule.for_s)


def habits_of(rule: Rule) -> Habits:
    """Return how fast an alert of this rule speaks; an absence has waited already."""
    return Habits(for_s=0.0 if rule.kind == "absence" else rule.for_s)


def event_of(alert: Alert, condition: Condition, at: datetime, habits: Habits) -> Event:
    """Return what a condition means for an alert.

    Unknown ends nothing that fires by then, and lets nothing fire that waits.
    """
    if condition is Condition.HOLDS:
        return Raised(at)
    held_s = (at - alert.since).total_seconds() if alert.since else habits.for_s
    is_waiting = alert.fired_at is None and held_s < habits.for_s
    if condition is Condition.CLEAR or is_waiting:
        return Cleared(at)
    return Ticked(at)


def dry_run(rule: Rule, samples: Mapping[str, Sequence[Point]], until: datetime) -> DryRun:
    """Return when the rule would have fired over stored samples, by thing, until a moment."""
    firings = [
        firing
        for thing, points in samples.items()
        for firing in _firings(rule, thing, points, until)
    ]
    return DryRun(rule.id, tuple(sorted(firings, key=lambda one: (one.start, one.thing))))


def _firings(rule: Rule, thing: str, points: Sequence[Point], until: datetime) -> list[Firing]:
    ordered = [one for one in sorted(points, key=lambda one: one.at) if one.at <= until]
    if not ordered:
        return []
    alert = Alert(
        fingerprint(rule.id, {"thing": thing}), rule.id, thing, rule.severity, ordered[0].at
    )
    watch, notices, habits = Watch(), list[Notice](), habits_of(rule)
    for point in _with_gaps(rule, ordered, until):
        watch, condition = judge(rule, watch, point)
        if rule.kind == "absence":
            condition = Condition.CLEAR if point.value is not None else Condition.HOLDS
        alert, new = step(alert, event_of(alert, condition, point.at, habits), habits)
        notices += new
    _, new = step(alert, Ticked(until), habits)
    return _paired(thing, [*notices, *new])


def _with_gaps(rule: Rule, points: Sequence[Point], until: datetime) -> list[Point]:
    """Add a point without a value wherever values stayed out for too long."""
    patience = timedelta(seconds=rule.for_s if rule.kind == "absence" else rule.stale_s)
    known = [one for one in points if one.value is not None or rule.kind != "absence"]
    filled: list[Point] = []
    for number, one in enumerate(known):
        following = known[number + 1].at if number + 1 < len(known) else until
        filled.append(one)
        if following - one.at > patience:
            filled.append(Point(one.at + patience, None))
    return filled


def _paired(thing: str, notices: Sequence[Notice]) -> list[Firing]:
    ends = {one.episode: one.at for one in notices if one.kind == "resolved"}
    return [Firing(thing, one.at, ends.get(one.episode)) for one in notices if one.kind == "firing"]


def _kept(rule: Rule, watch: Watch, point: Point) -> tuple[Point, ...]:
    """Return the points that a rule needs: of a rate, those of its time and one before."""
    if rule.kind != "rate":
        return (point,)
    if watch.points and (point.at - watch.points[-1].at).total_seconds() > rule.stale_s:
        return (point,)
    oldest = point.at - timedelta(seconds=rule.over_s)
    before = [one for one in watch.points if one.at <= oldest][-1:]
    inside = [one for one in watch.points if one.at > oldest]
    return (*before, *_thinned(inside, rule.over_s / SPACING), point)


def _thinned(points: Sequence[Point], least_s: float) -> Sequence[Point]:
    """Drop the last point where it stands closer than that to the one before it."""
    if len(points) < 2:  # noqa: PLR2004 a pair
        return points
    gap_s = (points[-1].at - points[-2].at).total_seconds()
    return points[:-1] if gap_s < least_s else points


def _rate(rule: Rule, points: Sequence[Point]) -> float | None:
    """Return the change per second, None until points span the time of the rule."""
    first, last = points[0], points[-1]
    elapsed = (last.at - first.at).total_seconds()
    if elapsed < rule.over_s or first.value is None or last.value is None:
        return None
    return (last.value - first.value) / elapsed


def _exceeds(rule: Rule, value: float, held: bool) -> bool:  # noqa: FBT001 a state, not a flag
    """Tell whether a value is beyond the limit, or not yet calm again."""
    if rule.above is not None:
        calm = rule.clear if held and rule.clear is not None else rule.above
        return value > calm
    if rule.below is not None:
        calm = rule.clear if held and rule.clear is not None else rule.below
        return value < calm
    return False
