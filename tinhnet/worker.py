# SPDX-License-Identifier: MIT
"""The loop around every worker: step, sleep until somebody writes, step again.

A room offers a worker as `<room>/workers/<name>.py` with
`WORKER = Worker(…)`.  Tests call `step` themselves.
"""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Protocol

from tinhnet import plugins
from tinhnet.context import Context
from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of
from tinhnet.metrics import WorkerMetrics, worker_metrics
from tinhnet.processes import end_with_parent, give_up_rights
from tinhnet.store.heartbeats import Heartbeat, beat, forget
from tinhnet.store.wake import waking

ROOMS = ("changes", "collectors", "security", "alerts", "webui")
PARENT_VARIABLE = "TINHNET_SUPERVISOR"
ECHOING = frozenset(("collect",))
"""Workers that send echo requests and keep CAP_NET_RAW, where the supervisor was given it."""
RETRY_S = 1.0
"""Seconds a worker waits after a step that failed."""

log = log_of("worker")


class Steps(Protocol):
    """A worker at work."""

    def step(self, context: Context) -> float:
        """Read rows, decide, write rows; return after how many seconds to be called at latest."""
        ...

    def close(self, context: Context) -> None:
        """End what is under way, because the worker was told to end."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """One process of a worker, told apart from all others before and after it."""

    name: str
    machine: str
    pid: int
    started_at: datetime

    def __str__(self) -> str:
        """Return the form that rows keep."""
        return f"{self.name}@{self.machine}:{self.pid}:{self.started_at:%Y%m%dT%H%M%S%f}"


@dataclass(frozen=True, slots=True)
class StepWorker:
    """A worker of our own loop."""

    start: Callable[[Context, Identity], Steps]


@dataclass(frozen=True, slots=True)
class ProcessWorker:
    """A worker that is a program with its own loop.

    `command` gives the program's arguments for an open context and the
    number of an inherited listening socket, None when it opens its own.
    """

    command: Callable[[Context, int | None], list[str]]


@dataclass(frozen=True, slots=True)
class Worker:
    """What `<room>/workers/<name>.py` holds; `title` says in a sentence what it does."""

    title: str
    work: StepWorker | ProcessWorker


class WorkerMissingError(TinhnetError):
    """No room offers a worker of that name."""


def find_worker(name: str) -> Worker:
    """Return a worker by its file name, whichever room it lives in."""
    known: list[str] = []
    for room in ROOMS:
        package = f"{room}.workers"
        found = plugins.names(package)
        if name in found:
            return plugins.load(package, name, "WORKER", Worker)
        known += found
    raise WorkerMissingError(f"there is no worker {name}", f"these exist: {', '.join(known)}")


def run_worker(name: str, context: Context, fd: int | None = None) -> None:
    """Be a worker until SIGTERM or SIGINT; ends with the supervisor that started it."""
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is not None and parent.isdigit():
        end_with_parent(int(parent))
    worker = find_worker(name)
    if name not in ECHOING:
        give_up_rights()
    if isinstance(worker.work, ProcessWorker):
        command = worker.work.command(context, fd)
        context.store.close()
        os.execvp(command[0], command)  # noqa: S606 the worker becomes this program, no shell
    stop = Event()

    def end(number: int, frame: FrameType | None) -> None:
        """Let the step under way finish, then end."""
        del number, frame
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    now = context.now
    identity = Identity(name, socket.gethostname(), os.getpid(), now)
    with _alive(context, identity):
        loop(worker.work.start(context, identity), context, identity, stop)


def loop(steps: Steps, context: Context, identity: Identity, stop: Event) -> None:
    """Step until `stop` is set; an error is logged and counted, and the loop goes on."""
    every = context.config.supervisor.heartbeat_s
    metrics = worker_metrics(identity.name)
    log.info("worker_started", worker=identity.name, pid=identity.pid)
    beaten = float("-inf")
    with waking(context.store, stop.wait) as wake:
        while not stop.is_set():
            wanted = _step(steps, context, metrics)
            if time.monotonic() - beaten >= every:
                _beat(context, identity, metrics)
                beaten = time.monotonic()
            wake.wait(min(wanted, every))
        steps.close(context)
    with context.store.writing() as connection:
        forget(connection, identity.name)
    log.info("worker_ended", worker=identity.name, pid=identity.pid)


def dead_workers(context: Context) -> list[str]:
    """Return the identities whose process on this machine has ended without a farewell.

    A worker locks a file of its own; the kernel lets go of the lock when it
    dies, however it dies.
    """
    dead = []
    for path in sorted(_directory(context).glob("*.lock")):
        with path.open("a") as file:
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                continue
            dead.append(path.stem)
    return dead


def bury(context: Context, identity: str) -> None:
    """Forget a dead worker whose jobs have been looked after."""
    (_directory(context) / f"{identity}.lock").unlink(missing_ok=True)


@contextmanager
def _alive(context: Context, identity: Identity) -> Iterator[None]:
    directory = _directory(context)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{identity}.lock"
    with path.open("w") as file:
        flock(file, LOCK_EX)
        yield
        path.unlink(missing_ok=True)


def _step(steps: Steps, context: Context, metrics: WorkerMetrics) -> float:
    began = time.monotonic()
    try:
        return steps.step(context)
    except TinhnetError as error:
        metrics.errors.inc()
        log.error("step_failed", error=error.message, hint=error.hint)  # noqa: TRY400 a sentence, no trace
    except Exception as error:  # noqa: BLE001 the worker loop: one bad step must not end the worker
        metrics.errors.inc()
        log.error("step_failed", error=repr(error), where=_where(error))  # noqa: TRY400 one line each
    finally:
        metrics.steps.inc()
        metrics.step_seconds.inc(time.monotonic() - began)
        metrics.last_step.set_to_current_time()
    return RETRY_S


def _beat(context: Context, identity: Identity, metrics: WorkerMetrics) -> None:
    every = context.config.supervisor.heartbeat_s
    heartbeat = Heartbeat(
        worker=identity.name,
        machine=identity.machine,
        pid=identity.pid,
        started_at=identity.started_at,
        at=context.now,
        interval_s=max(1, round(every)),
    )
    try:
        with context.store.writing() as connection:
            beat(connection, heartbeat)
        metrics.write(metrics_directory(context) / f"{identity.name}.prom")
    except (TinhnetError, OSError) as error:
        metrics.errors.inc()
        log.error("heartbeat_failed", error=str(error))  # noqa: TRY400 a sentence, no trace


def metrics_directory(context: Context) -> Path:
    """Return where workers leave their numbers."""
    return context.config.state / "run" / "metrics"


def _directory(context: Context) -> Path:
    return context.config.state / "run" / "workers"


def _where(error: BaseException) -> str:
    """Return the innermost place of an error, file and line."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
