# SPDX-License-Identifier: MIT
"""One running job as its worker sees it: a child process and a pipe that never blocks."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryFile
from typing import IO

from changes.conclusion import Ending
from changes.lines import Progress
from changes.runner import Order, write_order
from tinhnet import targets
from tinhnet.context import Context
from tinhnet.model.job import Job, JobDevice, JobEvent
from tinhnet.processes import end_marked

MARK = "TINHNET_JOB"
CHUNK = 1 << 16
MOST_BYTES = 1 << 20
"""Bytes read in one step: a job that shouts must not keep the others waiting."""
ANSIBLE = {
    # ansible-runner turns host key checking off unless it is told not to.
    "ANSIBLE_HOST_KEY_CHECKING": "True",
    "ANSIBLE_NOCOLOR": "True",
    "ANSIBLE_DEPRECATION_WARNINGS": "False",
    "PYTHONUNBUFFERED": "1",
    "LANG": "C.UTF-8",
}


@dataclass(slots=True)
class Run:
    """A job's child process.

    `lines` wait to be written, `progress` is what is known of each device.
    `target` is what the child found out before it started, `code` Ansible's
    exit status, both None until then.
    """

    job: Job
    mark: str
    process: subprocess.Popen[bytes]
    said: IO[bytes]
    buffer: bytearray = field(default_factory=bytearray)
    lines: list[JobEvent] = field(default_factory=list)
    progress: dict[str, Progress] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    stats: Mapping[str, Mapping[str, int]] | None = None
    target: Mapping[str, object] | None = None
    code: int | None = None
    is_started: bool = False
    is_lost: bool = False
    ending: Ending | None = None
    ending_since: datetime | None = None
    written_at: datetime | None = None

    def read(self) -> list[Mapping[str, object]]:
        """Return the messages that have arrived; the child's end is seen by `is_over`."""
        stream = self.process.stdout
        if stream is None:
            return []
        taken = 0
        while taken < MOST_BYTES:
            try:
                chunk = os.read(stream.fileno(), CHUNK)
            except BlockingIOError:
                break
            if not chunk:
                break
            self.buffer += chunk
            taken += len(chunk)
        whole, _, rest = bytes(self.buffer).rpartition(b"\n")
        self.buffer = bytearray(rest)
        return [json.loads(line) for line in whole.splitlines() if line]

    @property
    def is_over(self) -> bool:
        """Tell whether the child has ended; read once more afterwards."""
        return self.process.poll() is not None

    def go(self, devices: tuple[str, ...]) -> None:
        """Let the child start on these devices."""
        self.is_started = True
        self.progress = {
            name: Progress(JobDevice(name, None, 0, None, None), is_busy=False) for name in devices
        }
        if self.process.stdin is not None:
            try:
                self.process.stdin.write(b"go\n")
                self.process.stdin.flush()
            except BrokenPipeError:
                return

    def stop(self, ending: Ending, now: datetime) -> None:
        """Ask the child to end everything; the first reason counts."""
        if self.ending is None:
            self.ending, self.ending_since = ending, now
            self.process.send_signal(signal.SIGTERM)

    def is_overdue(self, now: datetime, patience_s: float) -> bool:
        """Tell whether the child was asked to end and does not."""
        since = self.ending_since
        return (
            since is not None and not self.is_over and now - since > timedelta(seconds=patience_s)
        )

    def join(self, timeout_s: float) -> None:
        """Wait until the child has ended, at most `timeout_s` seconds."""
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return

    def force(self, grace_s: float) -> None:
        """End child and everything of the job without asking; TimeoutError if that fails."""
        self.process.kill()
        self.process.wait()
        end_marked(MARK, self.mark, grace_s)

    def last_words(self) -> str:
        """Return the end of what the child said on standard error, empty when it was silent."""
        self.said.seek(0)
        return self.said.read()[-2000:].decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Bury the child and close the pipes."""
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.said):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue


def spawn(context: Context, job: Job, worker: str) -> Run:
    """Start the child of a job; it names the target and waits for `go`.

    Two workers may look at the same waiting job: their children share nothing.
    """
    directory = _directory(context) / f"{job.id}-{os.getpid()}"
    found = mark(context, job.number, worker)
    rmtree(directory, ignore_errors=True)
    settings = context.config.jobs
    order = Order(
        root=str(context.root),
        targets=str(targets.folder(context.config.state)),
        playbook=str(settings.playbooks / job.playbook),
        limit=job.limit,
        tags=job.tags,
        check=job.check,
        diff=job.diff,
        extra=job.extra,
        forks=settings.forks,
        grace_s=settings.grace_s,
        worker=os.getpid(),
        actor=job.actor,
    )
    write_order(directory, order)
    said = TemporaryFile()  # noqa: SIM115 lives as long as the run
    process = subprocess.Popen(
        [sys.executable, "-m", "changes.runner", str(directory)],
        cwd=context.root,
        env=environment(context) | {MARK: found},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        start_new_session=True,
    )
    if process.stdout is not None:
        os.set_blocking(process.stdout.fileno(), False)
    return Run(job, found, process, said)


def environment(context: Context) -> dict[str, str]:
    """Return the whole environment of a job: nothing of ours that it does not need."""
    home = context.config.state / "home"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return ANSIBLE | {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": str(home),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_CONFIG": str(context.root / "ansible.cfg"),
        "TINHNET_STATE": str(context.config.state),
        "TINHNET__INVENTORY": str(context.config.inventory),
    }


def mark(context: Context, number: int, worker: str) -> str:
    """Return what marks every process of a job that a worker of this installation runs."""
    return f"{context.config.state}:J{number}:{worker}"


def sweep(context: Context, identity: str) -> None:
    """Remove the files of a dead worker's jobs, which hold what Ansible said unmasked."""
    pid = identity.split(":")[-2]
    for path in _directory(context).glob(f"*-{pid}"):
        rmtree(path, ignore_errors=True)


def _directory(context: Context) -> Path:
    """Return where the short-lived files of running jobs stand."""
    return context.config.state / "run" / "jobs"
