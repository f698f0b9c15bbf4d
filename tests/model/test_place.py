# SPDX-License-Identifier: MIT
"""Units and tenancies count from their first day until the day before their end."""

from datetime import date

import pytest

from tinhnet.model.place import OrgUnit, Site, Tenancy

BEGIN, END = date(2015, 3, 11), date(2025, 7, 1)


def unit(valid_to: date | None) -> OrgUnit:
    """Return a town that exists from BEGIN."""
    return OrgUnit(
        id="dien-ban",
        code="507",
        name_vi="Thị xã Điện Bàn",
        name_en="Điện Bàn Town",
        kind="district",
        parent=None,
        valid_from=BEGIN,
        valid_to=valid_to,
        successors=(),
        legal_basis=None,
    )


@pytest.mark.parametrize(
    ("day", "exists"),
    [
        (date(2015, 3, 10), False),
        (BEGIN, True),
        (date(2025, 6, 30), True),
        (END, False),
    ],
    ids=["day before", "first day", "last day", "day after"],
)
def test_a_unit_exists_on_its_first_day_and_not_on_its_end(day: date, *, exists: bool) -> None:
    """A district abolished on 1 July does not count on 1 July."""
    assert unit(END).is_valid(day) is exists


def test_a_unit_without_an_end_exists_for_ever() -> None:
    """None means that no end is known."""
    assert unit(None).is_valid(date.max)


def test_a_site_names_its_tenant_of_the_day() -> None:
    """On the day of a move the new tenant lives there."""
    site = Site(
        id="dien-ban",
        number=107,
        name_vi="",
        name_en="",
        kind="district",
        tenancies=(Tenancy("old", BEGIN, END), Tenancy("new", END, None)),
        address=None,
        latitude=None,
        longitude=None,
        tile=None,
        contact=None,
        invented=(),
    )

    assert site.unit_at(date(2015, 3, 10)) is None
    assert site.unit_at(BEGIN) == "old"
    assert site.unit_at(END) == "new"
