# SPDX-License-Identifier: MIT
"""Shift handover: what is open goes from one person to another, and both sign."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from tinhnet.actions import RequestError
from tinhnet.alerting import shift_actions
from tinhnet.store.shifts import Handover, Line, find_handover, list_handovers
from webui.context import web
from webui.failure import in_words
from webui.language import language
from webui.page import Entry, Page
from webui.person import actor, needs, person

_pages = Blueprint("handover", __name__, url_prefix="/handover")
PAGE = Page(
    _pages, Entry("handover.browse", lazy_gettext("Shift handover"), "history", "watch", order=26)
)
PER_PAGE = 30
KINDS = ("alert", "rest", "silence", "maintenance", "job")


@_pages.get("")
@needs("network.view")
def browse() -> str:
    """Show what this shift would hand over, and what was handed over before."""
    return _page("")


def _page(note: str) -> str:
    """Return the page with a note that was refused, or without one."""
    typed = request.args.get("before", "")
    before = int(typed) if typed.isdecimal() and len(typed) < 10 else None  # noqa: PLR2004
    with web().store.reading() as connection:
        found = list_handovers(connection, limit=PER_PAGE + 1, before=before)
        newest = list_handovers(connection, limit=1)
    shown = found[:PER_PAGE]
    return render_template(
        "handover.html",
        groups=_groups(shift_actions.shift_now(web().context)),
        handovers=shown,
        waiting=newest[0] if newest and newest[0].taken_at is None else None,
        newest=newest[0].number if newest else None,
        older=shown[-1].number if len(found) > PER_PAGE else None,
        before=before,
        now=web().now(),
        line_title=_title,
        note_typed=note,
        here=url_for("handover.browse"),
    )


@_pages.post("")
@needs("shift.hand_over")
def give() -> AnyResponse | tuple[str, int]:
    """Sign this shift off."""
    note = request.form.get("note", "").replace("\r\n", "\n")
    try:
        given = shift_actions.give_handover(web().context, actor(), note)
    except RequestError as error:
        flash(in_words(error), "error")
        return _page(note), 422
    flash(gettext("%(id)s waits for the next shift.", id=given.id), "success")
    return redirect(url_for("handover.show", number=given.number), code=303)


@_pages.get("/H<int(max=999999999):number>")
@needs("network.view")
def show(number: int) -> str:
    """Show one handover as it was signed; it prints on paper."""
    handover = _handover(number)
    with web().store.reading() as connection:
        newest = list_handovers(connection, limit=1)[0].number
    found = person()
    return render_template(
        "shift.html",
        handover=handover,
        groups=_groups(handover.lines),
        digest=shift_actions.digest_of(handover),
        is_replaced=handover.taken_at is None and newest != number,
        is_mine=found is not None and found.name == handover.given_by,
        now=handover.given_at,
        line_title=_title,
    )


@_pages.post("/H<int(max=999999999):number>/take")
@needs("shift.hand_over")
def take(number: int) -> AnyResponse:
    """Sign the next shift on."""
    try:
        taken = shift_actions.take_handover(web().context, actor(), number)
        flash(gettext("You took %(id)s over. The shift is yours.", id=taken.id), "success")
    except RequestError as error:
        flash(in_words(error), "error")
    return redirect(url_for("handover.show", number=number), code=303)


def _handover(number: int) -> Handover:
    with web().store.reading() as connection:
        return find_handover(connection, number) or abort(404)


def _groups(lines: tuple[Line, ...]) -> dict[str, list[Line]]:
    """Return the lines by kind, every kind there."""
    return {kind: [one for one in lines if one.kind == kind] for kind in KINDS}


def _title(line: Line) -> str:
    return line.title_vi if language() == "vi" else line.title_en
