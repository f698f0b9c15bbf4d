# SPDX-License-Identifier: MIT
"""What came of devices across jobs: the questions that pages ask, each one statement."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from tinhnet.model.job import DeviceResult, JobState, Risk
from tinhnet.store.schema.jobs import job_devices, job_events, jobs

FAULTS = (DeviceResult.FAILED.value, DeviceResult.UNREACHABLE.value)
FAULT_KINDS = ("error",)


@dataclass(frozen=True, slots=True)
class Touch:
    """What one job did to one device; `at` is when the job ended, or began while it runs."""

    job: int
    device: str
    result: DeviceResult
    changed: int
    playbook: str
    check: bool
    actor: str
    at: datetime
    is_ended: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A job that changed devices: how many, and when it ended or began."""

    job: int
    changed: int
    at: datetime


_COLUMNS = (
    job_devices.c.job,
    job_devices.c.device,
    job_devices.c.result,
    job_devices.c.changed,
    jobs.c.playbook,
    jobs.c.check,
    jobs.c.actor,
    func.coalesce(jobs.c.ended_at, jobs.c.started_at, jobs.c.requested_at).label("at"),
    jobs.c.ended_at.is_not(None).label("is_ended"),
)
_ATTEMPTED = and_(
    job_devices.c.result.is_not(None),
    job_devices.c.result != DeviceResult.NOT_ATTEMPTED.value,
)


def last_touches(
    connection: Connection, playbook: str | None = None, *, with_check: bool = True
) -> dict[str, Touch]:
    """Return what the newest job that attempted each device did to it.

    `playbook` narrows it to jobs of one playbook; `with_check` False leaves
    out jobs that only looked.
    """
    wanted: list[ColumnElement[bool]] = [_ATTEMPTED]
    if playbook is not None:
        wanted.append(jobs.c.playbook == playbook)
    if not with_check:
        wanted.append(jobs.c.check.is_(False))
    joined = job_devices.join(jobs, jobs.c.number == job_devices.c.job)
    newest = (
        select(job_devices.c.device, func.max(job_devices.c.job).label("job"))
        .select_from(joined)
        .where(*wanted)
        .group_by(job_devices.c.device)
        .subquery()
    )
    statement = (
        select(*_COLUMNS)
        .select_from(joined)
        .join(
            newest,
            and_(newest.c.device == job_devices.c.device, newest.c.job == job_devices.c.job),
        )
    )
    return {row.device: _touch(row) for row in connection.execute(statement)}


def last_changes(connection: Connection) -> dict[str, int]:
    """Return the newest job that changed each device, or left it in doubt."""
    altering = (
        DeviceResult.CHANGED.value,
        DeviceResult.FAILED.value,
        DeviceResult.ROLLED_BACK.value,
    )
    statement = (
        select(job_devices.c.device, func.max(job_devices.c.job).label("job"))
        .select_from(job_devices.join(jobs, jobs.c.number == job_devices.c.job))
        .where(
            jobs.c.check.is_(False),
            jobs.c.risk != Risk.READ.value,
            job_devices.c.result.in_(altering),
        )
        .group_by(job_devices.c.device)
    )
    return {row.device: row.job for row in connection.execute(statement)}


def touches_of(connection: Connection, device: str, limit: int = 20) -> tuple[Touch, ...]:
    """Return what the newest jobs did to a device, newest first."""
    statement = (
        select(*_COLUMNS)
        .select_from(job_devices.join(jobs, jobs.c.number == job_devices.c.job))
        .where(job_devices.c.device == device, job_devices.c.result.is_not(None))
        .order_by(job_devices.c.job.desc())
        .limit(limit)
    )
    return tuple(_touch(row) for row in connection.execute(statement))


def tallies(connection: Connection, numbers: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return how many devices of each job ended in which result; open ones are under ""."""
    statement = (
        select(job_devices.c.job, job_devices.c.result, func.count().label("devices"))
        .where(job_devices.c.job.in_(list(numbers)))
        .group_by(job_devices.c.job, job_devices.c.result)
    )
    found: dict[int, dict[str, int]] = {}
    for row in connection.execute(statement):
        found.setdefault(row.job, {})[row.result or ""] = row.devices
    return found


def changes_after(connection: Connection, moment: datetime) -> tuple[Change, ...]:
    """Return the jobs that changed devices since `moment`, newest first."""
    at = func.coalesce(jobs.c.ended_at, jobs.c.started_at)
    statement = (
        select(job_devices.c.job, func.count().label("changed"), func.max(at).label("at"))
        .select_from(job_devices.join(jobs, jobs.c.number == job_devices.c.job))
        .where(
            jobs.c.check.is_(False),
            jobs.c.risk != Risk.READ.value,
            jobs.c.started_at >= moment,
            or_(job_devices.c.changed > 0, job_devices.c.result == DeviceResult.CHANGED.value),
        )
        .group_by(job_devices.c.job)
        .order_by(job_devices.c.job.desc())
    )
    return tuple(Change(row.job, row.changed, row.at) for row in connection.execute(statement))


def next_fault(connection: Connection, number: int, after: int) -> int | None:
    """Return the number of the first failing line after `after`, None when there is none."""
    statement = select(func.min(job_events.c.seq)).where(
        job_events.c.job == number, job_events.c.seq > after, _faulty()
    )
    return connection.execute(statement).scalar_one_or_none()


def first_faults(connection: Connection, number: int) -> dict[str, int]:
    """Return the first failing line of each device of a job."""
    statement = (
        select(job_events.c.device, func.min(job_events.c.seq).label("seq"))
        .where(job_events.c.job == number, job_events.c.device.is_not(None), _faulty())
        .group_by(job_events.c.device)
    )
    return {row.device: row.seq for row in connection.execute(statement)}


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """A task of a job on one device: its result word, and where its lines begin."""

    task: str | None
    result: str | None
    first: int


def tasks_of(connection: Connection, number: int, device: str) -> tuple[TaskSeen, ...]:
    """Return the tasks of a job on one device, in the order in which they ran."""
    columns = (job_events.c.seq, job_events.c.task, job_events.c.result)
    statement = (
        select(*columns)
        .where(job_events.c.job == number, job_events.c.device == device)
        .order_by(job_events.c.seq)
    )
    found: list[TaskSeen] = []
    for row in connection.execute(statement):
        last = found[-1] if found else None
        is_same = last is not None and last.task == row.task
        if last is None or not is_same or (row.result and last.result):
            found.append(TaskSeen(row.task, row.result, row.seq))
        elif row.result:
            found[-1] = replace(last, result=row.result)
    return tuple(found)


def last_end(connection: Connection, playbook: str, device: str) -> datetime | None:
    """Return when a playbook last came to a good end on a device."""
    statement = (
        select(func.max(jobs.c.ended_at))
        .select_from(job_devices.join(jobs, jobs.c.number == job_devices.c.job))
        .where(
            jobs.c.playbook == playbook,
            jobs.c.check.is_(False),
            jobs.c.state != JobState.RUNNING.value,
            job_devices.c.device == device,
            job_devices.c.result.in_((DeviceResult.OK.value, DeviceResult.CHANGED.value)),
        )
    )
    return connection.execute(statement).scalar_one_or_none()


def _faulty() -> ColumnElement[bool]:
    return or_(job_events.c.result.in_(FAULTS), job_events.c.kind.in_(FAULT_KINDS))


def _touch(row: Row[tuple[object, ...]]) -> Touch:
    return Touch(
        job=row.job,
        device=row.device,
        result=DeviceResult(row.result),
        changed=row.changed,
        playbook=row.playbook,
        check=row.check,
        actor=row.actor,
        at=row.at,
        is_ended=row.is_ended,
    )
