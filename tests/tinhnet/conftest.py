# SPDX-License-Identifier: MIT
"""An empty state whose clock stands still."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clock import START, Clock
from tinhnet.config import load_config
from tinhnet.context import Context, open_context


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock(START)


@pytest.fixture
def context(tmp_path: Path, clock: Clock) -> Iterator[Context]:
    """Return an open, empty state in a checkout of its own; files put more into it."""
    (tmp_path / "ansible.cfg").touch()
    opened = open_context(load_config({"TINHNET_STATE": str(tmp_path / "var")}, tmp_path), clock)
    yield opened
    opened.store.close()
