# SPDX-License-Identifier: MIT
"""The contract of samples runs on every store there is."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.store.series.trial import Now, Trial
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


@pytest.fixture(params=["files"])
def trial(request: pytest.FixtureRequest) -> Trial:
    """Return a trial on each kind of store."""
    made: Trial = request.getfixturevalue(request.param)
    return made
