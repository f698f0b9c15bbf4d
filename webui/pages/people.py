# SPDX-License-Identifier: MIT
"""Users, sessions and tokens: who may come in, who is in, and what programs may do."""

import re
from collections import Counter

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response

from tinhnet import actions, entrance
from tinhnet.access import PasswordError
from tinhnet.model.actor import Role, Token, User
from tinhnet.store.people import find_user, list_tokens, list_users
from tinhnet.store.sessions import list_sessions
from webui.context import web
from webui.failure import in_words
from webui.page import Entry, Page
from webui.person import actor, needs, person
from webui.vietnamese import composed

_pages = Blueprint("people", __name__, url_prefix="/people")
PAGE = Page(
    _pages,
    Entry(
        "people.browse",
        lazy_gettext("Users and tokens"),
        "users",
        "admin",
        order=80,
        action="user.view",
    ),
)
NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")
TOKEN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
LONGEST_DAYS = 3650


@_pages.get("")
@needs("user.view")
def browse() -> str:
    """Show users and tokens."""
    return _page()


@_pages.post("/users")
@needs("user.manage")
def add_user() -> str | Response | tuple[str, int]:
    """Add a user."""
    name = composed(request.form.get("name", ""))
    full_name = composed(request.form.get("full_name", ""))[:200]
    roles = _roles()
    fault = ""
    if not NAME.fullmatch(name):
        fault = gettext(
            "A user name begins with a-z and goes on with a-z, 0-9, . _ - (32 at most)."
        )
    elif not roles:
        fault = gettext("Tick at least one role.")
    if fault:
        return _page(fault), 422
    context = web().context
    user = User(name, full_name or name, roles, True, context.now, None)  # noqa: FBT003 a row's field
    try:
        actions.add_user(context, actor(), user, request.form.get("password", ""))
    except (PasswordError, actions.RequestError) as error:
        return _page(in_words(error)), 422
    flash(gettext("The user %(name)s was added.", name=name), "success")
    return redirect(url_for("people.browse"), code=303)


@_pages.post("/users/<name>/roles")
@needs("user.manage")
def change_roles(name: str) -> str | Response | tuple[str, int]:
    """Replace a user's roles."""
    roles = _roles()
    if not roles:
        return _page(gettext("Tick at least one role.")), 422
    try:
        actions.set_roles(web().context, actor(), name, roles)
    except actions.LastAdminError as error:
        return _page(in_words(error)), 422
    flash(
        gettext("The roles of %(name)s were changed; open sessions have ended.", name=name),
        "success",
    )
    return redirect(url_for("people.browse"), code=303)


@_pages.post("/users/<name>/enabled")
@needs("user.manage")
def enable(name: str) -> str | Response | tuple[str, int]:
    """Let a user in, or no longer."""
    is_enabled = request.form.get("enabled") == "yes"
    if name == actor().name and not is_enabled:
        return _page(gettext("You cannot lock yourself out.")), 422
    try:
        actions.set_enabled(web().context, actor(), name, is_enabled=is_enabled)
    except actions.LastAdminError as error:
        return _page(in_words(error)), 422
    flash(
        gettext("%(name)s may sign in again.", name=name)
        if is_enabled
        else gettext("%(name)s is out: sessions and tokens have ended.", name=name),
        "success",
    )
    return redirect(url_for("people.browse"), code=303)


@_pages.post("/users/<name>/password")
@needs("user.manage")
def reset_password(name: str) -> str | Response | tuple[str, int]:
    """Give a user a new password; open sessions of theirs end."""
    try:
        actions.set_password(web().context, actor(), name, request.form.get("password", ""))
    except PasswordError as error:
        return _page(in_words(error)), 422
    flash(gettext("The password of %(name)s was replaced.", name=name), "success")
    return redirect(url_for("people.browse"), code=303)


@_pages.get("/users/<name>")
@needs("user.view")
def show_user(name: str) -> str:
    """Show where a person is signed in."""
    context, me = web().context, person()
    with context.store.reading() as connection:
        user = find_user(connection, name) or abort(404)
        sessions = list_sessions(connection, entrance.oldest_session(context), name)
    return render_template(
        "user.html",
        user=user,
        user_roles=[role for role in Role if role in user.roles],
        sessions=sessions,
        own=me.session.id if me else "",
    )


@_pages.post("/sessions/<identity>/end")
@needs("user.manage")
def end_session(identity: str) -> Response:
    """End one session of somebody."""
    ended = entrance.end_session(web().context, actor(), identity)
    flash(gettext("The session of %(name)s has ended.", name=ended.user), "success")
    return redirect(url_for("people.show_user", name=ended.user), code=303)


@_pages.post("/users/<name>/sessions/end")
@needs("user.manage")
def end_sessions(name: str) -> Response:
    """End every session of somebody."""
    ended = entrance.end_sessions(web().context, actor(), name)
    flash(
        ngettext(
            "%(num)s session of %(name)s has ended.",
            "%(num)s sessions of %(name)s have ended.",
            ended,
            name=name,
        ),
        "success",
    )
    return redirect(url_for("people.show_user", name=name), code=303)


@_pages.post("/tokens")
@needs("token.manage")
def create_token() -> str | tuple[str, int]:
    """Make a token and show it, this once."""
    name = composed(request.form.get("name", ""))
    role, days = request.form.get("role", ""), request.form.get("days", "")
    if not TOKEN_NAME.fullmatch(name) or role not in set(Role):
        return _page(gettext("A token needs a name of letters, digits and . _ - and a role.")), 422
    lasts = int(days) if days.isdecimal() and len(days) < 6 else 0  # noqa: PLR2004 no huge ints
    if not 0 < lasts <= LONGEST_DAYS:
        return _page(gettext("A token lasts 1 to %(most)s days.", most=LONGEST_DAYS)), 422
    made = actions.create_token(web().context, actor(), name, Role(role), lasts)
    return _page(made=made)


@_pages.post("/tokens/<token>/revoke")
@needs("token.manage")
def revoke_token(token: str) -> Response:
    """Refuse a token from now on."""
    actions.revoke_token(web().context, actor(), token)
    flash(gettext("The token is refused from now on."), "success")
    return redirect(url_for("people.browse"), code=303)


def _roles() -> frozenset[Role]:
    """Return the roles that were ticked; unknown words are dropped."""
    known = set(Role)
    return frozenset(Role(role) for role in request.form.getlist("role") if role in known)


def _page(fault: str = "", made: tuple[Token, str] | None = None) -> str:
    """Return the page, with what was wrong or the token that was made."""
    context = web().context
    with context.store.reading() as connection:
        users, tokens = list_users(connection), list_tokens(connection)
        sessions = list_sessions(connection, entrance.oldest_session(context))
    return render_template(
        "people.html",
        users=users,
        tokens=tokens,
        open_sessions=Counter(session.user for session in sessions),
        roles=list(Role),
        fault=fault,
        made=made,
        now=context.now,
        least=context.config.access.password_length,
        days=context.config.access.token_days,
    )
