# SPDX-License-Identifier: MIT
"""Rows of jobs: reading them, asking for one, its lines and devices."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, exists, func, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from tinhnet.model.job import (
    DeviceResult,
    Job,
    JobDevice,
    JobEvent,
    JobFilter,
    JobRequest,
    JobState,
    Risk,
)
from tinhnet.store.schema.jobs import job_devices, job_events, jobs

PAGE = 1000
"""Most rows that one call returns."""
ALL = JobFilter()


def add_job(
    connection: Connection,
    request: JobRequest,
    risk: Risk,
    actor: str,
    now: datetime,
    dry_run: Job | None = None,
) -> Job:
    """Add a waiting job, which may follow a dry run, and return it with its number."""
    statement = insert(jobs).values(
        state=JobState.WAITING.value,
        playbook=request.playbook,
        risk=risk.value,
        limit=request.limit,
        tags=list(request.tags),
        check=request.check,
        diff=request.diff,
        extra=dict(request.extra or {}),
        actor=actor,
        requested_at=now,
        devices=[],
        is_cancelling=False,
        last_seq=0,
        purpose=request.purpose,
        dry_run=dry_run.number if dry_run else None,
    )
    number = connection.execute(statement.returning(jobs.c.number)).scalar_one()
    return get_job(connection, number)


def find_job(connection: Connection, number: int) -> Job | None:
    """Return a job, None when there is none of that number."""
    row = connection.execute(select(jobs).where(jobs.c.number == number)).mappings().first()
    return None if row is None else _job(row)


def get_job(connection: Connection, number: int) -> Job:
    """Return a job that exists; KeyError otherwise."""
    found = find_job(connection, number)
    if found is None:
        raise KeyError(f"J{number}")
    return found


def list_jobs(
    connection: Connection,
    *,
    states: Sequence[JobState] = (),
    wanted: JobFilter = ALL,
    before: int | None = None,
    limit: int = 100,
) -> tuple[Job, ...]:
    """Return jobs, newest first; `before` is the number to go on from."""
    statement = select(jobs).order_by(jobs.c.number.desc()).limit(min(limit, PAGE))
    statement = statement.where(*_fitting(states, wanted))
    if before is not None:
        statement = statement.where(jobs.c.number < before)
    return tuple(_job(row) for row in connection.execute(statement).mappings())


def count_jobs(
    connection: Connection, states: Sequence[JobState] = (), wanted: JobFilter = ALL
) -> int:
    """Return how many jobs there are, in these states if any are given."""
    statement = select(func.count()).select_from(jobs).where(*_fitting(states, wanted))
    return int(connection.execute(statement).scalar_one())


def list_actors(connection: Connection) -> tuple[str, ...]:
    """Return everybody who ever asked for a job, by name."""
    statement = select(jobs.c.actor).distinct().order_by(jobs.c.actor)
    return tuple(connection.execute(statement).scalars())


def list_playbooks(connection: Connection) -> tuple[str, ...]:
    """Return every playbook that was ever asked for, by name."""
    statement = select(jobs.c.playbook).distinct().order_by(jobs.c.playbook)
    return tuple(connection.execute(statement).scalars())


def find_dry_run(connection: Connection, request: JobRequest, since: datetime) -> Job | None:
    """Return the newest dry run of just what is asked for that ended well after `since`.

    Playbook, limit, tags and arguments must be the same; whether differences
    were shown does not count.
    """
    limit = jobs.c.limit.is_(None) if request.limit is None else jobs.c.limit == request.limit
    statement = (
        select(jobs)
        .where(
            jobs.c.playbook == request.playbook,
            jobs.c.check.is_(True),
            jobs.c.state == JobState.SUCCEEDED.value,
            jobs.c.ended_at >= since,
            limit,
        )
        .order_by(jobs.c.number.desc())
        .limit(PAGE)
    )
    wanted = (set(request.tags), dict(request.extra or {}))
    found = (_job(row) for row in connection.execute(statement).mappings())
    return next((job for job in found if (set(job.tags), dict(job.extra)) == wanted), None)


def list_events(
    connection: Connection, number: int, *, after: int = 0, limit: int = PAGE
) -> tuple[JobEvent, ...]:
    """Return the lines after `after`, at most `limit` of them, in order."""
    statement = (
        select(job_events)
        .where(job_events.c.job == number, job_events.c.seq > after)
        .order_by(job_events.c.seq)
        .limit(limit)
    )
    return tuple(_event(row) for row in connection.execute(statement))


def list_devices(connection: Connection, number: int) -> tuple[JobDevice, ...]:
    """Return what came of each device, by name."""
    statement = (
        select(job_devices).where(job_devices.c.job == number).order_by(job_devices.c.device)
    )
    return tuple(_device(row) for row in connection.execute(statement))


def add_events(connection: Connection, job: Job, lines: Iterable[JobEvent]) -> int:
    """Append lines, numbered after those there are, and return the last number.

    The lines' own `seq` is ignored.
    """
    last = get_job(connection, job.number).last_seq
    rows = [
        {
            "job": job.number,
            "seq": last + position,
            "at": line.at,
            "device": line.device,
            "task": line.task,
            "kind": line.kind,
            "text": storable(line.text),
            "result": line.result,
        }
        for position, line in enumerate(lines, 1)
    ]
    if not rows:
        return last
    connection.execute(insert(job_events), rows)
    connection.execute(
        update(jobs).where(jobs.c.number == job.number).values(last_seq=last + len(rows))
    )
    return last + len(rows)


def put_devices(connection: Connection, number: int, devices: Iterable[JobDevice]) -> None:
    """Write what is known of some devices of a job, over what was known before."""
    known = {
        row.device
        for row in connection.execute(
            select(job_devices.c.device).where(job_devices.c.job == number)
        )
    }
    for one in devices:
        values = {
            "result": one.result.value if one.result else None,
            "changed": one.changed,
            "task": one.task,
            "detail": storable(one.detail) if one.detail else None,
        }
        if one.device in known:
            connection.execute(
                update(job_devices)
                .where(job_devices.c.job == number, job_devices.c.device == one.device)
                .values(values)
            )
        else:
            connection.execute(insert(job_devices).values(job=number, device=one.device, **values))


def storable(text: str) -> str:
    """Return the text without what PostgreSQL cannot keep: NUL and lone surrogates."""
    clean = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return clean.encode("utf-8", "replace").decode("utf-8")


def _fitting(states: Sequence[JobState], wanted: JobFilter) -> Iterator[ColumnElement[bool]]:
    """Yield what a job must fulfil to be wanted."""
    if states:
        yield jobs.c.state.in_([state.value for state in states])
    if wanted.playbook is not None:
        yield jobs.c.playbook == wanted.playbook
    if wanted.actor is not None:
        yield jobs.c.actor == wanted.actor
    of_it = job_devices.c.job == jobs.c.number
    if wanted.device is not None:
        yield exists().where(of_it, job_devices.c.device == wanted.device)
    if wanted.result is not None:
        yield exists().where(of_it, job_devices.c.result == wanted.result.value)
    if wanted.changed_since is not None:
        yield jobs.c.check.is_(False)
        yield jobs.c.risk != Risk.READ.value
        yield or_(jobs.c.ended_at >= wanted.changed_since, jobs.c.ended_at.is_(None))
        altered = or_(job_devices.c.changed > 0, job_devices.c.result == DeviceResult.CHANGED.value)
        yield exists().where(of_it, altered)


def _job(row: RowMapping) -> Job:
    command = row["command"]
    holder = row["holder"]
    return Job(
        number=row["number"],
        state=JobState(row["state"]),
        playbook=row["playbook"],
        risk=Risk(row["risk"]),
        limit=row["limit"],
        tags=tuple(row["tags"]),
        check=row["check"],
        diff=row["diff"],
        extra=row["extra"],
        actor=row["actor"],
        requested_at=row["requested_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        command=None if command is None else tuple(command),
        commit=row["commit"],
        ansible_version=row["ansible_version"],
        devices=tuple(row["devices"]),
        holder=None if holder is None else f"J{holder}",
        worker=row["worker"],
        lease_until=row["lease_until"],
        is_cancelling=row["is_cancelling"],
        cancelled_by=row["cancelled_by"],
        reason=row["reason"],
        last_seq=row["last_seq"],
        purpose=row["purpose"],
        dry_run=None if row["dry_run"] is None else f"J{row['dry_run']}",
    )


def _event(row: Row[tuple[object, ...]]) -> JobEvent:
    return JobEvent(
        seq=row.seq,
        at=row.at,
        device=row.device,
        task=row.task,
        kind=row.kind,
        text=row.text,
        result=row.result,
    )


def _device(row: Row[tuple[object, ...]]) -> JobDevice:
    return JobDevice(
        device=row.device,
        result=DeviceResult(row.result) if row.result else None,
        changed=row.changed,
        task=row.task,
        detail=row.detail,
    )
