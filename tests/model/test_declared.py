# SPDX-License-Identifier: MIT
"""What a reader of the declared network can ask it."""

from datetime import date
from pathlib import Path

import pytest

from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork, Target

SMALL = Path(__file__).parents[1] / "cases" / "inventory-small"


@pytest.fixture(scope="module")
def small() -> DeclaredNetwork:
    """Return the small province."""
    return load(SMALL)


def test_devices_of_a_site_come_in_declared_order(small: DeclaredNetwork) -> None:
    """Lists on every page and in every report have one order."""
    assert [device.id for device in small.devices_of("dien-ban")] == [
        "dien-ban-cpe1",
        "dien-ban-pc",
    ]
    assert small.devices_of("nowhere") == ()


def test_links_of_a_device_are_those_that_end_on_it(small: DeclaredNetwork) -> None:
    """Impact and root cause walk these."""
    assert [link.id for link in small.links_of("dien-ban-cpe1")] == ["dien-ban-1", "dien-ban-2"]
    assert [link.id for link in small.links_of("edge1")] == ["edge1-core1", "gov-1"]
    assert small.links_of("web1") == ()


def test_an_unknown_interface_is_named(small: DeclaredNetwork) -> None:
    """The message says which device and which interface."""
    with pytest.raises(KeyError, match="core1 has no interface ge0"):
        small.devices["core1"].interface("ge0")


def test_a_target_counts_between_its_dates() -> None:
    """The plan of the districts ended with the districts."""
    target = Target("t", "", "", "district", None, date(2016, 1, 1), date(2025, 7, 1))
    days = [date(2015, 12, 31), date(2016, 1, 1), date(2025, 6, 30), date(2025, 7, 1)]

    assert [target.is_valid(day) for day in days] == [False, True, True, False]
    assert Target("t", "", "", "district", None).is_valid(date.min)
