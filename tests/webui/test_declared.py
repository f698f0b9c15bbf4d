# SPDX-License-Identifier: MIT
"""The declared network is loaded once, set aside, and let go when another takes its place."""

import gc
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from webui.declared import Inventory

pytestmark = pytest.mark.patient

ROOT = Path(__file__).parents[2]


def networks() -> int:
    """Return how many declared networks live."""
    gc.unfreeze()
    gc.collect()
    found = sum(isinstance(one, DeclaredNetwork) for one in gc.get_objects())
    gc.freeze()
    return found


def test_what_stays_is_kept_out_of_collections_and_what_is_replaced_goes(tmp_path: Path) -> None:
    """A collection over a whole province would hold a page up; a leak would eat the machine."""
    directory = tmp_path / "inventory"
    shutil.copytree(ROOT / "inventory", directory)
    before = networks()
    gc.unfreeze()
    held = Inventory(directory, load, lambda: datetime(2016, 5, 4, tzinfo=UTC))
    held.current()
    set_aside = gc.get_freeze_count()
    for _ in range(3):
        path = directory / "sites.yml"
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        held.current()

    assert set_aside > len(held.current().index.network.devices)
    assert networks() == before + 1
