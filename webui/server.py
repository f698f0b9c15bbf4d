# SPDX-License-Identifier: MIT
"""The web server: gunicorn with threads, configured here and nowhere else.

`python -m webui.server --fd 5` serves on a socket that somebody else has
opened, `--bind 127.0.0.1:8080` on one of its own.
"""

import argparse
import socket
from collections.abc import Callable, Sequence

from flask import Flask
from gunicorn.app.base import BaseApplication

from tinhnet.config import load_config
from tinhnet.console import warn
from tinhnet.context import open_context
from tinhnet.errors import TinhnetError
from tinhnet.logs import set_up_logs
from webui.alive import keep_beating
from webui.application import create_application

TIMEOUT_S = 60
GRACE_S = 2
KEEPALIVE_S = 15


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn around an application that is made after the fork.

    One process with many threads: a stream holds a thread and waits, it
    does not compute; threads and SQLite's connections must not cross a fork.
    """

    def __init__(self, make: Callable[[], Flask], bind: str, threads: int) -> None:
        self._make = make
        self._bind = bind
        self._threads = threads
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn up; no file, variable or argument of its own is read."""
        settings: dict[str, object] = {
            "bind": [self._bind],
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="webui.server", description="Serve pages and API.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--fd", type=int, help="number of an inherited listening socket")
    where.add_argument("--bind", help="host:port to listen on")
    given = parser.parse_args(arguments)
    loaded = load_config()

    def make() -> Flask:
        context = open_context(loaded)
        set_up_logs(loaded.config.logs, context.secrets.mask)
        keep_beating(context)
        return create_application(context, loaded)

    bind = f"fd://{given.fd}" if given.fd is not None else given.bind
    if given.bind is not None:
        refuse_taken(given.bind)
    WebServer(make, bind, loaded.config.web.threads).run()


def refuse_taken(bind: str) -> None:
    """Raise TinhnetError at once when somebody else listens there; gunicorn would try for 5 s."""
    host, _, port = bind.rpartition(":")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            raise TinhnetError(
                f"{bind} cannot be opened: {error.strerror}",
                f"end what listens there (`ss -ltnp sport = :{port}`) or set web.port",
            ) from error


if __name__ == "__main__":
    try:
        main()
    except TinhnetError as error:
        warn(f"tinhnet: {error}")
        raise SystemExit(1) from error
