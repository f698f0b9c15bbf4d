# SPDX-License-Identifier: MIT
"""Inventories for tests: the small one, a copy to break, and the two that ship."""

import shutil
from pathlib import Path

import pytest

from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests" / "cases" / "inventory-small"


@pytest.fixture(scope="session")
def small() -> DeclaredNetwork:
    """Return the small province: one agency, one district, one external network."""
    return load(SMALL)


@pytest.fixture(scope="session")
def quang_nam() -> DeclaredNetwork:
    """Return Quảng Nam of 2016."""
    return load(ROOT / "inventory")


@pytest.fixture(scope="session")
def da_nang() -> DeclaredNetwork:
    """Return Đà Nẵng city after the reorganisation of 1 July 2025."""
    return load(ROOT / "inventory-2025")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a copy of the small inventory that a test may break."""
    return Path(shutil.copytree(SMALL, tmp_path / "inventory"))
