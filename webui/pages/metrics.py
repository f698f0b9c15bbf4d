# SPDX-License-Identifier: MIT
"""/metrics: the newest samples and the product's own health, for Prometheus."""

from ipaddress import ip_address

from flask import Blueprint, Response, current_app, request

from tinhnet import actions
from tinhnet.access import may
from webui.context import web
from webui.exposition import Exposition
from webui.limits import CALLS, limiter
from webui.page import Page

_pages = Blueprint("metrics", __name__)
PAGE = Page(_pages, public=True)
EXTENSION = "tinhnet-metrics"
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")
"""Headers of a proxy: whoever comes through one is not on this machine."""
FORM = "text/plain; version=0.0.4; charset=utf-8"


@_pages.get("/metrics")
@limiter.limit(CALLS)
def show() -> Response:
    """Answer a scraper: anybody on this machine, and tokens that may see the network."""
    if not _is_here() and not _is_known():
        answer = Response("send `Authorization: Bearer …` with a token of role viewer\n", 401)
        answer.mimetype = "text/plain"
        answer.headers["WWW-Authenticate"] = 'Bearer realm="tinhnet"'
        return answer
    return Response(_exposition().text(), content_type=FORM)


def _exposition() -> Exposition:
    """Return what this process keeps for scrapers."""
    made = current_app.extensions.get(EXTENSION)
    if not isinstance(made, Exposition):
        made = current_app.extensions.setdefault(EXTENSION, Exposition(web().context))
    return made


def _is_here() -> bool:
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _is_known() -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        return False
    actor = actions.actor_of_token(web().context, token.strip(), request.remote_addr)
    return actor is not None and may(actor, "network.view")
