# SPDX-License-Identifier: MIT
"""The evidence log: who did what, and whether the chain of entries still holds."""

from flask import Blueprint, render_template, request
from flask_babel import lazy_gettext

from tinhnet.store.evidence import count_entries, newest_entries
from webui.context import web
from webui.page import Entry, Page
from webui.person import needs

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
    """Show the newest entries and the state of the chain."""
    typed = request.args.get("before", "")
    before = int(typed) if typed.isdecimal() and len(typed) < 10 else None  # noqa: PLR2004
    context = web().context
    with context.store.reading() as connection:
        entries = newest_entries(connection, before=before, limit=PER_PAGE)
        total = count_entries(connection)
        is_wanted = total <= AT_ONCE or "verify" in request.args
        found = context.evidence.verify(connection) if is_wanted else None
    return render_template(
        "evidence.html",
        entries=entries,
        total=total,
        verification=found,
        before=before,
        older=entries[-1].seq if entries and entries[-1].seq > 1 else None,
    )
