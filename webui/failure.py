# SPDX-License-Identifier: MIT
"""Errors as people and programs see them: what happened, what to do, an id to quote."""

import json
import secrets
from dataclasses import dataclass

from flask import Flask, Response, make_response, render_template, request
from flask_babel import LazyString, force_locale, lazy_gettext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from tinhnet.access import AccessDeniedError, LoginRefusedError
from tinhnet.actions import RequestError
from tinhnet.alerting.recurrence import RecurrenceError
from tinhnet.catalogue import PlaybookMissingError
from tinhnet.errors import ProblemsError, TinhnetError
from tinhnet.purpose import PurposeError
from tinhnet.store.errors import StoreError

API = "/api/"

TITLES = {
    400: lazy_gettext("This request makes no sense"),
    401: lazy_gettext("Please sign in"),
    403: lazy_gettext("You may not do this"),
    404: lazy_gettext("There is nothing here"),
    405: lazy_gettext("This address does not work that way"),
    413: lazy_gettext("That is too large"),
    422: lazy_gettext("Something in the request does not fit"),
    429: lazy_gettext("Too many requests"),
    500: lazy_gettext("Something went wrong on our side"),
    503: lazy_gettext("The state cannot be read right now"),
}
HINTS = {
    400: lazy_gettext("Go back and try again; if a form was open for long, reload it first."),
    401: lazy_gettext("Your session has ended."),
    403: lazy_gettext("Your roles do not permit it. An administrator can give you the role."),
    404: lazy_gettext("The address is wrong, or what stood here is no longer in the inventory."),
    405: lazy_gettext("Go back and use the buttons of the page."),
    413: lazy_gettext("Forms and calls may carry 256 KiB."),
    422: lazy_gettext("Correct the marked value and try again."),
    429: lazy_gettext("Wait a minute, then try again."),
    500: lazy_gettext("Nothing was half done. Quote the id below to whoever runs this product."),
    503: lazy_gettext("Try again in a moment; the page System says how the parts are."),
}
STATUSES: tuple[tuple[type[TinhnetError], int], ...] = (
    (AccessDeniedError, 403),
    (LoginRefusedError, 401),
    (PlaybookMissingError, 404),
    (RequestError, 400),
    (PurposeError, 400),
    (RecurrenceError, 400),
    (StoreError, 503),
    (ProblemsError, 500),
)


def in_words(error: TinhnetError) -> str:
    """Return what went wrong and what to do, as one sentence for a form."""
    said = f"{told(error)}; {told_hint(error)}" if error.hint_id else str(told(error))
    return f"{said[:1].upper()}{said[1:]}."


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with one request; `id` stands in the log beside the cause."""

    status: int
    id: str
    title: LazyString | str
    detail: LazyString | str
    hint: LazyString | str
    problems: tuple[str, ...] = ()


def told(error: TinhnetError) -> LazyString:
    """Return what went wrong in the reader's language, in English where no catalogue has it."""
    return lazy_gettext(error.message_id, **error.fields)


def told_hint(error: TinhnetError) -> LazyString | str:
    """Return what to do about it in the reader's language, "" where nothing is known."""
    return lazy_gettext(error.hint_id, **error.fields) if error.hint_id else ""


def status_of(error: TinhnetError) -> int:
    """Return the HTTP status that fits an error of ours."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def new_id() -> str:
    """Return an id to quote."""
    return secrets.token_hex(4)


def prepare(app: Flask) -> None:
    """Answer every error with a page or with problem+json."""

    def known(error: TinhnetError) -> AnyResponse:
        status = status_of(error)
        problems = (
            tuple(str(problem) for problem in error.problems)
            if isinstance(error, ProblemsError)
            else ()
        )
        detail = "" if problems else told(error)
        return _answer(app, _failure(status, detail, told_hint(error), problems), error)

    def http(error: HTTPException) -> AnyResponse:
        if error.response is not None:
            return make_response(error.response)
        status = error.code or 500
        answer = _answer(app, _failure(status, "", "", ()), error)
        for name, value in error.get_headers():
            if name.lower() in {"retry-after", "allow"}:
                answer.headers[name] = value
        return answer

    def unknown(error: Exception) -> AnyResponse:
        return _answer(app, _failure(500, "", "", ()), error)

    app.register_error_handler(TinhnetError, known)
    app.register_error_handler(HTTPException, http)
    app.register_error_handler(Exception, unknown)


def _failure(
    status: int, detail: LazyString | str, hint: LazyString | str, problems: tuple[str, ...]
) -> Failure:
    """Return what to show, with an id of its own."""
    title = TITLES.get(status, TITLES[500 if status >= 500 else 400])  # noqa: PLR2004 HTTP classes
    fallback = HINTS.get(status, HINTS[500 if status >= 500 else 400])  # noqa: PLR2004 HTTP classes
    return Failure(status, new_id(), title, detail, hint or fallback, problems)


def _answer(app: Flask, failure: Failure, error: Exception) -> AnyResponse:
    """Return the answer and log what an operator must look into."""
    if failure.status >= 500:  # noqa: PLR2004 HTTP class
        app.logger.error("request %s failed", failure.id, exc_info=error)
    if request.path.startswith(API):
        return problem(failure)
    page = render_template("failure.html", failure=failure)
    return make_response(page, failure.status)


def problem(failure: Failure) -> AnyResponse:
    """Return a failure as RFC 9457 problem+json, in English whatever the cookie says."""
    body = {
        "type": "about:blank",
        "title": _english(failure.title),
        "status": failure.status,
        "detail": _english(failure.detail)
        or "; ".join(failure.problems)
        or _english(failure.title),
        "hint": _english(failure.hint),
        "id": failure.id,
    }
    response = Response(status=failure.status, mimetype="application/problem+json")
    response.set_data(json.dumps(body, ensure_ascii=False))
    return response


def _english(text: LazyString | str) -> str:
    """Return a text in the language of programs."""
    with force_locale("en"):
        return str(text)
