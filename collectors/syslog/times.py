# SPDX-License-Identifier: MIT
"""Times as devices write them: with and without year, zone and trust."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ZONES = {"UTC": 0, "GMT": 0, "Z": 0, "ICT": 7, "+07": 7}
"""Hours ahead of UTC; other names are ambiguous (IST has three meanings)."""
AHEAD = timedelta(days=1)
"""How far a clock may be ahead of ours before a year less is the better guess."""

BSD = re.compile(
    r"(?P<trust>[*.]?)(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +"
    r"(?P<day>[0-9]{1,2}) +(?:(?P<year>[0-9]{4}) +)?"
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?"
    r"(?:(?P<offset>[+-][0-9]{2}:[0-9]{2})| (?P<zone>[A-Z]{1,5}|\+07)(?=:))?"
)
ISO = re.compile(
    r"(?P<year>[0-9]{4})[-/](?P<month>[0-9]{2})[-/](?P<day>[0-9]{2})[T ]"
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?"
    r"(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?"
)


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a line does not say: when it is read, and the zone of its device's clock."""

    now: datetime
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in UTC, and whether something of it had to be assumed."""

    at: datetime
    is_guessed: bool


def bsd_time(found: re.Match[str], assumed: Assumed) -> Moment | None:
    """Return the time of a match of BSD, None when there is no such time."""
    zone, is_known = _zone(found["offset"] or found["zone"], assumed)
    is_guessed = not is_known or found["year"] is None or found["trust"] != ""
    month = MONTHS.index(found["month"]) + 1
    if found["year"] is not None:
        at = _moment(found, int(found["year"]), month, zone)
        return None if at is None else Moment(at, is_guessed)
    years = range(assumed.now.year + 1, assumed.now.year - 9, -1)
    for year in years:  # as far back as the last 29 February
        at = _moment(found, year, month, zone)
        if at is not None and at <= assumed.now + AHEAD:
            return Moment(at, is_guessed)
    return None


def iso_time(found: re.Match[str], assumed: Assumed) -> Moment | None:
    """Return the time of a match of ISO, None when there is no such time."""
    zone, is_known = _zone(found["offset"], assumed)
    at = _moment(found, int(found["year"]), int(found["month"]), zone)
    return None if at is None else Moment(at, not is_known)


def _zone(text: str | None, assumed: Assumed) -> tuple[tzinfo, bool]:
    """Return a zone and whether the line says it."""
    if text in ZONES:
        return timezone(timedelta(hours=ZONES[text])), True
    if text is None or text[0] not in "+-":
        return assumed.zone, False
    digits = text[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if ahead >= timedelta(days=1):
        return assumed.zone, False
    return timezone(-ahead if text[0] == "-" else ahead), True


def _moment(found: re.Match[str], year: int, month: int, zone: tzinfo) -> datetime | None:
    """Return a time in UTC; a leap second is the last one of its minute."""
    fraction = (found["fraction"] or "0").ljust(6, "0")[:6]
    second = min(int(found["second"]), 59) if found["second"] == "60" else int(found["second"])
    try:
        at = datetime(
            year,
            month,
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            second,
            int(fraction),
            tzinfo=zone,
        )
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
