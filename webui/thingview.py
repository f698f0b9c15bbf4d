# SPDX-License-Identifier: MIT
"""What pages of one site, link or device say of its life: alerts, events, outages, use."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tinhnet.alerting.ledger import (
    ZONE,
    Claim,
    Exclusion,
    Period,
    Verdict,
    Work,
    intervals,
    month,
)
from tinhnet.model.alert import AlertRecord, AlertState
from tinhnet.model.link import Endpoint, Link
from tinhnet.sla.report import THING, as_declared, planned_in
from tinhnet.store.claims import list_claims
from tinhnet.store.events import Numbered
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.sample import select
from tinhnet.store.standing import alerts_about, events_about
from tinhnet.store.windows import list_windows
from webui.context import network, web
from webui.graph import percentile
from webui.loads import IN, OUT

LATELY = timedelta(days=30)
DAY = timedelta(days=1)
BILLED = timedelta(minutes=5)
"""Carriers count the 95th percentile over means of five minutes."""
SHARE = 0.95
EVENTS = 12
SLACK = timedelta(minutes=2)
"""How far an alert may begin from the outage it belongs to: it waits to be sure."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Alerts that hold, alerts of the last day that ended, and the newest events."""

    open: tuple[AlertRecord, ...]
    ended: tuple[AlertRecord, ...]
    events: tuple[Numbered, ...]


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which a link was seen down, with the alerts that say why."""

    start: datetime
    end: datetime
    is_open: bool
    sources: tuple[str, ...]
    alerts: tuple[AlertRecord, ...]

    @property
    def seconds(self) -> float:
        """Return how long it was down, as far as anybody saw."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Usage:
    """The 95th percentile of this month in both directions; None where nobody measured."""

    since: datetime
    up_bps: float | None
    down_bps: float | None
    days: float


def happened(column: str, id_: str) -> Happened:
    """Return what happened to a device, link or site lately."""
    now = web().now()
    with web().store.reading() as connection:
        records = alerts_about(connection, column, id_, now - DAY)
        events = events_about(connection, column, id_, limit=EVENTS)
    ended = tuple(one for one in records if one.alert.state is AlertState.RESOLVED)
    return Happened(tuple(one for one in records if one not in ended), ended, events)


def outages_of(link: Link) -> list[Outage]:
    """Return when a link was seen down in the last 30 days but for planned work, newest first."""
    now = web().now()
    start = now - LATELY
    rule = Exclusion(web().context.config.sla.notice_s)
    with web().store.reading() as connection:
        claims = list_claims(connection, start, now, [f"{THING}{link.id}"])
        records = alerts_about(connection, "link", link.id, start, 500)
        windows = list_windows(connection, lifted=True)
    period = Period(start, now)
    works = [one.work for one in planned_in(windows, network(), period, rule) if one.counts]
    return joined(link.id, [as_declared(one) for one in claims], records, period, works)


def joined(
    subject: str,
    claims: Sequence[Claim],
    records: Sequence[AlertRecord],
    period: Period,
    works: Sequence[Work] = (),
) -> list[Outage]:
    """Return the outages that claims tell of outside of `works`, each with the alerts of its time.

    `works` are those that were announced in time: they count as the SLA counts them.
    """
    last = max((one.end for one in claims if one.end is not None), default=period.end)
    down = [
        one
        for one in intervals(subject, claims, works, period, Exclusion())
        if one.verdict is Verdict.DOWN
    ]
    return [
        Outage(
            start=one.start,
            end=one.end,
            is_open=one.end >= last and period.end - one.end < SLACK,
            sources=one.sources,
            alerts=tuple(record for record in records if _belongs(record, one.start, one.end)),
        )
        for one in reversed(down)
    ]


def usage_of(link: Link) -> Usage:
    """Return how much of a link this month used, as a carrier counts it."""
    now = web().now()
    local = now.astimezone(ZONE)
    start = month(local.year, local.month).start
    up = _used(web().series, ((IN, link.b), (OUT, link.a)), (start, now))
    down = _used(web().series, ((OUT, link.b), (IN, link.a)), (start, now))
    return Usage(start, up, down, (now - start) / DAY)


def _used(
    store: SeriesStore, ways: Iterable[tuple[str, Endpoint]], span: tuple[datetime, datetime]
) -> float | None:
    for name, end in ways:
        labels = {"device": end.device, "interface": end.interface}
        for series in store.latest(select(name, **labels), span[1] - span[0]):
            found = percentile(store.window(series, span[0], span[1], BILLED), SHARE)
            if found is not None:
                return found
    return None


def _belongs(record: AlertRecord, start: datetime, end: datetime) -> bool:
    alert = record.alert
    if alert.fired_at is None or alert.fired_at > end + SLACK:
        return False
    return alert.resolved_at is None or alert.resolved_at >= start
