# SPDX-License-Identifier: MIT
"""Never a false outage, never a missed one: the verdict over any sequence of requests."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.collect.verdict import (
    LEAST_RUN,
    SILENCE_S,
    Asked,
    Loss,
    Verdict,
    join,
    judge,
    loss_of,
    needed,
)
from tinhnet.model.observation import State

ANSWERED, LOST = 0.004, None


def requests(*steps: tuple[float, float | None]) -> list[Asked]:
    """Return requests from pairs of the seconds since the last one and its answer."""
    at = 1000.0
    found = []
    for after, taken in steps:
        at += after
        found.append(Asked(at, taken))
    return found


def steady(count: int, taken: float | None = ANSWERED) -> list[tuple[float, float | None]]:
    """Return one request a second."""
    return [(1.0, taken)] * count


def burst(count: int) -> list[tuple[float, float | None]]:
    """Return requests in a burst that nobody answers."""
    return [(0.1, LOST)] * count


def state(asked: list[Asked], after: float = 0.0) -> State:
    """Return what is seen some seconds after the newest request."""
    verdict = judge(asked, asked[-1].at + after)
    assert verdict is not None
    return verdict.state


steps = st.lists(
    st.tuples(st.floats(0.01, 3.0), st.sampled_from([ANSWERED, 0.3, LOST])), min_size=1, max_size=90
)


@given(steps, st.floats(0, 30))
def test_a_verdict_is_what_its_definition_says(
    given_: list[tuple[float, float | None]], after: float
) -> None:
    """Down needs a run without an answer; up and degraded need an answer; silence is unknown."""
    asked = requests(*given_)
    now = asked[-1].at + after
    verdict = judge(asked, now)
    assert verdict is not None
    run = 0
    while run < len(asked) and asked[-1 - run].taken_s is None:
        run += 1

    if now - asked[-1].at > SILENCE_S:
        assert verdict.state is State.UNKNOWN
    elif verdict.state is State.DOWN:
        assert run >= LEAST_RUN
        assert asked[-1].at - asked[-run].at >= 0.19
        assert (verdict.at, verdict.lost_since) == (asked[-1].at, asked[-run].at)
    elif verdict.state.works:
        assert run < len(asked)
        assert verdict.at == asked[-1 - run].at
    else:
        assert run == len(asked)


@given(steps)
def test_the_first_answer_ends_an_outage(given_: list[tuple[float, float | None]]) -> None:
    """Whatever was before."""
    asked = requests(*given_, *burst(10), (0.1, ANSWERED))

    assert state(asked).works


@given(steps)
def test_an_outage_is_seen_within_a_second_of_bursts(
    given_: list[tuple[float, float | None]],
) -> None:
    """Even where packets were lost before."""
    asked = requests(*given_, *burst(10))

    assert state(asked) is State.DOWN


@given(st.integers(1, 2), st.integers(1, 60))
def test_a_packet_or_two_are_never_an_outage(lost: int, before: int) -> None:
    """However they lie."""
    asked = requests(*steady(before), *burst(lost))

    assert state(asked).works


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        pytest.param(steady(5), State.UP, id="answers"),
        pytest.param([*steady(5), *burst(3)], State.DOWN, id="three in a row"),
        pytest.param(
            [*steady(5), (0.01, LOST), (0.01, LOST), (0.01, LOST)], State.UP, id="too near"
        ),
        pytest.param(steady(3, LOST), State.DOWN, id="never answered"),
        pytest.param(steady(2, LOST), State.UNKNOWN, id="not enough asked"),
        pytest.param(
            [*steady(9), (1.0, LOST)] * 5 + steady(1), State.DEGRADED, id="a tenth is lost"
        ),
        pytest.param([*steady(29), *burst(20), *steady(2)], State.UP, id="an outage is no loss"),
    ],
)
def test_cases(given_: list[tuple[float, float | None]], expected: State) -> None:
    """The words of the field in one table."""
    assert state(requests(*given_)) is expected


def test_silence_is_unknown() -> None:
    """An agent that fell silent says nothing of its circuits."""
    asked = requests(*steady(5))

    assert state(asked, SILENCE_S - 0.1) is State.UP
    assert state(asked, SILENCE_S + 0.1) is State.UNKNOWN
    assert judge([], 0.0) is None


@pytest.mark.parametrize(("share", "most"), [(0.02, 2), (0.1, 8), (0.3, 8), (0.5, 20)])
def test_chance_alone_is_no_outage(share: float, most: int) -> None:
    """A line that loses packets at random is degraded; an hour of it is next to never down."""
    chance = random.Random(1605)  # noqa: S311 a test that is the same every time
    asked: list[Asked] = []
    at, down = 1000.0, 0
    while at < 4600.0:
        lost = chance.random() < share
        asked.append(Asked(at, LOST if lost else ANSWERED))
        asked = [one for one in asked if one.at > at - 60]
        verdict = judge(asked, at)
        down += at > 1060 and verdict is not None and verdict.state is State.DOWN
        at += 0.1 if lost else 1.0

    assert down <= most


@given(st.integers(0, 200), st.integers(0, 200))
def test_more_loss_needs_a_longer_run(asked: int, lost: int) -> None:
    """Never shorter than the least, never so long that an outage is missed."""
    first, second = Loss(asked + lost, lost), Loss(asked + lost + 1, lost + 1)

    assert LEAST_RUN <= needed(first) <= 10
    assert needed(second) >= needed(first)


def test_loss_counts_requests_outside_of_outages() -> None:
    """Those of an outage are time without service, told elsewhere."""
    asked = requests(*steady(10), (1.0, LOST), *steady(9), *burst(30), *steady(5))

    assert loss_of(asked, asked[-1].at) == Loss(asked=25, lost=1)


UP = Verdict(State.UP, 100.0, "answers")


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        pytest.param({"4": UP, "6": Verdict(State.UP, 101.0, "")}, State.UP, id="all answer"),
        pytest.param(
            {"4": Verdict(State.DOWN, 102.0, "", 101.0), "6": UP}, State.DOWN, id="proof is older"
        ),
        pytest.param(
            {"4": Verdict(State.DOWN, 102.0, "no", 99.0), "6": UP}, State.DEGRADED, id="one is down"
        ),
        pytest.param(
            {"4": UP, "never": Verdict(State.DOWN, 102.0, "", 99.0)}, State.UP, id="never answered"
        ),
        pytest.param(
            {"never": Verdict(State.DOWN, 102.0, "", 99.0)}, State.DOWN, id="nothing else is known"
        ),
        pytest.param(
            {"4": Verdict(State.UNKNOWN, 90.0, ""), "6": UP}, State.UP, id="one is silent"
        ),
        pytest.param({"4": Verdict(State.UNKNOWN, 90.0, "")}, State.UNKNOWN, id="all are silent"),
        pytest.param({}, State.UNKNOWN, id="nobody asks"),
    ],
)
def test_askers_are_joined(verdicts: dict[str, Verdict], expected: State) -> None:
    """Who works proves that the thing works, as long as the proof is fresh."""
    assert join(verdicts, frozenset({"never"})).state is expected


@given(st.dictionaries(st.sampled_from("abc"), st.sampled_from(State), min_size=1), st.floats(0, 9))
def test_a_thing_is_down_only_when_an_asker_says_so(states: dict[str, State], age: float) -> None:
    """And works only when one of them had an answer."""
    verdicts = {
        who: Verdict(one, 100.0, "", 100.0 - age if one is State.DOWN else None)
        for who, one in states.items()
    }
    joined = join(verdicts).state

    if joined is State.DOWN:
        assert State.DOWN in states.values()
    if joined.works:
        assert any(one.works for one in states.values())
    if any(one.works for one in states.values()):
        assert joined.works
