# SPDX-License-Identifier: MIT
"""The SLA ledger: what was up, down, planned or unknown, from when to when, and who says so.

Claims overlap and contradict each other; the ledger cuts time where any of
them begins or ends and decides each piece once: down beats up, up beats not
knowing, and agreed planned work takes a piece out.  Every figure is a sum of
listed intervals.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from typing import TypeAlias
from zoneinfo import ZoneInfo

from tinhnet.model.declared import DeclaredNetwork

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DECEMBER = 12


class Verdict(StrEnum):
    """What a stretch of time counts as."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` until before `end`, in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody saw a circuit up or down from `start` until before `end` (None: still).

    `source` is where it can be looked up: an alert, a probe, a person's note.
    """

    subject: str
    is_up: bool
    start: datetime
    end: datetime | None
    source: str


@dataclass(frozen=True, slots=True)
class Work:
    """Planned work on circuits and sites; `announced_at` is when it was told to their users."""

    id: str
    subjects: frozenset[str]
    start: datetime
    end: datetime
    announced_at: datetime


Span: TypeAlias = tuple[datetime, datetime, Claim | Work]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """The rule by which planned work counts: announced at least `notice_s` before it began."""

    notice_s: float = 0.0

    def covers(self, work: Work) -> bool:
        """Tell whether this work was announced in time."""
        return work.announced_at + timedelta(seconds=self.notice_s) <= work.start


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time with one verdict; `sources` are the claims and works behind it.

    `seen` is what was seen, in planned time as well: up, down or unknown.
    """

    subject: str
    verdict: Verdict
    seen: Verdict
    start: datetime
    end: datetime
    sources: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """Return how long it is."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the summary; seconds are sums over listed intervals.

    `availability_ratio` is up ÷ (up + down): planned and unknown time count
    for nobody; None when nothing is known.  `known_ratio` says how much of
    the unplanned time is known.  `mttr_s` is the mean outage, `mtbf_s` the up
    time per outage; None without one.  An outage that began before the period
    or goes on after it counts with the part inside.
    """

    kind: str
    subject: str
    up_s: float
    down_s: float
    unknown_s: float
    planned_s: float
    outages: int
    availability_ratio: float | None
    known_ratio: float | None
    mttr_s: float | None
    mtbf_s: float | None


def month(year: int, number: int) -> Period:
    """Return a calendar month of Vietnam (UTC+7, no daylight saving time)."""
    following = (year + 1, 1) if number == DECEMBER else (year, number + 1)
    first, after = datetime(year, number, 1, tzinfo=ZONE), datetime(*following, 1, tzinfo=ZONE)
    return Period(first.astimezone(UTC), after.astimezone(UTC))


def intervals(
    subject: str,
    claims: Iterable[Claim],
    works: Iterable[Work],
    period: Period,
    rule: Exclusion,
) -> tuple[Interval, ...]:
    """Return a circuit's time without gaps or overlaps; neighbours that say the same are one."""
    spans: list[Span] = [
        (one.start, one.end or period.end, one) for one in claims if one.subject == subject
    ]
    spans += [
        (one.start, one.end, one) for one in works if subject in one.subjects and rule.covers(one)
    ]
    inside = [
        (max(start, period.start), min(end, period.end), one)
        for start, end, one in spans
        if start < period.end and end > period.start
    ]
    return _merged(_pieces(subject, inside, period))


def combined(
    site: str,
    circuits: Sequence[tuple[Interval, ...]],
    works: Iterable[Work],
    period: Period,
    rule: Exclusion,
) -> tuple[Interval, ...]:
    """Return a site's time out of that of its circuits.

    It is seen up while any circuit is, be it in planned work or not, and down
    while all are; unknown where an unknown circuit might have carried it.
    Only work on the site or on all its circuits takes time out.
    """
    own = [one for one in works if site in one.subjects and rule.covers(one)]
    cuts = {period.start, period.end}
    cuts |= {time for line in circuits for one in line for time in (one.start, one.end)}
    cuts |= {time for one in own for time in (one.start, one.end)}
    order = sorted(time for time in cuts if period.start <= time <= period.end)
    places = [0] * len(circuits)
    pieces = []
    for start, end in pairwise(order):
        held: list[Interval] = []
        for number, line in enumerate(circuits):
            while places[number] < len(line) and line[places[number]].end <= start:
                places[number] += 1
            held += line[places[number] : places[number] + 1]
        active = [one.id for one in own if one.start <= start and one.end >= end]
        pieces.append(_site_piece(site, Period(start, end), held, active))
    return _merged(pieces)


def summary(kind: str, subject: str, lines: Iterable[Sequence[Interval]]) -> Row:
    """Return the row of one subject; of several lines (a carrier's circuits) the sums."""
    seconds = dict.fromkeys(Verdict, 0.0)
    outages = 0
    for line in lines:
        for one in line:
            seconds[one.verdict] += one.seconds
        is_down = [(one.verdict is Verdict.DOWN) for one in line]
        outages += sum(1 for value, _ in groupby(is_down) if value)
    up, down, unknown = (seconds[one] for one in (Verdict.UP, Verdict.DOWN, Verdict.UNKNOWN))
    return Row(
        kind=kind,
        subject=subject,
        up_s=up,
        down_s=down,
        unknown_s=unknown,
        planned_s=seconds[Verdict.PLANNED],
        outages=outages,
        availability_ratio=_share(up, up + down),
        known_ratio=_share(up + down, up + down + unknown),
        mttr_s=_share(down, outages),
        mtbf_s=_share(up, outages),
    )


@dataclass(frozen=True, slots=True)
class Lines:
    """The intervals of every subject of a period; a unit and a carrier have several lines."""

    circuits: Mapping[str, tuple[Interval, ...]]
    sites: Mapping[str, tuple[Interval, ...]]
    units: Mapping[str, Sequence[tuple[Interval, ...]]]
    carriers: Mapping[str, Sequence[tuple[Interval, ...]]]


def lines(
    network: DeclaredNetwork,
    claims: Iterable[Claim],
    works: Sequence[Work],
    period: Period,
    rule: Exclusion,
) -> Lines:
    """Return the intervals of all circuits, sites, units and carriers of a period.

    Subjects are named as in the network.  A unit's time is that of the sites
    in which it lived, on the days on which it did; a carrier's is that of its
    circuits.
    """
    by_subject: dict[str, list[Claim]] = {}
    for claim in claims:
        by_subject.setdefault(claim.subject, []).append(claim)
    of_work: dict[str, list[Work]] = {}
    for work in works:
        for subject in work.subjects:
            of_work.setdefault(subject, []).append(work)
    circuits = {
        link.id: intervals(
            link.id, by_subject.get(link.id, ()), of_work.get(link.id, ()), period, rule
        )
        for link in network.links.values()
        if link.kind == "circuit"
    }
    of_site: dict[str, list[tuple[Interval, ...]]] = {}
    of_carrier: dict[str, list[tuple[Interval, ...]]] = {}
    for id_, line in circuits.items():
        link = network.links[id_]
        of_site.setdefault(network.devices[link.a.device].site, []).append(line)
        of_carrier.setdefault(link.carrier or "", []).append(line)
    sites = {
        id_: combined(id_, found, of_work.get(id_, ()), period, rule)
        for id_, found in of_site.items()
    }
    return Lines(circuits, sites, _of_units(network, sites, period), of_carrier)


def report(
    network: DeclaredNetwork,
    claims: Sequence[Claim],
    works: Sequence[Work],
    period: Period,
    rule: Exclusion,
) -> tuple[Row, ...]:
    """Return the rows of all circuits, sites, units and carriers of a period."""
    return rows_of(lines(network, claims, works, period, rule))


def rows_of(found: Lines) -> tuple[Row, ...]:
    """Return the row of every subject of these lines."""
    return (
        *(summary("circuit", id_, [line]) for id_, line in found.circuits.items()),
        *(summary("site", id_, [line]) for id_, line in found.sites.items()),
        *(summary("unit", id_, lines_) for id_, lines_ in found.units.items()),
        *(summary("carrier", id_, lines_) for id_, lines_ in found.carriers.items()),
    )


def clipped(line: Iterable[Interval], period: Period) -> tuple[Interval, ...]:
    """Return the part of a line inside a period."""
    return tuple(
        one
        if one.start >= period.start and one.end <= period.end
        else replace(one, start=max(one.start, period.start), end=min(one.end, period.end))
        for one in line
        if one.start < period.end and one.end > period.start
    )


def _pieces(subject: str, spans: Sequence[Span], period: Period) -> list[Interval]:
    """Cut the period wherever a span begins or ends, and decide each piece."""
    cuts = {period.start, period.end, *(s for s, _, _ in spans), *(e for _, e, _ in spans)}
    waiting = sorted(spans, key=lambda span: span[0], reverse=True)
    active: list[tuple[datetime, Claim | Work]] = []
    pieces = []
    for start, end in pairwise(sorted(cuts)):
        while waiting and waiting[-1][0] <= start:
            _, until, one = waiting.pop()
            active.append((until, one))
        active = [(until, one) for until, one in active if until > start]
        verdict, seen, sources = _decided([one for _, one in active])
        pieces.append(Interval(subject, verdict, seen, start, end, sources))
    return pieces


def _decided(active: Iterable[Claim | Work]) -> tuple[Verdict, Verdict, tuple[str, ...]]:
    """Return what a piece counts as, what was seen in it, and who says so."""
    claims = [one for one in active if isinstance(one, Claim)]
    is_up = all(one.is_up for one in claims)
    seen = (Verdict.UP if is_up else Verdict.DOWN) if claims else Verdict.UNKNOWN
    sources = {one.source for one in claims if one.is_up == is_up}
    works = {one.id for one in active if isinstance(one, Work)}
    return Verdict.PLANNED if works else seen, seen, tuple(sorted(sources | works))


def _site_piece(
    site: str, period: Period, held: Sequence[Interval], works: Sequence[str]
) -> Interval:
    states = {one.seen for one in held}
    seen = Verdict.DOWN if states == {Verdict.DOWN} else Verdict.UNKNOWN
    seen = Verdict.UP if Verdict.UP in states else seen
    is_planned = bool(works) or {one.verdict for one in held} == {Verdict.PLANNED}
    sources = {source for one in held if one.seen is seen or is_planned for source in one.sources}
    return Interval(
        subject=site,
        verdict=Verdict.PLANNED if is_planned else seen,
        seen=seen,
        start=period.start,
        end=period.end,
        sources=tuple(sorted(sources.union(works))),
    )


def _merged(pieces: Iterable[Interval]) -> tuple[Interval, ...]:
    """Join neighbours that say the same for the same reasons."""
    merged: list[Interval] = []
    for one in pieces:
        last = merged[-1] if merged else None
        same = last and (last.verdict, last.seen, last.sources) == (
            one.verdict,
            one.seen,
            one.sources,
        )
        if last and same:
            merged[-1] = replace(last, end=one.end)
        else:
            merged.append(one)
    return tuple(merged)


def _of_units(
    network: DeclaredNetwork, sites: Mapping[str, Sequence[Interval]], period: Period
) -> dict[str, list[tuple[Interval, ...]]]:
    found: dict[str, list[tuple[Interval, ...]]] = {}
    for id_, line in sites.items():
        for tenancy in network.sites[id_].tenancies:
            start = max(_midnight(tenancy.valid_from), period.start)
            end = min(_midnight(tenancy.valid_to), period.end) if tenancy.valid_to else period.end
            if start < end:
                found.setdefault(tenancy.unit, []).append(clipped(line, Period(start, end)))
    return found


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
