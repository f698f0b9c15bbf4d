# SPDX-License-Identifier: MIT
"""Drawings tell the truth: gaps stay gaps, both directions share a scale, marks stand in time."""

from datetime import UTC, datetime, timedelta

import pytest

from tinhnet.store.series.sample import Point
from webui.graph import Frame, Mark, Tick, graph_of, nice, percentile, pieces

START = datetime(2016, 5, 4, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FRAME = Frame(START, START + 60 * MINUTE, 3 * MINUTE)


def points(*values: float | None, low: float = 1.0) -> list[Point]:
    """Return a point a minute; None is a minute in which nobody measured."""
    return [
        Point(START + number * MINUTE, value * low, value, value, 1)
        for number, value in enumerate(values)
        if value is not None
    ]


def test_silence_is_a_gap_and_a_late_poll_is_not() -> None:
    """A line over an outage would say that somebody measured."""
    found = pieces(points(1, 2, None, 3, None, None, None, 4), 3 * MINUTE)

    assert [len(one) for one in found] == [3, 1]


def test_a_line_has_a_stroke_for_each_piece() -> None:
    """A lone sample shows as a dot, not as nothing."""
    drawn = graph_of(FRAME, ("", points(1, 2, None, None, None, None, 3)), None, (), (), str)

    assert drawn.tracks[0].line.count("M") == 2
    assert drawn.tracks[0].line.count("L") == 2


def test_in_stands_above_zero_and_out_below_on_one_scale() -> None:
    """Twice as much must be twice as far, whichever way it flows."""
    drawn = graph_of(FRAME, ("in", points(10)), ("out", points(20)), (), (), str)
    up, down = (float(one.line.split("L")[0].split()[-1]) for one in drawn.tracks)

    assert up < drawn.zero < down
    assert (down - drawn.zero) == pytest.approx(2 * (drawn.zero - up), abs=0.3)


def test_the_band_shows_least_and_greatest() -> None:
    """A mean over five minutes hides the minute that hurt."""
    flat = graph_of(FRAME, ("", points(5, 6)), None, (), (), str)
    wide = graph_of(FRAME, ("", points(5, 6, low=0.5)), None, (), (), str)

    assert flat.tracks[0].band == ""
    assert wide.tracks[0].band.endswith("Z")


def test_marks_outside_the_time_are_left_out_and_a_far_limit_does_not_flatten() -> None:
    """A contract of 1 Gb/s must not make a line of 2 Mb/s lie on zero."""
    marks = [Mark(START + 30 * MINUTE, "alert", "x"), Mark(START - MINUTE, "job", "y")]
    near, far = Tick(12.0, "near"), Tick(1000.0, "far")
    drawn = graph_of(FRAME, ("in", points(10)), ("out", points(9)), (near, far), marks, str)

    assert [one.mark.text for one in drawn.marks] == ["x"]
    assert [one.text for one in drawn.limits] == ["near", "near"]


def test_times_are_those_of_vietnam() -> None:
    """A NOC reads wall clocks."""
    drawn = graph_of(FRAME, ("", points(1)), None, (), (), str)

    assert drawn.times[0].text == "10:00"


@pytest.mark.parametrize(("most", "step"), [(10, 2.5), (9.9e6, 2.5e6), (0.07, 0.02), (0, 1)])
def test_grid_lines_are_round(most: float, step: float) -> None:
    """Nobody reads 2.3147 Mbit/s off an axis."""
    assert nice(most) == pytest.approx(step)


def test_the_95th_percentile_leaves_out_the_highest_twentieth() -> None:
    """As carriers bill: of 100 steps the five highest do not count."""
    assert percentile(points(*range(1, 101)), 0.95) == 95
    assert percentile([], 0.95) is None
