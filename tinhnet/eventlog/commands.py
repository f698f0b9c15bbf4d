# SPDX-License-Identifier: MIT
"""`tinhnet events`: what devices, probes and the product said happened."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tinhnet.config import load_config
from tinhnet.console import Row, print_rows
from tinhnet.context import context_of_command
from tinhnet.eventlog.listing import event_row
from tinhnet.model.event import EventFilter, Severity, Source
from tinhnet.store.events import Numbered, newest

MOST = 10_000
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

app = typer.Typer()


@app.command("events")
def list_events(  # noqa: PLR0913 one parameter per option of the command
    *,
    device: Annotated[str | None, typer.Option(help="Only of a device.")] = None,
    link: Annotated[str | None, typer.Option(help="Only of a link.")] = None,
    site: Annotated[str | None, typer.Option(help="Only of a site.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only of a kind: interface_down, …")] = None,
    severity: Annotated[list[Severity] | None, typer.Option(help="Only these.")] = None,
    source: Annotated[Source | None, typer.Option(help="Only what this said.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=FORMATS, help="From this time on, local.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=FORMATS, help="Before this time, local.")
    ] = None,
    before: Annotated[
        int | None, typer.Option(min=1, max=2**63 - 1, help="Only below this number.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=MOST, help="At most this many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print events, those taken in last first."""
    zone = ZoneInfo(load_config().config.listen.zone)
    wanted = EventFilter(
        device,
        link,
        site,
        kind,
        source,
        tuple(severity or ()),
        since.replace(tzinfo=zone) if since else None,
        until.replace(tzinfo=zone) if until else None,
    )
    with context_of_command() as context, context.store.reading() as connection:
        found = newest(connection, wanted, before=before, limit=count)
    rows: list[Row] = [event_row(one) if as_json else _shown(one, zone) for one in found]
    columns = {"number": "number", "at": "when", "severity": "severity", "kind": "kind"}
    columns |= {"device": "device", "link": "link", "site": "site", "text": "text"}
    print_rows(rows, columns, as_json=as_json)


def _shown(found: Numbered, zone: ZoneInfo) -> Row:
    """Return an event as a table shows it: local time, and how often it was told."""
    event = found.event
    times = event.fields.get("times")
    return event_row(found) | {
        "at": f"{event.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        "text": f"{event.text} ×{times}" if times else event.text,
    }
