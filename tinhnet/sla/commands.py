# SPDX-License-Identifier: MIT
"""`tinhnet sla`: the report of a month."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from tinhnet import access
from tinhnet.alerting.ledger import Row
from tinhnet.console import Cell, print_json, print_rows, say
from tinhnet.context import context_of_command, local_actor
from tinhnet.errors import TinhnetError
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.sla.causes import causes_of, explained_row
from tinhnet.sla.listing import as_csv, intervals_csv, name_of, percent, report_row
from tinhnet.sla.report import KINDS, Report, newest_month, report_of

app = typer.Typer()
COLUMNS = {
    "kind": "kind",
    "subject": "id",
    "name": "name",
    "availability": "up %",
    "known": "known %",
    "outages": "outages",
    "down_s": "down s",
    "planned_s": "planned s",
}
INTERVAL_COLUMNS = {
    "start": "from",
    "end": "until",
    "verdict": "counts as",
    "seen": "seen",
    "sources": "sources",
}


class Language(StrEnum):
    """Language of headings and names."""

    VI = "vi"
    EN = "en"


@app.command("sla")
def show_sla(
    *,
    month: Annotated[str | None, typer.Option(help="2026-11; this month if left out.")] = None,
    of: Annotated[
        str | None, typer.Option(help="The intervals of one: circuit:ID, site:ID, ….")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")] = False,
    language: Annotated[Language, typer.Option("--lang", help="Of headings and names.")] = (
        Language.VI
    ),
) -> None:
    """Print what was up, down, planned or unknown, per circuit, site, unit and carrier."""
    if as_json and csv:
        raise TinhnetError("--json and --csv exclude each other", "choose one")
    with context_of_command() as context:
        access.require(local_actor(context), "network.view")
        network = load(context.config.inventory)
        report = report_of(context, network, month or newest_month(context.now))
        kind, subject = _subject(report, of) if of is not None else ("", "")
        with context.store.reading() as connection:
            causes = causes_of(connection, kind, subject, report.period)
    if of is not None and csv:
        sys.stdout.writelines(intervals_csv(report.intervals(kind, subject), language))
    elif of is not None:
        rows = [explained_row(one, causes) for one in report.intervals(kind, subject)]
        print_rows(rows, INTERVAL_COLUMNS, as_json=as_json)
    elif csv:
        sys.stdout.writelines(as_csv(report, network, language))
    elif as_json:
        print_json(report_row(report, network))
    elif report.claims:
        rows = [_table_row(row, network, language) for row in report.rows]
        print_rows(rows, COLUMNS, as_json=False)
    else:
        say(f"{report.month}: nothing was measured yet; `tinhnet up` with collect and alert does")


def _table_row(row: Row, network: DeclaredNetwork, language: Language) -> dict[str, Cell]:
    """Return a line of the report for people: its table has fewer columns than its file."""
    return {
        "kind": row.kind,
        "subject": row.subject,
        "name": name_of(row.kind, row.subject, network, language),
        "availability": percent(row.availability_ratio) or None,
        "known": percent(row.known_ratio, 1) or None,
        "outages": row.outages,
        "down_s": round(row.down_s),
        "planned_s": round(row.planned_s),
    }


def _subject(report: Report, of: str) -> tuple[str, str]:
    """Return kind and id of what the report is asked for."""
    kind, _, subject = of.partition(":")
    known = {row.subject for row in report.rows if row.kind == kind}
    if kind not in KINDS or subject not in known:
        raise TinhnetError(f"the report has no {of}", "name circuit:ID, site:ID, unit:ID, …")
    return kind, subject
