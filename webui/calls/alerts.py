# SPDX-License-Identifier: MIT
"""Calls about alerts: list, read, take care of, silence; and the windows that hide them."""

from datetime import datetime, timedelta

from flask import Response, abort, jsonify, make_response
from flask_openapi import APIBlueprint, Tag
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from werkzeug.wrappers import Response as AnyResponse

from tinhnet.alert_listing import alert_detail_row, alert_row, window_row
from tinhnet.alerting import actions
from tinhnet.alerting.actions import WindowRequest
from tinhnet.alerting.recurrence import parse
from tinhnet.model.alert import AlertFilter, AlertRecord, AlertState
from tinhnet.model.event import Severity
from tinhnet.model.window import Scope
from tinhnet.store import alerts as kept
from tinhnet.store import windows as kept_windows
from tinhnet.store.windows import KeptWindow
from webui.answer import MOST, Problem
from webui.context import web
from webui.person import actor, needs

TAG = Tag(name="alerts", description="What is broken, what that explains, and who takes care.")
FINGERPRINT = r"^[0-9a-f]{16}$"


class AlertRow(BaseModel):
    """An alert; `silences` are windows, jobs (`job:J4`) and causes (`cause:device:core1`)."""

    fingerprint: str
    rule: str
    severity: Severity
    state: AlertState
    since: datetime | None
    fired_at: datetime | None
    resolved_at: datetime | None
    episode: int
    thing: str
    device: str | None
    link: str | None
    site: str | None
    labels: dict[str, str]
    cause: str | None
    explains: list[str]
    sites_down: list[str]
    sites_degraded: list[str]
    acknowledged_by: str | None
    acknowledged_until: datetime | None
    acknowledged_reason: str | None
    silences: list[str]
    is_flapping: bool
    value: float | None
    title_vi: str
    title_en: str
    sentence_vi: str
    sentence_en: str


class TimelineRow(BaseModel):
    """A line of an alert's timeline; `actor` is null where the product did it."""

    number: int
    episode: int
    at: datetime
    kind: str
    text: str
    actor: str | None
    details: dict[str, str]


class AlertDetailRow(AlertRow):
    """An alert with its timeline, newest line first."""

    timeline: list[TimelineRow]


class AlertPage(BaseModel):
    """Alerts, those that fired last first; `total` counts all that are wanted."""

    total: int
    items: list[AlertRow]


class ScopeRow(BaseModel):
    """What a window is about; `rules` narrows it."""

    model_config = ConfigDict(extra="forbid")

    things: list[str] = []
    sites: list[str] = []
    carriers: list[str] = []
    rules: list[str] = []


class WindowRow(BaseModel):
    """A silence or a maintenance window."""

    id: str
    kind: str
    scope: ScopeRow
    start: datetime
    length_s: float
    recurrence: str | None
    owner: str
    reason: str
    announced_at: datetime
    lifted_at: datetime | None
    lifted_by: str | None


class WindowPage(BaseModel):
    """Windows, the newest first."""

    total: int
    items: list[WindowRow]


class AlertQuery(BaseModel):
    """Filters of alerts."""

    model_config = ConfigDict(extra="forbid")

    state: AlertState | None = None
    severity: Severity | None = None
    rule: str | None = Field(None, max_length=64)
    device: str | None = Field(None, max_length=200)
    link: str | None = Field(None, max_length=200)
    site: str | None = Field(None, max_length=200)
    fired_since: AwareDatetime | None = Field(None, description="fired since this moment")
    offset: int = Field(0, ge=0, description="rows to leave out")
    size: int = Field(200, ge=1, le=MOST, description="rows of the answer")


class WindowQuery(BaseModel):
    """Which windows."""

    model_config = ConfigDict(extra="forbid")

    lifted: bool = Field(default=False, description="those that were lifted, too")


class AlertName(BaseModel):
    """The fingerprint in an address."""

    fingerprint: str = Field(pattern=FINGERPRINT)


class WindowName(BaseModel):
    """The id in an address."""

    id: str = Field(max_length=32)


class AcknowledgeBody(BaseModel):
    """Why, and for how long; it comes back by itself then."""

    model_config = ConfigDict(extra="forbid")

    reason: str
    length_s: float = Field(14_400, gt=0, le=2_592_000, description="seconds")


class SilenceBody(BaseModel):
    """Why, and for how long this one alert is silent."""

    model_config = ConfigDict(extra="forbid")

    reason: str
    length_s: float = Field(7_200, gt=0, le=31_536_000, description="seconds")


class WindowBody(BaseModel):
    """A window; `start` null is now, `recurrence` as in RFC 5545."""

    model_config = ConfigDict(extra="forbid")

    is_planned: bool = False
    scope: ScopeRow
    start: AwareDatetime | None = None
    length_s: float = Field(gt=0, le=31_536_000)
    reason: str
    recurrence: str | None = None


def add(calls: APIBlueprint) -> None:
    """Add the calls."""
    _add_reading(calls)
    _add_doing(calls)
    _add_windows(calls)


def _add_reading(calls: APIBlueprint) -> None:
    @calls.get("/alerts", tags=[TAG], summary="List alerts", responses={200: AlertPage})
    @needs("network.view")
    def alerts(query: AlertQuery) -> Response:
        wanted = AlertFilter(
            (query.state,) if query.state else (),
            (query.severity.value,) if query.severity else (),
            query.rule,
            query.device,
            query.link,
            query.site,
            query.fired_since,
        )
        with web().store.reading() as connection:
            found = kept.list_alerts(connection, wanted, limit=query.size, offset=query.offset)
            total = kept.count_alerts(connection, wanted)
        return jsonify(total=total, items=[alert_row(one) for one in found])

    @calls.get(
        "/alerts/<fingerprint>",
        tags=[TAG],
        summary="One alert",
        responses={200: AlertDetailRow, 404: Problem},
    )
    @needs("network.view")
    def alert(path: AlertName) -> Response:
        return _detail(_alert(path.fingerprint))


def _add_doing(calls: APIBlueprint) -> None:
    @calls.post(
        "/alerts/<fingerprint>/acknowledge",
        tags=[TAG],
        summary="Take care of an alert",
        responses={200: AlertDetailRow, 400: Problem, 404: Problem},
    )
    @needs("alert.acknowledge")
    def acknowledge(path: AlertName, body: AcknowledgeBody) -> Response:
        _alert(path.fingerprint)
        context = web().context
        until = context.now + timedelta(seconds=body.length_s)
        return _detail(actions.acknowledge(context, actor(), path.fingerprint, body.reason, until))

    @calls.post(
        "/alerts/<fingerprint>/release",
        tags=[TAG],
        summary="Give an alert out of one's hands",
        responses={200: AlertDetailRow, 400: Problem, 404: Problem},
    )
    @needs("alert.acknowledge")
    def release(path: AlertName) -> Response:
        _alert(path.fingerprint)
        return _detail(actions.release(web().context, actor(), path.fingerprint))

    @calls.post(
        "/alerts/<fingerprint>/silence",
        tags=[TAG],
        summary="Silence one alert for a time",
        responses={201: WindowRow, 400: Problem, 404: Problem},
    )
    @needs("alert.silence")
    def silence(path: AlertName, body: SilenceBody) -> AnyResponse:
        found = _alert(path.fingerprint).alert
        scope = Scope(frozenset({found.thing}), rules=frozenset({found.rule}))
        now = web().context.now
        return _opened(
            WindowRequest(
                is_planned=False, scope=scope, start=now, length_s=body.length_s, reason=body.reason
            )
        )


def _add_windows(calls: APIBlueprint) -> None:
    @calls.get(
        "/windows", tags=[TAG], summary="List silences and maintenance", responses={200: WindowPage}
    )
    @needs("network.view")
    def windows(query: WindowQuery) -> Response:
        with web().store.reading() as connection:
            found = kept_windows.list_windows(connection, lifted=query.lifted)
        return jsonify(total=len(found), items=[window_row(one) for one in found])

    @calls.post(
        "/windows",
        tags=[TAG],
        summary="Open a silence or plan maintenance",
        responses={201: WindowRow, 400: Problem},
    )
    @needs("alert.silence")
    def open_window(body: WindowBody) -> AnyResponse:
        scope = Scope(
            frozenset(body.scope.things),
            frozenset(body.scope.sites),
            frozenset(body.scope.carriers),
            frozenset(body.scope.rules),
        )
        return _opened(
            WindowRequest(
                is_planned=body.is_planned,
                scope=scope,
                start=body.start or web().context.now,
                length_s=body.length_s,
                reason=body.reason,
                recurrence=None if body.recurrence is None else parse(body.recurrence),
            )
        )

    @calls.post(
        "/windows/<id>/lift",
        tags=[TAG],
        summary="End a window for good",
        responses={200: WindowRow, 400: Problem},
    )
    @needs("alert.silence")
    def lift(path: WindowName) -> Response:
        found = actions.lift_window(web().context, actor(), path.id)
        return jsonify(window_row(KeptWindow(found, web().context.now, actor().name)))


def _opened(request: WindowRequest) -> AnyResponse:
    window = actions.open_window(web().context, actor(), request)
    return make_response(jsonify(window_row(KeptWindow(window))), 201)


def _detail(record: AlertRecord) -> Response:
    with web().store.reading() as connection:
        entries = kept.list_entries(connection, record.alert.fingerprint)
    return jsonify(alert_detail_row(record, entries))


def _alert(fingerprint: str) -> AlertRecord:
    """Return an alert; 404 without one."""
    with web().store.reading() as connection:
        found = kept.find_alert(connection, fingerprint)
    if found is None:
        abort(404)
    return found
