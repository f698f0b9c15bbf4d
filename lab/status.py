# SPDX-License-Identifier: MIT
"""What a lab looks like now: devices with their memory, links with their condition."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import cgroup
from lab.layout import Layout
from lab.power import is_alive, is_ready
from lab.record import DeviceRecord, LinkRecord, Record
from tinhnet.console import Row

RUNNING, BOOTING, OFF = "running", "booting", "off"


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """A device now; `memory_bytes` is its share of the machine's memory (PSS)."""

    id: str
    kind: str
    state: str
    pid: int | None
    uptime_s: float | None
    processes: int
    memory_bytes: int


def device_status(layout: Layout, device: DeviceRecord) -> DeviceStatus:
    """Return what a device does now; the controller runs as long as the lab does."""
    running = cgroup.processes(cgroup.group_of(layout.prefix, device.id))
    started = device.started_at
    return DeviceStatus(
        id=device.id,
        kind=device.kind,
        state=_state(layout, device),
        pid=device.pid,
        uptime_s=None if started is None else round(time.time() - started, 1),
        processes=len(running),
        memory_bytes=sum(_proportional_bytes(pid) for pid in running),
    )


def link_state(record: Record, link: LinkRecord) -> str:
    """Return one word for a link: up, cut, port-down, degraded or dark (an end is off)."""
    if link.cut is not None:
        return "cut" if link.cut == "silent" else "port-down"
    ends = [record.devices[end.split(":")[0]] for end in link.ends]
    if any(device.pid is None and device.kind != "controller" for device in ends):
        return "dark"
    touched = (link.loss_percent, link.delay_ms, link.rate_bps)
    return "degraded" if any(value is not None for value in touched) else "up"


def device_row(layout: Layout, device: DeviceRecord) -> Row:
    """Return a device as the contract shows it."""
    return asdict(device_status(layout, device))


def link_row(record: Record, link: LinkRecord) -> Row:
    """Return a link as the contract shows it."""
    return {**asdict(link), "state": link_state(record, link)}


def _state(layout: Layout, device: DeviceRecord) -> str:
    if device.kind == "controller":
        return RUNNING
    if not is_alive(layout, device) or device.pid is None:
        return OFF
    return RUNNING if is_ready(device.pid) else BOOTING


def _proportional_bytes(pid: int) -> int:
    """Return a process's share of memory; 0 when it ended while we looked."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
