# SPDX-License-Identifier: MIT
"""The signed-in person: roles, language, theme, password."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from tinhnet import actions
from tinhnet.access import PasswordError, matches
from tinhnet.store.people import password_hash
from webui.context import web
from webui.limits import LOGINS, limiter
from webui.page import Page
from webui.person import actor, began_at, person, reseal

_pages = Blueprint("profile", __name__, url_prefix="/profile")
PAGE = Page(_pages)


@_pages.get("")
def show() -> str:
    """Show the profile."""
    return _page()


@_pages.post("/password")
@limiter.limit(LOGINS)
def change_password() -> str | Response | tuple[str, int]:
    """Replace one's own password; every other session of the person ends."""
    name = actor().name
    context = web().context
    new = request.form.get("new", "")
    with context.store.reading() as connection:
        hashed = password_hash(connection, name)
    if not matches(request.form.get("current", ""), hashed):
        return _page(current=gettext("This is not your present password.")), 422
    if new != request.form.get("again", ""):
        return _page(again=gettext("The two new passwords differ.")), 422
    try:
        actions.set_password(context, actor(), name, new)
    except PasswordError:
        least = context.config.access.password_length
        return _page(
            new=gettext("A password needs at least %(least)s characters.", least=least)
        ), 422
    reseal(name)
    flash(gettext("Your password was changed; your other sessions have ended."), "success")
    return redirect(url_for("profile.show"), code=303)


def _page(**faults: str) -> str:
    """Return the page, with what was wrong by field."""
    return render_template(
        "profile.html",
        me=person(),
        faults=faults,
        least=web().context.config.access.password_length,
        began=began_at(),
        lasts_s=web().context.config.web.session_s,
        is_permanent=session.permanent,
    )
