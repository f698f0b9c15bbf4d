# SPDX-License-Identifier: MIT
"""Why a circuit or a site was down: the alerts that fired about it, from their timelines."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tinhnet.alerting.ledger import Interval, Period, Verdict
from tinhnet.console import Cell
from tinhnet.model.alert import AlertFilter
from tinhnet.sla.listing import interval_row
from tinhnet.store.alerts import list_alerts, list_entries
from tinhnet.store.engine import Transaction

LATE = timedelta(minutes=3)
"""An alert may fire so long after what it is about began, and in an outage that short."""


@dataclass(frozen=True, slots=True)
class Cause:
    """An alert that fired at a time, with its title in both languages."""

    at: datetime
    fingerprint: str
    rule: str
    title_vi: str
    title_en: str


def causes_of(
    connection: Transaction, kind: str, subject: str, period: Period
) -> tuple[Cause, ...]:
    """Return the alerts about a circuit or a site that fired in a period, oldest first.

    Of units and carriers none: their intervals name their circuits and sites.
    """
    if kind not in {"circuit", "site"}:
        return ()
    wanted = AlertFilter(link=subject) if kind == "circuit" else AlertFilter(site=subject)
    found = [
        Cause(
            at=one.entry.at,
            fingerprint=record.alert.fingerprint,
            rule=record.alert.rule,
            title_vi=record.title_vi,
            title_en=record.title_en,
        )
        for record in list_alerts(connection, wanted)
        for one in list_entries(connection, record.alert.fingerprint)
        if one.entry.kind == "firing" and period.start <= one.entry.at < period.end + LATE
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.fingerprint)))


def causes_in(interval: Interval, causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Return the alerts that fired while it was seen down, or just after."""
    if Verdict.DOWN not in {interval.verdict, interval.seen}:
        return ()
    return tuple(one for one in causes if interval.start <= one.at < interval.end + LATE)


def explained_row(interval: Interval, causes: Iterable[Cause]) -> dict[str, Cell]:
    """Return a stretch of time as plain JSON, with the alerts that say why."""
    return interval_row(interval) | {
        "causes": [
            {
                "at": one.at.isoformat(),
                "fingerprint": one.fingerprint,
                "rule": one.rule,
                "title_vi": one.title_vi,
                "title_en": one.title_en,
            }
            for one in causes_in(interval, causes)
        ]
    }
