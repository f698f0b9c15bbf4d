# SPDX-License-Identifier: MIT
"""The one place that asks what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns an aware UTC time; tests pass their own."""


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)
