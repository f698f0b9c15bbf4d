# SPDX-License-Identifier: MIT
"""How often a service is checked: rarely, and soon again when its answer turned."""

import pytest

from collectors.agent.check import Check
from collectors.agent.course import after, begin

CHECK = Check("portal", "https", "10.90.10.11", 443)
INTERVAL_S = 30.0


def times(answers: str, interval_s: float = INTERVAL_S, takes_s: float = 0.0) -> list[float]:
    """Return when a service is checked that answers so, a letter each: (g)ood or (b)ad."""
    course, found = begin(CHECK, 0.0), []
    for answer in answers:
        found.append(course.due)
        now = course.due + takes_s
        course = after(course, is_ok=answer == "g", now=now, interval_s=interval_s)
    return found


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("ggg", [0, 30, 60]),
        ("gbbbbbb", [0, 30, 35, 40, 45, 60, 90]),
        ("bbbbbb", [0, 5, 10, 15, 30, 60]),
        ("bbbbgggggg", [0, 5, 10, 15, 30, 35, 40, 45, 60, 90]),
        ("gbggggg", [0, 30, 35, 40, 45, 60, 90]),
        ("gbgbgbgb", [0, 30, 35, 40, 45, 60, 65, 70]),
    ],
    ids=["good", "breaks", "broken from the first", "comes back", "blip", "flaps"],
)
def test_an_answer_that_turned_is_asked_for_again_three_times(
    answers: str, expected: list[float]
) -> None:
    """A fault is sure after 15 s; one that flaps costs four checks in an interval, no more."""
    assert times(answers) == expected


def test_a_check_that_hangs_keeps_its_interval() -> None:
    """Five seconds of patience are part of the interval, not added to it."""
    assert times("bbbbbb", takes_s=5.0) == [0, 10, 20, 30, 60, 90]


def test_what_was_missed_is_not_made_up() -> None:
    """A PC that slept for an hour checks once, not 120 times."""
    course = after(begin(CHECK, 0.0), is_ok=True, now=3600.0, interval_s=INTERVAL_S)

    assert course.due == 3600.0


def test_an_interval_shorter_than_the_pause_stays() -> None:
    """Asking again never makes a check rarer."""
    assert times("gbbbb", interval_s=2.0) == [0, 2, 4, 6, 8]
