# SPDX-License-Identifier: MIT
"""The declared network that the ledger is tried on."""

from pathlib import Path

import pytest

from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork


@pytest.fixture(scope="session")
def quang_nam() -> DeclaredNetwork:
    """Return Quảng Nam of 2016."""
    return load(Path(__file__).parents[3] / "inventory")
