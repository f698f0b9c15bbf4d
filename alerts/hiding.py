# SPDX-License-Identifier: MIT
"""What hides an alert at one instant: windows, running jobs, a root cause."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.cause import Judgement
from alerts.graph import Graph
from alerts.memory import Memory
from alerts.working import SETTLE_S, job_hides, things_of_job
from tinhnet.alerting import windows
from tinhnet.model.alert import Alert
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.job import Job, JobDevice
from tinhnet.model.window import Window

MENDED_S = 5.0
"""What was measured until so many seconds after a thing was last seen down tells of its fall."""


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A window that is open, with all it is about; `end` is when it closes."""

    window: Window
    things: frozenset[str]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class WindowsNow:
    """The windows that are open, and when the next one opens or closes (None: never)."""

    open: tuple[OpenWindow, ...] = ()
    turns_at: datetime | None = None

    @property
    def planned(self) -> frozenset[str]:
        """Return the things under planned work."""
        found = [
            one.things for one in self.open if one.window.is_planned and not one.window.scope.rules
        ]
        return frozenset[str]().union(*found)


@dataclass(frozen=True, slots=True)
class Hiding:
    """Everything that hides alerts at one instant.

    `broken` maps a thing to the cause it hides behind; `down_at` is when a
    thing was last seen down, for what was measured before it came back.
    """

    windows: tuple[OpenWindow, ...] = ()
    jobs: tuple[tuple[Job, frozenset[str]], ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    down_at: Mapping[str, datetime] = field(default_factory=dict)

    def of(
        self, alert: Alert, things: frozenset[str], measured_at: datetime | None, now: datetime
    ) -> dict[str, datetime]:
        """Return what hides an alert about `things`, by name and since when.

        `measured_at` is when a rule's value was taken, None for a root cause:
        a cause never hides behind another.
        """
        about = [replace(alert, thing=thing) for thing in sorted(things)]
        found = {
            one.window.id: one.start
            for one in self.windows
            if any(windows.hides(one.window.scope, one.things, each) for each in about)
        }
        for job, touched in self.jobs:
            if any(job_hides(job, touched, each, now) for each in about):
                found[f"job:{job.id}"] = job.started_at or now
        if measured_at is not None:
            found |= self._behind(alert, things, measured_at, now)
        return found

    def _behind(
        self, alert: Alert, things: frozenset[str], measured_at: datetime, now: datetime
    ) -> dict[str, datetime]:
        """Return the causes that a rule's alert hides behind."""
        since = alert.since or now
        found = {f"cause:{self.broken[one]}": since for one in sorted(things) if one in self.broken}
        if found:
            return found
        settle = timedelta(seconds=MENDED_S)
        old = [
            one
            for one in alert.silences
            if one.startswith("cause:")
            and any(
                thing in self.down_at and measured_at <= self.down_at[thing] + settle
                for thing in (*things, one.removeprefix("cause:"))
            )
        ]
        return dict.fromkeys(old, since)


def windows_now(
    held: Iterable[Window], network: DeclaredNetwork, now: datetime, horizon: timedelta
) -> WindowsNow:
    """Return which windows are open; looks for the next turn no further than `horizon`."""
    known = tuple(held)
    found: list[OpenWindow] = []
    turns: list[datetime] = [now + horizon]
    for window in known:
        for one in windows.occurrences(window, now, now + horizon):
            if one.start <= now:
                things = windows.things_of(window.scope, network)
                found.append(OpenWindow(window, things, one.start, one.end))
                turns.append(one.end)
            else:
                turns.append(one.start)
    return WindowsNow(tuple(found), min(turns) if known else None)


def jobs_now(
    jobs: Iterable[tuple[Job, tuple[JobDevice, ...]]], network: DeclaredNetwork, graph: Graph
) -> tuple[tuple[Job, frozenset[str]], ...]:
    """Return the jobs that explain something, with what they explain."""
    found = [(job, things_of_job(job, devices, network, graph)) for job, devices in jobs]
    return tuple((job, things) for job, things in found if things)


def job_turns(jobs: Iterable[tuple[Job, frozenset[str]]], now: datetime) -> list[datetime]:
    """Return when jobs that have ended stop to explain anything."""
    settle = timedelta(seconds=SETTLE_S)
    ends = [job.ended_at + settle for job, _ in jobs if job.ended_at is not None]
    return [end + timedelta(microseconds=1) for end in ends if end >= now]


def broken_now(judged: Judgement) -> dict[str, str]:
    """Return what a broken thing hides behind: a cause, itself while it is held or planned."""
    broken = {thing: roots[0] for thing, roots in judged.hidden.items() if roots}
    broken |= {one.thing: one.thing for one in judged.held}
    broken |= {thing: thing for thing in judged.planned}
    for cause in judged.causes:
        broken |= dict.fromkeys((*cause.explains, *cause.unseen, cause.thing), cause.thing)
    return broken


def down_times(memory: Memory) -> dict[str, datetime]:
    """Return when each thing was last seen down."""
    return {thing: one.down_at for thing, one in memory.records.items() if one.down_at is not None}
