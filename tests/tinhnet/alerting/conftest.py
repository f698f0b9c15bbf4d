# SPDX-License-Identifier: MIT
"""The declared network that the tests of the ledger look at."""

from pathlib import Path

import pytest

from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def quang_nam() -> DeclaredNetwork:
    """Return Quảng Nam of 2016."""
    return load(ROOT / "inventory")
