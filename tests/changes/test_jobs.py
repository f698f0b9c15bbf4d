# SPDX-License-Identifier: MIT
"""Jobs on this machine: real Ansible, real processes, every line and result written down."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event

from changes.jobs import ChangeWorker
from tests.changes.trial import ENGINEER, launch, read, results, run, step_until, texts
from tinhnet import actions
from tinhnet.context import Context
from tinhnet.model.job import DeviceResult, JobRequest, JobState
from tinhnet.store.errors import StoreFullError
from tinhnet.store.evidence import newest_entries

pytestmark = pytest.mark.patient


def test_every_device_ends_in_its_result_and_every_line_is_numbered(
    context: Context, worker: ChangeWorker, root: Path
) -> None:
    """One run with a device that changes, one that has nothing to do, one that fails, one away."""
    job = run(worker, context, launch(context, "hello", word="tỉnh"))
    found = results(context, job)
    lines = texts(context, job)

    assert {name: one.result for name, one in found.items()} == {
        "core1": DeviceResult.CHANGED,
        "core2": DeviceResult.OK,
        "fw1": DeviceResult.FAILED,
        "far1": DeviceResult.UNREACHABLE,
    }
    assert job.state is JobState.FAILED
    assert "2 of 4 devices did not end well" in (job.reason or "")
    assert found["core1"].task == "Write"
    assert "refused" in (found["far1"].detail or "").lower()
    assert [line.seq for line in lines] == list(range(1, job.last_seq + 1))
    assert {line.kind for line in lines} >= {"note", "play", "task", "result", "recap"}
    assert (root / "playbooks" / "core1.txt").read_text() == "xin chào tỉnh"


def test_the_header_says_exactly_what_ran(context: Context, worker: ChangeWorker) -> None:
    """A year later somebody asks with which options, on which version, and by whom."""
    request = JobRequest("hello", "core1,core2", ("always",), check=True, diff=True)
    job = run(worker, context, actions.launch_job(context, ENGINEER, request))

    command = " ".join(job.command or ())
    assert "--check --diff --limit core1,core2" in command
    assert '-e {"tinhnet_actor":"lan"} --tags always --forks 50' in command
    assert command.endswith("playbooks/hello.yml")
    assert job.devices == ("core1", "core2")
    assert (job.actor, job.commit) == ("lan", None)
    assert (job.ansible_version or "").startswith("2.19")
    assert job.started_at is not None
    assert job.ended_at is not None
    assert job.requested_at <= job.started_at <= job.ended_at


def test_launch_start_and_end_are_evidence(context: Context, worker: ChangeWorker) -> None:
    """Who asked, what exactly ran, what came of it: three entries that hold."""
    job = run(worker, context, launch(context, "hello", "core1"))
    with context.store.reading() as connection:
        entries = newest_entries(connection)
        verified = context.evidence.verify(connection)

    assert [(one.action, one.actor, one.subject) for one in reversed(entries)] == [
        ("job.launch", "lan", "job J1"),
        ("job.start", "worker:change", "job J1"),
        ("job.end", "worker:change", "job J1"),
    ]
    assert entries[0].details["state"] == job.state == "succeeded"
    assert entries[0].details["changed"] == "1"
    assert verified.broken is None


@pytest.mark.parametrize(
    ("playbook", "limit", "says"),
    [("hello", "no-such-site", "no-such-site"), ("broken", None, "'task' is not a valid")],
    ids=["limit", "syntax"],
)
def test_what_ansible_refuses_is_said_and_touches_nothing(
    context: Context, worker: ChangeWorker, playbook: str, limit: str | None, says: str
) -> None:
    """A typo must not look like a job that went well on nothing."""
    job = run(worker, context, launch(context, playbook, limit))

    assert job.state is JobState.FAILED
    assert says in " ".join(line.text for line in texts(context, job)) + (job.reason or "")
    assert results(context, job) == {}


def test_a_full_disk_holds_a_job_up_and_loses_no_line(
    context: Context, worker: ChangeWorker
) -> None:
    """At ENOSPC nothing is half-written; once there is room, every line is there."""
    most_pages: list[int] = []

    def limit(connection: sqlite3.Connection, record: object) -> None:
        del record
        for pages in most_pages:
            connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(context.store.engine, "connect", limit)
    job = launch(context, "loud")
    step_until(worker, context, lambda: read(context, job).state is JobState.RUNNING)
    with context.store.engine.connect() as connection:
        most_pages.append(connection.exec_driver_sql("PRAGMA page_count").scalar_one() + 1)
    context.store.engine.dispose()
    with pytest.raises(StoreFullError, match="make room"):
        run(worker, context, job)
    held = read(context, job)
    most_pages.clear()
    context.store.engine.dispose()
    ended = run(worker, context, job)
    lines = texts(context, job)

    assert held.state is JobState.RUNNING
    assert ended.state is JobState.SUCCEEDED
    assert [line.seq for line in lines] == list(range(1, ended.last_seq + 1))
    assert sum(" 399 " in line.text for line in lines) == 1
    assert len(lines) > 400
