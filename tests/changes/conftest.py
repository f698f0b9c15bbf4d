# SPDX-License-Identifier: MIT
"""Fixtures of the tests of changes: a small checkout for jobs, a small province in a box."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from changes.jobs import ChangeWorker
from tests.changes.box import Box, build
from tests.changes.trial import make_checkout
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.worker import Identity


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a small checkout."""
    make_checkout(tmp_path)
    return tmp_path


@pytest.fixture
def context(root: Path) -> Iterator[Context]:
    """Return an open state in the small checkout."""
    opened = open_context(load_config({}, root))
    yield opened
    opened.store.close()


@pytest.fixture
def worker(context: Context) -> Iterator[ChangeWorker]:
    """Return a worker in this process, whose jobs end with the test."""
    made = ChangeWorker(context, Identity("change", "here", os.getpid(), context.now))
    yield made
    made.close(context)


@pytest.fixture
def start_worker(root: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Return what starts a real change worker; all of them end with the test."""
    started: list[subprocess.Popen[bytes]] = []
    variables = {"TINHNET_CONFIG": str(root / "tinhnet.toml"), "TINHNET_STATE": str(root / "var")}

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tinhnet", "worker", "change"]
        started.append(
            subprocess.Popen(command, env=os.environ | variables, stderr=subprocess.DEVNULL)
        )
        return started[-1]

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(timeout=60)


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Return the one small province that all tests of changes share; each leaves it as it was."""
    if os.geteuid() != 0:
        pytest.skip("the province in a box needs root")
    with build(tmp_path_factory.mktemp("routers")) as made:
        yield made
