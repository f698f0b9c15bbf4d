# SPDX-License-Identifier: MIT
"""Calls about jobs: list, read, launch, cancel, and the numbered lines."""

from datetime import datetime

from flask import Response, abort, jsonify, make_response
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.wrappers import Response as AnyResponse

from tinhnet import actions
from tinhnet.job_listing import event_row, job_detail_row, job_row
from tinhnet.model.job import DeviceResult, Job, JobFilter, JobRequest, JobState, Risk
from tinhnet.store.jobs import PAGE, count_jobs, list_devices, list_events, list_jobs
from webui.answer import LARGEST, Asked, Moment, Problem
from webui.context import web
from webui.jobview import job_by_id, job_number
from webui.person import actor, needs

TAG = Tag(name="jobs", description="Runs of playbooks.")


class JobRow(BaseModel):
    """A job."""

    id: str
    state: JobState
    playbook: str
    risk: Risk
    limit: str | None
    tags: list[str]
    check: bool
    diff: bool
    extra: dict[str, str]
    actor: str
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    command: list[str] | None
    commit: str | None
    ansible_version: str | None
    devices: list[str]
    holder: str | None
    is_cancelling: bool
    cancelled_by: str | None
    reason: str | None
    last_seq: int
    purpose: str | None
    dry_run: str | None


class JobDeviceRow(BaseModel):
    """What came of one device; `result` is null while it is open."""

    device: str
    result: DeviceResult | None
    changed: int
    task: str | None
    detail: str | None


class JobDetailRow(JobRow):
    """A job with what came of each device."""

    results: dict[str, DeviceResult | None]
    device_details: list[JobDeviceRow]


class JobPage(BaseModel):
    """Jobs, newest first; `total` counts all that are wanted."""

    total: int
    items: list[JobRow]


class EventRow(BaseModel):
    """A numbered line of a job."""

    seq: int
    at: datetime
    device: str | None
    task: str | None
    kind: str
    text: str
    result: str | None


class EventPage(BaseModel):
    """Lines after `after`; the job goes on while `is_final` is false."""

    items: list[EventRow]
    last_seq: int
    is_final: bool


class JobQuery(Asked):
    """Filters of jobs."""

    state: JobState | None = None
    device: str | None = Field(None, description="touched this device")
    playbook: str | None = Field(None, description="file name of the playbook")
    actor: str | None = Field(None, description="who asked for it")
    result: DeviceResult | None = Field(None, description="at least one device came to this")
    changed_since: Moment | None = Field(
        None, description="changed devices, and ended since this moment with its zone"
    )
    before: str | None = Field(None, pattern=r"^J[0-9]{1,9}$", description="go on after this id")
    size: int = Field(100, ge=1, le=PAGE, description="rows of the answer")


class EventQuery(Asked):
    """Which lines."""

    after: int = Field(0, ge=0, le=LARGEST, description="the last line you have")
    size: int = Field(PAGE, ge=1, le=PAGE, description="rows of the answer")


class JobName(BaseModel):
    """The id in an address."""

    id: str = Field(pattern=r"^J[0-9]{1,9}$")


class JobBody(BaseModel):
    """What to run; `check` is true unless you say otherwise.

    A change needs a `purpose`, or a dry run of just the same before it.
    """

    model_config = ConfigDict(extra="forbid")

    playbook: str
    limit: str | None = None
    tags: list[str] = []
    check: bool = True
    diff: bool = True
    extra: dict[str, str] = {}
    purpose: str | None = Field(None, description="what a change is for")


def add(calls: APIBlueprint) -> None:
    """Add the calls."""
    _add_reading(calls)
    _add_doing(calls)


def _add_reading(calls: APIBlueprint) -> None:
    """Add the calls that change nothing."""

    @calls.get("/jobs", tags=[TAG], summary="List jobs", responses={200: JobPage})
    @needs("job.view")
    def jobs(query: JobQuery) -> Response:
        states = [query.state] if query.state else []
        before = job_number(query.before) if query.before else None
        wanted = JobFilter(
            query.device, query.playbook, query.actor, query.result, query.changed_since
        )
        with web().store.reading() as connection:
            found = list_jobs(
                connection, states=states, wanted=wanted, before=before, limit=query.size
            )
            total = count_jobs(connection, states, wanted)
        return jsonify(total=total, items=[job_row(job) for job in found])

    @calls.get(
        "/jobs/<id>", tags=[TAG], summary="One job", responses={200: JobDetailRow, 404: Problem}
    )
    @needs("job.view")
    def job(path: JobName) -> Response:
        found = _job(path.id)
        with web().store.reading() as connection:
            devices = list_devices(connection, found.number)
        return jsonify(job_detail_row(found, devices))

    @calls.get(
        "/jobs/<id>/events",
        tags=[TAG],
        summary="Numbered lines of a job",
        responses={200: EventPage, 404: Problem},
    )
    @needs("job.view")
    def events(path: JobName, query: EventQuery) -> Response:
        found = _job(path.id)
        with web().store.reading() as connection:
            lines = list_events(connection, found.number, after=query.after, limit=query.size)
        return jsonify(
            items=[event_row(line) for line in lines],
            last_seq=found.last_seq,
            is_final=found.state.is_final,
        )


def _add_doing(calls: APIBlueprint) -> None:
    """Add the calls that do something."""

    @calls.post(
        "/jobs",
        tags=[TAG],
        summary="Launch a job",
        responses={201: JobRow, 400: Problem, 404: Problem},
    )
    @needs("job.run.read")
    def launch(body: JobBody) -> AnyResponse:
        wanted = JobRequest(
            playbook=body.playbook,
            limit=body.limit,
            tags=tuple(body.tags),
            check=body.check,
            diff=body.diff,
            extra=body.extra,
            purpose=body.purpose,
        )
        job = actions.launch_job(web().context, actor(), wanted)
        answer = make_response(jsonify(job_row(job)), 201)
        answer.headers["Location"] = f"/api/v1/jobs/{job.id}"
        return answer

    @calls.post(
        "/jobs/<id>/cancel",
        tags=[TAG],
        summary="Cancel a job",
        responses={200: JobRow, 400: Problem, 404: Problem},
    )
    @needs("job.cancel")
    def cancel(path: JobName) -> Response:
        found = _job(path.id)
        return jsonify(job_row(actions.cancel_job(web().context, actor(), found.number)))


def _job(name: str) -> Job:
    """Return a job by its id; 404 without one."""
    found = job_by_id(name)
    if found is None:
        abort(404)
    return found
