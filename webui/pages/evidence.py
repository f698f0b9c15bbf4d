# SPDX-License-Identifier: MIT
"""The evidence log: who did what, and whether the chain of entries still holds."""

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import lazy_gettext

from tinhnet.model.audit import EvidenceFilter
from tinhnet.store.evidence import count_entries, newest_entries
from webui.context import web
from webui.evidencelog import as_csv, as_json, asked_from
from webui.page import Entry, Page
from webui.person import needs
from webui.words import ACTIONS

_pages = Blueprint("evidence", __name__, url_prefix="/evidence")
PAGE = Page(
    _pages,
    Entry(
        "evidence.browse",
        lazy_gettext("Evidence log"),
        "scroll-text",
        "assurance",
        order=70,
        action="evidence.view",
    ),
)
PER_PAGE = 100
AT_ONCE = 5000
"""Entries up to which the page verifies by itself; a longer log is verified when asked."""


@_pages.get("")
@needs("evidence.view")
def browse() -> str:
    """Show the newest entries that the address asks for, and the state of the chain."""
    typed = request.args.get("before", "")
    before = int(typed) if typed.isdecimal() and len(typed) < 10 else None  # noqa: PLR2004
    context, asked = web().context, asked_from(request.args)
    with context.store.reading() as connection:
        found = newest_entries(connection, before=before, limit=PER_PAGE + 1, wanted=asked.wanted)
        all_entries = count_entries(connection)
        matching = count_entries(connection, asked.wanted)
        is_wanted = all_entries <= AT_ONCE or "verify" in request.args
        verification = context.evidence.verify(connection) if is_wanted else None
    shown = found[:PER_PAGE]
    return render_template(
        "evidence.html",
        entries=shown,
        asked=asked,
        actions=ACTIONS,
        total=all_entries,
        matching=matching,
        verification=verification,
        before=before,
        older=shown[-1].seq if len(found) > PER_PAGE else None,
    )


@_pages.get("/export.csv")
@needs("evidence.view")
def export_csv() -> Response:
    """Return every entry that the address asks for as a table for spreadsheets."""
    lines = as_csv(web().store, _wanted())
    return _file(Response(lines, mimetype="text/csv; charset=utf-8"), "csv")


@_pages.get("/export.json")
@needs("evidence.view")
def export_json() -> Response:
    """Return every entry that the address asks for as JSON."""
    return _file(Response(as_json(web().store, _wanted()), mimetype="application/json"), "json")


def _wanted() -> EvidenceFilter:
    """Return the filters; a file with a filter that was not understood would mislead: 400."""
    asked = asked_from(request.args)
    if asked.faults:
        abort(400)
    return asked.wanted


def _file(answer: Response, kind: str) -> Response:
    name = f"tinhnet-evidence-{web().now():%Y%m%dT%H%M%SZ}.{kind}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
