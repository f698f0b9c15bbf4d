# SPDX-License-Identifier: MIT
"""Everything a person does to alerts and their silences; deed and evidence are one transaction.

CLI, web and API call these functions and nothing else that writes.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from tinhnet.actions import RequestError, record, refuse_hidden, require
from tinhnet.alerting import windows
from tinhnet.alerting.life import Acknowledged, Event, Habits, Released, step
from tinhnet.alerting.rules import SHIPPED
from tinhnet.alerting.windows import Preview
from tinhnet.context import Context
from tinhnet.inventory import load
from tinhnet.model.actor import Actor
from tinhnet.model.alert import Acknowledgement, AlertEntry, AlertRecord, AlertState
from tinhnet.model.window import Recurrence, Scope, Window
from tinhnet.store import alerts
from tinhnet.store import windows as kept
from tinhnet.store.engine import Transaction
from tinhnet.text import composed

LONGEST_REASON = 500
LONGEST_ACKNOWLEDGEMENT = timedelta(days=30)
LONGEST_WINDOW = timedelta(days=366)
FARTHEST = timedelta(days=100 * 366)
"""How far ahead a window may begin, and how long ago one that comes again may have begun."""
OURS = frozenset({"worker", "source", "product"})
"""Kinds of things that are parts of the product, which no inventory declares."""
TWICE = timedelta(seconds=10)
"""The same once more by the same person within this time is one click too many."""
ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class WindowRequest:
    """What somebody asks for: a silence, or with `is_planned` maintenance."""

    is_planned: bool
    scope: Scope
    start: datetime
    length_s: float
    reason: str
    recurrence: Recurrence | None = None


def acknowledge(
    context: Context,
    actor: Actor,
    fingerprint: str,
    reason: str,
    until: datetime,
    *,
    seen_at: datetime | None = None,
) -> AlertRecord:
    """Take care of an alert until a time; it comes back by itself then.

    Whoever looked at it at `seen_at` does not take it from somebody who took
    care of it since, unawares; None takes it over whoever has it.
    """
    require(context, actor, "alert.acknowledge", f"alert {fingerprint}")
    now = context.now
    said = _reason(reason)
    if not now < until <= now + LONGEST_ACKNOWLEDGEMENT:
        raise RequestError(
            "an acknowledgement ends at a time to come, within %(days)s days",
            "name a time to come",
            days=LONGEST_ACKNOWLEDGEMENT.days,
        )
    with context.store.writing() as connection:
        found = _alive(connection, fingerprint)
        owned = found.alert.acknowledgement
        if owned is not None and _is_twice(owned, actor, said, until, now):
            return found
        if owned and seen_at and owned.owner != actor.name and owned.at > seen_at:
            raise RequestError(
                "%(person)s has taken care of %(alert)s since you looked",
                "send it once more to take it over",
                person=owned.owner,
                alert=fingerprint,
            )
        event = Acknowledged(now, actor.name, said, until)
        entry = AlertEntry(
            fingerprint,
            found.alert.episode,
            now,
            "acknowledged",
            said,
            actor.name,
            {"until": until.isoformat()},
        )
        details = {"reason": said, "until": until.isoformat(), "thing": found.alert.thing}
        record(context, connection, actor, "alert.acknowledge", f"alert {fingerprint}", details)
        return _happen(connection, found, event, entry)


def release(context: Context, actor: Actor, fingerprint: str) -> AlertRecord:
    """Take an acknowledgement back."""
    require(context, actor, "alert.acknowledge", f"alert {fingerprint}")
    now = context.now
    with context.store.writing() as connection:
        found = _alive(connection, fingerprint)
        if found.alert.acknowledgement is None:
            raise RequestError("nobody has acknowledged %(alert)s", alert=fingerprint)
        entry = AlertEntry(fingerprint, found.alert.episode, now, "released", "", actor.name)
        details = {"owner": found.alert.acknowledgement.owner, "thing": found.alert.thing}
        record(context, connection, actor, "alert.release", f"alert {fingerprint}", details)
        return _happen(connection, found, Released(now), entry)


def note(context: Context, actor: Actor, fingerprint: str, text: str) -> None:
    """Write a line into an alert's timeline."""
    require(context, actor, "alert.acknowledge", f"alert {fingerprint}")
    said = _reason(text)
    with context.store.writing() as connection:
        found = alerts.find_alert(connection, fingerprint)
        if found is None:
            raise _no_alert(fingerprint)
        last = next(iter(alerts.list_entries(connection, fingerprint, limit=1)), None)
        entry = AlertEntry(fingerprint, found.alert.episode, context.now, "note", said, actor.name)
        is_same = last is not None and replace(last.entry, at=entry.at) == entry
        if last is not None and is_same and entry.at - last.entry.at <= TWICE:
            return
        alerts.add_entries(connection, [entry])
        details = {"text": said}
        record(context, connection, actor, "alert.note", f"alert {fingerprint}", details)


def preview(context: Context, actor: Actor, request: WindowRequest) -> Preview:
    """Return what a window would hide now, without opening it."""
    window = _window(context, actor, request)
    with context.store.reading() as connection:
        alive = [one.alert for one in alerts.list_alive(connection)]
    return windows.preview(window, load(context.config.inventory), alive, context.now)


def open_window(context: Context, actor: Actor, request: WindowRequest) -> Window:
    """Keep a silence or a maintenance window; the alert worker acts on it at once."""
    permission = "alert.maintain" if request.is_planned else "alert.silence"
    require(context, actor, permission, "window")
    window = _window(context, actor, request)
    with context.store.writing() as connection:
        for known in kept.list_windows(connection):
            if _is_same(known.window, window):
                return known.window
        kept.add_window(connection, window)
        details = {
            "kind": "maintenance" if window.is_planned else "silence",
            "reason": window.reason,
            "start": window.start.isoformat(),
            "length_s": f"{window.length_s:.0f}",
            "scope": ", ".join(sorted(_words(window.scope))),
        }
        record(context, connection, actor, "window.open", f"window {window.id}", details)
    return window


def lift_window(context: Context, actor: Actor, id_: str) -> Window:
    """End a silence or a maintenance window for good."""
    with context.store.reading() as connection:
        found = kept.find_window(connection, id_)
    permission = "alert.maintain" if found and found.window.is_planned else "alert.silence"
    require(context, actor, permission, f"window {id_}")
    with context.store.writing() as connection:
        if found is None or not kept.lift_window(connection, id_, actor.name, context.now):
            raise RequestError("there is no window %(id)s that holds", id=id_)
        record(context, connection, actor, "window.lift", f"window {id_}", {})
    return found.window


def _window(context: Context, actor: Actor, request: WindowRequest) -> Window:
    now = context.now
    window = Window(
        id=f"w{secrets.token_hex(ID_BYTES)}",
        is_planned=request.is_planned,
        scope=request.scope,
        start=request.start,
        length_s=request.length_s,
        owner=actor.name,
        reason=_reason(request.reason),
        announced_at=now,
        recurrence=request.recurrence,
    )
    scope = request.scope
    if not (scope.things or scope.sites or scope.carriers or scope.rules):
        raise RequestError("a window must be about something", "name things, sites or carriers")
    _check_declared(context, scope)
    if not 0 < window.length_s <= LONGEST_WINDOW.total_seconds():
        raise RequestError(
            "a window must end after it begins, within %(days)s days",
            "let it come again for a longer time",
            days=LONGEST_WINDOW.days,
        )
    if abs(window.start - now) > FARTHEST:
        raise RequestError("a window begins within a hundred years", "correct the year")
    if window.recurrence is None and window.start + timedelta(seconds=window.length_s) <= now:
        raise RequestError("a window must not be over before it is kept", "name a time to come")
    return window


def _is_same(one: Window, other: Window) -> bool:
    """Tell whether a window was asked for twice, by a double click or a page sent again."""
    if other.announced_at - one.announced_at > TWICE or abs(other.start - one.start) > TWICE:
        return False
    return replace(one, id=other.id, start=other.start, announced_at=other.announced_at) == other


def _is_twice(
    owned: Acknowledgement, actor: Actor, reason: str, until: datetime, now: datetime
) -> bool:
    """Tell whether somebody acknowledges what the click before has acknowledged."""
    is_same = (owned.owner, owned.reason) == (actor.name, reason)
    return is_same and now - owned.at <= TWICE and abs(until - owned.until) <= TWICE


def _check_declared(context: Context, scope: Scope) -> None:
    """Raise RequestError where a scope names what is not declared: it would hide nothing."""
    network = load(context.config.inventory)
    known = {
        "device": network.devices,
        "link": network.links,
        "service": network.services,
        "site": network.sites,
        "network": network.networks,
    }
    parts = [one.partition(":") for one in scope.things]
    unknown = [
        f"{kind}{mark}{id_}"
        for kind, mark, id_ in parts
        if kind not in OURS and id_ not in known.get(kind, ())
    ]
    unknown += [f"site:{one}" for one in scope.sites if one not in network.sites]
    unknown += [f"carrier:{one}" for one in scope.carriers if one not in network.carriers]
    if unknown:
        raise RequestError(
            "%(names)s: no such thing is declared",
            "name things as link:dien-ban-1, device:core1, site:dien-ban, service:portal",
            names=", ".join(sorted(unknown)),
        )
    named = context.config.alerts.rules
    ruled = {path.stem for path in (Path(named) if named else SHIPPED).glob("*.yml")}
    unruled = sorted(scope.rules - ruled)
    if unruled:
        raise RequestError(
            "%(names)s: there is no such rule",
            "the folder alerts/rules has one file for each",
            names=", ".join(unruled),
        )


def _happen(
    connection: Transaction, found: AlertRecord, event: Event, entry: AlertEntry
) -> AlertRecord:
    """Let an event happen to an alert, and tell what must be told."""
    alert, notices = step(found.alert, event, Habits())
    after = replace(found, alert=alert)
    alerts.put_alerts(connection, [after])
    alerts.add_entries(connection, [entry])
    alerts.add_notices(connection, notices)
    return after


def _alive(connection: Transaction, fingerprint: str) -> AlertRecord:
    found = alerts.find_alert(connection, fingerprint)
    if found is None:
        raise _no_alert(fingerprint)
    if found.alert.state in {AlertState.RESOLVED, AlertState.PENDING}:
        raise RequestError(
            "%(alert)s does not hold any more: there is nothing to take care of",
            "reload the list",
            alert=fingerprint,
        )
    return found


def _no_alert(fingerprint: str) -> RequestError:
    return RequestError(
        "there is no alert %(alert)s", "`tinhnet alert list` shows them", alert=fingerprint
    )


def _reason(text: str) -> str:
    refuse_hidden([("reason", text)])
    said = composed(text)
    if not said or len(said) > LONGEST_REASON:
        raise RequestError(
            "a reason of 1 to %(most)s characters is needed",
            "say it in a sentence",
            most=LONGEST_REASON,
        )
    return said


def _words(scope: Scope) -> list[str]:
    return [
        *scope.things,
        *(f"site:{one}" for one in scope.sites),
        *(f"carrier:{one}" for one in scope.carriers),
        *(f"rule:{one}" for one in scope.rules),
    ]
