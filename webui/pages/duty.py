# SPDX-License-Identifier: MIT
"""Who is on call this week, who can be reached, and what became of the last messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response

from tinhnet.actions import RequestError
from tinhnet.duty import actions
from tinhnet.receivers import load_receivers
from tinhnet.store.deliveries import FATES, list_deliveries
from tinhnet.store.duties import Duty, list_duties, on_duty
from webui.context import network, web
from webui.failure import in_words
from webui.language import ZONE
from webui.page import Entry, Page
from webui.person import actor, needs
from webui.vietnamese import composed

_pages = Blueprint("duty", __name__, url_prefix="/duty")
PAGE = Page(_pages, Entry("duty.show", lazy_gettext("On duty"), "clock", "assurance", order=55))
WEEK = timedelta(days=7)
TURNS = 4
"""Persons who may take turns."""
AHEAD = timedelta(days=92)
DELIVERIES = 50
MOST_AHEAD = 120
"""Duties that are listed: those of three months are thirteen weeks of a few levels."""
HERE = ZoneInfo(ZONE)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the week, with the duties that touch it by level."""

    day: date
    is_today: bool
    levels: dict[int, list[Duty]]


@_pages.get("")
def show() -> str:
    """Show a week, receivers and deliveries."""
    return _page()


@_pages.post("")
@needs("duty.manage")
def add() -> str | Response | tuple[str, int]:
    """Put duties into the calendar."""
    start, end = (_moment(request.form.get(name, "")) for name in ("start", "end"))
    level, times = (_number(request.form.get(name, "")) for name in ("level", "times"))
    if start is None or end is None:
        return _page(gettext("This is no moment; type 2026-11-30T07:00.")), 422
    asked = actions.DutyRequest(
        persons=tuple(one for one in map(composed, request.form.getlist("person")) if one),
        level=level,
        start=start,
        end=end,
        times=times,
    )
    try:
        kept = actions.add_duties(web().context, actor(), asked)
    except RequestError as error:
        return _page(in_words(error)), 422
    flash(ngettext("%(num)s duty was added.", "%(num)s duties were added.", len(kept)), "success")
    day = kept[0].start.astimezone(HERE).date().isoformat()
    return redirect(url_for("duty.show", day=day), code=303)


@_pages.post("/<int(max=999999999):number>/remove")
@needs("duty.manage")
def remove(number: int) -> str | Response | tuple[str, int]:
    """Take a duty out of the calendar."""
    try:
        one = actions.remove_duty(web().context, actor(), number)
    except RequestError as error:
        return _page(in_words(error)), 422
    flash(gettext("The duty of %(person)s was taken out.", person=one.person), "success")
    day = one.start.astimezone(HERE).date().isoformat()
    return redirect(url_for("duty.show", day=day), code=303)


def _page(fault: str = "") -> str:
    context, now = web().context, web().now()
    today = now.astimezone(HERE).date()
    monday = _monday(request.args.get("day", ""), today)
    start = _midnight(monday)
    fate, begins = request.args.get("fate", ""), _next_start(now)
    with context.store.reading() as connection:
        week = list_duties(connection, start, start + WEEK)
        ahead = list_duties(connection, now, now + AHEAD)
        current = on_duty(connection, now)
        deliveries = list_deliveries(
            connection, fates=[fate] if fate in FATES else (), limit=DELIVERIES
        )
    receivers, problems = load_receivers(context.config.notify.receivers)
    return render_template(
        "duty.html",
        fault=fault,
        form=request.form,
        current=current,
        days=_days(week, monday, today),
        levels=sorted({1, 2} | {one.level for one in week}),
        before=monday - WEEK,
        after=monday + WEEK,
        monday=monday,
        sunday=monday + WEEK - timedelta(days=1),
        ahead=ahead[:MOST_AHEAD],
        ahead_count=len(ahead),
        persons=actions.known_persons(context, network()),
        reachable=actions.reachable_persons(context),
        turns=TURNS,
        begins=begins,
        ends=begins + WEEK,
        receivers=receivers,
        problems=problems,
        directory=context.config.notify.receivers,
        deliveries=deliveries,
        fate=fate,
        fates=FATES,
        now=now,
        local=lambda moment: moment.astimezone(HERE),
    )


def _number(text: str) -> int:
    """Return a whole number, 0 for what is none: it is refused as out of range."""
    return int(text) if text.isdecimal() and len(text) < 6 else 0  # noqa: PLR2004 no huge ints


def _moment(text: str) -> datetime | None:
    """Return a moment as it is typed, in the time of Vietnam; None for what is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=HERE)


def _days(week: Sequence[Duty], monday: date, today: date) -> list[Day]:
    days = []
    for passed in range(7):
        day = monday + timedelta(days=passed)
        start = _midnight(day)
        end = start + timedelta(days=1)
        levels: dict[int, list[Duty]] = {}
        for one in week:
            if one.start < end and one.end > start:
                levels.setdefault(one.level, []).append(one)
        days.append(Day(day, day == today, levels))
    return days


def _monday(text: str, today: date) -> date:
    """Return the Monday of a day's week, of today's where the address names none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = today
    day = min(max(day, date(2000, 1, 10)), date(2999, 12, 1))
    return day - timedelta(days=day.weekday())


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=HERE)


def _next_start(now: datetime) -> datetime:
    """Return the next Monday, seven o'clock: when a week is usually handed over."""
    today = now.astimezone(HERE).date()
    monday = today + timedelta(days=7 - today.weekday())
    return _midnight(monday) + timedelta(hours=7)
