# SPDX-License-Identifier: MIT
"""The declared networks that the tests of alerts look at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.graph import Graph, graph_of
from tests.alerts.stage import Stage, stage
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def quang_nam() -> DeclaredNetwork:
    """Return Quảng Nam of 2016."""
    return load(ROOT / "inventory")


@pytest.fixture(scope="session")
def province(quang_nam: DeclaredNetwork) -> Graph:
    """Return what depends on what in Quảng Nam of 2016."""
    return graph_of(quang_nam)


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Stage]:
    """Return the province on stage, everything works."""
    with stage(tmp_path / "var") as found:
        yield found
