# SPDX-License-Identifier: MIT
"""Rows of alerts and windows as they leave the product: CLI `--json` and API alike.

The shapes are contracts: docs/contracts/{alerts,windows}.schema.json.
"""

from collections.abc import Iterable
from datetime import datetime

from tinhnet.alerting.recurrence import text_of
from tinhnet.console import Cell
from tinhnet.model.alert import AlertRecord
from tinhnet.store.alerts import NumberedEntry
from tinhnet.store.windows import KeptWindow


def alert_row(record: AlertRecord) -> dict[str, Cell]:
    """Return an alert as plain JSON."""
    alert, owned = record.alert, record.alert.acknowledgement
    return {
        "fingerprint": alert.fingerprint,
        "rule": alert.rule,
        "severity": alert.severity,
        "state": alert.state.value,
        "since": _time(alert.since),
        "fired_at": _time(alert.fired_at),
        "resolved_at": _time(alert.resolved_at),
        "episode": alert.episode,
        "thing": alert.thing,
        "device": record.device,
        "link": record.link,
        "site": record.site,
        "labels": dict(record.labels),
        "cause": record.cause,
        "explains": list(record.explains),
        "sites_down": list(record.sites_down),
        "sites_degraded": list(record.sites_degraded),
        "acknowledged_by": owned.owner if owned else None,
        "acknowledged_until": _time(owned.until) if owned else None,
        "acknowledged_reason": owned.reason if owned else None,
        "silences": list(alert.silences),
        "is_flapping": alert.is_flapping,
        "value": record.value,
        "title_vi": record.title_vi,
        "title_en": record.title_en,
        "sentence_vi": record.sentence_vi,
        "sentence_en": record.sentence_en,
    }


def alert_detail_row(record: AlertRecord, entries: Iterable[NumberedEntry]) -> dict[str, Cell]:
    """Return an alert with its timeline, newest line first."""
    timeline: list[Cell] = [entry_row(one) for one in entries]
    return alert_row(record) | {"timeline": timeline}


def entry_row(numbered: NumberedEntry) -> dict[str, Cell]:
    """Return a line of a timeline."""
    entry = numbered.entry
    return {
        "number": numbered.number,
        "episode": entry.episode,
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "text": entry.text,
        "actor": entry.actor,
        "details": dict(entry.details),
    }


def window_row(kept: KeptWindow) -> dict[str, Cell]:
    """Return a silence or a maintenance window as plain JSON."""
    window = kept.window
    scope: dict[str, Cell] = {
        "things": sorted(window.scope.things),
        "sites": sorted(window.scope.sites),
        "carriers": sorted(window.scope.carriers),
        "rules": sorted(window.scope.rules),
    }
    return {
        "id": window.id,
        "kind": "maintenance" if window.is_planned else "silence",
        "scope": scope,
        "start": window.start.isoformat(),
        "length_s": window.length_s,
        "recurrence": None if window.recurrence is None else text_of(window.recurrence),
        "owner": window.owner,
        "reason": window.reason,
        "announced_at": window.announced_at.isoformat(),
        "lifted_at": _time(kept.lifted_at),
        "lifted_by": kept.lifted_by,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
