# SPDX-License-Identifier: MIT
"""Everything a person does to the duty calendar; deed and evidence are one transaction."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, islice

from tinhnet.actions import RequestError, record, require
from tinhnet.context import Context
from tinhnet.inventory import load
from tinhnet.model.actor import Actor
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.receivers import load_receivers
from tinhnet.store import duties
from tinhnet.store.duties import Duty
from tinhnet.store.people import list_users

PERMISSION = "duty.manage"
LEVELS = range(1, 10)
LONGEST = timedelta(days=31)
FARTHEST = timedelta(days=100 * 366)
MOST = 106
"""Duties that one request adds: two years of weeks."""
PERSON = re.compile(r"[a-z][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class DutyRequest:
    """A turn of duties: `persons` take their turns `times` times, each as long as the first.

    One person and `times` 1 is a single duty; a week long and `times` 10, ten
    weeks, handed over at the hour of `start`.
    """

    persons: tuple[str, ...]
    level: int
    start: datetime
    end: datetime
    times: int = 1


def add_duties(context: Context, actor: Actor, request: DutyRequest) -> tuple[Duty, ...]:
    """Put duties into the calendar."""
    require(context, actor, PERMISSION, "duty")
    _check(context, request)
    length = request.end - request.start
    planned = [
        Duty(0, person, request.level, request.start + turn * length, request.end + turn * length)
        for turn, person in enumerate(islice(cycle(request.persons), request.times))
    ]
    with context.store.writing() as connection:
        known = duties.list_duties(connection, planned[0].start, planned[-1].end)
        _check_free(planned, known)
        kept = duties.add_duties(connection, planned)
        for one in kept:
            record(context, connection, actor, "duty.add", f"duty {one.number}", _details(one))
    return kept


def remove_duty(context: Context, actor: Actor, number: int) -> Duty:
    """Take a duty out of the calendar."""
    require(context, actor, PERMISSION, f"duty {number}")
    with context.store.writing() as connection:
        found = duties.find_duty(connection, number)
        if found is None:
            raise RequestError(
                "there is no duty %(number)s", "`tinhnet duty list` shows them", number=number
            )
        duties.remove_duty(connection, number)
        record(context, connection, actor, "duty.remove", f"duty {number}", _details(found))
    return found


def known_persons(context: Context, network: DeclaredNetwork) -> dict[str, str]:
    """Return whom a duty may name, by id with their names: people, logins, receivers."""
    receivers, _ = load_receivers(context.config.notify.receivers)
    with context.store.reading() as connection:
        users = list_users(connection)
    found = {one.person: one.person for one in receivers if one.person}
    found |= {user.name: user.full_name for user in users if user.is_enabled}
    return found | {person.id: person.name for person in network.people.values()}


def reachable_persons(context: Context) -> frozenset[str]:
    """Return the persons for whom a receiver is set."""
    receivers, _ = load_receivers(context.config.notify.receivers)
    return frozenset(one.person for one in receivers if one.person)


def _check(context: Context, request: DutyRequest) -> None:
    if not request.persons:
        raise RequestError("a duty needs a person", "name whoever is on call")
    known = known_persons(context, load(context.config.inventory))
    for person in request.persons:
        if not PERSON.fullmatch(person) or person not in known:
            raise RequestError(
                "nobody is called %(person)s",
                "name an id of people.yml, a login or the person of a receiver",
                person=repr(person),
            )
    if request.level not in LEVELS:
        raise RequestError("a level is a number from 1 to 9", "1 is told first")
    if abs(request.start - context.now) > FARTHEST:
        raise RequestError("a duty begins within a hundred years", "correct the year")
    if not timedelta(0) < request.end - request.start <= LONGEST:
        raise RequestError(
            "a duty ends after it begins, within %(days)s days",
            "repeat it for a longer time",
            days=LONGEST.days,
        )
    if not 1 <= request.times <= MOST:
        raise RequestError(
            "a duty is repeated 1 to %(most)s times", "name a number in between", most=MOST
        )
    if request.start + request.times * (request.end - request.start) <= context.now:
        raise RequestError("a duty must not be over before it is kept", "name a time to come")


def _check_free(planned: Sequence[Duty], known: Sequence[Duty]) -> None:
    """Refuse whoever is on duty at that level already: a double click, or two people at once."""
    for one in planned:
        for other in known:
            is_same = (one.person, one.level) == (other.person, other.level)
            if is_same and one.start < other.end and other.start < one.end:
                raise RequestError(
                    "%(person)s is on duty at level %(level)s in that time already",
                    "look at the calendar: take that duty out first, or name another time",
                    person=one.person,
                    level=one.level,
                )


def _details(one: Duty) -> dict[str, str]:
    return {
        "person": one.person,
        "level": str(one.level),
        "start": one.start.isoformat(),
        "end": one.end.isoformat(),
    }
