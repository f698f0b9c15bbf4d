# SPDX-License-Identifier: MIT
"""Silences and maintenance windows: what is open, what comes, what was; new ones with a preview."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from tinhnet.actions import RequestError
from tinhnet.alerting import actions
from tinhnet.alerting.windows import Preview
from tinhnet.model.alert import AlertRecord
from tinhnet.store.alerts import find_alerts
from tinhnet.store.windows import find_window, list_windows
from webui.alertview import rule_title, sentence_of, thing_of, title_of
from webui.context import index, web
from webui.failure import in_words
from webui.figures import name_of
from webui.page import Entry, Page
from webui.person import actor, may, needs
from webui.ruleset import rules
from webui.windowform import DAYS, LENGTHS, WEEKS, Form, form_from, form_of_alerts
from webui.windowview import PAST, Shown, shown_of

_pages = Blueprint("maintenance", __name__, url_prefix="/maintenance")
PAGE = Page(
    _pages,
    Entry("maintenance.browse", lazy_gettext("Silences, maintenance"), "wrench", "watch", order=22),
)
MOST_SHOWN = {"open": 100, "next": 100, "past": 50}
MOST_NAMED = 20
MOST_ALERTS = 200


@_pages.get("")
@needs("network.view")
def browse() -> str:
    """Show what is open now, what comes, and what is over."""
    now = web().now()
    with web().store.reading() as connection:
        kept = list_windows(connection, lifted=True)
        found = [shown_of(connection, one, now) for one in kept]
    groups: dict[str, list[Shown]] = {"open": [], "next": [], "past": []}
    for one in found:
        name = "open" if one.word in {"open", "lapsing"} else one.word
        groups["past" if one.word in PAST else name].append(one)
    groups["open"].sort(key=lambda one: one.end or now)
    groups["next"].sort(key=lambda one: one.start or now)
    counts = {name: len(shown) for name, shown in groups.items()}
    groups = {name: shown[: MOST_SHOWN[name]] for name, shown in groups.items()}
    return render_template(
        "maintenance.html",
        groups=groups,
        counts=counts,
        now=now,
        thing_of=thing_of,
        rule_title=rule_title,
        carriers=index().network.carriers,
    )


@_pages.get("/new")
@needs("alert.silence")
def new() -> str:
    """Show an empty form, or one about the alerts that the address names."""
    wanted = request.args.getlist("alert")[:MOST_ALERTS]
    with web().store.reading() as connection:
        found = tuple(find_alerts(connection, wanted).values())
    form = form_of_alerts(request.args, found, web().now())
    return _page(form, _preview(form) if form.request else None)


@_pages.post("/from-alerts")
@needs("alert.silence")
def from_alerts() -> AnyResponse:
    """Go from the alerts that were ticked to the form about them."""
    wanted = request.form.getlist("alert")[:MOST_ALERTS]
    target = url_for("maintenance.new", alert=wanted, reason=request.form.get("reason") or None)
    if "HX-Request" in request.headers:
        return Response(headers={"HX-Redirect": target})
    return redirect(target, code=303)


@_pages.post("/preview")
@needs("alert.silence")
def preview() -> str:
    """Return what the window would hide now, for the form's script."""
    form = form_from(request.form, web().now())
    found = _preview(form) if form.request else None
    return render_template("parts/window_preview.html", form=form, **_told(found))


@_pages.post("")
@needs("alert.silence")
def save() -> str | AnyResponse | tuple[str, int]:
    """Keep a window, or only show what it would hide."""
    form = form_from(request.form, web().now())
    if "look" in request.form:
        return _page(form, _preview(form))
    if form.request is None or form.faults:
        return _page(form, _preview(form)), 422
    try:
        window = actions.open_window(web().context, actor(), form.request)
    except RequestError as error:
        return _page(form.with_fault("all", in_words(error)), None), 422
    kept = gettext("Maintenance is kept.") if window.is_planned else gettext("The silence is kept.")
    flash(kept, "success")
    return redirect(url_for("maintenance.browse", _anchor=window.id), code=303)


@_pages.get("/<window_id>/lift")
@needs("alert.silence")
def ask_lift(window_id: str) -> str:
    """Ask whether the window shall really end."""
    with web().store.reading() as connection:
        kept = find_window(connection, window_id) or abort(404)
        shown = shown_of(connection, kept, web().now())
    return render_template(
        "lift.html",
        shown=shown,
        thing_of=thing_of,
        rule_title=rule_title,
        carriers=index().network.carriers,
    )


@_pages.post("/<window_id>/lift")
@needs("alert.silence")
def lift(window_id: str) -> AnyResponse:
    """End a window for good: what it hides fires again."""
    try:
        actions.lift_window(web().context, actor(), window_id)
        flash(gettext("It is lifted: what it hid is told again."), "success")
    except RequestError as error:
        flash(in_words(error), "error")
    return redirect(url_for("maintenance.browse"), code=303)


def _preview(form: Form) -> Preview | None:
    """Return what a form's window would hide, None where it makes no window."""
    if form.request is None:
        return None
    try:
        return actions.preview(web().context, actor(), form.request)
    except RequestError:
        return None


def _told(found: Preview | None) -> dict[str, object]:
    """Return a preview with the alerts it names."""
    named: tuple[AlertRecord, ...] = ()
    if found is not None:
        with web().store.reading() as connection:
            named = tuple(find_alerts(connection, found.mutes[:MOST_NAMED]).values())
    return {"found": found, "named": named, "title_of": title_of, "sentence_of": sentence_of}


def _page(form: Form, found: Preview | None) -> str:
    network = index().network
    return render_template(
        "window.html",
        form=form,
        may_maintain=may("alert.maintain"),
        lengths=LENGTHS,
        days=DAYS,
        weeks=WEEKS,
        site_options=[(one.id, name_of(one)) for one in network.sites.values()],
        link_options=[
            (one.id, one.circuit_id or "") for one in network.links.values() if one.carrier
        ],
        carrier_options=[(one.id, one.name) for one in network.carriers.values()],
        rules=[(one, rule_title(one)) for one in rules()],
        **_told(found),
    )
