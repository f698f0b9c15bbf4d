# SPDX-License-Identifier: MIT
"""CSV (RFC 4180) that spreadsheets open in Vietnamese, and in which nothing is run."""

import csv
from collections.abc import Iterable
from io import StringIO

BOM = "\ufeff"
"""Tells spreadsheets that the file is UTF-8; it stands before the first line."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 that is the point
"""What a spreadsheet would take for a formula at the beginning of a cell."""


def line_of(cells: Iterable[str | float | None]) -> str:
    """Return a line; no text in it is one that a spreadsheet runs, and numbers stay numbers."""
    text = StringIO()
    csv.writer(text).writerow([_safe(one) if isinstance(one, str) else one for one in cells])
    return text.getvalue()


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
