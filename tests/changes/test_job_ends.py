# SPDX-License-Identifier: MIT
"""How jobs end before their time: cancelled, or with their worker; real kills."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from changes.jobs import ChangeWorker
from changes.run import MARK, mark
from tests.changes.trial import (
    ENGINEER,
    launch,
    parent_of,
    read,
    results,
    run,
    step_until,
    texts,
    until,
)
from tinhnet import actions
from tinhnet.context import Context
from tinhnet.model.job import DeviceResult, JobState
from tinhnet.processes import marked

pytestmark = pytest.mark.patient


def test_cancelling_ends_every_process_and_says_what_was_not_reached(
    context: Context, worker: ChangeWorker
) -> None:
    """Cancel means that nothing changes any more, and that nobody has to guess what did."""
    job = launch(context, "block")
    step_until(
        worker,
        context,
        lambda: any(
            "begun" in x.text or x.task == "Wait for the file" for x in texts(context, job)
        ),
    )
    state_while_it_ran = read(context, job).state
    found = mark(context, job.number, read(context, job).worker or "")
    were_running = list(marked(MARK, found))
    actions.cancel_job(context, ENGINEER, job.number)
    ended = run(worker, context, job)

    assert state_while_it_ran is JobState.RUNNING
    assert were_running
    assert list(marked(MARK, found)) == []
    assert (ended.state, ended.cancelled_by) == (JobState.CANCELLED, "lan")
    came = results(context, job)
    assert came["core2"].result is came["fw1"].result is DeviceResult.NOT_ATTEMPTED
    assert came["core1"].result is DeviceResult.FAILED
    assert "state unknown: cancelled by lan" in (came["core1"].detail or "")


def test_a_waiting_job_is_cancelled_at_once(context: Context) -> None:
    """No worker needs to run for somebody to change their mind."""
    job = launch(context, "hello")
    ended = actions.cancel_job(context, ENGINEER, job.number)

    assert ended.state is JobState.CANCELLED
    assert ended.reason == "cancelled by lan before it started"
    with pytest.raises(actions.RequestError, match="has ended already"):
        actions.cancel_job(context, ENGINEER, job.number)


@pytest.mark.slow
@pytest.mark.parametrize("with_guard", [False, True], ids=["worker", "worker-and-guard"])
def test_a_killed_worker_leaves_no_orphan_and_the_next_start_says_what_happened(
    context: Context,
    root: Path,
    start_worker: Callable[[], subprocess.Popen[bytes]],
    *,
    with_guard: bool,
) -> None:
    """After kill -9 nothing goes on changing devices, and nothing is run again by itself."""
    job = launch(context, "block")
    worker = start_worker()
    until(context, lambda: any(one.task == "Wait for the file" for one in texts(context, job)))
    running = read(context, job)
    found = mark(context, job.number, running.worker or "")
    guards = [pid for pid in marked(MARK, found) if parent_of(pid) == worker.pid]
    worker.kill()
    if with_guard:
        for pid in guards:
            os.kill(pid, signal.SIGKILL)
    worker.wait()
    if not with_guard:
        until(context, lambda: not list(marked(MARK, found)))
    start_worker()
    until(context, lambda: read(context, job).state.is_final)
    came = results(context, job)
    (root / "playbooks" / "go").touch()
    later = launch(context, "hello", "core1")
    until(context, lambda: read(context, later).state.is_final)

    assert guards
    assert running.state is JobState.RUNNING
    ended = read(context, job)
    assert (ended.state, ended.reason) == (
        JobState.INTERRUPTED,
        "the worker that ran it was killed",
    )
    assert list(marked(MARK, found)) == []
    assert came["core1"].result is DeviceResult.FAILED
    assert "state unknown" in (came["core1"].detail or "")
    assert came["core2"].result is came["fw1"].result is DeviceResult.NOT_ATTEMPTED
    assert read(context, later).state is JobState.SUCCEEDED
    assert list((root / "var" / "run" / "jobs").iterdir()) == []


def test_a_worker_that_is_told_to_end_interrupts_its_jobs(
    context: Context, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    """A restart of the product ends what runs in order, with the reason written down."""
    job = launch(context, "block")
    worker = start_worker()
    until(context, lambda: read(context, job).state is JobState.RUNNING)
    worker.terminate()
    worker.wait(timeout=60)

    ended = read(context, job)
    assert (ended.state, ended.reason) == (JobState.INTERRUPTED, "the worker was told to end")
    assert results(context, job)["fw1"].result is DeviceResult.NOT_ATTEMPTED
