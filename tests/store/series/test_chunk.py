# SPDX-License-Identifier: MIT
"""Chunks come back as they were, and a damaged one is known as one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinhnet.store.series.chunk import (
    ChunkDamagedError,
    Loose,
    Run,
    check,
    pack_loose,
    pack_sealed,
    run_of,
    runs_of,
    samples_of,
)

RANDOM = settings(max_examples=60, deadline=None, derandomize=True)
SAMPLES: list[Loose] = [(0, 1000, 1.5), (0, 2000, 2.5), (3, 1000, -7.0), (255, 5, 0.1)]
many = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=255),
        st.integers(min_value=0, max_value=2**45),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    min_size=1,
    max_size=80,
    unique_by=lambda one: one[:2],
).map(sorted)


def sealed(samples: list[Loose]) -> bytes:
    """Return samples as a sealed chunk."""
    runs = {}
    for member in {one for one, _, _ in samples}:
        mine = [one for one in samples if one[0] == member]
        runs[member] = Run([at for _, at, _ in mine], ([value for _, _, value in mine],))
    return pack_sealed(runs)


@given(samples=many)
@RANDOM
def test_both_formats_keep_every_sample(samples: list[Loose]) -> None:
    """Sealing an hour must not change it."""
    loose, hour = pack_loose(samples), sealed(samples)

    assert samples_of(loose) == samples_of(hour) == samples
    for member in range(256):
        mine = [(at, value) for one, at, value in samples if one == member]
        for packed in (loose, hour):
            run = run_of(packed, member)
            shown = list(zip(run.times, run.columns[0], strict=True)) if run else []
            assert shown == mine


def test_a_chunk_of_rollups_has_four_columns() -> None:
    """Least, greatest, sum and count belong together."""
    run = Run([0, 300_000], ([1.0, 2.0], [3.0, 4.0], [4.0, 6.0], [2.0, 3.0]))

    assert runs_of(pack_sealed({7: run})) == {7: run}


@pytest.mark.parametrize("pack", [pack_loose, sealed], ids=["loose", "sealed"])
def test_every_changed_byte_is_noticed(pack: object) -> None:
    """A wrong number is worse than none."""
    assert callable(pack)
    whole: bytes = pack(SAMPLES)
    for index in range(len(whole)):
        damaged = bytearray(whole)
        damaged[index] ^= 0x10
        with pytest.raises(ChunkDamagedError):
            check(bytes(damaged))


@pytest.mark.parametrize("pack", [pack_loose, sealed], ids=["loose", "sealed"])
def test_every_lost_tail_is_noticed(pack: object) -> None:
    """Half a chunk is a damaged chunk."""
    assert callable(pack)
    whole: bytes = pack(SAMPLES)
    for length in range(len(whole)):
        with pytest.raises(ChunkDamagedError):
            run_of(whole[:length], 0)


def test_a_loose_chunk_holds_no_rollups() -> None:
    """Who asks for rollups and finds samples has found damage."""
    with pytest.raises(ChunkDamagedError):
        runs_of(pack_loose(SAMPLES))
