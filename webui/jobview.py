# SPDX-License-Identifier: MIT
"""Jobs as pages show them: read in one transaction, with what belongs to each."""

from dataclasses import dataclass
from datetime import datetime

from flask import g

from tinhnet.model.job import Job, JobState
from tinhnet.store.jobs import find_job, get_job, list_jobs
from tinhnet.store.results import (
    Touch,
    changes_after,
    last_end,
    last_touches,
    touches_of,
)
from webui.context import web

OPEN = (JobState.RUNNING, JobState.WAITING)
FINAL = tuple(state for state in JobState if state.is_final)
BACKUP = "backup.yml"


@dataclass(frozen=True, slots=True)
class ChangeMade:
    """A job that changed devices lately."""

    job: Job
    changed: int
    at: datetime


def job_number(job_id: str) -> int | None:
    """Return the number of an id like J12, None for anything else."""
    digits = job_id.removeprefix("J")
    if not job_id.startswith("J") or not digits.isdecimal() or len(digits) > 9:  # noqa: PLR2004
        return None
    return int(digits)


def job_by_id(job_id: str) -> Job | None:
    """Return a job by its id, None when there is none."""
    number = job_number(job_id)
    if number is None:
        return None
    with web().store.reading() as connection:
        return find_job(connection, number)


def open_jobs() -> tuple[Job, ...]:
    """Return the jobs that run or wait, newest first."""
    with web().store.reading() as connection:
        return list_jobs(connection, states=OPEN)


def recent_jobs(limit: int) -> tuple[Job, ...]:
    """Return the jobs that ended last."""
    with web().store.reading() as connection:
        return list_jobs(connection, states=FINAL, limit=limit)


def changes_since(moment: datetime) -> tuple[ChangeMade, ...]:
    """Return the jobs that changed devices since `moment`, newest first."""
    with web().store.reading() as connection:
        return tuple(
            ChangeMade(get_job(connection, change.job), change.changed, change.at)
            for change in changes_after(connection, moment)
        )


def last_results() -> dict[str, Touch]:
    """Return what the newest job did to each device, read once per request."""
    if "last_results" not in g:
        with web().store.reading() as connection:
            g.last_results = last_touches(connection)
    found: dict[str, Touch] = g.last_results
    return found


def jobs_of_device(device: str) -> tuple[Touch, ...]:
    """Return what the newest jobs did to a device."""
    with web().store.reading() as connection:
        return touches_of(connection, device)


def last_backup(device: str) -> datetime | None:
    """Return when the configuration of a device was last fetched well."""
    with web().store.reading() as connection:
        return last_end(connection, BACKUP, device)
