# SPDX-License-Identifier: MIT
"""Programs on the server, and the one way in which a change is refused."""

import os
import subprocess
from collections.abc import Iterable, Sequence

TIMEOUT_S = 60.0


class RefusedError(Exception):
    """The intended state cannot be reached; `stage` says where it was found out."""

    def __init__(self, stage: str, message: str, *, rolled_back: bool = False) -> None:
        super().__init__(message)
        self.stage = stage
        self.message = message
        self.rolled_back = rolled_back


def run(command: Sequence[str], text: str | None = None) -> tuple[int, str]:
    """Run a program and return its exit code and output; 127 not found, 124 no answer in time."""
    try:
        done = subprocess.run(
            list(command),
            input=(text or "").encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )
    except FileNotFoundError as error:
        return 127, f"{error.filename}: not found"
    except subprocess.TimeoutExpired:
        return 124, f"{' '.join(command)}: no answer within {TIMEOUT_S:.0f} s"
    return done.returncode, done.stdout.decode(errors="replace").strip()


def must(stage: str, what: str, command: Sequence[str], text: str | None = None) -> None:
    """Run a program; RefusedError with its last words when it fails."""
    code, output = run(command, text)
    if code:
        raise RefusedError(stage, f"{what}: {output[-1500:] or f'exit code {code}'}")


def is_container() -> bool:
    """Tell whether the kernel and its clock belong to somebody else."""
    return run(["systemd-detect-virt", "--container", "--quiet"])[0] == 0


def touches(prefixes: Iterable[str], paths: Iterable[str]) -> bool:
    """Tell whether a path lies under one of the prefixes."""
    known = tuple(paths)
    return any(path.startswith(prefix) for prefix in prefixes for path in known)
