# SPDX-License-Identifier: MIT
"""The life of a job row: waiting, held by a worker, ended; one writer of a device at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from tinhnet import reasons
from tinhnet.errors import TinhnetError
from tinhnet.model.job import DeviceResult, Job, JobDevice, JobState, Risk
from tinhnet.store.jobs import get_job, list_devices, list_jobs, put_devices
from tinhnet.store.schema.jobs import jobs


class LeaseLostError(TinhnetError):
    """The job is no longer this worker's: its lease ran out and somebody ended the job."""


@dataclass(frozen=True, slots=True)
class Start:
    """What is known of a job the moment it starts."""

    worker: str
    lease_until: datetime
    command: Sequence[str]
    commit: str | None
    ansible_version: str
    devices: Sequence[str]


def holder_of(connection: Connection, job: Job, devices: Iterable[str]) -> Job | None:
    """Return the job because of which `job` must wait, None when it may start.

    Two jobs that only read may share a device; anything else may not.  A
    job waits for running ones and, so that none starves, for those that
    asked earlier and know their devices already.
    """
    wanted = set(devices)
    reads = job.risk is Risk.READ
    for other in reversed(list_jobs(connection, states=(JobState.RUNNING, JobState.WAITING))):
        if other.number == job.number or (
            other.state is JobState.WAITING and other.number > job.number
        ):
            continue
        if wanted & set(other.devices) and not (reads and other.risk is Risk.READ):
            return other
    return None


def wait_for(connection: Connection, job: Job, holder: Job | None, devices: Sequence[str]) -> None:
    """Remember the devices a waiting job wants, and whom it waits for."""
    connection.execute(
        update(jobs)
        .where(jobs.c.number == job.number, jobs.c.state == JobState.WAITING.value)
        .values(holder=holder.number if holder else None, devices=list(devices))
    )


def start_job(connection: Connection, job: Job, start: Start, now: datetime) -> Job | None:
    """Take a waiting job; None when somebody else was faster or it was cancelled."""
    taken = connection.execute(
        update(jobs)
        .where(jobs.c.number == job.number, jobs.c.state == JobState.WAITING.value)
        .values(
            state=JobState.RUNNING.value,
            worker=start.worker,
            lease_until=start.lease_until,
            started_at=now,
            command=list(start.command),
            commit=start.commit,
            ansible_version=start.ansible_version,
            devices=list(start.devices),
            holder=None,
        )
    )
    if taken.rowcount == 0:
        return None
    put_devices(
        connection, job.number, (JobDevice(name, None, 0, None, None) for name in start.devices)
    )
    return get_job(connection, job.number)


def renew(connection: Connection, job: Job, worker: str, until: datetime) -> Job:
    """Renew a lease and return the job as it stands; LeaseLostError when it is not ours."""
    renewed = connection.execute(
        update(jobs)
        .where(
            jobs.c.number == job.number,
            jobs.c.worker == worker,
            jobs.c.state == JobState.RUNNING.value,
        )
        .values(lease_until=until)
    )
    if renewed.rowcount == 0:
        raise LeaseLostError(f"{job.id} is no longer held by {worker}")
    return get_job(connection, job.number)


def end_job(
    connection: Connection,
    job: Job,
    state: JobState,
    reason: str | None,
    results: Mapping[str, JobDevice],
    now: datetime,
) -> Job:
    """End a job; every device of its target gets exactly one result.

    A device that `results` does not decide was not attempted when no task
    was ever seen on it, and otherwise failed in an unknown state.
    """
    why = reason or reasons.ENDED
    known = {one.device: one for one in list_devices(connection, job.number)}
    final = [_decided(results.get(name) or one, why) for name, one in known.items()] + [
        _decided(one, why) for name, one in results.items() if name not in known
    ]
    put_devices(connection, job.number, final)
    connection.execute(
        update(jobs)
        .where(jobs.c.number == job.number)
        .values(state=state.value, reason=reason, ended_at=now, lease_until=None, holder=None)
    )
    return get_job(connection, job.number)


def not_attempted(devices: Iterable[str]) -> dict[str, JobDevice]:
    """Return the result of devices that a job never reached."""
    return {name: JobDevice(name, DeviceResult.NOT_ATTEMPTED, 0, None, None) for name in devices}


def ask_to_cancel(connection: Connection, job: Job, actor: str) -> None:
    """Note the wish to cancel; the worker that holds the job acts on it."""
    connection.execute(
        update(jobs)
        .where(jobs.c.number == job.number)
        .values(is_cancelling=True, cancelled_by=actor)
    )


def abandoned(connection: Connection, now: datetime, dead: Iterable[str]) -> tuple[Job, ...]:
    """Return running jobs whose lease ran out, or whose worker is known to be dead."""
    statement = (
        select(jobs.c.number)
        .where(
            jobs.c.state == JobState.RUNNING.value,
            or_(jobs.c.lease_until < now, jobs.c.worker.in_(list(dead))),
        )
        .order_by(jobs.c.number)
    )
    return tuple(get_job(connection, number) for number in connection.execute(statement).scalars())


def _decided(one: JobDevice, why: str) -> JobDevice:
    if one.result is not None:
        return one
    if one.task is None:
        return JobDevice(one.device, DeviceResult.NOT_ATTEMPTED, one.changed, None, one.detail)
    detail = reasons.UNKNOWN % {"why": why, "task": one.task}
    return JobDevice(one.device, DeviceResult.FAILED, one.changed, one.task, detail)
