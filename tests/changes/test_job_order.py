# SPDX-License-Identifier: MIT
"""Two jobs on one device: one after the other, and who waits is told for whom."""

from pathlib import Path

import pytest

from changes.jobs import ChangeWorker
from tests.changes.trial import launch, read, run, step_until, texts
from tinhnet.context import Context
from tinhnet.model.job import JobState


@pytest.mark.slow
def test_a_second_job_on_a_device_waits_and_names_the_holder(
    context: Context, worker: ChangeWorker, root: Path
) -> None:
    """Two pushes into one router at the same time would overwrite each other."""
    first = launch(context, "block", "core1")
    step_until(worker, context, lambda: read(context, first).state is JobState.RUNNING)
    second = launch(context, "hello", "core1,core2")
    other = launch(context, "hello", "core2")
    step_until(worker, context, lambda: read(context, second).holder is not None)
    waiting = read(context, second)
    (root / "playbooks" / "go").touch()
    ended = run(worker, context, second)

    assert (waiting.state, waiting.holder) == (JobState.WAITING, first.id)
    note = texts(context, second)[0].text
    assert note == f"waits for {first.id} (block.yml by lan): it holds core1"
    assert ended.state is JobState.SUCCEEDED
    first_end = read(context, first).ended_at
    assert first_end is not None
    assert ended.started_at is not None
    assert first_end <= ended.started_at
    assert run(worker, context, other).state is JobState.SUCCEEDED
