# SPDX-License-Identifier: MIT
"""Running jobs: what they explain, and for how long."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts.graph import Graph, consequences
from tinhnet.model.alert import Alert
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.job import Job, JobDevice, Risk

SETTLE_S = 30.0
"""Seconds after a job: longer than two rounds of probes and a dead interval."""


def things_of_job(
    job: Job, devices: Iterable[JobDevice], network: DeclaredNetwork, graph: Graph
) -> frozenset[str]:
    """Return what a job explains: its devices, the links that end on them, what needs those.

    A building of which it takes every circuit is its doing, too.

    Nothing for a job that only reads or only checks, and nothing of a device
    that the job has not begun to touch or that is not part of it.
    """
    if job.risk is Risk.READ or job.check or job.started_at is None:
        return frozenset()
    touched = [one.device for one in devices if one.task is not None or one.result is not None]
    broken = {f"device:{id_}" for id_ in touched}
    for id_ in touched:
        broken.update(f"link:{link.id}" for link in network.links_of(id_))
    lost = consequences(graph, broken)
    emptied = {shell for shell, inside in graph.inside.items() if lost.issuperset(inside)}
    return lost | emptied


def job_hides(job: Job, things: frozenset[str], alert: Alert, now: datetime) -> bool:
    """Tell whether a job hides an alert: one of its things, broken since it began, while it runs.

    `things` come from `things_of_job`.  It goes on for `SETTLE_S` after the
    end; what was broken before the job is not its doing.
    """
    if job.started_at is None or alert.since is None or alert.thing not in things:
        return False
    end = now if job.ended_at is None else job.ended_at + timedelta(seconds=SETTLE_S)
    return job.started_at <= alert.since and now <= end
