# SPDX-License-Identifier: MIT
"""The form of a silence or a maintenance window: plain choices in, a request or faults out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from difflib import get_close_matches

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict

from tinhnet.alerting.actions import LONGEST_REASON, WindowRequest
from tinhnet.model.alert import AlertRecord
from tinhnet.model.window import Recurrence, Scope
from webui.context import network
from webui.moments import HERE, LENGTHS, moment_of, typed_of, until_of
from webui.ruleset import rules
from webui.vietnamese import composed, fold

__all__ = ["DAYS", "LENGTHS", "WEEKS", "Form", "form_from", "form_of_alerts"]

ABOUT = ("site", "link", "device", "service", "network", "carrier", "rule")
"""Fields that say what a window is about; each takes several ids with commas between."""
NAMES = (*ABOUT, "kind", "reason", "start", "lasts", "custom", "again", "week", "weekday", "last")
LONGEST = 2000
WEEK = 7
DAYS = {
    "0": lazy_gettext("Monday"),
    "1": lazy_gettext("Tuesday"),
    "2": lazy_gettext("Wednesday"),
    "3": lazy_gettext("Thursday"),
    "4": lazy_gettext("Friday"),
    "5": lazy_gettext("Saturday"),
    "6": lazy_gettext("Sunday"),
}
WEEKS = {
    "1": lazy_gettext("first"),
    "2": lazy_gettext("second"),
    "3": lazy_gettext("third"),
    "4": lazy_gettext("fourth"),
    "-1": lazy_gettext("last"),
}
PLACEHOLDER = "?"
"""The reason of a window that is only looked at."""


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed, what is wrong with it by field, and what it asks for.

    `request` is there as soon as it can be looked at; with faults it must not be kept.
    """

    typed: Mapping[str, str]
    days: tuple[str, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    request: WindowRequest | None = None

    def with_fault(self, name: str, said: str) -> "Form":
        """Return the form with one fault more."""
        return replace(self, faults={**self.faults, name: said})


def form_of_alerts(
    fields: MultiDict[str, str], alerts: Sequence[AlertRecord], now: datetime
) -> Form:
    """Return a form about alerts: their things, narrowed to their rules, nothing wider."""
    typed = {name: composed(fields.get(name, ""))[:LONGEST] for name in NAMES}
    found: dict[str, list[str]] = {name: [] for name in ABOUT}
    for one in alerts:
        kind, _, id_ = one.alert.thing.partition(":")
        if kind in found:
            found[kind].append(id_)
            found["rule"].append(one.alert.rule)
    for name, ids in found.items():
        typed[name] = typed[name] or ", ".join(dict.fromkeys(ids))
    typed["kind"] = typed["kind"] or "silence"
    typed["lasts"] = typed["lasts"] or "1h"
    typed["again"] = typed["again"] or "once"
    typed["start"] = typed["start"] or typed_of(now)
    typed["custom"] = typed["custom"] or typed_of(now + timedelta(hours=4))
    days = tuple(one for one in fields.getlist("day") if one in DAYS)
    if not alerts and not any(typed[name] for name in ABOUT):
        return Form(typed, days)
    return _read(typed, days, now)


def form_from(fields: MultiDict[str, str], now: datetime) -> Form:
    """Return what a form that was sent asks for."""
    typed = {name: composed(fields.get(name, ""))[:LONGEST] for name in NAMES}
    days = tuple(one for one in fields.getlist("day") if one in DAYS)
    form = _read(typed, days, now)
    if not typed["reason"] or len(typed["reason"]) > LONGEST_REASON:
        form = form.with_fault(
            "reason", gettext("Say why, in 1 to %(most)s characters.", most=LONGEST_REASON)
        )
    return form


def _read(typed: dict[str, str], days: tuple[str, ...], now: datetime) -> Form:
    faults: dict[str, str] = {}
    scope = _scope(typed, faults)
    start = moment_of(typed["start"]) if typed["start"] else now
    end = until_of(typed["lasts"], typed["custom"], start or now)
    if start is None:
        faults["start"] = gettext("This is no moment; type 2026-11-24T07:00.")
    if end is None or (start is not None and end <= start):
        faults["custom"] = gettext("It must end after it begins.")
    again = _recurrence(typed, days, faults)
    if faults or start is None or end is None or scope is None:
        return Form(typed, days, faults)
    length_s = (end - start).total_seconds()
    begins = start if again is None else _first(start, again)
    if again is None and end <= now:
        return Form(typed, days, {"custom": gettext("It would be over already.")})
    reason = typed["reason"][:LONGEST_REASON] or PLACEHOLDER
    is_planned = typed["kind"] == "maintenance"
    return Form(typed, days, {}, WindowRequest(is_planned, scope, begins, length_s, reason, again))


def _scope(typed: Mapping[str, str], faults: dict[str, str]) -> Scope | None:
    """Return what the fields are about; None with the faults where something is unknown."""
    found = {name: _ids(name, typed[name], faults) for name in ABOUT}
    if not faults and not any(found.values()):
        faults["all"] = gettext("Say what it is about: a site, a circuit, a device, a rule …")
    if faults:
        return None
    kinds = ("link", "device", "service", "network")
    return Scope(
        things=frozenset(f"{kind}:{one}" for kind in kinds for one in found[kind]),
        sites=frozenset(found["site"]),
        carriers=frozenset(found["carrier"]),
        rules=frozenset(found["rule"]),
    )


def _ids(name: str, typed: str, faults: dict[str, str]) -> list[str]:
    """Return the ids that a field names, by themselves or by what people call them."""
    known = _known(name)
    names = {_plain(text): id_ for id_, shown in known.items() for text in (id_, shown)}
    found: list[str] = []
    for word in (part.strip() for part in typed.split(",")):
        if not word:
            continue
        id_ = word if word in known else names.get(_plain(word))
        if id_ is None:
            near = get_close_matches(_plain(word), names, 1)
            guess = names[near[0]] if near else ""
            said = gettext("%(typed)s is not known here.", typed=word)
            faults[name] = (
                said + " " + gettext("Did you mean %(guess)s?", guess=guess) if guess else said
            )
            continue
        found.append(id_)
    return found


def _plain(text: str) -> str:
    """Return a name as it is compared: without case, accents and hyphens."""
    return fold(text).replace("-", " ")


def _known(name: str) -> dict[str, str]:
    """Return what a field may name: ids and what people call them."""
    found = network()
    if name == "rule":
        return {one: rule.title_vi for one, rule in rules().items()}
    names: dict[str, dict[str, str]] = {
        "site": {one: site.name_vi for one, site in found.sites.items()},
        "carrier": {one: carrier.name for one, carrier in found.carriers.items()},
        "link": {one: link.circuit_id or one for one, link in found.links.items()},
        "service": {one: service.name_vi for one, service in found.services.items()},
        "device": {one: one for one in found.devices},
        "network": {one: one for one in found.networks},
    }
    return names[name]


def _recurrence(
    typed: Mapping[str, str], days: tuple[str, ...], faults: dict[str, str]
) -> Recurrence | None:
    """Return how it comes again, None for once."""
    again = typed["again"]
    last = moment_of(typed["last"]) if typed["last"] else None
    if typed["last"] and last is None:
        faults["last"] = gettext("This is no day; type 2026-12-31.")
    until = last.astimezone(HERE).date() if last else None
    if again == "weekly":
        if not days:
            faults["day"] = gettext("Tick at least one day of the week.")
        return Recurrence("weekly", weekdays=tuple((0, int(one)) for one in days), until=until)
    if again == "monthly":
        if typed["week"] not in WEEKS or typed["weekday"] not in DAYS:
            faults["week"] = gettext("Choose which day of the month.")
            return None
        named = (int(typed["week"]), int(typed["weekday"]))
        return Recurrence("monthly", weekdays=(named,), until=until)
    return None


def _first(start: datetime, again: Recurrence) -> datetime:
    """Return the first start that is on a named day.

    RFC 5545 counts the very first start whatever its day; people who tick
    Saturday on a Monday do not mean that Monday.
    """
    local = start.astimezone(HERE)
    for passed in range(64):
        day = local + timedelta(days=passed)
        following = day + timedelta(days=WEEK)
        for week, weekday in again.weekdays:
            is_week = week in {0, (day.day - 1) // WEEK + 1} or (
                week == -1 and following.month != day.month
            )
            if day.weekday() == weekday and is_week:
                return start + timedelta(days=passed)
    return start
