# SPDX-License-Identifier: MIT
"""What a rule makes of samples: hysteresis, gaps, rates, absences, and a dry run over the past."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tinhnet.alerting.life import Cleared, Raised, Ticked, step
from tinhnet.alerting.rules import Rule
from tinhnet.alerting.trial import (
    Condition,
    DryRun,
    Point,
    Watch,
    absent_at,
    dry_run,
    event_of,
    habits_of,
    judge,
)
from tinhnet.model.alert import Alert

ZERO = datetime(2026, 1, 1, tzinfo=UTC)
RANDOM = settings(max_examples=100, deadline=None, derandomize=True, database=None)
LOSS = Rule(
    id="loss",
    metric="circuit_loss_ratio",
    kind="threshold",
    severity="high",
    title_vi="Mất gói",
    title_en="Loss",
    sentence_vi="{thing}",
    sentence_en="{thing}",
    above=0.5,
    clear=0.2,
)
UP = replace(LOSS, metric="circuit_up", above=None, below=0.5, clear=None)
GONE = replace(UP, kind="absence", below=None, for_s=60)
RATE = replace(LOSS, kind="rate", above=0.01, clear=None, over_s=30)


def at(seconds: float) -> datetime:
    """Return the time so many seconds after the beginning."""
    return ZERO + timedelta(seconds=seconds)


def points(*values: float | None, every: float = 10) -> list[Point]:
    """Return one point every so many seconds."""
    return [Point(at(every * number), value) for number, value in enumerate(values)]


def conditions(rule: Rule, samples: Sequence[Point]) -> str:
    """Return the condition at every point by its first letter."""
    watch, letters = Watch(), ""
    for point in samples:
        watch, condition = judge(rule, watch, point)
        letters += condition.value[0]
    return letters


def fired(
    rule: Rule, samples: Sequence[Point], until: float = 1000
) -> list[tuple[float, float | None]]:
    """Return from when to when the rule would have fired, in seconds."""
    found = dry_run(rule, {"x": samples}, at(until)).firings
    return [
        ((one.start - ZERO).total_seconds(), (one.end - ZERO).total_seconds() if one.end else None)
        for one in found
    ]


def test_a_limit_is_passed_and_left_with_hysteresis() -> None:
    """At the limit is not above it; below the limit is not yet calm."""
    assert conditions(LOSS, points(0.5, 0.51, 0.4, 0.21, 0.2, 0.4, 0.6)) == "chhhcch"


def test_a_lower_limit_works_the_other_way() -> None:
    """Days left of a certificate: too few until there are clearly more."""
    rule = replace(LOSS, above=None, below=10, clear=20)

    assert conditions(rule, points(10, 9, 15, 19, 20, 15)) == "chhhcc"


def test_without_a_calm_value_the_limit_is_both() -> None:
    """Up or down needs no hysteresis."""
    assert conditions(UP, points(1, 0, 1, 0)) == "chch"


def test_unknown_is_neither() -> None:
    """A value nobody has is said to be unknown, and what held is remembered."""
    assert conditions(LOSS, points(0.6, None, 0.4, None, 0.1)) == "huhuc"


def test_an_old_point_changes_nothing() -> None:
    """A result that overtook another one is not judged again."""
    watch, _ = judge(LOSS, Watch(), Point(at(10), 0.9))

    again, condition = judge(LOSS, watch, Point(at(10), 0.0))

    assert again == watch
    assert condition is Condition.HOLDS


def test_a_rate_needs_its_time() -> None:
    """Half a minute of points, then 0.02 a second is more than 0.01."""
    assert conditions(RATE, points(0, 0.2, 0.4, 0.6, 0.6, 0.6, 0.6)) == "uuuhhcc"


def test_a_rate_is_not_taken_over_a_gap() -> None:
    """After hours without a value the change means nothing."""
    samples = [*points(0, 0, 0, 0), Point(at(7200), 500.0), Point(at(7210), 500.0)]

    assert conditions(RATE, samples) == "uuucuu"
    assert conditions(RATE, points(0, 0, 0, 0, None, 9, 9, 9, 9)) == "uuucuuuuc"


def test_a_dry_run_says_how_often_it_would_have_fired() -> None:
    """Two outages, the second goes on; a moment's loss is shorter than the rule asks for."""
    rule = replace(LOSS, for_s=20)
    samples = points(0, 0.6, 0.6, 0.6, 0.1, 0.6, 0.1, 0.9, 0.9, 0.9, 0.9)

    assert fired(rule, samples, until=110) == [(30, 40), (90, None)]
    found = dry_run(rule, {"x": samples, "y": samples}, at(110))
    assert found.sentence("en") == "would have fired 4 times"
    assert found.sentence("vi") == "lẽ ra đã cảnh báo 4 lần"
    assert [one.thing for one in found.firings] == ["x", "y", "x", "y"]
    assert replace(found, firings=found.firings[:1]).sentence("en") == "would have fired 1 time"


def test_a_dry_run_knows_nothing_after_its_end() -> None:
    """Samples of tomorrow are not part of yesterday; none are no firing."""
    assert fired(UP, points(1, 1, 0), until=15) == []
    assert fired(UP, []) == []
    assert dry_run(UP, {}, at(0)) == DryRun("loss", ())


def test_a_wait_is_not_over_while_nothing_is_known() -> None:
    """One bad value and then silence is no proof of a minute of loss."""
    rule = replace(LOSS, for_s=300, stale_s=100)

    assert fired(rule, points(0, 0.9)) == []
    assert fired(replace(rule, stale_s=400), points(0, 0.9)) == [(310, None)]


def test_what_fires_is_not_ended_by_silence() -> None:
    """Unknown is not up."""
    assert fired(UP, [*points(1, 0), Point(at(900), 1.0)]) == [(10, 900)]


def test_an_absence_fires_when_nothing_came_for_its_time() -> None:
    """A minute after the last value, until the next one; asking in vain is no value."""
    samples = [*points(1, 0, None, None, None), Point(at(200), 1.0)]

    assert fired(GONE, samples, until=250) == [(70, 200)]
    assert fired(GONE, samples, until=400) == [(70, 200), (260, None)]
    assert absent_at(GONE, at(10)) == at(70)
    assert conditions(GONE, points(0, None, 1)) == "cuc"
    assert habits_of(GONE).for_s == 0
    assert habits_of(replace(LOSS, for_s=7)).for_s == 7


def test_a_value_at_the_last_moment_is_no_absence() -> None:
    """A poll a minute is enough for a rule of a minute."""
    assert fired(GONE, points(1, 1, 1, every=60), until=180) == []


def test_an_event_follows_from_condition_and_state() -> None:
    """Unknown ends a wait and leaves a firing alert alone."""
    fresh = Alert("f", "loss", "x", "high", ZERO)
    slow, quick = habits_of(replace(LOSS, for_s=60)), habits_of(LOSS)
    waiting, _ = step(fresh, Raised(at(0)), slow)
    firing, _ = step(fresh, Raised(at(0)), quick)

    assert event_of(fresh, Condition.HOLDS, at(1), quick) == Raised(at(1))
    assert event_of(firing, Condition.CLEAR, at(1), quick) == Cleared(at(1))
    assert event_of(waiting, Condition.UNKNOWN, at(59), slow) == Cleared(at(59))
    assert event_of(waiting, Condition.UNKNOWN, at(60), slow) == Ticked(at(60))
    assert event_of(firing, Condition.UNKNOWN, at(1), quick) == Ticked(at(1))


@RANDOM
@given(
    values=st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.6, 1.0, None]), max_size=30),
    cut=st.integers(0, 30),
)
def test_judging_goes_on_where_it_stopped(values: list[float | None], cut: int) -> None:
    """A worker that is restarted in between says the same."""
    samples = points(*values)
    watch = Watch()
    for point in samples[:cut]:
        watch, _ = judge(LOSS, watch, point)
    rest = ""
    for point in samples[cut:]:
        watch, condition = judge(LOSS, replace(watch), point)
        rest += condition.value[0]

    assert conditions(LOSS, samples)[cut:] == rest


@RANDOM
@given(values=st.lists(st.sampled_from([0.0, 0.3, 1.0, None]), max_size=30))
def test_firings_of_a_thing_never_overlap(values: list[float | None]) -> None:
    """One alert at a time, each with its end before the next begins."""
    found = fired(replace(LOSS, for_s=10), points(*values))

    for (_, end), (start, _) in pairwise(found):
        assert end is not None
        assert end <= start
