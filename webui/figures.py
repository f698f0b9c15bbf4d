# SPDX-License-Identifier: MIT
"""Figures, moments and names as people read them, in the request's language."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from babel import numbers
from flask import Flask, request
from flask_babel import format_decimal, format_timedelta, gettext

from tinhnet.model.place import Carrier, OrgUnit, Site
from tinhnet.model.service import Service
from tinhnet.text import visible
from webui.language import language

UNITS = ((10**9, "Gb/s"), (10**6, "Mb/s"), (10**3, "kb/s"))


def bandwidth(bps: int | None) -> str:
    """Return a bandwidth with its unit, `—` where none is known."""
    if bps is None:
        return "—"
    for size, unit in UNITS:
        if bps >= size:
            return f"{_written(bps / size, language())} {unit}"
    return f"{bps} b/s"


def rate(bps: float | None) -> str:
    """Return a measured bit rate in three digits with its unit, `—` where none is known."""
    if bps is None:
        return "—"
    for size, unit in UNITS:
        if bps >= size:
            digits = 0 if bps >= 100 * size else 1 if bps >= 10 * size else 2
            return f"{_written(round(bps / size, digits), language())} {unit}"
    return f"{round(bps)} b/s"


@lru_cache(4096)
def _written(value: float, spoken: str) -> str:
    """Return a number as a language writes it; a map of 600 circuits writes 2,300 of them."""
    return str(numbers.format_decimal(value, locale=spoken))


def brief(seconds: float) -> str:
    """Return a duration in its largest unit, for places without room."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{int(seconds)} s"
    if minutes < 60:  # noqa: PLR2004 minutes of an hour
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 72 else str(gettext("%(num)s days", num=hours // 24))  # noqa: PLR2004


def ago(moment: datetime) -> str:
    """Return how long ago `moment` was, "just now" below five seconds."""
    passed = datetime.now(UTC) - moment
    if abs(passed) < timedelta(seconds=5):
        return str(gettext("just now"))
    return str(format_timedelta(-passed, add_direction=True, granularity="second"))


def duration(seconds: float | None) -> str:
    """Return a duration as people say it, to the second below two minutes."""
    if seconds is None:
        return "—"
    if seconds < 10:  # noqa: PLR2004 below ten seconds the tenth matters
        return f"{format_decimal(round(seconds, 1))} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def name_of(named: OrgUnit | Site | Service | Carrier | object) -> str:
    """Return a thing's name in the request's language."""
    if isinstance(named, Carrier):
        return named.name
    return str(getattr(named, f"name_{language()}"))


def line(text: str, most: int = 300) -> str:
    """Return what a device said as a line of a page: a log line may have 64 KiB, and odd signs."""
    shown = visible(text[: most + 1])
    return shown if len(text) <= most else f"{shown[:most].rstrip()}…"


def here() -> str:
    """Return this page's address with its parameters, to come back to."""
    if request.method != "GET":
        return "/"
    return request.full_path.rstrip("?")


def prepare(app: Flask) -> None:
    """Make the functions known to templates."""
    for function in (bandwidth, rate, ago, brief, duration, line, name_of):
        app.add_template_global(function)


def as_of(fallback: date) -> date:
    """Return the day that the address asks for, `fallback` where it names none."""
    try:
        return date.fromisoformat(request.args.get("as_of", ""))
    except ValueError:
        return fallback
