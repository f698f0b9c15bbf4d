# SPDX-License-Identifier: MIT
"""Staying with a job until it has ended, and telling whoever waits how it goes."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TextIO

from changes.progress import Display, Seen, advanced, sentence
from tinhnet.console import warn
from tinhnet.context import Context
from tinhnet.model.job import Job, JobEvent, JobState
from tinhnet.store.heartbeats import list_heartbeats
from tinhnet.store.jobs import get_job, list_events
from tinhnet.store.wake import waking

FOLLOW_S = 1.0
"""Seconds between two looks at a job that says nothing; a write wakes at once."""
PATIENCE_S = 15.0
"""Seconds for which nobody takes a job before somebody is told that no worker runs."""
UNKNOWN_WIDTH = 80
"""Columns of a terminal that does not tell."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as a shell reports it."""


class Watch(Protocol):
    """What is told of a job while it runs."""

    def line(self, event: JobEvent) -> None:
        """Take the next line."""
        ...

    def look(self, job: Job, seconds: float) -> None:
        """Take how the job stands, `seconds` after it was asked for or started."""
        ...

    def clear(self) -> None:
        """Make room for a sentence about the waiting itself."""
        ...


@dataclass(frozen=True, slots=True)
class Printer:
    """Passes every line on."""

    show: Callable[[JobEvent], None]

    def line(self, event: JobEvent) -> None:
        """Pass it on."""
        self.show(event)

    def look(self, job: Job, seconds: float) -> None:
        """Show nothing beside the lines."""

    def clear(self) -> None:
        """Do nothing."""


class Watcher:
    """Shows in one line how far the job is; passes the lines of diffs on where they are wanted."""

    def __init__(
        self, display: Display | None, diff: Callable[[JobEvent], None] | None = None
    ) -> None:
        self._display = display
        self._diff = diff
        self._seen = Seen()

    def line(self, event: JobEvent) -> None:
        """Count what the line tells."""
        self._seen = advanced(self._seen, event)
        if self._diff is not None and event.kind == "diff":
            self.clear()
            self._diff(event)

    def look(self, job: Job, seconds: float) -> None:
        """Show it."""
        if self._display is not None:
            self._display.show(sentence(job, self._seen, seconds))

    def clear(self) -> None:
        """Take the line away."""
        if self._display is not None:
            self._display.clear()


def display_of(stream: TextIO) -> Display:
    """Return a display that fits where a stream goes."""
    if not stream.isatty():
        return Display(stream, None)
    return Display(stream, os.get_terminal_size(stream.fileno()).columns or UNKNOWN_WIDTH)


def follow(context: Context, job: Job, watch: Watch, after: int = 0) -> Job:
    """Stay with a job until it has ended; return how it ended.

    Ctrl-C ends the waiting, not the job, and says so; the exit status is
    then INTERRUPTED.
    """
    try:
        return _followed(context, job, watch, after)
    except KeyboardInterrupt:
        watch.clear()
        warn(
            f"{job.id} goes on without you:"
            f" `tinhnet job show {job.id} --follow` follows it,"
            f" `tinhnet job cancel {job.id}` ends it"
        )
        sys.exit(INTERRUPTED)


def pass_lines(context: Context, job: Job, show: Callable[[JobEvent], None], after: int) -> int:
    """Pass on the lines after `after` that are there by now; return the last one's number."""
    while after < job.last_seq:
        with context.store.reading() as connection:
            events = list_events(connection, job.number, after=after)
        if not events:
            return after
        for event in events:
            show(event)
        after = events[-1].seq
    return after


def _followed(context: Context, job: Job, watch: Watch, after: int) -> Job:
    waited_since = context.now
    with waking(context.store) as wake:
        while True:
            with context.store.reading() as connection:
                current = get_job(connection, job.number)
            after = pass_lines(context, current, watch.line, after)
            if current.state.is_final:
                watch.clear()
                return current
            since = current.started_at or current.requested_at
            watch.look(current, (context.now - since).total_seconds())
            wake.wait(FOLLOW_S)
            if (
                current.state is JobState.WAITING
                and (context.now - waited_since).total_seconds() >= PATIENCE_S
            ):
                _warn_without_worker(context, watch)
                waited_since = context.now


def _warn_without_worker(context: Context, watch: Watch) -> None:
    with context.store.reading() as connection:
        workers = [one for one in list_heartbeats(connection) if one.worker == "change"]
    if not workers or (context.now - workers[0].at).total_seconds() > PATIENCE_S:
        watch.clear()
        warn("no change worker is running; start one with `tinhnet up` or `tinhnet worker change`")
