# SPDX-License-Identifier: MIT
"""What a shift does: keep a carrier's ticket, hand the NOC over and take it; each with evidence."""

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta

from tinhnet.actions import RequestError, record, refuse_hidden, require
from tinhnet.alerting.actions import TWICE
from tinhnet.alerting.windows import occurrences
from tinhnet.context import Context
from tinhnet.model.actor import Actor
from tinhnet.model.alert import AlertEntry, AlertRecord, AlertState
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.job import Job, JobState
from tinhnet.model.place import Carrier
from tinhnet.model.window import Scope, Window
from tinhnet.store import alerts, inbox, jobs, shifts, windows
from tinhnet.store.engine import Transaction
from tinhnet.store.results import changes_after
from tinhnet.store.shifts import Handover, Line, Ticket
from tinhnet.text import composed

LAPSES = timedelta(hours=12)
"""A silence that ends within the next shift is handed over."""
AHEAD = timedelta(hours=24)
"""Maintenance that begins within a day is handed over."""
BEHIND = timedelta(hours=12)
"""Jobs that changed devices during the shift are handed over."""
MOST_ALERTS = 100
"""More than a shift can read; how many more there are is a line of its own."""
LONGEST_NUMBER = 60
OLDEST = timedelta(days=366)
LONGEST_NOTE = 4000


def carrier_of(record: AlertRecord, network: DeclaredNetwork) -> Carrier:
    """Return the carrier whose circuit an alert is about; RequestError where it is about none."""
    link = network.links.get(record.link or "")
    carrier = network.carriers.get(link.carrier or "") if link else None
    if link is None or carrier is None or record.alert.thing != f"link:{link.id}":
        raise RequestError(
            "%(alert)s is about no carrier's circuit",
            "a ticket belongs to the alert of a circuit",
            alert=record.alert.fingerprint,
        )
    return carrier


def keep_ticket(
    context: Context,
    actor: Actor,
    fingerprint: str,
    ticket: tuple[str, str, str],
    opened_at: datetime | None = None,
) -> Ticket:
    """Keep what a carrier calls its work on an alert: (carrier, number, note); the clock starts.

    Whoever corrects the number keeps the clock, unless `opened_at` says otherwise.
    """
    require(context, actor, "alert.acknowledge", f"alert {fingerprint}")
    now = context.now
    carrier, number, note = _checked(ticket)
    if opened_at is not None and opened_at > now:
        raise RequestError("a ticket cannot be opened in time to come", "name a time that was")
    if opened_at is not None and now - opened_at > OLDEST:
        raise RequestError("a ticket is opened within the last year", "correct the year")
    with context.store.writing() as connection:
        episode = _episode(connection, fingerprint)
        known = shifts.list_tickets(connection, [fingerprint]).get(fingerprint)
        clock = known.opened_at if known is not None and known.episode == episode else now
        kept = Ticket(fingerprint, episode, carrier, number, opened_at or clock, actor.name, note)
        if kept == known:
            return kept
        shifts.put_ticket(connection, kept)
        details = {"ticket": number, "carrier": carrier, "opened_at": kept.opened_at.isoformat()}
        entry = AlertEntry(fingerprint, episode, now, "note", note or number, actor.name, details)
        alerts.add_entries(connection, [entry])
        record(context, connection, actor, "ticket.keep", f"alert {fingerprint}", details)
    return kept


def shift_now(context: Context) -> tuple[Line, ...]:
    """Return what a shift would hand over at this moment."""
    with context.store.reading() as connection:
        return _lines(connection, context.now)


def give_handover(context: Context, actor: Actor, note: str) -> Handover:
    """Sign a shift off: what is open is kept as it stands now, and waits for the next shift.

    A handover that still waits is replaced by the newer one.
    """
    require(context, actor, "shift.hand_over", "shift")
    refuse_hidden([("note", note)])
    now, said = context.now, composed(note)
    if len(said) > LONGEST_NOTE:
        raise RequestError(
            "the note has more than %(most)s characters", "shorten it", most=LONGEST_NOTE
        )
    with context.store.writing() as connection:
        lines = _lines(connection, now)
        for last in shifts.list_handovers(connection, limit=1):
            is_same = (last.given_by, last.note, last.lines) == (actor.name, said, lines)
            if is_same and last.taken_at is None and now - last.given_at <= TWICE:
                return last
        given = shifts.add_handover(connection, actor.name, said, lines, now)
        details = {"lines": str(len(given.lines)), "sha256": digest_of(given), "note": said[:200]}
        record(context, connection, actor, "shift.give", f"handover {given.id}", details)
    return given


def take_handover(context: Context, actor: Actor, number: int) -> Handover:
    """Sign a shift on: somebody else than who gave it takes the newest handover over."""
    subject = f"handover H{number}"
    require(context, actor, "shift.hand_over", subject)
    now = context.now
    with context.store.writing() as connection:
        found = shifts.find_handover(connection, number)
        if found is None:
            raise RequestError("there is no handover %(id)s", id=f"H{number}")
        if found.given_by == actor.name:
            raise RequestError(
                "%(person)s gave %(id)s and cannot take it over",
                "somebody of the next shift signs in and takes it",
                person=actor.name,
                id=found.id,
            )
        if shifts.list_handovers(connection, limit=1)[0].number != number:
            raise RequestError(
                "%(id)s was replaced by a newer handover", "take that one", id=found.id
            )
        if not shifts.take_handover(connection, number, actor.name, now):
            raise RequestError(
                "%(id)s was taken over already by %(person)s",
                "the list shows who",
                id=found.id,
                person=found.taken_by or "",
            )
        details = {"given_by": found.given_by, "sha256": digest_of(found)}
        record(context, connection, actor, "shift.take", subject, details)
    return replace(found, taken_at=now, taken_by=actor.name)


def digest_of(handover: Handover) -> str:
    """Return the SHA-256, in hex, of what was handed over; both signatures name it."""
    parts = [[str(getattr(one, name)) for name in Line.__slots__] for one in handover.lines]
    text = json.dumps([handover.given_by, handover.note, parts], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _checked(ticket: tuple[str, str, str]) -> tuple[str, str, str]:
    """Return carrier, number and note as they are kept; RequestError where one does not fit."""
    refuse_hidden(zip(("carrier", "number", "note"), ticket, strict=True))
    carrier, number, note = (composed(part) for part in ticket)
    if not number or len(number) > LONGEST_NUMBER:
        raise RequestError(
            "a ticket number of 1 to %(most)s characters is needed",
            "type what the carrier said",
            most=LONGEST_NUMBER,
        )
    if len(note) > LONGEST_NOTE:
        raise RequestError(
            "the note has more than %(most)s characters", "shorten it", most=LONGEST_NOTE
        )
    return carrier, number, note


def _episode(connection: Transaction, fingerprint: str) -> int:
    """Return which time an alert is at now; RequestError when there is no such alert."""
    found = alerts.find_alert(connection, fingerprint)
    if found is None:
        raise RequestError(
            "there is no alert %(alert)s", "`tinhnet alert list` shows them", alert=fingerprint
        )
    return found.alert.episode


def _lines(connection: Transaction, now: datetime) -> tuple[Line, ...]:
    found = inbox.list_inbox(connection, limit=MOST_ALERTS)
    known = shifts.list_tickets(connection, [one.alert.fingerprint for one in found])
    kept = [one.window for one in windows.list_windows(connection)]
    opened = jobs.list_jobs(connection, states=(JobState.RUNNING, JobState.WAITING))
    changed = changes_after(connection, now - BEHIND)
    done = {one.job: jobs.get_job(connection, one.job) for one in changed}
    return (
        *(_alert(one, known.get(one.alert.fingerprint)) for one in found),
        *_rest(inbox.count_inbox(connection) - len(found)),
        *_windows(kept, now),
        *(_job(one) for one in {**{job.number: job for job in opened}, **done}.values()),
    )


def _alert(one: AlertRecord, ticket: Ticket | None) -> Line:
    owned = one.alert.acknowledgement
    has_ticket = ticket is not None and ticket.episode == one.alert.episode
    return Line(
        kind="alert",
        id=one.alert.fingerprint,
        word=one.alert.state.value,
        title_vi=f"{one.title_vi}: {one.sentence_vi}",
        title_en=f"{one.title_en}: {one.sentence_en}",
        at=one.alert.since,
        until=owned.until if owned and one.alert.state is AlertState.ACKNOWLEDGED else None,
        who=owned.owner if owned else "",
        detail=f"{ticket.carrier} {ticket.number}".strip() if ticket and has_ticket else "",
    )


def _rest(count: int) -> list[Line]:
    """Return a line that says how many alerts are not listed, none where all are."""
    if count <= 0:
        return []
    return [Line("rest", "", "", f"và {count} cảnh báo nữa", f"and {count} more alerts")]


def _windows(kept: list[Window], now: datetime) -> list[Line]:
    """Return open silences that lapse soon, and maintenance that is open or begins soon."""
    found: list[Line] = []
    for window in kept:
        for one in occurrences(window, now, now + AHEAD)[:1]:
            is_open = one.start <= now
            if not window.is_planned and not (is_open and one.end <= now + LAPSES):
                continue
            kind = "maintenance" if window.is_planned else "silence"
            word = "open" if is_open else "next"
            about = about_of(window.scope)
            found.append(
                Line(
                    kind,
                    window.id,
                    word,
                    about,
                    about,
                    one.start,
                    one.end,
                    window.owner,
                    window.reason,
                )
            )
    return found


def about_of(scope: Scope) -> str:
    """Return what a window is about, in the words of the graph."""
    words = [
        *scope.things,
        *(f"site:{one}" for one in scope.sites),
        *(f"carrier:{one}" for one in scope.carriers),
        *(f"rule:{one}" for one in scope.rules),
    ]
    return ", ".join(sorted(words))


def _job(job: Job) -> Line:
    title = f"{job.playbook} {job.limit or ''}".strip()
    began = job.started_at or job.requested_at
    return Line(
        "job",
        job.id,
        job.state.value,
        title,
        title,
        began,
        job.ended_at,
        job.actor,
        job.purpose or "",
    )
