# SPDX-License-Identifier: MIT
"""The contract of samples runs on every store there is."""

import signal
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.store.series.server import PROGRAM, Server
from tests.store.series.trial import Now, Trial, trial_on
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.files import FileSeries


@pytest.fixture
def run(request: pytest.FixtureRequest) -> str:
    """Return a label value that is this test's own."""
    return sha256(request.node.nodeid.encode()).hexdigest()[:12]


@pytest.fixture
def files(tmp_path: Path, run: str) -> Iterator[Trial]:
    """Return a trial on files."""

    def make(now: Now) -> SeriesStore:
        return FileSeries(tmp_path / "series", now)

    made = Trial(make, run)
    yield made
    made.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a Prometheus for all tests that do not hurt it."""
    if PROGRAM is None:
        pytest.skip("Prometheus is missing: apt-get install prometheus (make setup does)")
    made = Server(tmp_path_factory.mktemp("prometheus"))
    made.start()
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """Return a Prometheus as Debian starts it, for one test that may hurt it."""
    if PROGRAM is None:
        pytest.skip("Prometheus is missing: apt-get install prometheus (make setup does)")
    made = Server(tmp_path / "prometheus", configuration="", options=())
    made.start()
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def prometheus(server: Server, tmp_path: Path, run: str) -> Iterator[Trial]:
    """Return a trial on a Prometheus."""
    made = trial_on(server, tmp_path / "series", run)
    yield made
    made.close()


@pytest.fixture(params=["files", "prometheus"])
def trial(request: pytest.FixtureRequest) -> Trial:
    """Return a trial on each kind of store."""
    made: Trial = request.getfixturevalue(request.param)
    return made
