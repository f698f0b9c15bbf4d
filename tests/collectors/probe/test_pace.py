# SPDX-License-Identifier: MIT
"""When a target is asked: the rhythm, and what a missing answer does to it."""

from hypothesis import given
from hypothesis import strategies as st

from collectors.agent.pace import LEAST_SUSPICION_NS, SECOND_NS, Course, rhythm_of

MS = SECOND_NS // 1000
RHYTHM = rhythm_of(1.0, 1.0)


def answered(course: Course, *taken_ms: float) -> None:
    """Let requests be answered after some milliseconds."""
    for taken in taken_ms:
        course.answered(0, int(taken * MS))


def test_requests_keep_their_place_in_the_second() -> None:
    """However late one was: many targets stay evenly spread."""
    course = Course(250 * MS, RHYTHM)

    assert course.next_ns(0) == 250 * MS
    assert course.next_ns(250 * MS) == 1250 * MS
    assert course.next_ns(3900 * MS) == 4250 * MS


def test_an_answer_is_missed_when_it_takes_longer_than_usual() -> None:
    """Nobody waits a second for what usually takes four milliseconds."""
    near, far, jittery = (Course(0, RHYTHM) for _ in range(3))
    answered(near, *[4.0] * 20)
    answered(far, *[300.0] * 20)
    answered(jittery, *[20.0, 120.0] * 20)

    assert near.suspicion_ns == LEAST_SUSPICION_NS
    assert 300 * MS < far.suspicion_ns < 400 * MS
    assert 200 * MS < jittery.suspicion_ns < 400 * MS


def test_a_burst_asks_ten_times_a_second_until_it_is_answered() -> None:
    """Then once a second again."""
    course = Course(0, RHYTHM)
    answered(course, 4.0)

    assert course.miss(1100 * MS)
    assert course.next_ns(1100 * MS) == 1200 * MS
    assert course.patience_ns == 300 * MS
    course.answered(1000 * MS, 150 * MS)  # to a request from before the burst
    assert course.is_bursting
    course.answered(1200 * MS, 4 * MS)
    assert not course.is_bursting
    assert course.next_ns(1204 * MS) == 2000 * MS


def test_a_burst_without_an_answer_ends_and_none_follows_it() -> None:
    """A circuit that is down for hours is asked once a second."""
    course = Course(0, RHYTHM)
    assert course.miss(0)
    at, asked = 0, 0
    while course.is_bursting:
        at, asked = course.next_ns(at), asked + 1

    assert 95 <= asked <= 101
    assert not course.miss(at + 100 * MS)
    course.answered(at + SECOND_NS, 4 * MS)
    assert course.miss(at + 3 * SECOND_NS)


def test_a_wish_to_look_begins_a_burst_whatever_was_before() -> None:
    """Somebody waits for it."""
    course = Course(0, RHYTHM)
    course.miss(0)
    while course.is_bursting:
        course.next_ns(20 * SECOND_NS)

    assert not course.miss(21 * SECOND_NS)
    version = course.version
    course.look(22 * SECOND_NS)
    assert course.is_bursting
    assert course.version != version


@given(st.lists(st.floats(0.1, 990.0), min_size=1, max_size=60))
def test_patience_never_ends_before_a_usual_answer(taken: list[float]) -> None:
    """A slow circuit must not look dead in a burst."""
    course = Course(0, RHYTHM)
    answered(course, *taken)
    answered(course, *[taken[-1]] * 40)
    course.look(0)

    assert course.patience_ns >= min(int(taken[-1] * MS * 0.99), RHYTHM.patience_ns)
    assert course.patience_ns <= RHYTHM.patience_ns
