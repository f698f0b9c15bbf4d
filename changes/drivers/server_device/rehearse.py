# SPDX-License-Identifier: MIT
"""Let the programs judge the future `/etc` before anything of it is put in place."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from .files import place
from .run import RefusedError, run, touches
from .state import Check, File

ETC = "/etc/"
STAGE = Path("/run/tinhnet-stage")
LONGEST_COMPLAINT = 1500


def rehearse(
    checks: Sequence[Check], items: Sequence[File], absent: Sequence[str], paths: Sequence[str]
) -> None:
    """Run the checks that concern the changed paths, in a mount namespace with the future `/etc`.

    RefusedError with the program's own words when it refuses.
    """
    due = [check for check in checks if touches(check.when, paths)]
    if not due:
        return
    shutil.rmtree(STAGE, ignore_errors=True)
    try:
        future = _future(items, absent)
        for check in due:
            _ask(check, future)
    except (OSError, shutil.Error) as error:
        raise RefusedError("validate", f"the rehearsal of /etc failed: {error}") from error
    finally:
        shutil.rmtree(STAGE, ignore_errors=True)


def _future(items: Sequence[File], absent: Sequence[str]) -> Path:
    STAGE.mkdir(mode=0o700)
    future = STAGE / "etc"
    shutil.copytree(ETC, future, symlinks=True, copy_function=_copy)
    for path in absent:
        if path.startswith(ETC):
            (STAGE / path[1:]).unlink(missing_ok=True)
    for item in items:
        if item.path.startswith(ETC):
            place(item, STAGE / item.path[1:])
    return future


def _ask(check: Check, future: Path) -> None:
    enter = 'mount --bind "$0" /etc && exec "$@"'
    code, output = run(["unshare", "--mount", "sh", "-c", enter, str(future), *check.command])
    if code:
        complaint = output[-LONGEST_COMPLAINT:]
        raise RefusedError("validate", f"{check.name} refuses the new files: {complaint}")


def _copy(source: str, target: str) -> str:
    shutil.copy2(source, target)
    status = os.stat(source)  # noqa: PTH116 copytree hands over names
    os.chown(target, status.st_uid, status.st_gid)
    return target
