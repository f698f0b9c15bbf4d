# SPDX-License-Identifier: MIT
"""The supervisor: one child per worker, started again with back-off, ended together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from threading import Event
from types import FrameType

from tinhnet.console import say
from tinhnet.context import Context
from tinhnet.entrance import offer_first_run
from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of
from tinhnet.ports import listen
from tinhnet.processes import adopt_orphans, end_descendants
from tinhnet.settings import SupervisorConfig
from tinhnet.worker import PARENT_VARIABLE, find_worker

WEB = "web"
LOOK_S = 0.1
STEADY_S = 30.0
"""Seconds after which a child counts as well and its next restart is quick again."""

log = log_of("up")


class AlreadyUpError(TinhnetError):
    """A supervisor of this state is running."""


class NotWritableError(TinhnetError):
    """The folder of what runs now belongs to another user, or its disk is full."""


@dataclass(slots=True)
class Child:
    """A worker's process; `failures` counts ends in a row, `start_at` is monotonic."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0


def delay(failures: int, settings: SupervisorConfig) -> float:
    """Return the seconds to wait after `failures` ends in a row; each one doubles them."""
    doublings = min(max(failures - 1, 0), 16)
    return min(settings.backoff_s * float(1 << doublings), settings.backoff_max_s)


def supervise(context: Context, fd: int | None = None) -> None:
    """Keep all workers running until SIGTERM or SIGINT.

    `fd` is an inherited listening socket for the web; without one the
    supervisor opens it, so that a port in use is told before anything
    starts and a restart of the web loses no connection.
    """
    settings = context.config.supervisor
    for name in settings.workers:
        find_worker(name)
    stop = Event()

    def end(number: int, frame: FrameType | None) -> None:
        """End at the next look."""
        del number, frame
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with _only_one(context.config.state), _socket(context, fd) as inherited:
        if inherited is not None:
            _offer_first_run(context, inherited)
        adopt_orphans()
        children = [Child(name) for name in settings.workers]
        try:
            while not stop.is_set():
                for child in children:
                    _look(child, settings, inherited)
                stop.wait(LOOK_S)
        finally:
            log.info("supervisor_ending", children=len(children))
            end_descendants(os.getpid(), settings.stop_s)


def _look(child: Child, settings: SupervisorConfig, fd: int | None) -> None:
    """Start a child that does not run, once its pause is over."""
    now = time.monotonic()
    if child.process is not None:
        status = child.process.poll()
        if status is None:
            return
        steady = now - child.started_at > STEADY_S
        child.failures = 1 if steady else child.failures + 1
        child.process = None
        child.start_at = now + delay(child.failures, settings)
        log.warning(
            "worker_died",
            worker=child.name,
            status=status,
            again_in_s=round(child.start_at - now, 1),
        )
    if now < child.start_at:
        return
    passed = fd if child.name == WEB else None
    command = [sys.executable, "-m", "tinhnet", "worker", child.name]
    command += ["--fd", str(passed)] if passed is not None else []
    child.process = subprocess.Popen(
        command,
        env=os.environ | {PARENT_VARIABLE: str(os.getpid())},
        stdin=subprocess.DEVNULL,
        pass_fds=[passed] if passed is not None else [],
        start_new_session=True,
    )
    child.started_at = now
    log.info("worker_spawned", worker=child.name, pid=child.process.pid)


@contextmanager
def _socket(context: Context, fd: int | None) -> Iterator[int | None]:
    if WEB not in context.config.supervisor.workers:
        yield None
        return
    if fd is not None:
        _check_inherited(fd)
        yield fd
        return
    web = context.config.web
    with listen(web.host, web.port) as listener:
        log.info("listening", address=f"http://{web.host}:{web.port}")
        yield listener.fileno()


def _offer_first_run(context: Context, fd: int) -> None:
    """Print the one-time code for the first admin while nobody exists; it is told nowhere else."""
    code = offer_first_run(context)
    if code is None:
        return
    with socket.socket(fileno=os.dup(fd)) as listener:
        host, port = listener.getsockname()[:2]
    where = f"[{host}]" if ":" in host else host
    say(f"Nobody can sign in yet. Open http://{where}:{port}/first-run and type this code, once:")
    say(f"  {code}")
    say("or add the first person here: tinhnet user add NAME --role admin")


def _check_inherited(fd: int) -> None:
    try:
        with socket.socket(fileno=os.dup(fd)) as given:
            listens = given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise TinhnetError(
            f"--fd {fd} is no socket: {error.strerror}", "leave --fd out to open web.host:web.port"
        ) from error
    if not listens:
        raise TinhnetError(f"--fd {fd} is a socket that does not listen")


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    path = _run_folder(state) / "up.lock"
    with path.open("a+") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise AlreadyUpError(
                f"tinhnet is up already on {state} (pid {file.read().strip() or 'unknown'})",
                "end that one first, or choose another state by TINHNET_STATE",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _run_folder(state: Path) -> Path:
    """Return where the workers note that they live.

    NotWritableError when another user made it: every worker would fail over and over.
    """
    folder = state / "run"
    hint = f"run as the product's user; if root ran it before: chown -R tinhnet: {state}"
    lock = folder / "up.lock"
    try:
        for place in (folder, folder / "workers", folder / "metrics"):
            place.mkdir(parents=True, exist_ok=True)
            if not os.access(place, os.W_OK | os.X_OK):
                raise NotWritableError(f"{place} cannot be written by this user", hint)
        lock.touch()
    except OSError as error:
        raise NotWritableError(
            f"{error.filename} cannot be written: {error.strerror}", hint
        ) from error
    return folder
