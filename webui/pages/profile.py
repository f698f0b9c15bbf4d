# SPDX-License-Identifier: MIT
"""The signed-in person: roles, language, theme, password, sessions."""

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from tinhnet import actions, entrance
from tinhnet.access import PasswordError, matches
from tinhnet.store.people import password_hash
from tinhnet.store.sessions import list_sessions
from webui.context import web
from webui.failure import in_words
from webui.limits import LOGINS, limiter
from webui.page import Page
from webui.person import Person, actor, person, sign_in, sign_out

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
        renewed = actions.set_password(context, actor(), name, new, _me().session)
    except PasswordError as error:
        return _page(new=in_words(error)), 422
    if renewed:
        sign_in(renewed)
    flash(gettext("Your password was changed; your other sessions have ended."), "success")
    return redirect(url_for("profile.show"), code=303)


@_pages.post("/sessions/<identity>/end")
def end_session(identity: str) -> Response:
    """End one of one's own sessions, this one included."""
    ended = entrance.end_session(web().context, actor(), identity)
    if ended.id == _me().session.id:
        sign_out()
        flash(gettext("You are signed out."), "success")
        return redirect(url_for("login.show"), code=303)
    flash(gettext("The session has ended."), "success")
    return redirect(url_for("profile.show"), code=303)


@_pages.post("/sessions/end")
def end_others() -> Response:
    """End every session of one's own but this one."""
    me = _me()
    ended = entrance.end_sessions(web().context, actor(), me.name, keep=me.session.id)
    flash(
        ngettext("%(num)s other session has ended.", "%(num)s other sessions have ended.", ended),
        "success",
    )
    return redirect(url_for("profile.show"), code=303)


def _me() -> Person:
    """Return who is signed in; a visitor ends in 401."""
    found = person()
    if found is None:
        abort(401)
    return found


def _page(**faults: str) -> str:
    """Return the page, with what was wrong by field."""
    me, context = _me(), web().context
    with context.store.reading() as connection:
        sessions = list_sessions(connection, entrance.oldest_session(context), me.name)
    return render_template(
        "profile.html",
        me=me,
        faults=faults,
        least=context.config.access.password_length,
        sessions=sessions,
        lasts_s=context.config.web.session_s,
        is_permanent=session.permanent,
    )
