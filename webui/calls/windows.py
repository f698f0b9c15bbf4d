# SPDX-License-Identifier: MIT
"""Calls about windows: silences of one alert or of many, and maintenance."""

from datetime import datetime

from flask import Response, jsonify, make_response
from flask_openapi import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.wrappers import Response as AnyResponse

from tinhnet.alert_listing import window_row
from tinhnet.alerting import actions
from tinhnet.alerting.actions import WindowRequest
from tinhnet.alerting.recurrence import parse
from tinhnet.model.window import Scope
from tinhnet.store import windows as kept
from tinhnet.store.windows import KeptWindow
from webui.answer import Asked, Moment, Problem
from webui.calls.alerts import TAG, AlertName, alert_of
from webui.context import web
from webui.person import actor, needs


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


class WindowQuery(Asked):
    """Which windows."""

    lifted: bool = Field(default=False, description="those that were lifted, too")


class WindowName(BaseModel):
    """The id in an address."""

    id: str = Field(max_length=32)


class SilenceBody(Asked):
    """Why, and for how long this one alert is silent."""

    reason: str
    length_s: float = Field(7_200, gt=0, le=31_536_000, description="seconds")


class WindowBody(Asked):
    """A window; `start` null is now, `recurrence` as in RFC 5545."""

    is_planned: bool = False
    scope: ScopeRow
    start: Moment | None = None
    length_s: float = Field(gt=0, le=31_536_000)
    reason: str
    recurrence: str | None = None


def add(calls: APIBlueprint) -> None:
    """Add the calls."""

    @calls.get(
        "/windows", tags=[TAG], summary="List silences and maintenance", responses={200: WindowPage}
    )
    @needs("network.view")
    def windows(query: WindowQuery) -> Response:
        with web().store.reading() as connection:
            found = kept.list_windows(connection, lifted=query.lifted)
        return jsonify(total=len(found), items=[window_row(one) for one in found])

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

    _add_opening(calls)


def _add_opening(calls: APIBlueprint) -> None:
    """Add the calls that open a window."""

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
        "/alerts/<fingerprint>/silence",
        tags=[TAG],
        summary="Silence one alert for a time",
        responses={201: WindowRow, 400: Problem, 404: Problem},
    )
    @needs("alert.silence")
    def silence(path: AlertName, body: SilenceBody) -> AnyResponse:
        found = alert_of(path.fingerprint).alert
        scope = Scope(frozenset({found.thing}), rules=frozenset({found.rule}))
        now = web().context.now
        return _opened(
            WindowRequest(
                is_planned=False, scope=scope, start=now, length_s=body.length_s, reason=body.reason
            )
        )


def _opened(request: WindowRequest) -> AnyResponse:
    window = actions.open_window(web().context, actor(), request)
    return make_response(jsonify(window_row(KeptWindow(window))), 201)
