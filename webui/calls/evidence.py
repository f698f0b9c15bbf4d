# SPDX-License-Identifier: MIT
"""Calls about the evidence log."""

from dataclasses import asdict
from datetime import datetime

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, Field

from tinhnet.evidence_listing import entry_row
from tinhnet.model.audit import EvidenceFilter
from tinhnet.store.evidence import CHUNK, count_entries, list_entries
from webui.answer import LARGEST, Asked, Moment
from webui.context import web
from webui.person import needs

TAG = Tag(name="evidence", description="What was done, by whom; hash-chained.")


class EntryRow(BaseModel):
    """One entry, chained to the one before by `previous`."""

    seq: int
    at: datetime
    actor: str
    via: str
    action: str
    subject: str
    details: dict[str, str]
    previous: str
    digest: str


class EntryPage(BaseModel):
    """Wanted entries after `after`, oldest first; `total` counts all that are wanted."""

    total: int
    items: list[EntryRow]


class EntryQuery(Asked):
    """Which entries."""

    actor: str | None = Field(None, max_length=200, description="part of who did it")
    action: str | None = Field(None, max_length=64, description="what was done: job.launch, …")
    subject: str | None = Field(None, max_length=200, description="part of what it was done to")
    since: Moment | None = Field(None, description="from this moment on, with its zone")
    until: Moment | None = Field(None, description="before this moment, with its zone")
    after: int = Field(0, ge=0, le=LARGEST, description="the last entry you have")
    size: int = Field(CHUNK, ge=1, le=CHUNK, description="rows of the answer")


class BrokenRow(BaseModel):
    """The first entry that does not hold."""

    seq: int
    reason: str


class VerificationRow(BaseModel):
    """What a verification of the whole log found."""

    entries: int
    checkpoints: int
    head: str
    is_whole: bool
    broken: BrokenRow | None


def add(calls: APIBlueprint) -> None:
    """Add the calls."""

    @calls.get("/evidence", tags=[TAG], summary="List entries", responses={200: EntryPage})
    @needs("evidence.view")
    def entries(query: EntryQuery) -> Response:
        wanted = EvidenceFilter(query.actor, query.action, query.subject, query.since, query.until)
        with web().store.reading() as connection:
            found = list_entries(connection, after=query.after, limit=query.size, wanted=wanted)
            total = count_entries(connection, wanted)
        return jsonify(total=total, items=[entry_row(entry) for entry in found])

    @calls.get(
        "/evidence/verification",
        tags=[TAG],
        summary="Verify the whole log",
        responses={200: VerificationRow},
    )
    @needs("evidence.view")
    def verification() -> Response:
        context = web().context
        with context.store.reading() as connection:
            found = context.evidence.verify(connection)
        return jsonify(asdict(found) | {"is_whole": found.broken is None})
