# SPDX-License-Identifier: MIT
"""Waiting for a job at a terminal, in a pipe, and with Ctrl-C; a real job in a real worker."""

import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from changes.progress import PLAIN_S, Display, Seen, advanced, sentence
from tests.background import IN_BACKGROUND
from tests.changes.trial import launch, read, until
from tinhnet.context import Context
from tinhnet.model.job import Job, JobEvent, JobState
from tinhnet.store.jobs import get_job

NOW = datetime(2016, 5, 4, 3, 2, 1, tzinfo=UTC)


def told(kind: str, text: str, device: str | None = None, result: str | None = None) -> JobEvent:
    """Return a line of a job."""
    return JobEvent(1, NOW, device, "Apply", kind, text, result)


def seen_in(events: Iterable[JobEvent]) -> Seen:
    """Return what some lines tell."""
    seen = Seen()
    for event in events:
        seen = advanced(seen, event)
    return seen


@pytest.fixture
def job(context: Context) -> Job:
    """Return a running job with four devices."""
    asked = launch(context, "hello")
    return replace(asked, state=JobState.RUNNING, devices=("core1", "core2", "fw1", "far1"))


def test_a_line_says_play_devices_results_and_time(job: Job) -> None:
    """Four things answer the question whether it is worth waiting."""
    seen = seen_in(
        [
            told("play", "PLAY [Firewall] ******"),
            told("result", "changed: [fw1]", "fw1", "changed"),
            told("play", "PLAY [Cores] ******"),
            told("result", "changed: [core1]", "core1", "changed"),
            told("result", "ok: [core1]", "core1", "ok"),
            told("line", "  more of it", "core1"),
            told("result", "fatal: [core2]", "core2", "failed"),
        ]
    )

    assert sentence(job, seen, 75.9) == (
        "J1 running  1:15  3 of 4 devices: 1 failed, 2 changed  [Cores: 2 answered]"
    )


def test_who_is_waited_for_is_named(job: Job) -> None:
    """A job that waits for another one is not stuck."""
    waiting = replace(job, state=JobState.WAITING, holder="J7")

    assert sentence(waiting, Seen(), 4) == "J1 waits for J7  0:04"


def test_a_terminal_has_one_line_that_never_wraps() -> None:
    """A line that wraps cannot be taken back."""
    stream = io.StringIO()
    display = Display(stream, 10)
    display.show("x" * 30)
    display.show("y")
    display.clear()

    assert stream.getvalue() == f"\r\x1b[K{'x' * 9}\r\x1b[Ky\r\x1b[K"


def test_a_log_gets_a_line_every_few_seconds() -> None:
    """Forty lines a minute of the same thing hide what matters."""
    stream = io.StringIO()
    moments = iter([0.0, 0.0, 0.0, PLAIN_S - 1, PLAIN_S, PLAIN_S])
    display = Display(stream, None, lambda: next(moments))
    for text in ("first", "hidden", "second"):
        display.show(text)

    assert stream.getvalue() == "first\nsecond\n"


def command(root: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    """Return a command line of the product in the small checkout, and its environment."""
    variables = {"TINHNET_CONFIG": str(root / "tinhnet.toml"), "TINHNET_STATE": str(root / "var")}
    return [sys.executable, "-m", "tinhnet", "job", *words], os.environ | variables


@pytest.mark.slow
@pytest.mark.parametrize("quiet", [False, True], ids=["progress", "quiet"])
def test_standard_output_holds_the_result_alone(
    context: Context,
    root: Path,
    start_worker: Callable[[], subprocess.Popen[bytes]],
    *,
    quiet: bool,
) -> None:
    """A program reads the result while a person reads the progress."""
    del context
    start_worker()
    asked = ["--limit", "core1,core2", "--purpose", "Thử"]
    words = ["run", "hello", *asked, "--wait", "--json"]
    line, environment = command(root, *words, *(["--quiet"] if quiet else []))
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"] == {"core1": "changed", "core2": "ok"}
    assert ("J1 running" in done.stderr or "J1 waits" in done.stderr) is not quiet
    assert "\r" not in done.stderr


def rest_of(terminal: int) -> bytes:
    """Return what a terminal still holds after its last writer has ended, and close it."""
    said = b""
    with suppress(OSError), os.fdopen(terminal, "rb", buffering=0) as stream:  # EIO: nothing left
        while piece := stream.read(4096):
            said += piece
    return said


@pytest.mark.slow
def test_ctrl_c_ends_the_waiting_and_not_the_job(
    context: Context, root: Path, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    """An engineer who goes home must not leave half a province behind, and must know it."""
    start_worker()
    line, environment = command(
        root, "run", "block", "--limit", "core1", "--purpose", "Thử", "--wait"
    )
    main, side = pty.openpty()
    waiting = subprocess.Popen(
        [*IN_BACKGROUND, *line], env=environment, stdout=subprocess.PIPE, stderr=side
    )
    os.close(side)
    shown = b""
    while b"Wait: " not in shown:
        shown += os.read(main, 4096)
    waiting.send_signal(signal.SIGINT)
    out, _ = waiting.communicate(timeout=60)
    said = rest_of(main).decode()
    with context.store.reading() as connection:
        job = get_job(connection, 1)
    (root / "playbooks" / "go").touch()
    until(context, lambda: read(context, job).state.is_final)

    assert (waiting.returncode, out) == (130, b"")
    assert b"\r\x1b[KJ1 " in shown
    assert "J1 goes on without you" in said
    assert "tinhnet job show J1 --follow" in said
    assert "tinhnet job cancel J1" in said
    assert job.state is JobState.RUNNING
    assert read(context, job).state is JobState.SUCCEEDED
