# SPDX-License-Identifier: MIT
"""The web server's sign of life: gunicorn has a loop of its own, so a thread gives it."""

import os
import socket
from threading import Event, Thread

from tinhnet.context import Context
from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of
from tinhnet.store.heartbeats import Heartbeat, beat

NAME = "web"

log = log_of("webui")


def keep_beating(context: Context, stop: Event | None = None) -> Thread:
    """Start a thread that writes a heartbeat until the process ends, or `stop` is set."""
    ended = stop or Event()
    thread = Thread(target=_beat, args=(context, ended), name="heartbeat", daemon=True)
    thread.start()
    return thread


def _beat(context: Context, stop: Event) -> None:
    every = context.config.supervisor.heartbeat_s
    started = context.now
    while True:
        sign = Heartbeat(
            worker=NAME,
            machine=socket.gethostname(),
            pid=os.getpid(),
            started_at=started,
            at=context.now,
            interval_s=max(1, round(every)),
        )
        try:
            with context.store.writing() as connection:
                beat(connection, sign)
        except TinhnetError as error:
            log.warning("heartbeat_failed", error=error.message)
        if stop.wait(every):
            return
