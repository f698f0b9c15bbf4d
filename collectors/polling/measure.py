# SPDX-License-Identifier: MIT
"""What a poll means as samples; what is unknown is no sample (docs/watch.md)."""

from collections.abc import Iterator

from collectors.counters import InterfaceRates, interface_rates
from collectors.observed import Observation, ObservedInterface, ObservedSpace
from collectors.plan import OSPF_UP
from tinhnet.model.device import Device
from tinhnet.store.series.sample import Sample, series_of

UP = "up"
MEMORY = "memory"
DISKS = frozenset({"fixed-disk", "network-disk", "flash"})
PSEUDO = ("/proc", "/sys", "/dev", "/run")
"""Where nothing of a disk is mounted: a kernel's own views, and memory."""
TICKS_PER_S = 100


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
    ticks = now.device.host_uptime_ticks
    uptime_s = now.device.engine_uptime_s if ticks is None else ticks / TICKS_PER_S
    if uptime_s is not None:
        yield Sample(series_of("device_uptime_s", device=device.id), now.at, float(uptime_s))
    for space in now.memory:
        used = _used(space)
        if space.name == MEMORY and used is not None:
            yield Sample(series_of("memory_used_ratio", device=device.id), now.at, used)
    for space in now.storage:
        used = _used(space)
        if space.kind in DISKS and used is not None and not space.name.startswith(PSEUDO):
            series = series_of("storage_used_ratio", device=device.id, mount=space.name)
            yield Sample(series, now.at, used)
    if now.device.router_id is not None:
        full = sum(one.state in OSPF_UP for one in now.ospf)
        yield Sample(series_of("ospf_neighbours", device=device.id), now.at, float(full))


def labels_of(device: Device, interface: str) -> dict[str, str]:
    """Return the labels of an interface's series: with the link that ends on it, if any."""
    labels = {"device": device.id, "interface": interface}
    declared = next((one for one in device.interfaces if one.name == interface), None)
    if declared is not None and declared.link is not None:
        labels["link"] = declared.link
    return labels


def _used(space: ObservedSpace) -> float | None:
    if not space.total_bytes or space.used_bytes is None:
        return None
    return min(space.used_bytes / space.total_bytes, 1.0)


def _both(one: float | None, other: float | None) -> float | None:
    """Return a sum; half of it would look like the whole."""
    return None if one is None or other is None else one + other
