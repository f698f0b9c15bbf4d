# SPDX-License-Identifier: MIT
"""Calls about the shift: notes and carriers' tickets on alerts, handovers given and taken."""

from datetime import datetime

from flask import Response, abort, jsonify, make_response
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.wrappers import Response as AnyResponse

from tinhnet.alerting import actions, shift_actions
from tinhnet.shift.listing import handover_row, line_row, ticket_row
from tinhnet.store.shifts import find_handover, list_handovers, list_tickets
from webui.answer import MOST, Moment, Problem
from webui.calls.alerts import AlertDetailRow, AlertName, alert_of, detail_of
from webui.context import network, web
from webui.person import actor, needs

TAG = Tag(name="shifts", description="Notes and tickets on alerts, and what a shift hands over.")


class TicketRow(BaseModel):
    """What a carrier calls its work on one episode of an alert."""

    fingerprint: str
    episode: int
    carrier: str
    number: str
    opened_at: datetime
    opened_by: str
    note: str


class LineRow(BaseModel):
    """One thing that is handed over: an alert, a silence, maintenance, a job."""

    kind: str
    id: str
    word: str
    title_vi: str
    title_en: str
    at: datetime | None
    until: datetime | None
    who: str
    detail: str


class HandoverRow(BaseModel):
    """What one shift gave to the next; `taken_by` is null while nobody took it."""

    id: str
    given_at: datetime
    given_by: str
    taken_at: datetime | None
    taken_by: str | None
    note: str
    sha256: str
    lines: list[LineRow]


class HandoverList(BaseModel):
    """Handovers, the newest first; `before` of the next page, null where none is left."""

    before: int | None
    items: list[HandoverRow]


class ShiftNow(BaseModel):
    """What would be handed over at this moment."""

    items: list[LineRow]


class HandoverQuery(BaseModel):
    """Which handovers."""

    model_config = ConfigDict(extra="forbid")

    before: int | None = Field(None, ge=1, le=999_999_999, description="only below this number")
    size: int = Field(30, ge=1, le=MOST, description="rows of the answer")


class HandoverName(BaseModel):
    """The id in an address."""

    id: str = Field(pattern="^H[1-9][0-9]{0,8}$")


class NoteBody(BaseModel):
    """A line for the timeline."""

    model_config = ConfigDict(extra="forbid")

    text: str


class TicketBody(BaseModel):
    """What the carrier said; `opened_at` null is now, or what it was before."""

    model_config = ConfigDict(extra="forbid")

    number: str
    note: str = ""
    opened_at: Moment | None = None


class HandoverBody(BaseModel):
    """Notes for the next shift."""

    model_config = ConfigDict(extra="forbid")

    note: str = ""


def add(calls: APIBlueprint) -> None:
    """Add the calls."""
    _add_alerts(calls)
    _add_reading(calls)
    _add_signing(calls)


def _add_alerts(calls: APIBlueprint) -> None:
    @calls.post(
        "/alerts/<fingerprint>/note",
        tags=[TAG],
        summary="Write a line into an alert's timeline",
        responses={200: AlertDetailRow, 400: Problem, 404: Problem},
    )
    @needs("alert.acknowledge")
    def note(path: AlertName, body: NoteBody) -> Response:
        record = alert_of(path.fingerprint)
        actions.note(web().context, actor(), path.fingerprint, body.text)
        return detail_of(record)

    @calls.get(
        "/alerts/<fingerprint>/ticket",
        tags=[TAG],
        summary="The carrier's ticket of this episode",
        responses={200: TicketRow, 404: Problem},
    )
    @needs("network.view")
    def ticket(path: AlertName) -> Response:
        record = alert_of(path.fingerprint)
        with web().store.reading() as connection:
            found = list_tickets(connection, [path.fingerprint]).get(path.fingerprint)
        if found is None or found.episode != record.alert.episode:
            abort(404)
        return jsonify(ticket_row(found))

    @calls.post(
        "/alerts/<fingerprint>/ticket",
        tags=[TAG],
        summary="Keep the carrier's ticket; its clock starts",
        responses={200: TicketRow, 400: Problem, 404: Problem},
    )
    @needs("alert.acknowledge")
    def keep_ticket(path: AlertName, body: TicketBody) -> Response:
        carrier = shift_actions.carrier_of(alert_of(path.fingerprint), network())
        said = (carrier.name, body.number, body.note)
        context = web().context
        kept = shift_actions.keep_ticket(context, actor(), path.fingerprint, said, body.opened_at)
        return jsonify(ticket_row(kept))


def _add_reading(calls: APIBlueprint) -> None:
    @calls.get(
        "/shift", tags=[TAG], summary="What would be handed over now", responses={200: ShiftNow}
    )
    @needs("network.view")
    def shift() -> Response:
        return jsonify(items=[line_row(one) for one in shift_actions.shift_now(web().context)])

    @calls.get("/handovers", tags=[TAG], summary="List handovers", responses={200: HandoverList})
    @needs("network.view")
    def handovers(query: HandoverQuery) -> Response:
        with web().store.reading() as connection:
            found = list_handovers(connection, limit=query.size + 1, before=query.before)
        shown = found[: query.size]
        before = shown[-1].number if len(found) > query.size else None
        return jsonify(before=before, items=[handover_row(one) for one in shown])

    @calls.get(
        "/handovers/<id>",
        tags=[TAG],
        summary="One handover",
        responses={200: HandoverRow, 404: Problem},
    )
    @needs("network.view")
    def handover(path: HandoverName) -> Response:
        with web().store.reading() as connection:
            found = find_handover(connection, int(path.id[1:])) or abort(404)
        return jsonify(handover_row(found))


def _add_signing(calls: APIBlueprint) -> None:
    @calls.post(
        "/handovers",
        tags=[TAG],
        summary="Sign this shift off",
        responses={201: HandoverRow, 400: Problem},
    )
    @needs("shift.hand_over")
    def give(body: HandoverBody) -> AnyResponse:
        given = shift_actions.give_handover(web().context, actor(), body.note)
        return make_response(jsonify(handover_row(given)), 201)

    @calls.post(
        "/handovers/<id>/take",
        tags=[TAG],
        summary="Sign the next shift on",
        responses={200: HandoverRow, 400: Problem},
    )
    @needs("shift.hand_over")
    def take(path: HandoverName) -> Response:
        taken = shift_actions.take_handover(web().context, actor(), int(path.id[1:]))
        return jsonify(handover_row(taken))
