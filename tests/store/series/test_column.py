# SPDX-License-Identifier: MIT
"""Columns come back as they were, and small ones are small."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinhnet.store.series.column import pack_times, pack_values, unpack_times, unpack_values

RANDOM = settings(max_examples=200, deadline=None, derandomize=True)
floats = st.floats(allow_nan=False, allow_infinity=False)
wholes = st.integers(min_value=-(2**60), max_value=2**60).map(float)
thousandths = st.integers(min_value=-(10**9), max_value=10**9).map(lambda one: one / 1000)


def columns(values: st.SearchStrategy[float]) -> st.SearchStrategy[list[float]]:
    """Return lists of at least one value."""
    return st.lists(values, min_size=1, max_size=70)


@given(values=columns(floats) | columns(wholes) | columns(thousandths))
@RANDOM
def test_values_come_back(values: list[float]) -> None:
    """Whatever a device says, it is said again."""
    packed = b"before" + pack_values(values) + b"after"

    assert unpack_values(packed, 6, len(values)) == (values, len(packed) - 5)


@given(times=st.lists(st.integers(min_value=0, max_value=2**45), min_size=1, max_size=70))
@RANDOM
def test_times_come_back(times: list[int]) -> None:
    """A time that shifts by a millisecond would be another sample."""
    ascending = sorted(times)
    packed = b"before" + pack_times(ascending) + b"after"

    assert unpack_times(packed, 6, len(times)) == (ascending, len(packed) - 5)


@pytest.mark.parametrize(
    ("values", "size"),
    [
        pytest.param([7.0] * 60, 10, id="constant"),
        pytest.param([float(one) for one in range(60)], 10 + 59, id="slow-counter"),
        pytest.param([one / 1000 for one in range(0, 60000, 1000)], 10 + 2 * 59, id="thousandths"),
        pytest.param([one / 7 for one in range(60)], 1 + 8 * 60, id="noise"),
    ],
)
def test_what_hardly_changes_takes_hardly_any_room(values: list[float], size: int) -> None:
    """Most of what routers show is the same as a minute ago."""
    assert len(pack_values(values)) <= size


def test_a_poll_that_keeps_its_rhythm_has_times_for_free() -> None:
    """The second difference of a regular poll is zero."""
    assert len(pack_times([1_700_000_000_000 + 60_000 * one for one in range(60)])) == 8 + 9
