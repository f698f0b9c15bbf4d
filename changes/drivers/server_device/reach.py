# SPDX-License-Identifier: MIT
"""Bring the server to its intended state, in this order.

Compare; write everything new beside the old; let the programs judge the
future `/etc`; put it in place; change the units.  A refusal, a full disk or a
unit that does not start leaves the old state serving.
"""

import base64
import fcntl
import json
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .accounts import (
    AccountChange,
    account_changes,
    change_accounts,
    missing_packages,
)
from .files import (
    commit,
    difference,
    directory_differs,
    discard_drafts,
    keep,
    make_directory,
    restore,
    write_beside,
)
from .rehearse import rehearse
from .run import RefusedError, is_container, must, run, touches
from .state import Bundle, Directory, File, Step, unpack
from .units import (
    Todo,
    change_units,
    read_stamps,
    settle,
    start_again,
    unit_changes,
    write_stamps,
)

LOCK = Path("/run/tinhnet-state.lock")
UNIT_FILES = ("/etc/systemd/system/",)
PHASES = ("files", "units", "end")

Change = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that differs; `files` is everything intended for this kind of machine."""

    files: tuple[File, ...]
    changed: tuple[File, ...]
    absent: tuple[str, ...]
    directories: tuple[Directory, ...]
    accounts: tuple[AccountChange, ...]
    container: bool

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that change."""
        return (*(item.path for item in self.changed), *self.absent)


def compare(bundle: Bundle) -> Found:
    """Find out everything that differs, changing nothing."""
    missing = missing_packages(bundle.packages)
    if missing:
        raise RefusedError("packages", f"not installed: {', '.join(missing)}")
    container = is_container()
    here = (None, "container" if container else "machine")
    files = tuple(item for item in bundle.files if item.where in here)
    absent = [Path(path) for path in bundle.absent]
    return Found(
        files=files,
        changed=tuple(item for item in files if difference(item)),
        absent=tuple(str(path) for path in absent if path.exists() or path.is_symlink()),
        directories=tuple(item for item in bundle.directories if directory_differs(item)),
        accounts=tuple(account_changes(bundle.accounts, bundle.absent_accounts)),
        container=container,
    )


def describe(found: Found, bundle: Bundle, todo: Todo) -> list[Change]:
    """Return the changes in the order in which they happen, with the old texts."""
    changes: list[Change] = [{"kind": "account", "what": one.what} for one in found.accounts]
    changes += [{"kind": "directory", "path": item.path} for item in found.directories]
    changes += [_shown("file", item.path, difference(item)) for item in found.changed]
    changes += [_shown("absent", path, None) for path in found.absent]
    for phase in PHASES:
        steps = due_steps(bundle.steps, phase, found)
        changes += [{"kind": "step", "what": step.name} for step in steps]
    changes += [
        {"kind": "unit", "name": name, "what": ", ".join(verbs)} for name, verbs in todo.items()
    ]
    return changes


def due_steps(steps: Sequence[Step], phase: str, found: Found) -> list[Step]:
    """Return the steps of a phase that have something to do."""
    here = (None, "container" if found.container else "machine")
    due = []
    for step in steps:
        if step.phase != phase or step.where not in here:
            continue
        if step.unless:
            wanted = run(step.unless, step.input)[0] != 0
        else:
            wanted = touches(step.when, found.paths)
        if wanted:
            due.append(step)
    return due


def apply(found: Found, bundle: Bundle, stamps: dict[str, str]) -> None:
    """Do what was found; put the files back when a unit does not come up."""
    change_accounts(found.accounts)
    _run_steps(bundle.steps, "files", found)
    for item in found.directories:
        make_directory(item)
    write_beside(found.changed)
    try:
        rehearse(bundle.checks, found.changed, found.absent, found.paths)
    except RefusedError:
        discard_drafts(found.changed)
        raise
    kept = commit(found.changed, found.absent)
    todo: Todo = {}
    try:
        if touches(UNIT_FILES, found.paths):
            must("units", "daemon-reload", ["systemctl", "daemon-reload"])
        _run_steps(bundle.steps, "units", found)
        todo = unit_changes(bundle.units, found.files, stamps)
        change_units(bundle.units, todo)
        _run_steps(bundle.steps, "end", found)
        settle(bundle.units)
    except RefusedError as error:
        restore(kept)
        start_again([unit.name for unit in bundle.units if unit.active and unit.name in todo])
        raise RefusedError(error.stage, error.message, rolled_back=True) from error
    write_stamps(bundle.units, found.files)


def reach(bundle: Bundle, *, check: bool) -> dict[str, object]:
    """Compare and, unless only asked to check, apply; return the answer."""
    started = time.monotonic()
    stamps = read_stamps()
    found = compare(bundle)
    changes = describe(found, bundle, unit_changes(bundle.units, found.files, stamps))
    if changes and check:
        rehearse(bundle.checks, found.changed, found.absent, found.paths)
    elif changes:
        apply(found, bundle, stamps)
    return {"changes": changes, "seconds": round(time.monotonic() - started, 3)}


def main(word: str) -> None:
    """Answer one request with one line of JSON on standard output.

    The end of the session does not stop a change half-way.
    """
    for ignored in (signal.SIGHUP, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    answer: dict[str, object]
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            bundle, check = unpack(word)
            answer = reach(bundle, check=check)
        except BlockingIOError:
            answer = _failed("lock", "another run is changing this server", rolled_back=False)
        except RefusedError as error:
            answer = _failed(error.stage, error.message, rolled_back=error.rolled_back)
    sys.stdout.write("\n" + json.dumps({"format": 1, **answer}) + "\n")


def _run_steps(steps: Sequence[Step], phase: str, found: Found) -> None:
    for step in due_steps(steps, phase, found):
        must("steps", step.name, step.command, step.input)


def _shown(kind: str, path: str, why: str | None) -> Change:
    """Describe a file's change; the old text goes back so that the controller can mask and diff."""
    held = keep(Path(path))
    before = None
    if held is not None:
        text = held.octets if held.link is None else f"-> {held.link}\n".encode()
        before = base64.b64encode(text).decode("ascii")
    return {"kind": kind, "path": path, "why": why, "before": before}


def _failed(stage: str, message: str, *, rolled_back: bool) -> dict[str, object]:
    return {"failed": {"stage": stage, "message": message, "rolled_back": rolled_back}}
