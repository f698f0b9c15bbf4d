# SPDX-License-Identifier: MIT
"""When a target is asked: once per interval, and ten times a second while an answer is missing.

An answer is missed when it takes longer than answers of this target usually
do; nobody waits for the whole patience before asking again.
"""

from typing import NamedTuple

SECOND_NS = 1_000_000_000
LEAST_SUSPICION_NS = SECOND_NS // 10
"""An answer is never missed sooner than this, however near the target is."""
FIRST_SUSPICION_NS = 3 * SECOND_NS // 10
"""How long an answer may take while nothing is known of the target."""


class Rhythm(NamedTuple):
    """How often to ask and how long to wait, in nanoseconds; `burst` is the length of one."""

    interval_ns: int
    patience_ns: int
    burst_ns: int = 10 * SECOND_NS
    burst_interval_ns: int = SECOND_NS // 10
    burst_patience_ns: int = 3 * SECOND_NS // 10


def rhythm_of(interval_s: float, patience_s: float) -> Rhythm:
    """Return a rhythm; bursts are never slower than it."""
    usual = Rhythm(int(interval_s * SECOND_NS), int(patience_s * SECOND_NS))
    return usual._replace(
        burst_interval_ns=min(usual.burst_interval_ns, usual.interval_ns),
        burst_patience_ns=min(usual.burst_patience_ns, usual.patience_ns),
    )


class Course:
    """One target's requests over time; `offset_ns` is where in the interval they lie.

    `version` changes whenever a request that is already planned no longer holds.
    """

    def __init__(self, offset_ns: int, rhythm: Rhythm) -> None:
        self.version = 0
        self._offset_ns = offset_ns
        self._rhythm = rhythm
        self._burst_from_ns: int | None = None
        self._is_answered = True
        self._usual_ns: float | None = None
        self._spread_ns = 0.0

    @property
    def is_bursting(self) -> bool:
        """Tell whether the target is asked again and again now."""
        return self._burst_from_ns is not None

    @property
    def suspicion_ns(self) -> int:
        """Nanoseconds after which an answer is missed (as RFC 6298 does it)."""
        if self._usual_ns is None:
            return min(FIRST_SUSPICION_NS, self._rhythm.patience_ns)
        longest = int(self._usual_ns + 4 * self._spread_ns)
        return min(max(longest, LEAST_SUSPICION_NS), self._rhythm.patience_ns)

    @property
    def patience_ns(self) -> int:
        """Nanoseconds after which a request that is sent now is told to be lost."""
        if not self.is_bursting:
            return self._rhythm.patience_ns
        return max(self._rhythm.burst_patience_ns, self.suspicion_ns)

    def miss(self, now_ns: int) -> bool:
        """Begin a burst because an answer is missing; False where one goes on or was in vain.

        After a burst without any answer the next one waits for an answer.
        """
        if self.is_bursting or not self._is_answered:
            return False
        return self.look(now_ns)

    def look(self, now_ns: int) -> bool:
        """Begin a burst whatever was before, because somebody wants to know."""
        self._is_answered = False
        self._burst_from_ns = now_ns
        self.version += 1
        return True

    def answered(self, sent_ns: int, taken_ns: int) -> None:
        """Take an answer; it ends a burst when the burst asked for it."""
        if self._burst_from_ns is None or sent_ns >= self._burst_from_ns:
            self._burst_from_ns = None
            self._is_answered = True
        if self._usual_ns is None:
            self._usual_ns, self._spread_ns = float(taken_ns), taken_ns / 2
            return
        self._spread_ns += (abs(taken_ns - self._usual_ns) - self._spread_ns) / 4
        self._usual_ns += (taken_ns - self._usual_ns) / 8

    def next_ns(self, now_ns: int) -> int:
        """Return when to ask next, after a request at `now_ns`."""
        began = self._burst_from_ns
        if began is not None and now_ns - began < self._rhythm.burst_ns:
            return now_ns + self._rhythm.burst_interval_ns
        self._burst_from_ns = None
        every = self._rhythm.interval_ns
        return now_ns + every - (now_ns - self._offset_ns) % every
