# SPDX-License-Identifier: MIT
"""Rates are true or unknown: against a device simulated second by second."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.counters import (
    ASSUMED_SPEED_BPS,
    LONGEST_S,
    TICKS,
    Gap,
    Reading,
    interface_rates,
    is_same_run,
    rate,
)
from collectors.observed import Observation, ObservedDevice, ObservedInterface
from tests.collectors.random_cases import RANDOM

BEGIN = datetime(2026, 11, 28, tzinfo=UTC)
MEGABIT = 1_000_000
FAST = 100 * MEGABIT / 8
"""Octets a second of Fast Ethernet."""


def interface(
    name: str = "ge0", index: int = 1, octets: int | None = 0, **more: object
) -> ObservedInterface:
    """Return a row whose counters all stand at `octets`."""
    row = ObservedInterface(
        index=index,
        name=name,
        description=None,
        alias=None,
        type=6,
        mtu=1500,
        speed_bps=100 * MEGABIT,
        admin_status="up",
        oper_status="up",
        last_change_ticks=0,
        discontinuity_ticks=0,
        bits=64,
        in_octets=octets,
        out_octets=octets,
        in_packets=octets,
        out_packets=octets,
        in_errors=octets,
        out_errors=octets,
        in_discards=octets,
        out_discards=octets,
    )
    return replace(row, **more)  # type: ignore[arg-type]  # any field of the row


def seen(at_s: float, *interfaces: ObservedInterface, ticks: int | None = -1) -> Observation:
    """Return a poll at a second of a device that began 1000 s before BEGIN."""
    at = BEGIN + timedelta(seconds=at_s)
    uptime = int((1000 + at_s) * 100) if ticks == -1 else ticks
    device = ObservedDevice(None, None, None, None, None, uptime, None, None)
    return Observation(at, at, device, interfaces, (), (), (), ())


def test_rate_bridges_one_wrap_of_a_32_bit_counter() -> None:
    """A counter that wrapped between two readings still gives the true rate."""
    before = Reading(100.0, 2**32 - 500)
    after = Reading(110.0, 500)

    assert rate(before, after, bits=32, ceiling=FAST) == 100.0


@pytest.mark.parametrize(
    ("before", "after", "seconds", "bits", "ceiling", "found"),
    [
        (0, 1000, 10, 64, None, 100.0),
        (0, 1000, 10, 32, None, None),
        (1000, 0, 10, 64, None, None),
        (1000, 0, 10, 64, FAST, None),
        (2**64 - 500, 500, 10, 64, FAST, 100.0),
        (0, 1000, 0, 64, FAST, None),
        (0, 1000, -5, 64, FAST, None),
        (7, 7, 10, 64, FAST, 0.0),
        (0, int(FAST * 10), 10, 64, FAST, FAST),
        (0, int(FAST * 12), 10, 64, FAST, FAST),
        (0, int(FAST * 13), 10, 64, FAST, None),
        (0, 1000, 300, 32, FAST, None),
        (0, 1000, 274, 32, FAST, 1000 / 274),
        (3_000_000_000, 100_000_000, 60, 32, FAST, None),
    ],
    ids=[
        "plain",
        "32-bits-without-speed",
        "fell-without-speed",
        "fell",
        "wrapped-64",
        "same-moment",
        "backwards",
        "nothing-happened",
        "line-rate",
        "cached-by-the-agent",
        "above-line-rate",
        "could-have-wrapped-twice",
        "could-not-have-wrapped-twice",
        "restart-unseen",
    ],
)
def test_a_rate_is_true_or_unknown(
    before: int, after: int, seconds: float, bits: int, ceiling: float | None, found: float | None
) -> None:
    """The cases that the peers' trackers are full of."""
    assert rate(Reading(0.0, before), Reading(seconds, after), bits=bits, ceiling=ceiling) == found


@given(
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    st.floats(0.1, 100_000),
    st.sampled_from([32, 64]),
    st.floats(1, 1e11),
)
@RANDOM
def test_no_rate_is_negative_or_above_the_ceiling(
    before: int, after: int, seconds: float, bits: int, ceiling: float
) -> None:
    """Whatever the readings are."""
    readings = Reading(0.0, before % (1 << bits)), Reading(seconds, after % (1 << bits))
    found = rate(*readings, bits=bits, ceiling=ceiling)

    assert found is None or 0 <= found <= ceiling


@pytest.mark.parametrize(
    ("before", "after", "elapsed_s", "is_same"),
    [
        (100_000, 106_000, 60.0, True),
        (100_000, 106_250, 60.0, True),
        (100_000, 107_000, 60.0, False),
        (100_000, 500, 60.0, False),
        (1000, 180_000, 3600.0, False),
        (TICKS - 3000, 3000, 60.0, True),
        (TICKS - 3000, 30_000, 60.0, False),
        (None, 6000, 60.0, False),
        (6000, None, 60.0, False),
        (0, 0, LONGEST_S, False),
        (100, 100, 0.0, False),
        (100_000, 100_000 + 100 * 3630, 3600.0, True),
    ],
    ids=[
        "ran-through",
        "slow-answer",
        "our-clock-jumped",
        "restarted",
        "restarted-and-ran-longer-than-before",
        "sysuptime-wrapped",
        "restarted-near-the-wrap",
        "unknown-before",
        "unknown-after",
        "497-days",
        "same-moment",
        "clock-drift",
    ],
)
def test_a_restart_is_told_from_a_wrap_of_sysuptime(
    before: int | None, after: int | None, elapsed_s: float, *, is_same: bool
) -> None:
    """Uptime above the last one proves nothing; uptime below it may be a wrap."""
    assert is_same_run(before, after, elapsed_s) is is_same


@pytest.mark.parametrize(
    ("before", "after", "gap"),
    [
        ((interface(),), (interface(octets=100),), None),
        ((), (interface(),), Gap.NEW),
        ((interface(),), (interface(discontinuity_ticks=5),), Gap.DISCONTINUITY),
        ((interface(),), (interface(index=2, octets=100),), Gap.RENUMBERED),
        ((interface(bits=32),), (interface(octets=100),), Gap.WIDTH),
    ],
    ids=["steady", "new", "discontinuity", "renumbered", "width"],
)
def test_a_gap_is_told_with_its_reason(
    before: tuple[ObservedInterface, ...], after: tuple[ObservedInterface, ...], gap: Gap | None
) -> None:
    """No spike, no zero: unknown, and why."""
    (found,) = interface_rates(seen(0, *before), seen(60, *after))

    assert found.gap is gap
    assert (found.in_bps is None) == (gap is not None)


def test_a_restart_of_the_agent_makes_all_rates_unknown() -> None:
    """Even where a counter went on: nobody can tell which did."""
    (found,) = interface_rates(seen(0, interface()), seen(60, interface(octets=99), ticks=500))

    assert found.gap is Gap.RESTARTED


def test_a_clock_that_went_back_makes_all_rates_unknown() -> None:
    """Ours, when it was set."""
    (found,) = interface_rates(seen(60, interface()), seen(0, interface(octets=99)))

    assert found.gap is Gap.CLOCK


def test_interfaces_that_swap_their_index_keep_their_own_traffic() -> None:
    """After a card was added ge0 has the index of ge1; its series must not show ge1's jump."""
    before = seen(0, interface("ge0", 1, 1000), interface("ge1", 2, 900_000))
    after = seen(60, interface("ge1", 1, 900_600), interface("ge0", 2, 1600), ticks=100)
    later = seen(120, interface("ge1", 1, 901_200), interface("ge0", 2, 2200), ticks=6100)

    assert [one.gap for one in interface_rates(before, after)] == [Gap.RESTARTED] * 2
    assert {one.name: one.in_bps for one in interface_rates(after, later)} == {
        "ge0": 80.0,
        "ge1": 80.0,
    }


def test_two_interfaces_of_one_name_are_told_apart_by_index() -> None:
    """Some agents give every sub-interface the same description."""
    before = seen(0, interface("vlan", 1, 0), interface("vlan", 2, 1_000_000))
    after = seen(60, interface("vlan", 1, 60), interface("vlan", 2, 1_000_120))
    other = seen(60, interface("vlan", 1, 60), interface("vlan", 3, 1_000_120))

    assert [one.in_bps for one in interface_rates(before, after)] == [8.0, 16.0]
    assert [one.gap for one in interface_rates(before, other)] == [None, Gap.AMBIGUOUS]


def test_a_speed_known_at_one_end_only_is_no_ceiling() -> None:
    """The line was faster before it was lost, or nobody knows how fast."""
    (found,) = interface_rates(
        seen(0, interface(octets=0)), seen(60, interface(octets=10**12, speed_bps=None))
    )

    assert found.in_bps == 10**12 * 8 / 60
    assert found.in_errors_per_s is None


def test_a_line_made_faster_is_believed() -> None:
    """The faster of both speeds bounds the interval in which it changed."""
    slow, fast = 10 * MEGABIT, 1000 * MEGABIT
    octets = int(fast / 8 * 30)
    for speeds in ((slow, fast), (fast, slow)):
        (found,) = interface_rates(
            seen(0, interface(speed_bps=speeds[0])),
            seen(60, interface(octets=octets, speed_bps=speeds[1])),
        )
        assert found.in_bps == octets * 8 / 60


def test_packets_are_bounded_by_the_smallest_frame() -> None:
    """148,810 frames a second at 100 Mbit/s; a 32-bit error counter that fell shows more."""
    before = interface(octets=2**32 - 1, in_octets=0)
    (found,) = interface_rates(seen(0, before), seen(60, interface(octets=2**31)))
    (hidden,) = interface_rates(
        seen(0, interface(octets=0, speed_bps=None)),
        seen(60, interface(octets=600, speed_bps=None)),
    )

    assert found.in_errors_per_s is None
    assert hidden.in_errors_per_s == 10.0
    assert ASSUMED_SPEED_BPS / 672 * 60 * 1.25 < 2**32


def test_each_rate_comes_from_its_own_counter() -> None:
    """Fields are easily crossed; these counters all rise by another number."""
    names = ("in_octets", "out_octets", "in_packets", "out_packets", "in_errors", "out_errors")
    names += ("in_discards", "out_discards")
    rises = {name: 60 * number for number, name in enumerate(names, 1)}
    (found,) = interface_rates(seen(0, interface()), seen(60, interface(**rises)))  # type: ignore[arg-type]  # any field

    assert (found.in_bps, found.out_bps) == (8.0, 16.0)
    assert (found.in_packets_per_s, found.out_packets_per_s) == (3.0, 4.0)
    assert (found.in_errors_per_s, found.out_errors_per_s) == (5.0, 6.0)
    assert (found.in_discards_per_s, found.out_discards_per_s) == (7.0, 8.0)


def test_a_missing_counter_is_unknown_alone() -> None:
    """The others of the row are still true."""
    (found,) = interface_rates(
        seen(0, interface(in_octets=None)), seen(60, interface(octets=60, out_octets=None))
    )

    assert (found.in_bps, found.out_bps, found.in_packets_per_s) == (None, None, 1.0)


@dataclass(slots=True)
class Simulated:
    """A device whose true traffic is known; its counter and clock do what real ones do."""

    bits: int
    speed_bps: int
    counter: int
    second: int = 0
    began: int = -100
    index: int = 1
    discontinuity_ticks: int = 0
    truth: list[int] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)

    def run(self, seconds: int, octets_per_s: int) -> None:
        """Let time pass second by second."""
        for _ in range(seconds):
            self.second += 1
            self.counter += octets_per_s
            self.truth.append(octets_per_s)

    def do(self, event: str) -> None:
        """Let something happen that begins the counter anew."""
        self.breaks.append(self.second)
        self.counter = 0
        if event == "restart":
            self.second += 20
            self.truth += [0] * 20
            self.began = self.second
            self.discontinuity_ticks = 0
        elif event == "discontinuity":
            self.discontinuity_ticks = (self.second - self.began) * 100
        else:
            self.index += 1

    def poll(self) -> Observation:
        """Return what a poll sees now."""
        value = self.counter % (1 << self.bits)
        row = interface(
            index=self.index,
            octets=value,
            bits=self.bits,
            speed_bps=self.speed_bps,
            discontinuity_ticks=self.discontinuity_ticks,
        )
        return seen(self.second, row, ticks=(self.second - self.began) * 100 % TICKS)


EVENTS = st.sampled_from(["restart", "discontinuity", "renumbered"])
STEPS = st.lists(
    st.tuples(st.integers(1, 400), st.floats(0, 1), st.none() | EVENTS), min_size=2, max_size=12
)


@given(
    st.sampled_from([32, 64]),
    st.sampled_from([2, 10, 100, 1000, 10_000]),
    st.integers(0, 2**64 - 1),
    STEPS,
)
@RANDOM
def test_rates_are_those_of_the_true_traffic(
    bits: int, megabits: int, start: int, steps: list[tuple[int, float, str | None]]
) -> None:
    """Second by second: with an event in between unknown, without one exact or ambiguous."""
    device = Simulated(bits, megabits * MEGABIT, start)
    device.run(1, 0)
    before, since = device.poll(), device.second
    for seconds, load, event in steps:
        device.run(seconds, int(load * megabits * MEGABIT / 8))
        if event is not None:
            device.do(event)
            device.run(seconds, int(load * megabits * MEGABIT / 8))
        after = device.poll()
        (found,) = interface_rates(before, after)
        elapsed_s = device.second - since
        true_bps = sum(device.truth[since:]) * 8 / elapsed_s
        is_broken = any(since <= second for second in device.breaks)
        is_clear = megabits * MEGABIT / 8 * 1.25 * elapsed_s < 2**bits

        if is_broken:
            assert found.in_bps is None
            assert found.gap is not None
        elif is_clear:
            assert found.in_bps == pytest.approx(true_bps, rel=1e-9, abs=1e-6)
        else:
            assert found.in_bps is None
        assert found.in_bps is None or found.in_bps <= megabits * MEGABIT
        before, since = after, device.second
        device.breaks.clear()
