# SPDX-License-Identifier: MIT
"""Base roots that no lab stands on any more: each takes 400 MB of the machine's disk."""

import fcntl
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.layout import RUN

BASE = re.compile(r"base-[0-9a-f]{12}")
LEAVING = "building-"
"""What a base is called while it is built or removed: never a base that a lab may use."""
PROCESSES = Path("/proc")

Progress = Callable[[str], None]


def prune(cache: Path, keep: Path | None, progress: Progress, run: Path = RUN) -> tuple[Path, ...]:
    """Remove the base roots that no lab uses and return them; `keep` stays in any case.

    The caller holds `build_lock`.
    """
    used = recorded(run) | mounted()
    gone = [
        path
        for path in sorted(cache.glob("base-*"))
        if BASE.fullmatch(path.name) and path != keep and path.name not in used
    ]
    for path in gone:
        # Renamed first: half a base must never stand under the name of a whole one.
        leaving = path.with_name(f"{LEAVING}{path.name}")
        shutil.rmtree(leaving, ignore_errors=True)
        path.rename(leaving)
        shutil.rmtree(leaving)
        progress(f"removed a base root that no lab uses: {path}")
    return tuple(gone)


def recorded(run: Path) -> set[str]:
    """Return the names of the bases that labs noted before they were built."""
    found: set[str] = set()
    for path in run.glob("*/lab.json"):
        try:
            found.add(Path(json.loads(path.read_text(encoding="utf-8"))["base"]).name)
        except FileNotFoundError:  # taken down this moment
            continue
    return found


def mounted(processes: Path = PROCESSES) -> set[str]:
    """Return the names of the bases under a mount, in whatever process's view."""
    seen: set[Path] = set()
    found: set[str] = set()
    for process in processes.glob("[0-9]*"):
        try:
            view = (process / "ns" / "mnt").readlink()
            if view not in seen:
                found |= set(BASE.findall((process / "mountinfo").read_text(encoding="utf-8")))
                seen.add(view)
        except OSError:  # it ended this moment
            continue
    return found


@contextmanager
def build_lock(cache: Path, progress: Progress) -> Iterator[None]:
    """Let one process at a time build or remove base roots."""
    with (cache / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another lab is building the base root; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
