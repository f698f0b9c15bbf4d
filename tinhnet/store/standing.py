# SPDX-License-Identifier: MIT
"""What pages about the state of things read, and no more than that."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from tinhnet.model.alert import AlertRecord
from tinhnet.model.event import EventFilter
from tinhnet.model.job import DeviceResult, Job, JobDevice, Risk
from tinhnet.store.alerts import find_alerts
from tinhnet.store.events import Numbered, newest
from tinhnet.store.inbox import CAUSES, SHOWN
from tinhnet.store.jobs import find_job, list_devices
from tinhnet.store.observed import Sheet
from tinhnet.store.schema.alerts import alerts
from tinhnet.store.schema.jobs import job_devices, jobs
from tinhnet.store.schema.watch import observed

MOST_CAUSES = 500
"""Causes that hold at once; with more of them, which one is named says little."""
MOST_CHANGES = 20
UNTOUCHED = frozenset({DeviceResult.NOT_ATTEMPTED, DeviceResult.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Touched:
    """A job, and what came of those of its devices that somebody asked about."""

    job: Job
    devices: tuple[JobDevice, ...]

    @property
    def tally(self) -> dict[str, int]:
        """Return how many devices came to each result; what is open is left out."""
        return dict(Counter(one.result.value for one in self.devices if one.result))


def stamps(connection: Connection) -> dict[str, datetime]:
    """Return when each collector wrote its row, without reading what is in it."""
    rows = connection.execute(select(observed.c.source, observed.c.at))
    return {row.source: row.at for row in rows}


def sheets_of(connection: Connection, sources: Iterable[str]) -> tuple[Sheet, ...]:
    """Return the rows of some collectors."""
    wanted = select(observed).where(observed.c.source.in_(sorted(sources)))
    rows = connection.execute(wanted)
    return tuple(Sheet(row.source, row.at, row.format, row.content) for row in rows)


def open_causes(connection: Connection) -> tuple[AlertRecord, ...]:
    """Return the alerts that hold and name causes, those that began last first."""
    statement = (
        select(alerts.c.fingerprint)
        .where(alerts.c.rule.in_(CAUSES), alerts.c.state.in_([one.value for one in SHOWN]))
        .order_by(alerts.c.since.desc(), alerts.c.fingerprint)
        .limit(MOST_CAUSES)
    )
    return tuple(find_alerts(connection, connection.scalars(statement)).values())


def alerts_about(
    connection: Connection, column: str, value: str, since: datetime, limit: int = 100
) -> tuple[AlertRecord, ...]:
    """Return the alerts of a device, link or site that hold, or held after `since`.

    `column` is "device", "link" or "site"; those that hold come first.
    """
    is_alive = alerts.c.state.in_([one.value for one in SHOWN])
    statement = (
        select(alerts.c.fingerprint)
        .where(
            alerts.c[column] == value,
            alerts.c.fired_at.is_not(None),
            is_alive | (alerts.c.resolved_at >= since),
        )
        .order_by(is_alive.desc(), alerts.c.fired_at.desc(), alerts.c.fingerprint)
        .limit(limit)
    )
    return tuple(find_alerts(connection, connection.scalars(statement)).values())


def events_about(
    connection: Connection,
    column: str,
    value: str,
    span: tuple[datetime | None, datetime | None] = (None, None),
    *,
    limit: int = 30,
) -> tuple[Numbered, ...]:
    """Return the newest events of a device, link or site, of a time where one is given."""
    wanted = EventFilter(
        device=value if column == "device" else None,
        link=value if column == "link" else None,
        site=value if column == "site" else None,
        since=span[0],
        until=span[1],
    )
    return newest(connection, wanted, limit=limit)


def jobs_between(
    connection: Connection, devices: Iterable[str], start: datetime, end: datetime
) -> tuple[Job, ...]:
    """Return the jobs that changed one of these devices and ran in a time, oldest first."""
    at = func.coalesce(jobs.c.started_at, jobs.c.requested_at)
    statement = (
        select(jobs.c.number)
        .join(job_devices, job_devices.c.job == jobs.c.number)
        .where(
            job_devices.c.device.in_(sorted(devices)),
            job_devices.c.changed > 0,
            at >= start,
            at < end,
        )
        .group_by(jobs.c.number)
        .order_by(jobs.c.number)
    )
    found = (find_job(connection, number) for number in connection.scalars(statement).all())
    return tuple(job for job in found if job is not None)


def changes_between(
    connection: Connection, devices: Iterable[str], start: datetime, end: datetime
) -> tuple[Touched, ...]:
    """Return the changes that touched one of these devices, under way in a time, latest first.

    A job that only reads or only checks is none, and a device that a job did
    not begin with or could not reach was not touched.
    """
    wanted = frozenset(devices)
    is_touched = or_(
        job_devices.c.result.not_in([one.value for one in UNTOUCHED]),
        job_devices.c.result.is_(None) & job_devices.c.task.is_not(None),
    )
    statement = (
        select(jobs.c.number)
        .join(job_devices, job_devices.c.job == jobs.c.number)
        .where(
            job_devices.c.device.in_(sorted(wanted)),
            is_touched,
            jobs.c.check.is_(False),
            jobs.c.risk != Risk.READ.value,
            jobs.c.started_at < end,
            or_(jobs.c.ended_at.is_(None), jobs.c.ended_at >= start),
        )
        .group_by(jobs.c.number, jobs.c.started_at)
        .order_by(jobs.c.started_at.desc(), jobs.c.number.desc())
        .limit(MOST_CHANGES)
    )
    found = (find_job(connection, number) for number in connection.scalars(statement).all())
    return tuple(
        Touched(job, _touched(list_devices(connection, job.number), wanted))
        for job in found
        if job is not None
    )


def _touched(devices: Iterable[JobDevice], wanted: frozenset[str]) -> tuple[JobDevice, ...]:
    """Return those of these devices that a job touched."""
    return tuple(
        one
        for one in devices
        if one.device in wanted
        and (one.task is not None if one.result is None else one.result not in UNTOUCHED)
    )
