# SPDX-License-Identifier: MIT
"""What the lab asks of the machine it stands on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import cgroup
from lab.shell import TOOLS, missing_tools
from tinhnet.errors import TinhnetError

_FILE_SYSTEMS = ("overlay", "tmpfs", "cgroup2", "sysfs", "proc")
_NAMESPACES = ("net", "mnt", "uts", "ipc", "pid", "cgroup")
# Limits that all labs of a machine share.  systemd holds six inotify instances, so the
# usual 128 end at twenty devices; 1,024 neighbours end at about ten provinces of routers.
_LIMITS = {
    "fs/inotify/max_user_instances": 8192,
    "fs/inotify/max_user_watches": 65536,
    "net/ipv4/neigh/default/gc_thresh2": 8192,
    "net/ipv4/neigh/default/gc_thresh3": 16384,
    "net/ipv6/neigh/default/gc_thresh2": 8192,
    "net/ipv6/neigh/default/gc_thresh3": 16384,
}


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what the kernel refused into a sentence."""
    try:
        yield
    except OSError as error:
        hint = "`tinhnet doctor` names missing kernel features"
        raise TinhnetError(f"{what}: {error}", hint) from error


def require_root() -> None:
    """Refuse to go on without root, in one sentence."""
    if os.geteuid() != 0:
        raise TinhnetError(
            "only the lab needs root: it builds network namespaces",
            "run it with sudo, or ask root to start `tinhnet lab broker`",
        )


def require_features() -> None:
    """Name everything the lab needs and this machine lacks, at once."""
    lacking = [f"{tool} (apt install {TOOLS[tool]})" for tool in missing_tools()]
    known = Path("/proc/filesystems").read_text(encoding="ascii").split()
    lacking += [f"file system {name}" for name in _FILE_SYSTEMS if name not in known]
    have = {entry.name for entry in Path("/proc/self/ns").iterdir()}
    lacking += [f"namespaces of kind {name}" for name in _NAMESPACES if name not in have]
    if not lacking and not (cgroup.mounted() / "cgroup.controllers").exists():
        lacking.append("a writable cgroup2")
    if lacking:
        raise TinhnetError(
            f"this machine lacks {', '.join(lacking)}",
            "install the tools; a kernel feature needs another kernel",
        )
    require_mounted_root()


def require_mounted_root(mounts: Path = Path("/proc/self/mountinfo")) -> None:
    """Refuse a chroot into a mere directory: `ip -n` cannot mount its /sys there."""
    places = (line.split()[4] for line in mounts.read_text(encoding="utf-8").splitlines())
    if "/" not in places:
        raise TinhnetError(
            "the lab stands in a chroot whose root is no mount point",
            "outside, before `chroot DIR`: mount --bind DIR DIR",
        )


def raise_limits(root: Path = Path("/proc/sys")) -> None:
    """Raise the shared limits that a province would hit; they are never lowered."""
    for name, wanted in _LIMITS.items():
        path = root / name
        if path.exists() and int(path.read_text(encoding="ascii")) < wanted:
            path.write_text(str(wanted), encoding="ascii")
