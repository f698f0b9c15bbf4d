# SPDX-License-Identifier: MIT
"""Calls about alerts: list, read, take care of; `windows.py` silences them."""

from datetime import datetime, timedelta

from flask import Response, abort, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, Field

from tinhnet.alert_listing import alert_detail_row, alert_row
from tinhnet.alerting import actions
from tinhnet.alerting.preceding import preceding, touched_row
from tinhnet.model.alert import AlertFilter, AlertRecord, AlertState
from tinhnet.model.event import Severity
from tinhnet.model.job import DeviceResult, JobState
from tinhnet.store import alerts as kept
from webui.answer import LARGEST, MOST, Asked, Moment, Problem
from webui.context import network, web
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


class ChangeRow(BaseModel):
    """A job that touched what an alert is about; `devices` are the results of just that."""

    job: str
    playbook: str
    actor: str
    purpose: str | None
    state: JobState
    started_at: datetime
    ended_at: datetime | None
    devices: dict[str, DeviceResult | None]


class AlertDetailRow(AlertRow):
    """An alert with its timeline, newest line first, and the changes of the hour before it."""

    timeline: list[TimelineRow]
    changes: list[ChangeRow]


class AlertPage(BaseModel):
    """Alerts, those that fired last first; `total` counts all that are wanted."""

    total: int
    items: list[AlertRow]


class AlertQuery(Asked):
    """Filters of alerts."""

    state: AlertState | None = None
    severity: Severity | None = None
    rule: str | None = Field(None, max_length=64)
    device: str | None = Field(None, max_length=200)
    link: str | None = Field(None, max_length=200)
    site: str | None = Field(None, max_length=200)
    fired_since: Moment | None = Field(None, description="fired since this moment")
    offset: int = Field(0, ge=0, le=LARGEST, description="rows to leave out")
    size: int = Field(200, ge=1, le=MOST, description="rows of the answer")


class AlertName(BaseModel):
    """The fingerprint in an address."""

    fingerprint: str = Field(pattern=FINGERPRINT)


class AcknowledgeBody(Asked):
    """Why, and for how long; it comes back by itself then."""

    reason: str
    length_s: float = Field(14_400, gt=0, le=2_592_000, description="seconds")


def add(calls: APIBlueprint) -> None:
    """Add the calls."""
    _add_reading(calls)
    _add_doing(calls)


def alert_of(fingerprint: str) -> AlertRecord:
    """Return an alert; 404 without one."""
    with web().store.reading() as connection:
        found = kept.find_alert(connection, fingerprint)
    if found is None:
        abort(404)
    return found


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
        return detail_of(alert_of(path.fingerprint))


def _add_doing(calls: APIBlueprint) -> None:
    @calls.post(
        "/alerts/<fingerprint>/acknowledge",
        tags=[TAG],
        summary="Take care of an alert",
        responses={200: AlertDetailRow, 400: Problem, 404: Problem},
    )
    @needs("alert.acknowledge")
    def acknowledge(path: AlertName, body: AcknowledgeBody) -> Response:
        alert_of(path.fingerprint)
        context = web().context
        until = context.now + timedelta(seconds=body.length_s)
        return detail_of(
            actions.acknowledge(context, actor(), path.fingerprint, body.reason, until)
        )

    @calls.post(
        "/alerts/<fingerprint>/release",
        tags=[TAG],
        summary="Give an alert out of one's hands",
        responses={200: AlertDetailRow, 400: Problem, 404: Problem},
    )
    @needs("alert.acknowledge")
    def release(path: AlertName) -> Response:
        alert_of(path.fingerprint)
        return detail_of(actions.release(web().context, actor(), path.fingerprint))


def detail_of(record: AlertRecord) -> Response:
    """Return an alert with its timeline and the changes before it."""
    with web().store.reading() as connection:
        entries = kept.list_entries(connection, record.alert.fingerprint)
        changes = preceding(connection, record, network())
    return jsonify(alert_detail_row(record, entries) | {"changes": [*map(touched_row, changes)]})
