# SPDX-License-Identifier: MIT
"""The web server: gunicorn with threads, configured here and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from gunicorn.app.base import BaseApplication

TIMEOUT_S = 60
GRACE_S = 3
KEEPALIVE_S = 15


@dataclass(frozen=True, slots=True)
class Listener:
    """Where to listen: `bind` is gunicorn's word for it, "host:port" or "fd://5"."""

    bind: str

    @classmethod
    def inherited(cls, number: int) -> "Listener":
        """Return the listener on a socket that whoever started us has opened."""
        return cls(f"fd://{number}")


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn around an application that is made after the fork.

    One process with many threads: a stream holds a thread and waits, it
    does not compute; threads and SQLite's connections must not cross a fork.
    """

    def __init__(self, make: Callable[[], Flask], listener: Listener, threads: int) -> None:
        self._make = make
        self._listener = listener
        self._threads = threads
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn up; no file, variable or argument of its own is read."""
        settings: dict[str, object] = {
            "bind": [self._listener.bind],
            "workers": 1,
            "worker_class": "gthread",
            "threads": self._threads,
            "timeout": TIMEOUT_S,
            "graceful_timeout": GRACE_S,
            "keepalive": KEEPALIVE_S,
            "accesslog": None,
            "loglevel": "warning",
            "control_socket_disable": True,
            "proc_name": "tinhnet-web",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application, in the process that serves it."""
        return self._make()


def serve(make: Callable[[], Flask], listener: Listener, threads: int) -> None:
    """Serve until a signal ends it (SIGTERM, SIGINT)."""
    WebServer(make, listener, threads).run()
