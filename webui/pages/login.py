# SPDX-License-Identifier: MIT
"""Signing in and out."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from tinhnet import entrance
from tinhnet.access import LoginRefusedError
from webui.context import web
from webui.failure import in_words
from webui.limits import LOGINS, limiter
from webui.page import Page
from webui.person import actor, person, sign_in, sign_out
from webui.protection import safe_target
from webui.vietnamese import composed

_pages = Blueprint("login", __name__)
PAGE = Page(_pages, public=True)


@_pages.get("/login")
def show() -> Response:
    """Show the form; somebody signed in goes on."""
    target = safe_target(request.args.get("next"), url_for("overview.show"))
    if person() is not None:
        return redirect(target)
    if entrance.is_first_run(web().context):
        return redirect(url_for("first_run.show"))
    return _form(target, "", "")


@_pages.post("/login")
@limiter.limit(LOGINS)
def enter() -> Response:
    """Sign in with name and password."""
    target = safe_target(request.form.get("next"), url_for("overview.show"))
    name = composed(request.form.get("name", ""))
    password = request.form.get("password", "")
    if not name or not password:
        return _form(target, name, gettext("Type both name and password."), 422)
    try:
        browser = request.headers.get("User-Agent", "")
        opened = entrance.log_in(web().context, name, password, request.remote_addr, browser)
    except LoginRefusedError as error:
        return _form(target, name, in_words(error), 401)
    sign_in(opened)
    return redirect(target, code=303)


@_pages.post("/logout")
def leave() -> Response:
    """Sign out."""
    found = person()
    if found is not None:
        entrance.log_out(web().context, actor(), found.session.id)
        sign_out()
        flash(gettext("You are signed out."), "success")
    return redirect(url_for("login.show"), code=303)


def _form(target: str, name: str, wrong: str, status: int = 200) -> Response:
    """Return the form, with what was wrong."""
    page = render_template("login.html", target=target, name=name, wrong=wrong)
    return make_response(page, status)
