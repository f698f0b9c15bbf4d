# SPDX-License-Identifier: MIT
"""Processes that end together: whoever starts one is answerable for all it leaves behind.

Linux only: prctl(2) and /proc.
"""

import ctypes
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAPABILITY_VERSION_3 = 0x20080522
POLL_S = 0.02


def end_with_parent(parent: int, number: int = signal.SIGTERM) -> None:
    """Ask the kernel to signal this process when `parent`, which started it, dies.

    Raises ProcessLookupError when it is dead already.  The signal follows
    the thread that started this process (prctl(2), PR_SET_PDEATHSIG).
    """
    _prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        raise ProcessLookupError(f"parent {parent} has ended")


def adopt_orphans() -> None:
    """Become the parent of whatever a descendant leaves behind, daemons included."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def give_up_rights() -> None:
    """Give up every capability that was handed to this process, for itself and what it starts.

    Root keeps its own: whoever runs the product as root means it.
    """
    if os.geteuid() == 0:
        return
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def descendants(pid: int) -> list[int]:
    """Return the children of a process, their children and so on; without `pid` itself."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def end_descendants(pid: int, grace_s: float) -> None:
    """End all descendants: asked with SIGTERM, after `grace_s` seconds forced."""
    _signal(descendants(pid), signal.SIGTERM)
    ends = time.monotonic() + grace_s
    while _reaped(pid) and time.monotonic() < ends:
        time.sleep(POLL_S)
    while left := _reaped(pid):
        _signal(left, signal.SIGKILL)
        time.sleep(POLL_S)


def marked(variable: str, value: str) -> Iterator[int]:
    """Yield the processes of this user that carry `variable` with `value` in their environment."""
    wanted = f"{variable}={value}".encode()
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and int(path.name) != os.getpid():
            try:
                variables = (path / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if wanted in variables:
                yield int(path.name)


def end_marked(variable: str, value: str, grace_s: float) -> int:
    """End all marked processes by force and wait until they are gone; return how many.

    Raises TimeoutError when one is still there after `grace_s` seconds.
    """
    found = list(marked(variable, value))
    _signal(found, signal.SIGKILL)
    ends = time.monotonic() + grace_s
    while list(marked(variable, value)):
        if time.monotonic() > ends:
            raise TimeoutError(f"processes with {variable}={value} do not end")
        time.sleep(POLL_S)
    return len(found)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in path.read_text().split()]
        except OSError:
            continue
    return found


def _reaped(pid: int) -> list[int]:
    """Bury dead children of ours and return the living descendants."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    return descendants(pid)


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _prctl(option: int, value: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl {option}: {os.strerror(number)}")
