# SPDX-License-Identifier: MIT
"""When a window opens again: the part of iCalendar's RRULE that maintenance calendars use.

RFC 5545, section 3.3.10, in the local time of Vietnam: FREQ=WEEKLY with
BYDAY, FREQ=MONTHLY with BYMONTHDAY or a numbered BYDAY (`2SA`, `-1SU`),
INTERVAL, COUNT and UNTIL; days taken out (EXDATE) stand beside.
"""

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tinhnet.errors import TinhnetError
from tinhnet.model.window import Recurrence

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = re.compile(r"(-?[1-5])?(MO|TU|WE|TH|FR|SA|SU)\Z")
KNOWN = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL"})
WEEK = 7
LAST_DAY = 31
HORIZON = {"weekly": 5200, "monthly": 1200}  # a century


class RecurrenceError(TinhnetError):
    """The text is no recurrence that is known here."""


def parse(text: str, without: frozenset[date] = frozenset()) -> Recurrence:
    """Return what an RRULE such as `FREQ=MONTHLY;BYDAY=2SA` says; else RecurrenceError."""
    parts = dict(_pair(text, part) for part in text.removeprefix("RRULE:").split(";"))
    unknown = sorted(parts.keys() - KNOWN)
    if unknown:
        raise _fault(text, f"{unknown[0]} is not known here", f"known: {', '.join(sorted(KNOWN))}")
    frequency = parts.get("FREQ", "").lower()
    if frequency not in {"weekly", "monthly"}:
        raise _fault(text, "FREQ must be WEEKLY or MONTHLY", "write FREQ=WEEKLY;BYDAY=SA")
    weekdays = tuple(_weekday(text, word) for word in parts.get("BYDAY", "").split(",") if word)
    month_days = tuple(
        _number(text, word, LAST_DAY) for word in parts.get("BYMONTHDAY", "").split(",") if word
    )
    if frequency == "weekly" and (month_days or any(week for week, _ in weekdays)):
        raise _fault(text, "a weekly rule takes plain days", "write BYDAY=MO,TH")
    if weekdays and month_days:
        raise _fault(text, "BYDAY and BYMONTHDAY exclude each other", "keep one")
    return Recurrence(
        frequency=frequency,
        interval=abs(_number(text, parts.get("INTERVAL", "1"), 999)),
        weekdays=weekdays,
        month_days=month_days,
        count=abs(_number(text, parts["COUNT"], 9999)) if "COUNT" in parts else None,
        until=_day(text, parts["UNTIL"]) if "UNTIL" in parts else None,
        without=without,
    )


def text_of(rule: Recurrence) -> str:
    """Return the RRULE that `parse` reads as this recurrence; days taken out are not part of it."""
    parts = [f"FREQ={rule.frequency.upper()}"]
    parts += [f"INTERVAL={rule.interval}"] if rule.interval != 1 else []
    days = ",".join(f"{week or ''}{DAYS[day]}" for week, day in rule.weekdays)
    parts += [f"BYDAY={days}"] if days else []
    parts += [f"BYMONTHDAY={','.join(map(str, rule.month_days))}"] if rule.month_days else []
    parts += [f"COUNT={rule.count}"] if rule.count is not None else []
    parts += [f"UNTIL={rule.until:%Y%m%d}"] if rule.until is not None else []
    return ";".join(parts)


def starts(first: datetime, rule: Recurrence | None, until: datetime) -> Iterator[datetime]:
    """Yield, in UTC, every start before `until`; `first` is one of them and none is earlier.

    A day taken out still counts for COUNT, as RFC 5545 has it.
    """
    local = first.astimezone(ZONE)
    if rule is None:
        if first < until:
            yield first.astimezone(UTC)
        return
    for number, day in enumerate(_days(local.date(), rule)):
        start = datetime.combine(day, local.time(), ZONE).astimezone(UTC)
        if start >= until or number == rule.count or (rule.until and day > rule.until):
            return
        if day not in rule.without:
            yield start


def _days(first: date, rule: Recurrence) -> Iterator[date]:
    """Yield `first` and every later day the rule names."""
    yield first
    of_period = _days_of_week if rule.frequency == "weekly" else _days_of_month
    for passed in range(0, HORIZON[rule.frequency], rule.interval):
        yield from (day for day in of_period(first, rule, passed) if day > first)


def _days_of_week(first: date, rule: Recurrence, weeks: int) -> list[date]:
    monday = first - timedelta(days=first.weekday()) + timedelta(days=WEEK * weeks)
    wanted = sorted({day for _, day in rule.weekdays} or {first.weekday()})
    return [monday + timedelta(days=day) for day in wanted]


def _days_of_month(first: date, rule: Recurrence, months: int) -> list[date]:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    length = calendar.monthrange(year, month + 1)[1]
    every = [date(year, month + 1, day) for day in range(1, length + 1)]
    if rule.weekdays:
        return [day for day in every if any(_fits(day, length, *one) for one in rule.weekdays)]
    wanted = {day if day > 0 else length + 1 + day for day in rule.month_days or (first.day,)}
    return [day for day in every if day.day in wanted]


def _fits(day: date, length: int, week: int, weekday: int) -> bool:
    """Tell whether a day is the `week`-th such weekday of a month of `length` days."""
    from_front = (day.day - 1) // WEEK + 1
    from_back = -((length - day.day) // WEEK + 1)
    return day.weekday() == weekday and week in {0, from_front, from_back}


def _pair(text: str, part: str) -> tuple[str, str]:
    name, mark, value = part.strip().partition("=")
    if not mark or not value:
        raise _fault(text, f'"{part}" is no NAME=VALUE', "write FREQ=WEEKLY;BYDAY=SA")
    return name.upper(), value.upper()


def _weekday(text: str, word: str) -> tuple[int, int]:
    match = DAY.match(word)
    if match is None:
        raise _fault(text, f'"{word}" is no day', f"write one of {', '.join(DAYS)}, or 2SA, -1SU")
    return int(match[1] or 0), DAYS.index(match[2])


def _number(text: str, word: str, most: int) -> int:
    if not re.fullmatch(r"-?[1-9][0-9]{0,3}", word) or abs(int(word)) > most:
        raise _fault(text, f'"{word}" is no number from 1 to {most}', "correct it")
    return int(word)


def _day(text: str, word: str) -> date:
    try:
        return datetime.strptime(word[:8], "%Y%m%d").replace(tzinfo=ZONE).date()
    except ValueError as error:
        raise _fault(text, f'UNTIL "{word}" is no day', "write it as 20261231") from error


def _fault(text: str, what: str, hint: str) -> RecurrenceError:
    return RecurrenceError(f'recurrence "{text}": {what}', hint)
