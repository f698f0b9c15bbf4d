# SPDX-License-Identifier: MIT
"""The JSON API's frame: tokens, errors, limits. The calls stand in `webui/calls/`."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Response, g, jsonify, make_response, request
from flask_openapi import APIBlueprint, OpenAPI, SecurityScheme
from flask_wtf.csrf import CSRFProtect
from pydantic import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from tinhnet import actions
from tinhnet.actions import RequestError, refuse_hidden
from webui.answer import BLUEPRINT, Problem
from webui.calls import (
    alerts,
    events,
    evidence,
    inventory,
    jobs,
    series,
    shifts,
    sla,
    windows,
)
from webui.context import web
from webui.failure import Failure, new_id, problem
from webui.limits import CALLS, limiter

DESCRIPTION = (
    "What the province declares and what was done to it. Every call carries a token "
    "(`tinhnet token create`) as `Authorization: Bearer …`; errors are problem+json (RFC 9457)."
)
SECURITY: dict[str, SecurityScheme | dict[str, Any]] = {  # the type flask-openapi asks for
    "token": SecurityScheme(type="http", scheme="bearer")
}
OPEN = frozenset({f"{BLUEPRINT}.openapi"})
"""Endpoints that need no token."""


def register(app: OpenAPI, csrf: CSRFProtect) -> None:
    """Add the API to the application; tokens, not cookies, so no CSRF."""
    calls = APIBlueprint(
        BLUEPRINT,
        __name__,
        url_prefix="/api/v1",
        abp_security=[{"token": []}],
        abp_responses={
            HTTPStatus.UNAUTHORIZED: Problem,
            HTTPStatus.FORBIDDEN: Problem,
            HTTPStatus.TOO_MANY_REQUESTS: Problem,
        },
    )

    def openapi() -> Response:
        return jsonify(app.api_doc)

    calls.before_request(_identify)
    calls.before_request(_look)
    for subject in (inventory, jobs, evidence, alerts, windows, shifts, series, sla, events):
        subject.add(calls)
    calls.add_url_rule("/openapi.json", "openapi", openapi, methods=["GET"])
    limiter.limit(CALLS)(calls)
    csrf.exempt(calls)
    app.register_api(calls)


def refuse_input(error: ValidationError) -> AnyResponse:
    """Answer input that does not fit, every fault of it."""
    faults = "; ".join(
        f"{'.'.join(str(part) for part in one['loc']) or 'body'}: {one['msg']}"
        for one in error.errors()
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    hint = "see /api/v1/openapi.json for what each call takes"
    return problem(Failure(status, new_id(), "Something in the request does not fit", faults, hint))


def _identify() -> AnyResponse | None:
    """Find out who calls; no token, no answer."""
    if request.endpoint in OPEN:
        return None
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        return _unknown(
            "no token", "send `Authorization: Bearer …`; `tinhnet token create` makes one"
        )
    actor = actions.actor_of_token(web().context, token.strip(), request.remote_addr)
    if actor is None:
        return _unknown("the token is unknown, revoked or has ended", "an admin makes a new one")
    g.actor = actor
    return None


def _look() -> None:
    """Look through a body before it is read: JSON escapes carry what no form can."""
    try:
        body = request.get_json(silent=True)
    except RecursionError as error:
        raise RequestError("the body is nested too deeply", "see /api/v1/openapi.json") from error
    refuse_hidden(_texts(body, "body"))


def _texts(value: object, where: str) -> Iterator[tuple[str, str]]:
    """Yield every text of a JSON value with the key it stands under; keys too."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield where, key
            yield from _texts(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, where)


def _unknown(detail: str, hint: str) -> AnyResponse:
    failure = Failure(HTTPStatus.UNAUTHORIZED, new_id(), "Who are you?", detail, hint)
    response = make_response(problem(failure))
    response.headers["WWW-Authenticate"] = 'Bearer realm="tinhnet"'
    return response
