# SPDX-License-Identifier: MIT
"""Alerts: the inbox in the order of work, and one alert with everything that is known of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from tinhnet.actions import RequestError
from tinhnet.alerting import actions, shift_actions
from tinhnet.alerting.preceding import begun_at, preceding
from tinhnet.model.alert import AlertRecord, AlertState
from tinhnet.model.event import Event, EventFilter
from tinhnet.model.observation import Observation
from tinhnet.store import inbox
from tinhnet.store.alerts import find_alert, list_entries
from tinhnet.store.engine import Transaction
from tinhnet.store.events import newest
from tinhnet.store.observed import list_observed, newest_of
from tinhnet.store.shifts import list_tickets
from tinhnet.store.windows import list_windows
from webui.alertview import (
    folded_of,
    graph_of,
    named_sites,
    quiet_since,
    rule_of,
    rule_title,
    sentence_of,
    thing_of,
    title_of,
    value_of,
)
from webui.callsheet import call_of, circuit_of
from webui.context import index, web
from webui.failure import in_words
from webui.inboxfilter import asked_from
from webui.moments import CUSTOM, EXPIRIES, moment_of, told_moment, typed_of, until_of
from webui.page import Entry, Page
from webui.person import actor, needs, person
from webui.protection import safe_target
from webui.ruleset import rules
from webui.words import choices

_pages = Blueprint("alerts", __name__, url_prefix="/alerts")
PAGE = Page(
    _pages, Entry("alerts.browse", lazy_gettext("Alerts"), "triangle-alert", "watch", order=20)
)
PER_PAGE = 50
MOST_HIDDEN = 200
MOST_AT_ONCE = 200
MOST_THINGS = 250
EVENTS_BEFORE = timedelta(minutes=10)
EVENTS_AFTER = timedelta(minutes=5)


@_pages.get("")
@needs("network.view")
def browse() -> str:
    """Show the inbox: what fires first, then what somebody takes care of, then what is silent."""
    asked, now = asked_from(request.args), web().now()
    with web().store.reading() as connection:
        counts = inbox.tallies(connection, asked.wanted)
        is_over = AlertState.RESOLVED in asked.wanted.states
        total = (
            inbox.count_inbox(connection, asked.wanted) if is_over else counts.total(asked.wanted)
        )
        pages = max(1, -(-total // PER_PAGE))
        page = min(asked.page, pages)
        found = inbox.list_inbox(
            connection, asked.wanted, limit=PER_PAGE, offset=(page - 1) * PER_PAGE
        )
        hidden = inbox.hidden_counts(connection, {one.alert.thing for one in found})
        tickets = list_tickets(connection, [one.alert.fingerprint for one in found])
        sites = inbox.sites_of(connection)
        ended = None if found else inbox.last_ended(connection)
        silent = quiet_since(connection, now)
    return render_template(
        "alerts.html",
        asked=asked,
        alerts=found,
        total=total,
        page=page,
        pages=pages,
        counts=counts,
        hidden=hidden,
        tickets=tickets,
        sites=named_sites(sites, index().network),
        rules=sorted(((one, rule_title(one)) for one in rules()), key=lambda pair: pair[1]),
        ended=ended,
        silent=silent,
        now=now,
        expiries=EXPIRIES,
        custom=typed_of(until_of("4h", "", now) or now),
        states=choices("alert"),
        severities=choices("severity"),
        **_speech(),
    )


@_pages.post("/acknowledge")
@needs("alert.acknowledge")
def acknowledge() -> AnyResponse:
    """Take care of the alerts that were ticked, with one reason, until one time."""
    back = safe_target(request.form.get("next"), url_for("alerts.browse"))
    wanted = list(dict.fromkeys(request.form.getlist("alert")))[:MOST_AT_ONCE]
    until = until_of(request.form.get("until", ""), request.form.get(CUSTOM, ""), web().now())
    if not wanted:
        flash(gettext("Nothing was acknowledged: tick at least one alert."), "error")
    elif until is None:
        flash(gettext("Nothing was acknowledged: choose until when."), "error")
    else:
        _acknowledge(wanted, request.form.get("reason", ""), until)
    return redirect(back, code=303)


@_pages.get("/<fingerprint>")
@needs("network.view")
def show(fingerprint: str) -> str:
    """Show one alert."""
    return _page(fingerprint)


def _page(fingerprint: str) -> str:
    """Return the page of an alert; a form that was refused keeps what was typed."""
    now = web().now()
    with web().store.reading() as connection:
        record = find_alert(connection, fingerprint) or abort(404)
        entries = list_entries(connection, fingerprint)
        hidden = inbox.hidden_counts(connection, [record.alert.thing])
        behind = inbox.list_hidden(connection, record.alert.thing, MOST_HIDDEN)
        cause = inbox.find_cause(connection, record.cause) if record.cause else None
        ticket = list_tickets(connection, [fingerprint]).get(fingerprint)
        if ticket is not None and ticket.episode != record.alert.episode:
            ticket = None
        seen, events = _proof(connection, record)
        changes = preceding(connection, record, index().network)
        windows = {one.window.id: one.window for one in list_windows(connection)}
    rule = rule_of(record)
    found = person()
    caller = (found.user.full_name or found.name) if found else ""
    return render_template(
        "alert.html",
        record=record,
        alert=record.alert,
        entries=entries,
        folded=folded_of(record, hidden.get(record.alert.thing, 0), MOST_THINGS),
        behind=behind,
        begun=begun_at(record),
        changes=changes,
        cause=cause,
        ticket=ticket,
        call=call_of(record, index(), seen, events, (caller, now)),
        silencers=[_silencer(name, windows) for name in record.alert.silences],
        rule=rule,
        value=value_of(record, rule),
        graph=graph_of(record, rule),
        now=now,
        expiries=EXPIRIES,
        custom=typed_of(until_of("4h", "", now) or now),
        opened=typed_of(ticket.opened_at) if ticket else typed_of(now),
        typed=request.form,
        here=url_for("alerts.show", fingerprint=fingerprint),
        **_speech(),
    )


@_pages.post("/<fingerprint>/acknowledge")
@needs("alert.acknowledge")
def acknowledge_one(fingerprint: str) -> AnyResponse | tuple[str, int]:
    """Take care of one alert."""
    until = until_of(request.form.get("until", ""), request.form.get(CUSTOM, ""), web().now())
    if until is None:
        flash(gettext("Nothing was acknowledged: choose until when."), "error")
        return _page(fingerprint), 422
    if not _acknowledge([fingerprint], request.form.get("reason", ""), until):
        return _page(fingerprint), 422
    return _back(fingerprint)


@_pages.post("/<fingerprint>/release")
@needs("alert.acknowledge")
def release(fingerprint: str) -> AnyResponse:
    """Take an acknowledgement back."""
    try:
        actions.release(web().context, actor(), fingerprint)
        flash(gettext("The alert is nobody's again and fires."), "success")
    except RequestError as error:
        flash(in_words(error), "error")
    return _back(fingerprint)


@_pages.post("/<fingerprint>/note")
@needs("alert.acknowledge")
def note(fingerprint: str) -> AnyResponse | tuple[str, int]:
    """Write a line into the timeline."""
    try:
        actions.note(web().context, actor(), fingerprint, request.form.get("text", ""))
    except RequestError as error:
        flash(in_words(error), "error")
        return _page(fingerprint), 422
    return _back(fingerprint, "timeline")


@_pages.post("/<fingerprint>/ticket")
@needs("alert.acknowledge")
def ticket(fingerprint: str) -> AnyResponse | tuple[str, int]:
    """Keep the number that the carrier gave, and start its clock."""
    with web().store.reading() as connection:
        record = find_alert(connection, fingerprint) or abort(404)
    typed = request.form.get("opened_at", "").strip()
    opened = moment_of(typed) if typed else None
    if typed and opened is None:
        flash(gettext("The ticket was not kept: this is no time: %(typed)s", typed=typed), "error")
        return _page(fingerprint), 422
    number, note = request.form.get("number", ""), request.form.get("note", "")
    try:
        said = (shift_actions.carrier_of(record, index().network).name, number, note)
        kept = shift_actions.keep_ticket(web().context, actor(), fingerprint, said, opened)
        flash(gettext("Ticket %(number)s is kept.", number=kept.number), "success")
    except RequestError as error:
        flash(in_words(error), "error")
        return _page(fingerprint), 422
    return _back(fingerprint, "call")


def _acknowledge(fingerprints: Sequence[str], reason: str, until: datetime) -> int:
    """Acknowledge one alert after the other, say how many were and why not; return how many."""
    done, faults = 0, list[str]()
    seen_at = moment_of(request.form.get("seen_at", ""))
    for fingerprint in fingerprints:
        try:
            actions.acknowledge(web().context, actor(), fingerprint, reason, until, seen_at=seen_at)
            done += 1
        except RequestError as error:
            faults.append(in_words(error))
    if done:
        said = ngettext("%(num)s alert acknowledged.", "%(num)s alerts acknowledged.", done)
        flash(said, "success")
    for fault in list(dict.fromkeys(faults))[:3]:
        flash(fault, "error")
    return done


def _proof(
    connection: Transaction, record: AlertRecord
) -> tuple[dict[str, Observation], list[Event]]:
    """Return what was seen, and what happened around the beginning, for a circuit's alert only."""
    begun = begun_at(record)
    link = circuit_of(record, index())
    if link is None or begun is None:
        return {}, []
    seen = newest_of(list_observed(connection))
    around = (begun - EVENTS_BEFORE, begun + EVENTS_AFTER)
    found: dict[int, Event] = {}
    filters = (EventFilter(link=link.id), EventFilter(device=link.a.device))
    for wanted in (*filters, EventFilter(device=link.b.device)):
        bounded = EventFilter(
            device=wanted.device, link=wanted.link, since=around[0], until=around[1]
        )
        found |= {one.number: one.event for one in newest(connection, bounded, limit=50)}
    return seen, [found[number] for number in sorted(found)]


def _silencer(name: str, windows: Mapping[str, object]) -> tuple[str, str, str | None]:
    """Return what hides an alert: its kind, its name and where to read of it."""
    kind, _, rest = name.partition(":")
    if kind == "cause" and rest:
        return "cause", thing_of(rest).name, thing_of(rest).address
    if kind == "job" and rest:
        return "job", rest, url_for("jobs.show", job_id=rest)
    id_ = rest or name
    where = url_for("maintenance.browse", _anchor=id_) if id_ in windows else None
    return "window", id_, where


def _back(fingerprint: str, anchor: str | None = None) -> AnyResponse:
    return redirect(url_for("alerts.show", fingerprint=fingerprint, _anchor=anchor), code=303)


def _speech() -> dict[str, object]:
    """Return what the templates of alerts call."""
    return {
        "title_of": title_of,
        "sentence_of": sentence_of,
        "folded_of": folded_of,
        "thing_of": thing_of,
        "rule_title": rule_title,
        "time_of": told_moment,
        "State": AlertState,
    }
