# SPDX-License-Identifier: MIT
"""The plan's targets as of a day."""

from datetime import date
from pathlib import Path

import pytest

from tinhnet.coverage import Connection, coverage
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork


def test_quang_nam_of_2016_meets_its_plan(quang_nam: DeclaredNetwork) -> None:
    """The first figure people ask for."""
    assert [(c.target.id, c.fraction, c.is_met, c.missing) for c in coverage(quang_nam)] == [
        ("agencies-connected", "22/22", True, ()),
        ("districts-connected", "18/18", True, ()),
    ]


def test_nothing_is_connected_before_anybody_moved_in(quang_nam: DeclaredNetwork) -> None:
    """Units exist, their sites are not theirs yet: the denominator stays, the count is 0."""
    agencies, districts = coverage(quang_nam, date(2015, 12, 31))

    assert (agencies.fraction, districts.fraction) == ("0/22", "0/18")
    assert len(districts.missing) == 18


def test_a_target_without_a_number_counts_the_units_of_the_day(small: DeclaredNetwork) -> None:
    """The denominator is that of the day, never a constant."""
    agencies = coverage(small, date(2014, 1, 1))[0]

    assert (agencies.wanted, agencies.units) == (0, ())
    assert coverage(small)[0].fraction == "1/1"


@pytest.mark.parametrize(
    ("day", "connected", "missing"),
    [
        (date(2012, 6, 1), ("nong-son",), ("que-son",)),
        (date(2016, 6, 1), ("dien-ban",), ("nong-son", "que-son")),
        (date(2025, 6, 1), ("dien-ban",), ("que-son",)),
    ],
    ids=["before the move", "after the move", "after the merger"],
)
def test_tenants_and_units_follow_the_day(
    small: DeclaredNetwork, day: date, connected: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    """Moving a router is a relocation; a merged district is no longer missing."""
    districts = coverage(small, day)[1]

    assert (districts.connected, districts.missing) == (connected, missing)
    assert not districts.is_met


def test_connections_name_the_circuits_to_join_observations_by(small: DeclaredNetwork) -> None:
    """What is observed is keyed by link; the target must lead there."""
    assert coverage(small)[1].connections == (
        Connection("dien-ban", "dien-ban", "dien-ban-1", "dien-ban-2"),
    )


def test_a_unit_at_a_site_without_a_circuit_is_not_connected(directory: Path) -> None:
    """A tenancy alone is no connection: the data centre's tenant has no circuit there."""
    path = directory / "sites.yml"
    text = path.read_text(encoding="utf-8")
    tenancy = "    tenancies: [{unit: que-son, valid_from: 2016-01-01}]\n"
    path.write_text(
        text.replace("    kind: data-centre\n", f"    kind: data-centre\n{tenancy}"),
        encoding="utf-8",
    )

    districts = coverage(load(directory))[1]

    assert "que-son" in districts.missing
