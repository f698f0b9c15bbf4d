# SPDX-License-Identifier: MIT
"""`tinhnet worker web`: the pages and the API."""

import os
import sys

from tinhnet.context import Context
from tinhnet.worker import ProcessWorker, Worker


def _command(context: Context, fd: int | None) -> list[str]:
    """Return the server's command; an inherited socket wins over the settings."""
    program = [sys.executable, "-m", "webui.server"]
    if fd is not None:
        os.set_inheritable(fd, True)  # noqa: FBT003 signature of the standard library
        return [*program, "--fd", str(fd)]
    web = context.config.web
    return [*program, "--bind", f"{web.host}:{web.port}"]


WORKER = Worker("The web pages and the API.", ProcessWorker(_command))
