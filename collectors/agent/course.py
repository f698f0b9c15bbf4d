# SPDX-License-Identifier: MIT
"""When each service is checked next; pure, time comes in as an argument.

Usually once per interval.  An answer that turned, from good to bad or back, is
soon asked for again a few times: a fault is sure, and a blip over, long before
the next interval.
"""

from typing import NamedTuple

from collectors.agent.check import Check

AGAIN_S = 5.0
MOST_AGAIN = 3
"""Checks beyond the usual one in each interval, however often answers turn."""


class Course(NamedTuple):
    """One check on its way: `due` is when it is made next, `usual` when the interval wants it.

    Both are seconds of one clock.  `again` checks beyond the usual one are
    left; before the first answer a service is taken for good.
    """

    check: Check
    due: float
    usual: float
    is_ok: bool = True
    again: int = 0


def begin(check: Check, at: float) -> Course:
    """Return the course of a check that is first made at `at`."""
    return Course(check, at, at)


def after(course: Course, *, is_ok: bool, now: float, interval_s: float) -> Course:
    """Return the course after an answer at `now`; an interval that was missed is not made up."""
    if course.due < course.usual:
        usual, again = course.usual, course.again - 1
    else:
        usual = max(course.usual + interval_s, now)
        again = MOST_AGAIN if is_ok is not course.is_ok else 0
    due = min(now + AGAIN_S, usual) if again else usual
    return Course(course.check, due, usual, is_ok, again)
