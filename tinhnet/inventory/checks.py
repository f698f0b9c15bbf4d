# SPDX-License-Identifier: MIT
"""What no single entry can tell: references, duplicates, dates, capacity."""

from tinhnet.errors import Problem
from tinhnet.inventory.draft import Draft


def problems_of(draft: Draft) -> list[Problem]:
    """Return every problem between entries."""
    return []
