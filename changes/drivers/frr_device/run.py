# SPDX-License-Identifier: MIT
"""Processes and files on the device."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

STATE = Path("/var/lib/tinhnet/device")
STAGE = STATE / "stage"
TIMEOUT_S = 30.0
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "SYSTEMCTL_SKIP_SYSV": "1",
}


def run(
    argv: Sequence[str], *, stdin: str = "", accept: frozenset[int] | None = frozenset({0})
) -> "subprocess.CompletedProcess[str]":
    """Run a program; `accept` None leaves judging the exit code to the caller.

    Raises CalledProcessError and TimeoutExpired.  LC_ALL is C: messages are parsed.
    systemctl leaves the init scripts of System V alone, which systemd does not
    start beside a unit: telling them cost 0.3 s of CPU a router.
    """
    done = subprocess.run(
        list(argv),
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIMEOUT_S,
        check=False,
        env=ENVIRONMENT,
    )
    if accept is not None and done.returncode not in accept:
        raise subprocess.CalledProcessError(done.returncode, list(argv), done.stdout, done.stderr)
    return done


def read_file(path: Path) -> str:
    """Return a file's text, empty when there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def write_file(path: Path, text: str, *, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Replace a file in one step and on disk; an empty disk quota leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.tinhnet")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
