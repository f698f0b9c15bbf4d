# SPDX-License-Identifier: MIT
"""What the listener counts, for /metrics and for its log."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tinhnet.metrics import Family


@dataclass(slots=True)
class Tally:
    """Counts since the worker began; by reason where something was not taken."""

    lines: int = 0
    traps: int = 0
    events: int = 0
    repeats: int = 0
    unworthy: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def fields(self) -> dict[str, int]:
        """Return the counts for a line of the log."""
        return {
            "lines": self.lines,
            "traps": self.traps,
            "events": self.events,
            "repeats": self.repeats,
            **{f"refused_{name}": count for name, count in sorted(self.refused.items())},
        }


def families(tally: Tally, packets: Mapping[str, int]) -> tuple[Family, ...]:
    """Return the counts as metrics; `packets` are refused packets of traps by reason."""
    refused = Counter(tally.refused)
    for reason, count in packets.items():
        refused[f"trap_{reason}"] += count
    received = (({"source": "syslog"}, tally.lines), ({"source": "trap"}, tally.traps))
    return (
        Family(
            "tinhnet_messages_received_total", "Messages that devices sent by themselves", received
        ),
        Family("tinhnet_events_taken_total", "Events written as rows", (({}, tally.events),)),
        Family(
            "tinhnet_events_repeated_total",
            "Messages that only repeated an event",
            (({}, tally.repeats),),
        ),
        Family(
            "tinhnet_events_refused_total",
            "Messages that are no event, by reason",
            (
                ({"reason": "unworthy"}, tally.unworthy),
                *(({"reason": name}, count) for name, count in sorted(refused.items())),
            ),
        ),
    )
