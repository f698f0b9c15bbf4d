# SPDX-License-Identifier: MIT
"""A clock that goes only when a test says so."""

from datetime import UTC, datetime, timedelta

START = datetime(2016, 5, 4, 3, 2, 1, tzinfo=UTC)


class Clock:
    """A clock that tests move; it stands at `now`."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the time set last."""
        return self.now

    def pass_by(self, seconds: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        return self.now
