# SPDX-License-Identifier: MIT
"""The province of 2016 and the city of 2025 are one history."""

from datetime import date

import pytest

from tinhnet.coverage import coverage
from tinhnet.inventory.listing import site_rows
from tinhnet.model.declared import DeclaredNetwork

MERGER = date(2025, 7, 1)


def test_the_city_has_94_communes_and_14_agencies(da_nang: DeclaredNetwork) -> None:
    """Resolution 1659: 23 wards, 70 communes, 1 special zone; no district is left."""
    valid = [unit for unit in da_nang.units.values() if unit.is_valid(MERGER)]
    communes = [unit for unit in valid if unit.kind == "commune"]
    kinds = [name.name_vi.split(" ")[0] for name in communes]
    agencies = [unit.id for unit in valid if unit.kind == "agency"]

    assert (kinds.count("Phường"), kinds.count("Xã"), kinds.count("Đặc")) == (23, 70, 1)
    assert len(agencies) == 14
    assert [unit for unit in valid if unit.kind in ("district", "province")] == []


@pytest.mark.parametrize(
    ("day", "figures"),
    [
        (date(2015, 12, 31), {"agencies": "0/22", "districts": "0/18"}),
        (date(2016, 12, 31), {"agencies": "22/22", "districts": "18/18"}),
        (date(2024, 12, 31), {"agencies": "22/22", "districts": "18/18"}),
        (date(2025, 1, 1), {"agencies": "22/22", "districts": "17/17"}),
        (date(2025, 3, 1), {"agencies": "16/16", "districts": "17/17"}),
        (date(2025, 6, 30), {"agencies": "16/16", "districts": "17/17"}),
        (MERGER, {"agencies": "14/14", "communes": "94/94"}),
    ],
    ids=lambda value: str(value) if isinstance(value, date) else "",
)
def test_targets_are_computed_with_the_denominator_of_the_day(
    da_nang: DeclaredNetwork, day: date, figures: dict[str, str]
) -> None:
    """Old reports stay reproducible from the new model."""
    found = coverage(da_nang, day)

    assert {c.target.kind: c.fraction for c in found} == {
        {"agencies": "agency", "districts": "district", "communes": "commune"}[key]: value
        for key, value in figures.items()
    }
    assert all(c.is_met is not c.fraction.startswith("0/") for c in found)


def test_both_models_agree_about_2016(quang_nam: DeclaredNetwork, da_nang: DeclaredNetwork) -> None:
    """A reorganisation must not change what was reported before it."""
    day = date(2016, 12, 31)

    for old, new in zip(coverage(quang_nam, day), coverage(da_nang, day), strict=True):
        assert (old.fraction, old.connected) == (new.fraction, new.connected)
        assert old.connections == new.connections


def test_every_abolished_unit_leads_to_units_of_today(da_nang: DeclaredNetwork) -> None:
    """Names, scopes and letterheads follow successors until one is valid."""
    for unit in da_nang.units.values():
        current, steps = {unit.id}, 0
        while ended := {id_ for id_ in current if not da_nang.units[id_].is_valid(MERGER)}:
            current = (current - ended) | {
                successor for id_ in ended for successor in da_nang.units[id_].successors
            }
            steps += 1
            assert steps < 10
        assert current


def test_the_78_communes_of_former_quang_nam_succeed_its_districts(
    da_nang: DeclaredNetwork,
) -> None:
    """233 communes became 78; every one lies in a former district."""
    districts = [unit for unit in da_nang.units.values() if unit.kind == "district"]
    successors = {
        successor
        for unit in districts
        for successor in unit.successors
        if da_nang.units[successor].kind == "commune"
    }

    assert len(successors) == 78
    assert da_nang.units["nong-son"].successors == ("que-son",)
    assert "phuong-dien-ban" in da_nang.units["dien-ban"].successors


def test_a_seat_keeps_its_number_and_addresses_when_its_tenant_changes(
    quang_nam: DeclaredNetwork, da_nang: DeclaredNetwork
) -> None:
    """Moving in is a relocation: no router is renumbered for it."""
    for site in quang_nam.sites.values():
        assert da_nang.sites[site.id].number == site.number
    for device in quang_nam.devices.values():
        assert da_nang.devices[device.id].interfaces[0] == device.interfaces[0]

    rows = {row.id: row for row in site_rows(da_nang)}
    assert rows["nong-son"].unit == "xa-nong-son"
    assert [t.unit for t in da_nang.sites["nong-son"].tenancies] == [
        "nong-son",
        "que-son",
        "xa-nong-son",
    ]


def test_reorganised_units_name_their_legal_basis(da_nang: DeclaredNetwork) -> None:
    """Reports quote the resolution that created a unit."""
    fresh = [unit for unit in da_nang.units.values() if unit.valid_from == MERGER]

    assert len(fresh) == 1 + 14 + 94
    assert all(unit.legal_basis for unit in fresh)
    assert da_nang.units["da-nang"].legal_basis == "Nghị quyết 202/2025/QH15"


def test_communes_have_their_official_codes(da_nang: DeclaredNetwork) -> None:
    """Exchange with other systems joins by code."""
    codes = [unit.code for unit in da_nang.units.values() if unit.kind == "commune"]

    assert all(code is not None and len(code) == 5 for code in codes)
    assert len(set(codes)) == 94
    assert da_nang.units["phuong-dien-ban"].code == "20551"
