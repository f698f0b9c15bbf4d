# SPDX-License-Identifier: MIT
"""Rates from counters that wrap, begin anew and change places: true, or unknown.

A counter alone cannot tell a wrap from a restart.  sysUpTime tells whether
the device ran through, ifCounterDiscontinuityTime whether one interface's
counters did, and the line's speed what is possible at all (RFC 2578,
sections 7.1.6 and 7.1.10; RFC 2863, section 3.1.5).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from collectors.observed import Observation, ObservedInterface

TICKS_PER_S = 100
TICKS = 1 << 32
LONGEST_S = TICKS / TICKS_PER_S
"""497 days: sysUpTime has then passed its own start and tells nothing."""
DRIFT_S = 3.0
DRIFT_RATIO = 0.01
"""What two clocks and a slow answer may differ without a restart in between."""
SLACK_RATIO = 0.25
"""How far above line rate a reading may seem to lie: agents cache counters for seconds."""
SMALLEST_FRAME_BITS = 84 * 8
"""An Ethernet frame of 64 bytes with preamble and gap."""
ASSUMED_SPEED_BPS = 10_000_000_000
"""Bounds packets of an interface that hides its speed: such are virtual."""


class Gap(StrEnum):
    """Why an interface has no rates for an interval."""

    NEW = "new"
    AMBIGUOUS = "ambiguous"
    RESTARTED = "restarted"
    DISCONTINUITY = "discontinuity"
    RENUMBERED = "renumbered"
    WIDTH = "width"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Reading:
    """A counter's value at a moment; `at_s` in seconds of any clock that runs on."""

    at_s: float
    value: int


@dataclass(frozen=True, slots=True)
class InterfaceRates:
    """What went through an interface between two polls; `gap` says why nothing is known.

    A single rate can be unknown without a gap: its counter is missing, could
    have wrapped more than once, or claims more than the line carries.
    """

    name: str
    at: datetime
    gap: Gap | None
    in_bps: float | None = None
    out_bps: float | None = None
    in_packets_per_s: float | None = None
    out_packets_per_s: float | None = None
    in_errors_per_s: float | None = None
    out_errors_per_s: float | None = None
    in_discards_per_s: float | None = None
    out_discards_per_s: float | None = None


def rate(previous: Reading, current: Reading, *, bits: int, ceiling: float | None) -> float | None:
    """Return the per-second increase of a wrapping counter, at most `ceiling`.

    `bits` is the counter's width, 32 or 64; `ceiling` the most that is
    possible a second, None when nobody knows.  None means unknown, never
    zero: the readings are out of order, the counter could have wrapped more
    than once, or the increase is more than possible, so that it was a restart
    that nothing else told of.  The caller drops readings that span one.
    """
    elapsed_s = current.at_s - previous.at_s
    if elapsed_s <= 0:
        return None
    increase = current.value - previous.value
    if ceiling is None:
        return increase / elapsed_s if bits == 64 and increase >= 0 else None  # noqa: PLR2004 a width
    span = 1 << bits
    most = ceiling * (1 + SLACK_RATIO)
    if most * elapsed_s >= span:
        return None
    found = increase % span / elapsed_s
    return min(found, ceiling) if found <= most else None


def is_same_run(before_ticks: int | None, after_ticks: int | None, elapsed_s: float) -> bool:
    """Return whether a device ran through, from sysUpTime before and after.

    A sysUpTime that wrapped after 497 days has still run on with our clock;
    one that began anew has not, even if it shows more than before.
    """
    if before_ticks is None or after_ticks is None or not 0 < elapsed_s < LONGEST_S:
        return False
    ran_s = (after_ticks - before_ticks) % TICKS / TICKS_PER_S
    return abs(ran_s - elapsed_s) <= DRIFT_S + DRIFT_RATIO * elapsed_s


def interface_rates(before: Observation, after: Observation) -> tuple[InterfaceRates, ...]:
    """Return the rates of every interface of the later poll, in its order.

    An interface is known by its name: its index may go to another one when a
    device restarts.  Where two share a name, the index decides as long as
    the device ran through.
    """
    has_run = is_same_run(
        before.device.uptime_ticks,
        after.device.uptime_ticks,
        (after.at - before.at).total_seconds(),
    )
    shared = _shared_names(before.interfaces) | _shared_names(after.interfaces)
    by_name = {one.name: one for one in before.interfaces}
    by_index = {(one.name, one.index): one for one in before.interfaces}
    found = []
    for now in after.interfaces:
        is_shared = now.name in shared
        then = by_index.get((now.name, now.index)) if is_shared else by_name.get(now.name)
        gap = _gap(then, now, has_run=has_run, is_shared=is_shared)
        if before.interfaces_at >= after.interfaces_at:
            gap = Gap.CLOCK
        if then is None or gap is not None:
            found.append(InterfaceRates(now.name, after.interfaces_at, gap))
            continue
        found.append(_rates(then, now, before.interfaces_at, after.interfaces_at))
    return tuple(found)


def _shared_names(interfaces: Sequence[ObservedInterface]) -> frozenset[str]:
    counted = Counter(one.name for one in interfaces)
    return frozenset(name for name, count in counted.items() if count > 1)


def _gap(
    then: ObservedInterface | None, now: ObservedInterface, *, has_run: bool, is_shared: bool
) -> Gap | None:
    """Return why two rows must not be subtracted, None when they may."""
    if then is None:
        return Gap.AMBIGUOUS if is_shared else Gap.NEW
    if not has_run:
        return Gap.RESTARTED
    if then.index != now.index:
        return Gap.RENUMBERED
    if then.discontinuity_ticks != now.discontinuity_ticks:
        return Gap.DISCONTINUITY
    if then.bits != now.bits:
        return Gap.WIDTH
    return None


def _rates(
    then: ObservedInterface, now: ObservedInterface, before: datetime, after: datetime
) -> InterfaceRates:
    speeds = [one.speed_bps for one in (then, now) if one.speed_bps is not None]
    speed_bps = max(speeds) if len(speeds) == 2 else None  # noqa: PLR2004 known at both ends
    octets = None if speed_bps is None else speed_bps / 8
    frames = (speed_bps or ASSUMED_SPEED_BPS) / SMALLEST_FRAME_BITS
    elapsed_s = (after - before).total_seconds()

    def of(
        previous: int | None, current: int | None, bits: int, ceiling: float | None
    ) -> float | None:
        if previous is None or current is None:
            return None
        return rate(Reading(0.0, previous), Reading(elapsed_s, current), bits=bits, ceiling=ceiling)

    in_octets = of(then.in_octets, now.in_octets, now.bits, octets)
    out_octets = of(then.out_octets, now.out_octets, now.bits, octets)
    return InterfaceRates(
        name=now.name,
        at=after,
        gap=None,
        in_bps=None if in_octets is None else in_octets * 8,
        out_bps=None if out_octets is None else out_octets * 8,
        in_packets_per_s=of(then.in_packets, now.in_packets, now.bits, frames),
        out_packets_per_s=of(then.out_packets, now.out_packets, now.bits, frames),
        in_errors_per_s=of(then.in_errors, now.in_errors, 32, frames),
        out_errors_per_s=of(then.out_errors, now.out_errors, 32, frames),
        in_discards_per_s=of(then.in_discards, now.in_discards, 32, frames),
        out_discards_per_s=of(then.out_discards, now.out_discards, 32, frames),
    )
