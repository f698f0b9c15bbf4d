# SPDX-License-Identifier: MIT
"""Files for spreadsheets: Vietnamese is read as such, and no cell is run."""

import csv

import pytest

from tinhnet.spreadsheet import line_of


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_a_cell_that_would_be_run_is_text(sign: str) -> None:
    """A device may call an interface `=HYPERLINK(…)`, a person a ticket `@SUM(1)`."""
    line = line_of([f"{sign}HYPERLINK(1)", "Điện Bàn"])

    assert next(csv.reader([line], strict=True))[0].startswith("'")
    assert "Điện Bàn" in line


def test_numbers_stay_numbers() -> None:
    """-0.5 is a clock that is late, not a formula."""
    assert line_of([-0.5, None, 3]) == "-0.5,,3\r\n"
