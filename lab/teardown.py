# SPDX-License-Identifier: MIT
"""Take a lab away: processes by control group, then namespaces, mounts and files.

Works from the note of what the lab owns, not from what a finished `up` wrote,
so it also removes what `kill -9` left.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from lab import cgroup, kernel
from lab.layout import NAMESPACES, RESOLVERS, Layout
from lab.record import read_owned

_MOUNTS = Path("/proc/self/mounts")


def teardown(layout: Layout) -> bool:
    """Remove everything of a lab; tells whether there was anything."""
    group = cgroup.group_of(layout.prefix)
    existed = layout.run.exists() or group.exists()
    cgroup.end_all(group)
    for name in read_owned(layout).namespaces:
        for variant in (name, f"{name}.fresh"):
            _remove_namespace(variant)
        shutil.rmtree(RESOLVERS / name, ignore_errors=True)
    for place in sorted(_mounted_below(layout.run), reverse=True):
        kernel.unmount(place)
    shutil.rmtree(layout.run, ignore_errors=True)
    cgroup.remove(group)
    _remove_if_empty(RESOLVERS, layout.run.parent, group.parent)
    return existed


def labs(run: Path) -> tuple[str, ...]:
    """Return the prefixes of all labs that left something on this machine."""
    found = {entry.name for entry in run.iterdir() if entry.is_dir()} if run.is_dir() else set()
    found |= {entry.stem for entry in run.glob("*.lock")}
    top = cgroup.mounted() / cgroup.TOP
    found |= {entry.name for entry in top.iterdir() if entry.is_dir()} if top.is_dir() else set()
    return tuple(sorted(found))


def _remove_namespace(name: str) -> None:
    path = NAMESPACES / name
    if not path.exists():
        return
    with suppress(OSError):  # made, not yet mounted on, when the earlier run was killed
        kernel.unmount(path)
    path.unlink()


def _mounted_below(directory: Path) -> Iterator[str]:
    for line in _MOUNTS.read_text(encoding="utf-8").splitlines():
        place = line.split()[1]
        if place.startswith(f"{directory}/"):
            yield place


def _remove_if_empty(*directories: Path) -> None:
    for directory in directories:
        with suppress(OSError):  # still used by another lab, or never made
            directory.rmdir()
