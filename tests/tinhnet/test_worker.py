# SPDX-License-Identifier: MIT
"""The worker loop: one bad step does not end it, and a dead worker is noticed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.metrics import exposition
from tinhnet.plugins import PluginError, load, names
from tinhnet.store.heartbeats import list_heartbeats
from tinhnet.worker import (
    Identity,
    Worker,
    WorkerMissingError,
    bury,
    dead_workers,
    find_worker,
    loop,
    metrics_directory,
)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """Return an open state."""
    opened = open_context(load_config({"TINHNET_STATE": str(tmp_path / "var")}, tmp_path))
    yield opened
    opened.store.close()


class Stumbling:
    """Steps of which the first two fail; ends the loop after the fourth."""

    def __init__(self, stop: Event) -> None:
        self.steps = 0
        self.is_closed = False
        self._stop = stop

    def step(self, context: Context) -> float:
        """Fail twice, then work."""
        self.steps += 1
        if self.steps == 1:
            raise ZeroDivisionError
        if self.steps == 2:
            context.secrets.read("db/portal")
        if self.steps == 4:
            self._stop.set()
        return 0.01

    def close(self, context: Context) -> None:
        """Remember that the loop ended in order."""
        del context
        self.is_closed = True


def test_a_step_that_fails_does_not_end_the_worker(context: Context) -> None:
    """One bad row at night must not stop all jobs; it is counted for `/metrics`."""
    stop = Event()
    steps = Stumbling(stop)
    identity = Identity("change", "here", os.getpid(), context.now)
    loop(steps, context, identity, stop)

    assert (steps.steps, steps.is_closed) == (4, True)
    told = exposition(metrics_directory(context))
    assert 'tinhnet_worker_errors_total{worker="change"}' in told
    assert told.count("# TYPE tinhnet_worker_steps_total counter") == 1
    with context.store.reading() as connection:
        assert list_heartbeats(connection) == ()


def test_a_dead_worker_is_told_from_a_living_one(context: Context) -> None:
    """A pid alone would lie: it may belong to somebody else by now."""
    directory = context.config.state / "run" / "workers"
    directory.mkdir(parents=True)
    (directory / "change@here:1:20160504.lock").touch()
    holding = (
        "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX);"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(directory / "change@here:2:20160504.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as living:
        assert living.stdout is not None
        living.stdout.readline()
        while_it_lives = dead_workers(context)
        living.kill()
    after = dead_workers(context)
    for identity in after:
        bury(context, identity)

    assert while_it_lives == ["change@here:1:20160504"]
    assert after == ["change@here:1:20160504", "change@here:2:20160504"]
    assert dead_workers(context) == []


def test_workers_are_found_by_their_file_name() -> None:
    """A new worker is one new file."""
    assert "change" in names("changes.workers")
    assert find_worker("change").title
    with pytest.raises(WorkerMissingError, match=r"no worker chnage.*change"):
        find_worker("chnage")


def test_a_plug_in_with_the_wrong_value_is_named() -> None:
    """Whoever writes a plug-in learns which file and which type was expected."""
    with pytest.raises(PluginError, match=r"change\.py: WORKER is Worker, expected str"):
        load("changes.workers", "change", "WORKER", str)
    with pytest.raises(PluginError, match=r"change\.py: WORK is NoneType, expected Worker"):
        load("changes.workers", "change", "WORK", Worker)
    assert names("changes.nothing") == ()
