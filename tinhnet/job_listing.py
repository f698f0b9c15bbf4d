# SPDX-License-Identifier: MIT
"""Rows of jobs as they leave the product: CLI `--json` and API alike.

The shapes are contracts: docs/contracts/{jobs,job-events}.schema.json.
"""

from collections.abc import Sequence
from datetime import datetime

from tinhnet.console import Cell
from tinhnet.model.job import Job, JobDevice, JobEvent


def job_row(job: Job) -> dict[str, Cell]:
    """Return a job as plain JSON."""
    return {
        "id": job.id,
        "state": job.state.value,
        "playbook": job.playbook,
        "risk": job.risk.value,
        "limit": job.limit,
        "tags": list(job.tags),
        "check": job.check,
        "diff": job.diff,
        "extra": dict(job.extra),
        "actor": job.actor,
        "requested_at": job.requested_at.isoformat(),
        "started_at": _time(job.started_at),
        "ended_at": _time(job.ended_at),
        "command": None if job.command is None else list(job.command),
        "commit": job.commit,
        "ansible_version": job.ansible_version,
        "devices": list(job.devices),
        "holder": job.holder,
        "is_cancelling": job.is_cancelling,
        "cancelled_by": job.cancelled_by,
        "reason": job.reason,
        "last_seq": job.last_seq,
        "purpose": job.purpose,
        "dry_run": job.dry_run,
    }


def job_detail_row(job: Job, devices: Sequence[JobDevice]) -> dict[str, Cell]:
    """Return a job with what came of each device; a result is None while it is open."""
    results: dict[str, Cell] = {
        one.device: one.result.value if one.result else None for one in devices
    }
    details: list[Cell] = [device_row(one) for one in devices]
    return job_row(job) | {"results": results, "device_details": details}


def device_row(device: JobDevice) -> dict[str, Cell]:
    """Return what came of one device."""
    return {
        "device": device.device,
        "result": device.result.value if device.result else None,
        "changed": device.changed,
        "task": device.task,
        "detail": device.detail,
    }


def event_row(event: JobEvent) -> dict[str, Cell]:
    """Return a numbered line."""
    return {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "device": event.device,
        "task": event.task,
        "kind": event.kind,
        "text": event.text,
        "result": event.result,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
