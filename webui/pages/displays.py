# SPDX-License-Identifier: MIT
"""Displays: screens that show the wall without a login; pairing and revoking them."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from tinhnet.actions import RequestError
from tinhnet.alerting import display_actions
from tinhnet.store.displays import list_paired
from webui.context import web
from webui.failure import in_words
from webui.limits import LOGINS, limiter
from webui.page import Entry, Page
from webui.person import actor, needs
from webui.vietnamese import composed

_pages = Blueprint("displays", __name__, url_prefix="/displays")
PAGE = Page(
    _pages,
    Entry(
        "displays.browse",
        lazy_gettext("Displays"),
        "eye",
        "admin",
        order=40,
        action="display.pair",
    ),
)


@_pages.get("")
@needs("display.pair")
def browse() -> Response:
    """Show the paired displays and the form for another one."""
    return _page("", "", "")


@_pages.post("")
@needs("display.pair")
@limiter.limit(LOGINS)
def pair() -> Response:
    """Pair the display that shows the typed code."""
    code, name = request.form.get("code", ""), composed(request.form.get("name", ""))
    try:
        paired = display_actions.pair(web().context, actor(), code, name)
    except RequestError as error:
        return _page(code, name, in_words(error), 422)
    flash(gettext("%(name)s shows the wall now.", name=paired.name), "success")
    return redirect(url_for("displays.browse"), code=303)


@_pages.post("/<display_id>/revoke")
@needs("display.pair")
def revoke(display_id: str) -> Response:
    """Take a display's right to look."""
    try:
        gone = display_actions.revoke(web().context, actor(), display_id)
        flash(gettext("%(name)s shows the wall no more.", name=gone.name), "success")
    except RequestError as error:
        flash(in_words(error), "error")
    return redirect(url_for("displays.browse"), code=303)


def _page(code: str, name: str, wrong: str, status: int = 200) -> Response:
    now = web().now()
    with web().store.reading() as connection:
        found = list_paired(connection)
    page = render_template(
        "displays.html", displays=found, code=code, name=name, wrong=wrong, now=now
    )
    return make_response(page, status)
