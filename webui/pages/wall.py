# SPDX-License-Identifier: MIT
"""The wall: the whole province on one screen, for people with a login and for paired displays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nlargest

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from tinhnet.actions import RequestError
from tinhnet.alerting import display_actions
from tinhnet.model.alert import AlertRecord, AlertState
from tinhnet.store import inbox
from tinhnet.store.displays import Display
from tinhnet.store.events import Numbered, newest
from tinhnet.store.inbox import InboxFilter
from webui.alertview import sentence_of, title_of
from webui.changes import changes
from webui.context import index, web
from webui.failure import in_words
from webui.figures import name_of
from webui.limits import LOGINS, limiter
from webui.live import StreamsFullError
from webui.loads import Load, Total, load_class, total_of
from webui.page import Entry, Page
from webui.person import person, still_here
from webui.province import province_map, standing_looks
from webui.stream import event_stream, full
from webui.tilemap import WALL, Look
from webui.watch import watched

_pages = Blueprint("wall", __name__, url_prefix="/wall")
PAGE = Page(
    _pages,
    Entry("wall.show", lazy_gettext("Wall"), "monitor", "watch", order=10),
    public=True,  # displays have no login; `_guard` asks who looks
)

COOKIE = "tinhnet_display"
PATH = "/wall"
"""The cookie goes nowhere else: a display can look at the wall and do nothing more."""
PROBLEMS = 5
FULLEST = 5
EVENTS = 5
MOST_NAMES = 4
OPEN = InboxFilter(states=(AlertState.FIRING, AlertState.ACKNOWLEDGED))
ANYBODY = frozenset({"wall.ask", "wall.state"})
"""Addresses of a display that is not paired yet."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the top problems: what, since when, whom it hurts, who takes care."""

    record: AlertRecord
    title: str
    sentence: str
    since: datetime | None
    hurt: str
    owner: str | None


@_pages.before_request
def _guard() -> AnyResponse | None:
    """Let in people who are signed in and displays that are paired; others get a code."""
    if request.endpoint in ANYBODY or person() is not None:
        return None
    if _display() is not None:
        return None
    target = url_for("wall.ask")
    if "HX-Request" in request.headers:
        return Response(status=401, headers={"HX-Redirect": target})
    return redirect(target)


@_pages.get("")
def show() -> str:
    """Show the wall."""
    return render_template("wall.html", theme="dark", display=_display(), **_board())


@_pages.get("/board")
def board() -> str:
    """Return what changes on the wall."""
    return render_template("parts/board.html", **_board())


@_pages.get("/live")
def stream() -> Response:
    """Tell the wall what changed, as long as who looks may look."""
    found, token = web(), request.cookies.get(COOKIE, "")
    context = found.context
    here = (
        still_here()
        if person() is not None
        else lambda: display_actions.display_of(context, token) is not None
    )
    try:
        return event_stream(changes(found.pulse, found.store, found.sights), here)
    except StreamsFullError:
        return full()


@_pages.get("/pair")
@limiter.limit(LOGINS)
def ask() -> AnyResponse:
    """Show the code with which somebody lets this display look."""
    if _display() is not None:
        return redirect(url_for("wall.show"))
    token = request.cookies.get(COOKIE) or display_actions.new_token()
    try:
        display_actions.ask(web().context, token)
    except RequestError as error:
        return make_response(_code("", in_words(error)), 503)
    response = make_response(_code(display_actions.code_of(token), ""))
    response.set_cookie(
        COOKIE,
        token,
        max_age=display_actions.LASTS + timedelta(days=1),
        path=PATH,
        secure=web().context.config.web.secure_cookie,
        httponly=True,
        samesite="Lax",
    )
    return response


@_pages.get("/pair/state")
def state() -> Response:
    """Lead a display to the wall once somebody paired it."""
    if _display() is None:
        return Response(status=204)
    return Response(status=200, headers={"HX-Redirect": url_for("wall.show")})


def _code(code: str, wrong: str) -> str:
    return render_template("wall_pair.html", code=code, wrong=wrong, theme="dark")


def _display() -> Display | None:
    """Return the paired display that asks, None for anybody else."""
    if "display" not in g:
        token = request.cookies.get(COOKIE, "")
        g.display = display_actions.display_of(web().context, token) if token else None
    found: Display | None = g.display
    return found


def _board() -> dict[str, object]:
    """Return what the wall shows."""
    declared, watch = index(), watched()
    with web().store.reading() as connection:
        records = inbox.list_inbox(connection, OPEN, limit=PROBLEMS)
        tallies = inbox.tallies(connection)
        events: Sequence[Numbered] = newest(connection, limit=EVENTS)
    loads = web().loads.read(declared.network)
    links = declared.network.links.values()
    looks = standing_looks(declared, watch, declared.network.province.as_of)
    open_count = tallies.of(AlertState.FIRING) + tallies.of(AlertState.ACKNOWLEDGED)
    total: Total = total_of(links, loads)
    known = (one for one in loads.values() if one.fullest >= 0)
    fullest = nlargest(FULLEST, known, key=lambda one: one.fullest)
    return {
        "watch": watch,
        "drawing": province_map(declared, looks, WALL),
        "counts": watch.counts("site", looks),
        "problems": [_problem(one, looks) for one in records],
        "more": max(0, open_count - len(records)),
        "total": total,
        "fullest": [_named(one) for one in fullest],
        "events": events,
        "load_class": load_class,
    }


def _problem(record: AlertRecord, looks: Mapping[str, Look]) -> Problem:
    owned = record.alert.acknowledgement
    return Problem(
        record=record,
        title=title_of(record),
        sentence=sentence_of(record),
        since=record.alert.since,
        hurt=_hurt(record, looks),
        owner=owned.owner if owned else None,
    )


def _hurt(record: AlertRecord, looks: Mapping[str, Look]) -> str:
    """Return whom an alert hurts, sites by name as long as there are few."""
    parts = []
    if record.sites_down:
        parts.append(gettext("down: %(sites)s", sites=_sites(record.sites_down, looks)))
    if record.sites_degraded:
        parts.append(gettext("degraded: %(sites)s", sites=_sites(record.sites_degraded, looks)))
    if not parts and record.site:
        parts.append(_sites((record.site,), looks))
    return " · ".join(parts)


def _sites(ids: Sequence[str], looks: Mapping[str, Look]) -> str:
    """Return sites as their tiles call them, or how many they are."""
    if len(ids) > MOST_NAMES:
        return str(ngettext("%(num)s site", "%(num)s sites", len(ids)))
    return ", ".join(looks[one].name if one in looks else one for one in ids)


def _named(load: Load) -> tuple[Load, str]:
    """Return a load with the site whose circuit it is."""
    declared = index()
    return load, name_of(declared.far_site(declared.network.links[load.link]))
