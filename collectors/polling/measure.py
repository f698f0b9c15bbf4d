# SPDX-License-Identifier: MIT
"""What a poll means as samples; what is unknown is no sample (docs/watch.md)."""

from collections.abc import Iterator
from math import ceil

from collectors.counters import LONGEST_S, TICKS_PER_S, InterfaceRates, interface_rates
from collectors.observed import Observation, ObservedDevice, ObservedInterface, ObservedSpace
from collectors.plan import OSPF_UP
from tinhnet.model.device import Device
from tinhnet.store.series.sample import Sample, series_of

UP = "up"
MEMORY = "memory"
DISKS = frozenset({"fixed-disk", "network-disk", "flash"})
PSEUDO = ("/proc", "/sys", "/dev", "/run")
"""Where nothing of a disk is mounted: a kernel's own views, and memory."""
ENGINE_SLACK_S = 60
"""What an engine's clock may be ahead of its machine's."""


def samples_of(device: Device, before: Observation | None, now: Observation) -> Iterator[Sample]:
    """Yield what a poll tells of a device; rates need the poll before it."""
    yield from _interfaces(device, now)
    if before is not None:
        yield from _rates(device, interface_rates(before, now))
    yield from _system(device, now)


def _interfaces(device: Device, now: Observation) -> Iterator[Sample]:
    for one in now.interfaces:
        labels = labels_of(device, one.name)
        at = now.interfaces_at
        if one.admin_status == UP and one.oper_status is not None:
            up = float(one.oper_status == UP)
            yield Sample(series_of("interface_up", **labels), at, up)
        if one.speed_bps is not None:
            yield Sample(series_of("interface_speed_bps", **labels), at, float(one.speed_bps))
        yield from _totals(one, labels, now)


def _totals(one: ObservedInterface, labels: dict[str, str], now: Observation) -> Iterator[Sample]:
    """Yield octets as they stand, for whoever would rather do the sums."""
    for name, value in (("in", one.in_octets), ("out", one.out_octets)):
        if value is not None:
            series = series_of(f"interface_{name}_bytes_total", **labels)
            yield Sample(series, now.interfaces_at, float(value))


def _rates(device: Device, found: tuple[InterfaceRates, ...]) -> Iterator[Sample]:
    for one in found:
        labels = labels_of(device, one.name)
        values = {
            "interface_in_bps": one.in_bps,
            "interface_out_bps": one.out_bps,
            "interface_errors_per_s": _both(one.in_errors_per_s, one.out_errors_per_s),
            "interface_discards_per_s": _both(one.in_discards_per_s, one.out_discards_per_s),
        }
        for name, value in values.items():
            if value is not None:
                yield Sample(series_of(name, **labels), one.at, value)


def _system(device: Device, now: Observation) -> Iterator[Sample]:
    up_s = uptime_s(now.device)
    if up_s is not None:
        yield Sample(series_of("device_uptime_s", device=device.id), now.at, up_s)
    for space in now.memory:
        used = _used(space)
        if space.name == MEMORY and used is not None:
            yield Sample(series_of("memory_used_ratio", device=device.id), now.at, used)
    for space in now.storage:
        used = _used(space)
        if space.kind in DISKS and used is not None and not _is_pseudo(space.name):
            series = series_of("storage_used_ratio", device=device.id, mount=space.name)
            yield Sample(series, now.at, used)
    if now.device.router_id is not None:
        full = sum(one.state in OSPF_UP for one in now.ospf)
        yield Sample(series_of("ospf_neighbours", device=device.id), now.at, float(full))


def uptime_s(device: ObservedDevice) -> float | None:
    """Return the seconds since a machine started; an agent alone may be younger.

    A machine's ticks wrap after 497 days.  Its SNMPv3 engine, whose seconds
    do not, tells how often: no agent is older than its machine.
    """
    if device.host_uptime_ticks is None:
        return None if device.engine_uptime_s is None else float(device.engine_uptime_s)
    seconds = device.host_uptime_ticks / TICKS_PER_S
    missing = (device.engine_uptime_s or 0) - ENGINE_SLACK_S - seconds
    return seconds + max(0, ceil(missing / LONGEST_S)) * LONGEST_S


def labels_of(device: Device, interface: str) -> dict[str, str]:
    """Return the labels of an interface's series: with the link that ends on it, if any."""
    labels = {"device": device.id, "interface": interface}
    declared = next((one for one in device.interfaces if one.name == interface), None)
    if declared is not None and declared.link is not None:
        labels["link"] = declared.link
    return labels


def _is_pseudo(mount: str) -> bool:
    return any(mount == one or mount.startswith(f"{one}/") for one in PSEUDO)


def _used(space: ObservedSpace) -> float | None:
    if not space.total_bytes or space.used_bytes is None:
        return None
    return min(space.used_bytes / space.total_bytes, 1.0)


def _both(one: float | None, other: float | None) -> float | None:
    """Return a sum; half of it would look like the whole."""
    return None if one is None or other is None else one + other
