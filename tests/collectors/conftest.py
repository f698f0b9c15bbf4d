# SPDX-License-Identifier: MIT
"""One snmpd that the tests of this room share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collectors.agent import Snmpd


@pytest.fixture(scope="session")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    """Return a running snmpd; who stops it must use one of their own."""
    agent = Snmpd(tmp_path_factory.mktemp("snmpd"))
    agent.start()
    yield agent
    agent.stop()


@pytest.fixture
def own_snmpd(tmp_path: Path) -> Iterator[Snmpd]:
    """Return a running snmpd that a test may stop and change."""
    agent = Snmpd(tmp_path)
    agent.start()
    yield agent
    agent.stop()
