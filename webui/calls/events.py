# SPDX-License-Identifier: MIT
"""Calls about events."""

from datetime import datetime

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, Field

from tinhnet.eventlog.listing import event_row
from tinhnet.model.event import EventFilter, Severity, Source
from tinhnet.store.events import count_events, newest
from webui.answer import LARGEST, MOST, Asked, Moment
from webui.context import web
from webui.person import needs

TAG = Tag(name="events", description="What devices, probes and the product said happened.")


class EventRow(BaseModel):
    """An event; `fields` says what else is known, `times` how often it was told."""

    number: int
    at: datetime
    seen_at: datetime
    source: Source
    kind: str
    severity: Severity
    text: str
    device: str | None
    interface: str | None
    link: str | None
    site: str | None
    fields: dict[str, str]


class EventPage(BaseModel):
    """Events, those taken in last first; `before` of the next page, null where none is left."""

    total: int
    before: int | None
    items: list[EventRow]


class EventQuery(Asked):
    """Which events."""

    device: str | None = Field(None, max_length=255, description="of a device")
    link: str | None = Field(None, max_length=255, description="of a link")
    site: str | None = Field(None, max_length=255, description="of a site")
    kind: str | None = Field(None, max_length=64, description="interface_down, login, …")
    source: Source | None = Field(None, description="who says so")
    severity: list[Severity] = Field([], description="of these; may stand several times")
    since: Moment | None = Field(None, description="from this moment on, with its zone")
    until: Moment | None = Field(None, description="before this moment, with its zone")
    before: int | None = Field(None, ge=1, le=LARGEST, description="only below this number")
    size: int = Field(100, ge=1, le=MOST, description="rows of the answer")


def add(calls: APIBlueprint) -> None:
    """Add the calls."""

    @calls.get("/events", tags=[TAG], summary="List events", responses={200: EventPage})
    @needs("network.view")
    def all_events(query: EventQuery) -> Response:
        wanted = EventFilter(
            query.device,
            query.link,
            query.site,
            query.kind,
            query.source,
            tuple(query.severity),
            query.since,
            query.until,
        )
        with web().store.reading() as connection:
            found = newest(connection, wanted, before=query.before, limit=query.size + 1)
            total = count_events(connection, wanted)
        shown = found[: query.size]
        before = shown[-1].number if len(found) > query.size else None
        return jsonify(total=total, before=before, items=[event_row(one) for one in shown])
