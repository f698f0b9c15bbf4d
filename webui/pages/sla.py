# SPDX-License-Identifier: MIT
"""The SLA of a month: per circuit, site, unit and carrier, down to the intervals."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import format_decimal, lazy_gettext

from tinhnet.alerting.ledger import Row as Line
from tinhnet.alerting.ledger import Verdict
from tinhnet.sla.causes import causes_in, causes_of
from tinhnet.sla.listing import as_csv, intervals_csv, is_met, name_of
from tinhnet.sla.report import (
    KINDS,
    MONTH,
    Report,
    newest_month,
    report_of,
    target_of,
)
from webui.context import network, web
from webui.language import language
from webui.listing import Column, listing
from webui.page import Entry, Page

_pages = Blueprint("sla", __name__, url_prefix="/sla")
PAGE = Page(_pages, Entry("sla.browse", lazy_gettext("SLA"), "badge-check", "assurance", order=60))
LABELS = {
    "circuit": lazy_gettext("Circuits"),
    "site": lazy_gettext("Sites"),
    "unit": lazy_gettext("Units"),
    "carrier": lazy_gettext("Carriers"),
}
MOST = 1000
"""Intervals that one page shows; the file has them all."""
MOST_PLANNED = 100
"""Planned works that the page of a month lists; the API has them all."""
DIGITS = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """One subject with what the list says of it."""

    line: Line
    name: str
    carrier: str
    target: float | None
    is_met: bool | None


COLUMNS: tuple[Column[Row], ...] = (
    Column("subject", lazy_gettext("Name"), lambda row: row.name),
    Column(
        "availability", lazy_gettext("Available"), lambda row: row.line.availability_ratio, end=True
    ),
    Column("target", lazy_gettext("Contract"), lambda row: row.target, end=True),
    Column("known", lazy_gettext("Known share"), lambda row: row.line.known_ratio, end=True),
    Column("outages", lazy_gettext("Outages"), lambda row: row.line.outages, end=True),
    Column("down", lazy_gettext("Down"), lambda row: row.line.down_s, end=True),
    Column("planned", lazy_gettext("Planned"), lambda row: row.line.planned_s, end=True),
)


@_pages.get("")
def browse() -> str:
    """Show the subjects of one kind."""
    report = _report()
    kind = request.args.get("kind", KINDS[0])
    kind = kind if kind in KINDS else KINDS[0]
    shown = listing(
        _rows(report, kind),
        COLUMNS,
        text=lambda row: (row.line.subject, row.name, row.carrier),
        filters={
            "month": lambda row, value: True,  # noqa: ARG005 kept in the address, no filter
            "kind": lambda row, value: True,  # noqa: ARG005 kept in the address, no filter
            "met": lambda row, value: row.is_met is (value == "yes"),
        },
    )
    return render_template(
        "sla.html",
        report=report,
        kind=kind,
        labels=LABELS,
        listing=shown,
        columns=COLUMNS,
        ratio=ratio,
        most=MOST_PLANNED,
        near=_near(report.month),
        newest=newest_month(web().now()),
    )


@_pages.get("/<any(circuit, site, unit, carrier):kind>/<subject>")
def show(kind: str, subject: str) -> str:
    """Show the intervals of one subject: what was not up, or everything."""
    report, found = _report(), network()
    line = _line(report, kind, subject)
    whole = report.intervals(kind, subject)
    is_whole = request.args.get("all") == "1"
    kept = [one for one in whole if is_whole or one.verdict is not Verdict.UP]
    with web().store.reading() as connection:
        causes = causes_of(connection, kind, subject, report.period)
    target = target_of(report, line, found)
    return render_template(
        "sla_subject.html",
        report=report,
        kind=kind,
        labels=LABELS,
        line=line,
        name=name_of(kind, subject, found, language()),
        target=target,
        is_met=is_met(line, target),
        ratio=ratio,
        is_whole=is_whole,
        intervals=[(one, causes_in(one, causes)) for one in kept[:MOST]],
        left=max(0, len(kept) - MOST),
        planned={one.work.id: one for one in report.planned},
        near=_near(report.month),
        newest=newest_month(web().now()),
    )


@_pages.get("/export.csv")
def export() -> Response:
    """Return the whole month as a file for spreadsheets."""
    report = _report()
    return _file(as_csv(report, network(), language()), f"sla-{report.month}.csv")


@_pages.get("/<any(circuit, site, unit, carrier):kind>/<subject>/export.csv")
def export_subject(kind: str, subject: str) -> Response:
    """Return the intervals of one subject as a file for spreadsheets."""
    report = _report()
    _line(report, kind, subject)
    found = report.intervals(kind, subject)
    return _file(intervals_csv(found, language()), f"sla-{report.month}-{kind}-{subject}.csv")


def ratio(value: float | None) -> str:
    """Return a ratio as a percentage that is never rounded up, `—` where nothing is known."""
    if value is None:
        return "—"
    return f"{format_decimal(int(value * 100 * DIGITS + 1e-6) / DIGITS, '0.00##')} %"


def _report() -> Report:
    """Return the report of the month in the address; 404 for what is none."""
    month = request.args.get("month") or newest_month(web().now())
    if not MONTH.fullmatch(month):
        abort(404)
    return report_of(web().context, network(), month)


def _line(report: Report, kind: str, subject: str) -> Line:
    """Return the row of a subject; 404 without one."""
    found = [row for row in report.of_kind(kind) if row.subject == subject]
    return found[0] if found else abort(404)


def _rows(report: Report, kind: str) -> list[Row]:
    found, spoken = network(), language()
    rows = []
    for line in report.of_kind(kind):
        link = found.links[line.subject] if kind == "circuit" else None
        carrier = name_of("carrier", link.carrier, found, spoken) if link and link.carrier else ""
        target = target_of(report, line, found)
        name = name_of(kind, line.subject, found, spoken)
        rows.append(Row(line, name, carrier, target, is_met(line, target)))
    return rows


def _near(month: str) -> tuple[str, str]:
    """Return the months before and after."""
    year, number = int(month[:4]), int(month[5:])
    before = f"{year - (number == 1)}-{(number - 2) % 12 + 1:02d}"
    after = f"{year + (number == 12)}-{number % 12 + 1:02d}"  # noqa: PLR2004 December
    return before, after


def _file(lines: Iterator[str], name: str) -> Response:
    answer = Response("".join(lines), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
