# SPDX-License-Identifier: MIT
"""The SLA ledger agrees with a model that looks at every single second."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from tinhnet.alerting.ledger import (
    Claim,
    Exclusion,
    Interval,
    Period,
    Verdict,
    Work,
    clipped,
    combined,
    intervals,
    month,
    report,
    summary,
)
from tinhnet.model.declared import DeclaredNetwork

pytestmark = pytest.mark.patient

ZERO = datetime(2026, 3, 1, tzinfo=UTC)
ALWAYS = Exclusion()
LENGTH = 48  # seconds of a random period; its logs reach 20 beyond on both sides
LOGS = 10_000


def at(seconds: float) -> datetime:
    """Return the time so many seconds after the period began."""
    return ZERO + timedelta(seconds=seconds)


PERIOD = Period(at(0), at(LENGTH))


def claim(start: float, end: float | None, *, up: bool = False, source: str = "A1") -> Claim:
    """Return a claim on the circuit c."""
    return Claim("c", up, at(start), None if end is None else at(end), source)


def work(start: float, end: float, *subjects: str, announced: float = -1000) -> Work:
    """Return planned work."""
    return Work("W1", frozenset(subjects or {"c"}), at(start), at(end), at(announced))


def told(line: tuple[Interval, ...]) -> list[tuple[str, float, float]]:
    """Return the intervals as words and seconds."""
    return [
        (one.verdict.value, (one.start - ZERO).total_seconds(), (one.end - ZERO).total_seconds())
        for one in line
    ]


def seen_at(second: int, claims: list[Claim], subject: str) -> Verdict:
    """Return what is seen of a circuit in one second."""
    now = at(second)
    held = [
        one.is_up
        for one in claims
        if one.subject == subject and one.start <= now and (one.end is None or now < one.end)
    ]
    if not held:
        return Verdict.UNKNOWN
    return Verdict.UP if all(held) else Verdict.DOWN


def planned_at(second: int, works: list[Work], subject: str, rule: Exclusion) -> bool:
    """Tell whether a second is taken out for a subject."""
    now = at(second)
    return any(
        subject in one.subjects
        and one.start <= now < one.end
        and one.start - one.announced_at >= timedelta(seconds=rule.notice_s)
        for one in works
    )


def site_at(second: int, claims: list[Claim], works: list[Work], rule: Exclusion) -> Verdict:
    """Return what a second counts as for the site s with circuits c and d."""
    if planned_at(second, works, "s", rule) or all(
        planned_at(second, works, one, rule) for one in "cd"
    ):
        return Verdict.PLANNED
    states = [seen_at(second, claims, one) for one in "cd"]
    if Verdict.UP in states:
        return Verdict.UP
    return Verdict.UNKNOWN if Verdict.UNKNOWN in states else Verdict.DOWN


def random_log(dice: random.Random) -> tuple[list[Claim], list[Work], Exclusion]:
    """Return claims and works that overlap, contradict and reach beyond the period."""
    claims = []
    for number in range(dice.randint(0, 6)):
        start = dice.randint(-20, LENGTH + 20)
        end = None if dice.random() < 0.1 else at(start + dice.randint(0, 40))
        up = dice.random() < 0.5
        claims.append(Claim(dice.choice("cd"), up, at(start), end, f"A{number}"))
    works = []
    for number in range(dice.randint(0, 3)):
        start = dice.randint(-20, LENGTH + 20)
        subjects = frozenset(dice.sample("cds", dice.choice((1, 1, 2))))
        announced = at(start - dice.choice((0, 5, 10, 60)))
        works.append(
            Work(f"W{number}", subjects, at(start), at(start + dice.randint(0, 30)), announced)
        )
    return claims, works, Exclusion(notice_s=dice.choice((0, 10)))


def per_second(line: tuple[Interval, ...]) -> list[Verdict]:
    """Return the verdict of every second; the line must have no gap and no overlap."""
    assert line[0].start == PERIOD.start
    assert line[-1].end == PERIOD.end
    seconds = []
    for one in line:
        assert one.start == at(len(seconds))
        seconds += [one.verdict] * int(one.seconds)
    return seconds


@pytest.mark.parametrize("part", range(10))
def test_the_ledger_equals_a_model_of_every_second(part: int) -> None:
    """Ten thousand random logs: every second of a circuit and of its site is the same."""
    dice = random.Random(part)  # noqa: S311 nothing secret is drawn
    for _ in range(LOGS // 10):
        claims, works, rule = random_log(dice)
        lines = [intervals(one, claims, works, PERIOD, rule) for one in "cd"]
        site = combined("s", lines, works, PERIOD, rule)

        wanted = [
            Verdict.PLANNED if planned_at(n, works, "c", rule) else seen_at(n, claims, "c")
            for n in range(LENGTH)
        ]
        assert per_second(lines[0]) == wanted
        assert per_second(site) == [site_at(n, claims, works, rule) for n in range(LENGTH)]
        row = summary("circuit", "c", [lines[0]])
        outages = sum(
            one is Verdict.DOWN and (n == 0 or wanted[n - 1] is not Verdict.DOWN)
            for n, one in enumerate(wanted)
        )
        assert (row.down_s, row.outages) == (wanted.count(Verdict.DOWN), outages)
        assert row.up_s + row.down_s + row.unknown_s + row.planned_s == LENGTH


def test_overlapping_outages_are_one() -> None:
    """Two alerts of the same minutes must not count twice; both are named as sources."""
    line = intervals("c", [claim(10, 30), claim(20, 40, source="A2")], [], PERIOD, ALWAYS)
    row = summary("circuit", "c", [line])

    assert told(line) == [
        ("unknown", 0, 10),
        ("down", 10, 20),
        ("down", 20, 30),
        ("down", 30, 40),
        ("unknown", 40, 48),
    ]
    assert [one.sources for one in line[1:4]] == [("A1",), ("A1", "A2"), ("A2",)]
    assert (row.down_s, row.outages, row.mttr_s) == (30, 1, 30)


def test_unknown_is_not_up() -> None:
    """Time of which nobody says anything is no availability, and its share is shown."""
    line = intervals("c", [claim(0, 12, up=True)], [], PERIOD, ALWAYS)
    row = summary("circuit", "c", [line])

    assert row.availability_ratio == 1
    assert row.known_ratio == 0.25
    assert row.mtbf_s is None


def test_nothing_known_is_no_percentage() -> None:
    """No data is not 100 %, and not 0 % either."""
    row = summary("circuit", "c", [intervals("c", [], [], PERIOD, ALWAYS)])

    assert row.availability_ratio is None
    assert row.known_ratio == 0


def test_an_outage_that_reaches_beyond_the_window_counts_inside() -> None:
    """Window of 15 minutes, down from its 416th second on for an hour and a half."""
    window = Period(at(0), at(900))
    claims = [claim(-500, None, up=True), claim(416, 6516)]

    row = summary("circuit", "c", [intervals("c", claims, [], window, ALWAYS)])

    assert (row.up_s, row.down_s, row.outages) == (416, 484, 1)


def test_planned_work_is_taken_out_and_what_was_seen_is_kept() -> None:
    """Excluded time is excluded for up and down alike, and the ledger still says what it was."""
    line = intervals("c", [claim(0, None, up=True), claim(10, 30)], [work(20, 40)], PERIOD, ALWAYS)
    row = summary("circuit", "c", [line])

    assert told(line) == [
        ("up", 0, 10),
        ("down", 10, 20),
        ("planned", 20, 30),
        ("planned", 30, 40),
        ("up", 40, 48),
    ]
    assert [one.seen.value for one in line] == ["up", "down", "down", "up", "up"]
    assert line[2].sources == ("A1", "W1")
    assert (row.planned_s, row.down_s, row.up_s) == (20, 10, 18)


def test_work_announced_too_late_takes_nothing_out() -> None:
    """A carrier that calls an outage planned after the fact has had an outage."""
    works = [work(20, 40, announced=19)]

    late = intervals("c", [claim(0, None)], works, PERIOD, Exclusion(notice_s=2))
    timely = intervals("c", [claim(0, None)], works, PERIOD, Exclusion(notice_s=1))

    assert told(late) == [("down", 0, 48)]
    assert told(timely) == [("down", 0, 20), ("planned", 20, 40), ("down", 40, 48)]


def test_a_site_on_a_circuit_in_planned_work_is_up_while_that_works() -> None:
    """The backup fails during work on the primary that still carries: the site was never down."""
    claims = [
        Claim("c", is_up=True, start=at(0), end=None, source="p"),
        Claim("d", is_up=False, start=at(10), end=None, source="A1"),
    ]
    works = [work(0, 48, "c")]
    lines = [intervals(one, claims, works, PERIOD, ALWAYS) for one in "cd"]

    assert told(combined("s", lines, works, PERIOD, ALWAYS)) == [("up", 0, 48)]


def test_a_site_down_beside_planned_work_on_one_circuit_is_down() -> None:
    """Work on the primary excuses no fault of the backup."""
    claims = [Claim(one, is_up=False, start=at(0), end=None, source=one) for one in "cd"]
    works = [work(0, 48, "c")]
    lines = [intervals(one, claims, works, PERIOD, ALWAYS) for one in "cd"]

    assert told(combined("s", lines, works, PERIOD, ALWAYS)) == [("down", 0, 48)]


@pytest.mark.parametrize(
    ("year", "number", "start", "days"),
    [
        (2026, 1, "2025-12-31T17:00:00+00:00", 31),
        (2028, 2, "2028-01-31T17:00:00+00:00", 29),
        (2026, 12, "2026-11-30T17:00:00+00:00", 31),
    ],
    ids=["new year", "leap day", "december"],
)
def test_a_month_is_one_of_vietnam(year: int, number: int, start: str, days: int) -> None:
    """Months begin at 17:00 UTC of the day before."""
    found = month(year, number)

    assert found.start.isoformat() == start
    assert found.end - found.start == timedelta(days=days)


def test_a_line_is_clipped_to_a_period() -> None:
    """What touches the period only at its edge is not in it."""
    line = intervals("c", [claim(10, 20), claim(20, 30, up=True)], [], PERIOD, ALWAYS)

    assert told(clipped(line, Period(at(15), at(20)))) == [("down", 15, 20)]
    assert told(clipped(line, Period(at(20), at(32)))) == [("up", 20, 30), ("unknown", 30, 32)]


def test_a_report_has_a_row_for_every_circuit_site_unit_and_carrier(
    quang_nam: DeclaredNetwork,
) -> None:
    """A cut of both circuits of a site shows at the site, its unit and both carriers."""
    period = month(2026, 3)
    hour = Period(period.start + timedelta(days=3), period.start + timedelta(days=3, hours=1))
    circuits = [one.id for one in quang_nam.links.values() if one.kind == "circuit"]
    claims = [
        Claim(one, is_up=True, start=period.start, end=None, source="probe") for one in circuits
    ]
    claims += [
        Claim(one, is_up=False, start=hour.start, end=hour.end, source="A7")
        for one in ("dien-ban-1", "dien-ban-2")
    ]

    rows = {(one.kind, one.subject): one for one in report(quang_nam, claims, [], period, ALWAYS)}

    assert {kind for kind, _ in rows} == {"circuit", "site", "unit", "carrier"}
    assert rows["site", "dien-ban"].down_s == 3600
    assert rows["unit", "dien-ban"].down_s == 3600
    assert rows["site", "hoi-an"].availability_ratio == 1
    assert rows["carrier", "vnpt"].down_s + rows["carrier", "viettel"].down_s == 7200
    assert len([kind for kind, _ in rows if kind == "circuit"]) == len(circuits)


def test_a_unit_answers_for_a_site_only_while_it_lives_there(quang_nam: DeclaredNetwork) -> None:
    """Connected in the middle of a month: the days before count for nobody."""
    tenancy = quang_nam.sites["dien-ban"].tenancies[0]
    day = datetime.combine(tenancy.valid_from, datetime.min.time(), UTC) - timedelta(hours=7)
    period = Period(day - timedelta(days=2), day + timedelta(days=3))
    claims = [Claim("dien-ban-1", is_up=True, start=period.start, end=None, source="probe")]

    rows = {(one.kind, one.subject): one for one in report(quang_nam, claims, [], period, ALWAYS)}

    assert rows["site", "dien-ban"].up_s == 5 * 86_400
    assert rows["unit", tenancy.unit].up_s == 3 * 86_400
