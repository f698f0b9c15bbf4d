# SPDX-License-Identifier: MIT
"""Rows of tickets and handovers as they leave the product: CLI `--json` and API alike.

The shapes are contracts: docs/contracts/handovers.schema.json.
"""

from datetime import datetime

from tinhnet.alerting.shift_actions import digest_of
from tinhnet.console import Cell
from tinhnet.store.shifts import Handover, Line, Ticket


def handover_row(one: Handover) -> dict[str, Cell]:
    """Return a handover as plain JSON; `sha256` is what both signatures name."""
    return {
        "id": one.id,
        "given_at": one.given_at.isoformat(),
        "given_by": one.given_by,
        "taken_at": _time(one.taken_at),
        "taken_by": one.taken_by,
        "note": one.note,
        "sha256": digest_of(one),
        "lines": [line_row(line) for line in one.lines],
    }


def line_row(one: Line) -> dict[str, Cell]:
    """Return one thing that a shift hands over as plain JSON."""
    return {
        "kind": one.kind,
        "id": one.id,
        "word": one.word,
        "title_vi": one.title_vi,
        "title_en": one.title_en,
        "at": _time(one.at),
        "until": _time(one.until),
        "who": one.who,
        "detail": one.detail,
    }


def ticket_row(one: Ticket) -> dict[str, Cell]:
    """Return a carrier's ticket as plain JSON; its clock runs from `opened_at`."""
    return {
        "fingerprint": one.fingerprint,
        "episode": one.episode,
        "carrier": one.carrier,
        "number": one.number,
        "opened_at": one.opened_at.isoformat(),
        "opened_by": one.opened_by,
        "note": one.note,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
