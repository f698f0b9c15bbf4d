# SPDX-License-Identifier: MIT
"""Rows that leave the product keep the shape their contracts promise."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tinhnet.inventory.listing import (
    Row,
    device_rows,
    link_rows,
    plain,
    service_rows,
    site_rows,
)
from tinhnet.model.declared import DeclaredNetwork

CONTRACTS = Path(__file__).parents[2] / "docs" / "contracts"
LISTS: dict[str, Callable[[DeclaredNetwork], Sequence[Row]]] = {
    "sites": site_rows,
    "devices": device_rows,
    "links": link_rows,
    "services": service_rows,
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("province", ["small", "quang_nam", "da_nang"])
def test_rows_keep_their_contract(name: str, province: str, request: pytest.FixtureRequest) -> None:
    """Scripts of other departments read this JSON; a missing key breaks them."""
    network: DeclaredNetwork = request.getfixturevalue(province)
    schema = json.loads((CONTRACTS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)

    rows = [plain(row) for row in LISTS[name](network)]

    assert rows
    assert [error.message for error in validator.iter_errors(rows)] == []
    assert json.loads(json.dumps(rows)) == rows


def test_a_site_names_who_lives_there_on_the_day(small: DeclaredNetwork) -> None:
    """A report of 2015 must not name the tenant of 2016."""
    before, after, nobody = (
        {row.id: row for row in site_rows(small, day)}["dien-ban"]
        for day in (date(2015, 12, 31), date(2016, 1, 1), date(2009, 1, 1))
    )

    assert (before.unit, before.connected) == ("nong-son", True)
    assert (after.unit, after.unit_name_vi, after.connected) == (
        "dien-ban",
        "Thị xã Điện Bàn",
        True,
    )
    assert (nobody.unit, nobody.unit_name_en, nobody.connected) == (None, None, False)


def test_an_external_site_has_no_lan_of_ours(small: DeclaredNetwork) -> None:
    """Unknown is null, never an invented prefix."""
    row = {row.id: row for row in site_rows(small)}["chinh-phu"]

    assert (row.lan4, row.lan6, row.primary, row.devices) == (None, None, "gov-1", ("vpcp",))


def test_a_service_row_says_where_it_runs(small: DeclaredNetwork) -> None:
    """The operator needs the address when the name is what fails."""
    row = {row.id: row for row in service_rows(small)}["portal"]

    assert (row.url, row.server, row.address4) == (
        "https://portal.small.test/",
        "web1",
        "10.90.10.11",
    )
