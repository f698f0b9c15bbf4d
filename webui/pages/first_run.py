# SPDX-License-Identifier: MIT
"""The first admin: made here once, with the code that `tinhnet up` printed; then it is gone."""

from collections.abc import Mapping

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from werkzeug.wrappers import Response

from tinhnet import entrance
from tinhnet.access import LoginRefusedError, PasswordError
from tinhnet.actions import RequestError
from tinhnet.model.actor import User
from webui.context import web
from webui.failure import in_words
from webui.limits import LOGINS, limiter
from webui.page import Page
from webui.vietnamese import composed

_pages = Blueprint("first_run", __name__, url_prefix="/first-run")
PAGE = Page(_pages, public=True)


@_pages.get("")
def show() -> Response:
    """Show the form, as long as nobody exists."""
    _gone_once_used()
    return _form({}, "", "")


@_pages.post("")
@limiter.limit(LOGINS)
def make() -> Response:
    """Make the first admin for whoever has the code."""
    _gone_once_used()
    context = web().context
    name = composed(request.form.get("name", ""))
    full_name = composed(request.form.get("full_name", ""))[:200]
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        return _form(request.form, "again", gettext("The two passwords differ."))
    user = User(name, full_name or name, frozenset(), True, context.now, None)  # noqa: FBT003 a row's field
    code = request.form.get("code", "")
    try:
        entrance.add_first_admin(context, code, user, password, request.remote_addr)
    except LoginRefusedError as error:
        return _form(request.form, "code", in_words(error))
    except PasswordError as error:
        return _form(request.form, "password", in_words(error))
    except RequestError as error:
        return _form(request.form, "name", in_words(error))
    flash(gettext("The administrator %(name)s was made. Sign in now.", name=name), "success")
    return redirect(url_for("login.show"), code=303)


def _gone_once_used() -> None:
    """Answer 404 once anybody exists."""
    if not entrance.is_first_run(web().context):
        abort(404)


def _form(typed: Mapping[str, str], field: str, wrong: str) -> Response:
    """Return the page, with what was wrong in a field."""
    context = web().context
    page = render_template(
        "first_run.html",
        typed=typed,
        faults={field: wrong} if field else {},
        is_offered=entrance.is_first_run_offered(context),
        least=context.config.access.password_length,
    )
    return make_response(page, 422 if field else 200)
