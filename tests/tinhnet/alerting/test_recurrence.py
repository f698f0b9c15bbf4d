# SPDX-License-Identifier: MIT
"""Windows open again when the calendar says so, in the time of Vietnam."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinhnet.alerting.recurrence import DAYS, ZONE, parse, starts
from tinhnet.errors import TinhnetError
from tinhnet.model.window import Recurrence

RANDOM = settings(max_examples=100, deadline=None, derandomize=True, database=None)
FIRST = datetime(2026, 1, 6, 23, 0, tzinfo=ZONE)  # a Tuesday


def days(
    text: str, until: date, *, first: datetime = FIRST, without: tuple[date, ...] = ()
) -> list[str]:
    """Return the local starts of a rule as text."""
    end = datetime.combine(until, datetime.min.time(), ZONE)
    found = starts(first, parse(text, frozenset(without)), end)
    return [f"{one.astimezone(ZONE):%a %d.%m. %H:%M}" for one in found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("FREQ=WEEKLY", ["Tue 06.01.", "Tue 13.01.", "Tue 20.01.", "Tue 27.01."]),
        (
            "FREQ=WEEKLY;BYDAY=TU,SA;INTERVAL=2",
            ["Tue 06.01.", "Sat 10.01.", "Tue 20.01.", "Sat 24.01."],
        ),
        ("FREQ=WEEKLY;BYDAY=MO;COUNT=3", ["Tue 06.01.", "Mon 12.01.", "Mon 19.01."]),
        ("RRULE:FREQ=WEEKLY;UNTIL=20260113", ["Tue 06.01.", "Tue 13.01."]),
    ],
)
def test_weekly_rules(text: str, wanted: list[str]) -> None:
    """The first start always counts; the hour is that of Vietnam, the evening before in UTC."""
    assert days(text, date(2026, 2, 1)) == [f"{day} 23:00" for day in wanted]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("FREQ=MONTHLY", ["Tue 06.01.", "Fri 06.02.", "Fri 06.03."]),
        ("FREQ=MONTHLY;BYDAY=2SA", ["Tue 06.01.", "Sat 10.01.", "Sat 14.02.", "Sat 14.03."]),
        ("FREQ=MONTHLY;BYDAY=-1SU", ["Tue 06.01.", "Sun 25.01.", "Sun 22.02.", "Sun 29.03."]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["Tue 06.01.", "Sat 31.01.", "Tue 31.03."]),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-1,15;COUNT=4",
            ["Tue 06.01.", "Thu 15.01.", "Sat 31.01.", "Sun 15.02."],
        ),
        (
            "FREQ=MONTHLY;BYDAY=FR;INTERVAL=3;COUNT=5",
            ["Tue 06.01.", "Fri 09.01.", "Fri 16.01.", "Fri 23.01.", "Fri 30.01."],
        ),
    ],
)
def test_monthly_rules(text: str, wanted: list[str]) -> None:
    """A month without such a day has none; it is never moved to another."""
    assert days(text, date(2026, 4, 1)) == [f"{day} 23:00" for day in wanted]


def test_a_day_taken_out_is_left_out_and_counts() -> None:
    """No work at Tết; the series does not grow for it (RFC 5545)."""
    without = (date(2026, 1, 13),)

    assert days("FREQ=WEEKLY;COUNT=3", date(2026, 3, 1), without=without) == [
        "Tue 06.01. 23:00",
        "Tue 20.01. 23:00",
    ]


def test_a_window_without_rule_opens_once() -> None:
    """Its start counts until the moment asked for, and not at it."""
    assert list(starts(FIRST, None, FIRST)) == []
    assert list(starts(FIRST, None, FIRST + timedelta(seconds=1))) == [FIRST.astimezone(UTC)]


def test_a_rule_that_never_ends_ends_after_a_century() -> None:
    """Whoever asks for the end of time gets an answer."""
    assert len(list(starts(FIRST, parse("FREQ=MONTHLY"), datetime.max.replace(tzinfo=UTC)))) == 1200
    far = parse("FREQ=WEEKLY;INTERVAL=999")
    assert len(list(starts(FIRST, far, datetime.max.replace(tzinfo=UTC)))) == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no NAME=VALUE"),
        ("FREQ=DAILY", "WEEKLY or MONTHLY"),
        ("FREQ=WEEKLY;BYHOUR=3", "BYHOUR is not known"),
        ("FREQ=WEEKLY;BYDAY=2SA", "plain days"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "plain days"),
        ("FREQ=MONTHLY;BYDAY=XX", '"XX" is no day'),
        ("FREQ=MONTHLY;BYDAY=2SA;BYMONTHDAY=3", "exclude each other"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "from 1 to 31"),
        ("FREQ=WEEKLY;COUNT=0", "from 1 to 9999"),
        ("FREQ=WEEKLY;UNTIL=tomorrow", "UNTIL"),
    ],
)
def test_a_rule_that_says_something_else_is_refused(text: str, said: str) -> None:
    """A window that opens at another time than people think hides the wrong night."""
    with pytest.raises(TinhnetError, match=said):
        parse(text)


@RANDOM
@given(
    first=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 made local below
    frequency=st.sampled_from(["weekly", "monthly"]),
    interval=st.integers(1, 4),
    weekdays=st.frozensets(st.integers(0, 6), max_size=3),
    week=st.integers(-5, 5),
)
def test_a_rule_equals_looking_at_every_day(
    first: datetime, frequency: str, interval: int, weekdays: frozenset[int], week: int
) -> None:
    """Two years of days, each asked by itself whether the rule names it."""
    week = week if frequency == "monthly" else 0
    begin = first.replace(tzinfo=ZONE)
    rule = Recurrence(frequency, interval, tuple((week, day) for day in sorted(weekdays)))
    end = begin + timedelta(days=730)

    found = [one.astimezone(ZONE).date() for one in starts(begin, rule, end)]

    every = [begin.date() + timedelta(days=number) for number in range(730)]
    assert found == [day for day in every if day == begin.date() or named(day, begin.date(), rule)]


def named(day: date, first: date, rule: Recurrence) -> bool:
    """Tell whether a rule names a day, without any calendar arithmetic of the rule's own."""
    if rule.frequency == "weekly":
        weeks = (day - timedelta(day.weekday()) - (first - timedelta(first.weekday()))).days // 7
        wanted = {weekday for _, weekday in rule.weekdays} or {first.weekday()}
        return weeks % rule.interval == 0 and day.weekday() in wanted
    months = (day.year - first.year) * 12 + day.month - first.month
    if months % rule.interval:
        return False
    if not rule.weekdays:
        return day.day == first.day
    same = [one for n in range(1, 32) if (one := on(day, n)) and one.weekday() == day.weekday()]
    place = same.index(day)
    return any(
        day.weekday() == weekday and week in {0, place + 1, place - len(same)}
        for week, weekday in rule.weekdays
    )


def on(day: date, number: int) -> date | None:
    """Return the day of that number in the same month, None if there is none."""
    try:
        return day.replace(day=number)
    except ValueError:
        return None


def test_days_are_named_as_icalendar_names_them() -> None:
    """Monday first, as Python counts."""
    assert parse(f"FREQ=WEEKLY;BYDAY={','.join(DAYS)}").weekdays == tuple((0, n) for n in range(7))
