# SPDX-License-Identifier: MIT
"""Control groups: how the lab owns every process it started, and ends them all at once.

Only version 2 is used, wherever it is mounted: at /sys/fs/cgroup on a machine
whose PID 1 is systemd, at /sys/fs/cgroup/unified beside version 1.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from lab.layout import make_folder
from tinhnet.errors import TinhnetError

TOP = "tinhnet-lab"
PAYLOAD = "payload"  # what a device sees as its root
VISITORS = "visitors"  # what `lab exec` brings in, and the product in the controller
_END_S = 60.0


def mounted(mounts: Path = Path("/proc/self/mounts")) -> Path:
    """Return where cgroup v2 is mounted; TinhnetError when the kernel or machine has none."""
    for line in mounts.read_text(encoding="utf-8").splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(where)
    raise TinhnetError("no cgroup2 file system is mounted", "mount -t cgroup2 none /sys/fs/cgroup")


def group_of(prefix: str, *parts: str) -> Path:
    """Return the control group of a lab or of a part of it."""
    return mounted().joinpath(TOP, prefix, *parts)


def create(group: Path) -> None:
    """Make a device's group with the two groups inside it."""
    for name in (PAYLOAD, VISITORS):
        make_folder(group / name)


def processes(group: Path) -> tuple[int, ...]:
    """Return the processes anywhere below a group; empty when it is gone."""
    return tuple(sorted(_walk(group)))


def end_all(group: Path) -> None:
    """Kill everything below a group at once and wait until it is gone.

    TinhnetError when a process outlives SIGKILL for a minute (it hangs in the kernel).
    """
    killer = group / "cgroup.kill"
    if not killer.exists():
        return
    killer.write_text("1")
    deadline = time.monotonic() + _END_S
    while left := processes(group):
        if time.monotonic() > deadline:
            raise TinhnetError(f"{group}: processes {left} survive SIGKILL", "see dmesg")
        time.sleep(0.01)


def remove(group: Path) -> None:
    """Remove a group and all below it; nothing may run in there."""
    if not group.is_dir():
        return
    for directory, _, _ in os.walk(group, topdown=False):
        Path(directory).rmdir()


def _walk(group: Path) -> Iterator[int]:
    for directory, _, _ in os.walk(group):
        try:
            text = (Path(directory) / "cgroup.procs").read_text(encoding="ascii")
        except OSError:  # removed while we looked
            continue
        yield from (int(number) for number in text.split() if number != "0")
