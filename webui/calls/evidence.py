# SPDX-License-Identifier: MIT
"""Calls about the evidence log."""

from dataclasses import asdict
from datetime import datetime

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from tinhnet.store.evidence import CHUNK, count_entries, list_entries
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
    """Entries after `after`, oldest first; `total` counts all."""

    total: int
    items: list[EntryRow]


class EntryQuery(BaseModel):
    """Which entries."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(0, ge=0, description="the last entry you have")
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
        with web().store.reading() as connection:
            found = list_entries(connection, after=query.after, limit=query.size)
            total = count_entries(connection)
        items = [asdict(entry) | {"at": entry.at.isoformat()} for entry in found]
        return jsonify(total=total, items=items)

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
