# SPDX-License-Identifier: MIT
"""Calls about the SLA of a month."""

from datetime import datetime
from typing import Literal

from flask import Response, abort, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, Field

from tinhnet.sla.causes import causes_of, explained_row
from tinhnet.sla.listing import report_row
from tinhnet.sla.report import newest_month, report_of
from webui.answer import Asked, Problem
from webui.context import network, web
from webui.person import needs

TAG = Tag(name="sla", description="What was up, down, planned or unknown in a month.")
MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
Kind = Literal["circuit", "site", "unit", "carrier"]


class SlaRow(BaseModel):
    """A line of the report; ratios are null where nothing is known."""

    id: str
    name_vi: str
    name_en: str
    site: str | None
    carrier: str | None
    circuit_id: str | None
    availability_ratio: float | None
    known_ratio: float | None
    target_ratio: float | None
    is_met: bool | None
    up_s: float
    down_s: float
    unknown_s: float
    planned_s: float
    outages: int
    mttr_s: float | None
    mtbf_s: float | None


class PlannedRow(BaseModel):
    """Planned work of the month; its time is taken out when it `counts`."""

    id: str
    owner: str
    reason: str
    announced_at: datetime
    start: datetime
    end: datetime
    counts: bool
    excluded_s: float
    subjects: list[str]


class SlaReport(BaseModel):
    """The report of a month, until now where it goes on."""

    month: str
    from_: datetime = Field(alias="from")
    until: datetime
    is_measured: bool
    notice_s: float
    circuits: list[SlaRow]
    sites: list[SlaRow]
    units: list[SlaRow]
    carriers: list[SlaRow]
    planned: list[PlannedRow]


class CauseRow(BaseModel):
    """An alert that fired in an outage."""

    at: datetime
    fingerprint: str
    rule: str
    title_vi: str
    title_en: str


class IntervalRow(BaseModel):
    """A stretch of time; `sources` say who saw it."""

    subject: str
    verdict: str
    seen: str
    start: datetime
    end: datetime
    seconds: float
    sources: list[str]
    causes: list[CauseRow]


class IntervalList(BaseModel):
    """The time of one subject without gaps."""

    items: list[IntervalRow]


class SlaQuery(Asked):
    """Which month."""

    month: str | None = Field(None, pattern=MONTH, description="2026-11; null is this month")


class IntervalQuery(SlaQuery):
    """Whose time."""

    kind: Kind
    id: str = Field(max_length=255, description="a circuit, site, unit or carrier")


def add(calls: APIBlueprint) -> None:
    """Add the calls."""

    @calls.get("/sla", tags=[TAG], summary="The SLA of a month", responses={200: SlaReport})
    @needs("network.view")
    def sla(query: SlaQuery) -> Response:
        found = network()
        month = query.month or newest_month(web().now())
        return jsonify(report_row(report_of(web().context, found, month), found))

    @calls.get(
        "/sla/intervals",
        tags=[TAG],
        summary="The intervals behind a figure",
        responses={200: IntervalList, 404: Problem},
    )
    @needs("network.view")
    def intervals(query: IntervalQuery) -> Response:
        month = query.month or newest_month(web().now())
        report = report_of(web().context, network(), month)
        if not any(row.kind == query.kind and row.subject == query.id for row in report.rows):
            abort(404)
        with web().store.reading() as connection:
            causes = causes_of(connection, query.kind, query.id, report.period)
        found = report.intervals(query.kind, query.id)
        return jsonify(items=[explained_row(one, causes) for one in found])
