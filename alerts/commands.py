# SPDX-License-Identifier: MIT
"""`tinhnet alert …`."""

import re
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tinhnet.actions import RequestError
from tinhnet.alert_listing import alert_detail_row, alert_row, window_row
from tinhnet.alerting import actions, shift_actions
from tinhnet.alerting.actions import WindowRequest
from tinhnet.alerting.recurrence import parse
from tinhnet.console import local, print_json, print_rows, say
from tinhnet.context import Context, context_of_command, local_actor
from tinhnet.inventory import load
from tinhnet.model.alert import AlertFilter, AlertRecord, AlertState
from tinhnet.model.event import Severity
from tinhnet.model.window import Scope, Window
from tinhnet.shift.listing import ticket_row
from tinhnet.store import alerts, windows
from tinhnet.store.windows import KeptWindow

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HOLDING = (AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.SILENCED, AlertState.PENDING)
LENGTH = re.compile(r"(\d{1,5})(m|h|d)")
SECONDS = {"m": 60, "h": 3600, "d": 86_400}

app = typer.Typer()
alert_app = typer.Typer(help="What is broken, and who takes care of it.", no_args_is_help=True)
app.add_typer(alert_app, name="alert")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(metavar="ALERT", help="Fingerprint, or its beginning.")]
Reason = Annotated[str, typer.Option(help="Why; people read it.")]
Lasts = Annotated[str, typer.Option("--for", help="How long: 30m, 4h, 2d.")]


@alert_app.command("list")
def list_alerts(  # noqa: PLR0913 one parameter per option of the command
    *,
    state: Annotated[
        list[AlertState] | None, typer.Option(help="Only these states; default: all that hold.")
    ] = None,
    severity: Annotated[list[Severity] | None, typer.Option(help="Only these.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only of a rule.")] = None,
    device: Annotated[str | None, typer.Option(help="Only of a device.")] = None,
    link: Annotated[str | None, typer.Option(help="Only of a circuit.")] = None,
    site: Annotated[str | None, typer.Option(help="Only of a site.")] = None,
    count: Annotated[int, typer.Option(min=1, max=20_000, help="At most this many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Print alerts, those that fired last first."""
    severities = tuple(one.value for one in severity or ())
    wanted = AlertFilter(tuple(state or HOLDING), severities, rule, device, link, site)
    with context_of_command() as context, context.store.reading() as connection:
        found = alerts.list_alerts(connection, wanted, limit=count)
        language = context.config.web.language
    columns = {"fingerprint": "alert", "severity": "severity", "state": "state"}
    columns |= {"since": "since", f"sentence_{language}": "what", "acknowledged_by": "in hand of"}
    rows = [
        alert_row(one) if as_json else alert_row(one) | {"since": local(one.alert.since)}
        for one in found
    ]
    print_rows(rows, columns, as_json=as_json)


@alert_app.command("show")
def show_alert(alert: Name, *, as_json: AsJson = False) -> None:
    """Print an alert with its timeline."""
    with context_of_command() as context:
        _print_alert(context, _existing(context, alert), as_json=as_json)


@alert_app.command("ack")
def acknowledge(
    alert: Name, reason: Reason, lasts: Lasts = "4h", *, as_json: AsJson = False
) -> None:
    """Take care of an alert for a time."""
    with context_of_command() as context:
        name = _existing(context, alert).alert.fingerprint
        until = context.now + _length(lasts)
        found = actions.acknowledge(context, local_actor(context), name, reason, until)
        _print_alert(context, found, as_json=as_json)


@alert_app.command("release")
def release(alert: Name, *, as_json: AsJson = False) -> None:
    """Give an alert out of your hands again."""
    with context_of_command() as context:
        name = _existing(context, alert).alert.fingerprint
        found = actions.release(context, local_actor(context), name)
        _print_alert(context, found, as_json=as_json)


@alert_app.command("note")
def note(alert: Name, text: Annotated[str, typer.Argument()], *, as_json: AsJson = False) -> None:
    """Write a line into an alert's timeline."""
    with context_of_command() as context:
        record = _existing(context, alert)
        actions.note(context, local_actor(context), record.alert.fingerprint, text)
        _print_alert(context, record, as_json=as_json)


@alert_app.command("ticket")
def ticket(
    alert: Name,
    number: Annotated[str, typer.Argument(help="What the carrier calls it.")],
    *,
    said: Annotated[str, typer.Option("--note", help="What the carrier said.")] = "",
    opened: Annotated[
        datetime | None, typer.Option(help="When its clock began, in the time of Vietnam.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep the carrier's ticket of a circuit's alert; its clock starts."""
    with context_of_command() as context:
        record = _existing(context, alert)
        carrier = shift_actions.carrier_of(record, load(context.config.inventory))
        told = (carrier.name, number, said)
        name, actor = record.alert.fingerprint, local_actor(context)
        begun = None if opened is None else opened.replace(tzinfo=opened.tzinfo or ZONE)
        kept = shift_actions.keep_ticket(context, actor, name, told, begun)
    if as_json:
        print_json(ticket_row(kept))
        return
    since = f"{kept.opened_at.astimezone(ZONE):%H:%M %d/%m/%Y}"
    say(f"ticket {kept.number} of {kept.carrier} is kept, opened {since}")


@alert_app.command("silence")
def silence(  # noqa: PLR0913 one parameter per option of the command
    reason: Reason,
    alert: Annotated[str | None, typer.Argument(help="One alert, by its fingerprint.")] = None,
    *,
    lasts: Lasts = "2h",
    thing: Annotated[list[str] | None, typer.Option(help="link:dien-ban-1, device:core1 …")] = None,
    site: Annotated[list[str] | None, typer.Option(help="All that stands at a site.")] = None,
    carrier: Annotated[list[str] | None, typer.Option(help="All circuits of a carrier.")] = None,
    rule: Annotated[list[str] | None, typer.Option(help="Only alerts of these rules.")] = None,
    start: Annotated[
        datetime | None, typer.Option(help="When it opens, in the time of Vietnam; default: now.")
    ] = None,
    repeat: Annotated[str | None, typer.Option(help="FREQ=WEEKLY;BYDAY=TU,SA")] = None,
    maintenance: Annotated[
        bool, typer.Option("--maintenance", help="Planned work: it explains, and the SLA knows.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it mutes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Silence an alert, or everything about things, sites or carriers."""
    with context_of_command() as context:
        scope = Scope(*(frozenset(one or ()) for one in (thing, site, carrier, rule)))
        if alert is not None:
            found = _existing(context, alert).alert
            scope = Scope(scope.things | {found.thing}, rules=scope.rules | {found.rule})
        begins = context.now if start is None else start.replace(tzinfo=start.tzinfo or ZONE)
        request = WindowRequest(
            is_planned=maintenance,
            scope=scope,
            start=begins,
            length_s=_length(lasts).total_seconds(),
            reason=reason,
            recurrence=None if repeat is None else parse(repeat),
        )
        actor = local_actor(context)
        sentence = actions.preview(context, actor, request).sentence("en")
        if dry_run:
            say(sentence)
            return
        _print_window(actions.open_window(context, actor, request), sentence, as_json=as_json)


@alert_app.command("windows")
def list_windows(
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that were lifted, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print silences and maintenance windows, the newest first."""
    with context_of_command() as context, context.store.reading() as connection:
        found = windows.list_windows(connection, lifted=every)
    columns = {"id": "window", "kind": "kind", "scope": "about", "start": "opens"}
    columns |= {"length_s": "seconds", "recurrence": "again", "owner": "by", "reason": "why"}
    rows = [
        window_row(one) if as_json else window_row(one) | {"start": local(one.window.start)}
        for one in found
    ]
    print_rows(rows, columns, as_json=as_json)


@alert_app.command("lift")
def lift(window: Annotated[str, typer.Argument()], *, as_json: AsJson = False) -> None:
    """End a silence or a maintenance window for good."""
    with context_of_command() as context:
        actor = local_actor(context)
        lifted = actions.lift_window(context, actor, window)
        if as_json:
            print_json(window_row(KeptWindow(lifted, context.now, actor.name)))
            return
    say(f"{lifted.id} is lifted")


def _existing(context: Context, name: str) -> AlertRecord:
    """Return an alert by its fingerprint, or by the only one that begins so."""
    with context.store.reading() as connection:
        found = alerts.find_alert(connection, name)
        if found is not None:
            return found
        begun = alerts.list_beginning(connection, name)
    if len(begun) != 1:
        what = "there is no alert" if not begun else "more than one alert begins with"
        raise RequestError(f"{what} {name}", "`tinhnet alert list` shows them")
    return begun[0]


def _length(text: str) -> timedelta:
    found = LENGTH.fullmatch(text)
    if found is None:
        raise RequestError(f"--for {text}: expected a length such as 30m, 4h or 2d")
    return timedelta(seconds=int(found[1]) * SECONDS[found[2]])


def _print_alert(context: Context, record: AlertRecord, *, as_json: bool) -> None:
    with context.store.reading() as connection:
        entries = alerts.list_entries(connection, record.alert.fingerprint)
    if as_json:
        print_json(alert_detail_row(record, entries))
        return
    vietnamese = context.config.web.language == "vi"
    alert = record.alert
    say(f"{alert.fingerprint} {alert.severity} {alert.state}: {alert.thing}")
    say(f"  {record.sentence_vi if vietnamese else record.sentence_en}")
    if record.explains:
        say(f"  explains {len(record.explains)}: {' '.join(record.explains[:10])}")
    for one in reversed(entries):
        entry = one.entry
        said = " ".join(part for part in (entry.kind, entry.actor, entry.text) if part)
        say(f"  {entry.at.astimezone(ZONE):%Y-%m-%d %H:%M:%S} {said}")


def _print_window(window: Window, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(window_row(KeptWindow(window)))
        return
    say(f"{window.id} is kept. {sentence}.")
