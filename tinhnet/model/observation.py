# SPDX-License-Identifier: MIT
"""What was last seen of a thing of the declared network.

A thing is named by its kind and id: `device:core1`, `link:dien-ban-1`,
`service:portal`, `site:dien-ban`, `network:dmz`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """What was seen of a thing; unknown is neither up nor down, degraded still works."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"

    @property
    def works(self) -> bool:
        """Tell whether the thing answered at all."""
        return self in {State.UP, State.DEGRADED}


@dataclass(frozen=True, slots=True)
class Observation:
    """What one asking found, when it was asked, and what it looked like (`why`, for people)."""

    state: State
    at: datetime
    why: str = ""
