# SPDX-License-Identifier: MIT
"""What an address asks of the evidence log, and the log as files."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from tinhnet.evidence_listing import entry_row
from tinhnet.model.audit import AuditEntry, EvidenceFilter
from tinhnet.spreadsheet import BOM, line_of
from tinhnet.store.engine import Store
from tinhnet.store.evidence import CHUNK, newest_entries
from webui.language import ZONE
from webui.vietnamese import composed

LONGEST = 200
"""Characters of a filter; more is cut, not refused."""
DAY = 10
"""Characters of a date without a time: 2026-11-24."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they were typed, those that make no sense by name, and what they mean."""

    typed: Mapping[str, str]
    faults: Mapping[str, str]
    wanted: EvidenceFilter

    def address(self, path: str, **more: int) -> str:
        """Return `path` with the filters, and more parameters."""
        parameters = {**self.typed, **more}
        return f"{path}?{urlencode(parameters)}" if parameters else path


def asked_from(fields: MultiDict[str, str]) -> Asked:
    """Return the filters of an address; one that makes no sense is named, not guessed."""
    names = ("actor", "action", "subject", "since", "until")
    typed = {name: composed(fields.get(name, ""))[:LONGEST] for name in names}
    typed = {name: text for name, text in typed.items() if text}
    moments: dict[str, datetime] = {}
    faults: dict[str, str] = {}
    for name in ("since", "until"):
        if name in typed:
            try:
                moments[name] = _moment(typed[name], is_end=name == "until")
            except (ValueError, OverflowError):
                faults[name] = gettext("This is no moment; type 2026-11-24T07:00.")
    wanted = EvidenceFilter(
        typed.get("actor"),
        typed.get("action"),
        typed.get("subject"),
        moments.get("since"),
        moments.get("until"),
    )
    return Asked(typed, faults, wanted)


def as_csv(store: Store, wanted: EvidenceFilter) -> Iterator[str]:
    """Yield the wanted entries as CSV (RFC 4180), the newest first, a line each."""
    heads = ("seq", "at", "actor", "via", "action", "subject", "details", "previous", "digest")
    yield BOM + line_of(heads)
    for entry in _all(store, wanted):
        row = entry_row(entry)
        row["details"] = json.dumps(row["details"], ensure_ascii=False)
        yield line_of(str(row[name]) for name in heads)


def as_json(store: Store, wanted: EvidenceFilter) -> Iterator[str]:
    """Yield the wanted entries as one JSON array (docs/contracts/evidence.schema.json)."""
    mark = "["
    for entry in _all(store, wanted):
        yield f"{mark}\n{json.dumps(entry_row(entry), ensure_ascii=False)}"
        mark = ","
    yield "[]\n" if mark == "[" else "\n]\n"


def _all(store: Store, wanted: EvidenceFilter) -> Iterator[AuditEntry]:
    """Yield every wanted entry, a chunk in memory at a time."""
    before: int | None = None
    while True:
        with store.reading() as connection:
            found = newest_entries(connection, before=before, limit=CHUNK, wanted=wanted)
        if not found:
            return
        yield from found
        before = found[-1].seq


def _moment(text: str, *, is_end: bool) -> datetime:
    """Return a moment of the province's zone; a day or minute that ends is whole."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(ZONE))
    if not is_end:
        return found
    return found + (timedelta(days=1) if len(text) <= DAY else timedelta(minutes=1))
