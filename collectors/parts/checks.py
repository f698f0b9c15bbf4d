# SPDX-License-Identifier: MIT
"""Checks every service every ten seconds, as seen from the data centre."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from threading import Event as Flag

from collectors.agent.check import Check, Found, examine
from collectors.checks.clock import offset_s
from collectors.checks.plan import checks_of
from collectors.checks.trust import authority_of
from collectors.part import Part, Sink
from tinhnet.context import Context
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.observation import Observation, State
from tinhnet.store.series.sample import Sample, series_of

PERIOD_S = 10.0
AGAIN_S = 1.0
"""Seconds until a check that failed is made again: one failure is no outage."""
FAILURES = 2
PATIENCE = 0.05
MOST_AT_ONCE = 64
HERE = "datacentre"
KIND = "service:"
NTP = "ntp"


@dataclass(slots=True)
class _Course:
    """One service on its way: when it is checked next, how often it failed in a row."""

    check: Check
    due: float
    failures: int = 0
    future: Future[tuple[Found, float | None]] | None = None


class Checking:
    """The part that checks."""

    def __init__(
        self,
        checks: Callable[[], Sequence[Check]],
        devices: Mapping[str, str],
        sink: Sink,
        period_s: float = PERIOD_S,
    ) -> None:
        self._checks = checks
        self._devices = devices
        self._sink = sink
        self._period_s = period_s
        self._wanted: SimpleQueue[str] = SimpleQueue()
        self._services = frozenset(one.service for one in checks())

    def look(self, things: Sequence[str]) -> Sequence[str]:
        """Check these services now."""
        found = [one for one in things if one.removeprefix(KIND) in self._services]
        for one in found:
            self._wanted.put(one.removeprefix(KIND))
        return found

    def run(self, stop: Flag) -> None:
        """Check until `stop` is set; one that hangs holds up no other."""
        checks = self._checks()
        began, count = time.monotonic(), max(len(checks), 1)
        courses = {
            check.service: _Course(check, began + self._period_s * number / count)
            for number, check in enumerate(checks)
        }
        pool = ThreadPoolExecutor(min(count, MOST_AT_ONCE), "check")
        try:
            while not stop.is_set():
                self._take_wishes(courses)
                self._start(courses, pool)
                self._finish(courses)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _take_wishes(self, courses: Mapping[str, _Course]) -> None:
        while True:
            try:
                courses[self._wanted.get_nowait()].due = 0.0
            except Empty:
                return

    def _start(self, courses: Mapping[str, _Course], pool: ThreadPoolExecutor) -> None:
        now = time.monotonic()
        current = {one.service: one for one in self._checks()}
        for course in courses.values():
            if course.future is None and course.due <= now:
                check = current.get(course.check.service, course.check)
                course.future = pool.submit(_made, check)

    def _finish(self, courses: Mapping[str, _Course]) -> None:
        running = [one.future for one in courses.values() if one.future is not None]
        if not running:
            time.sleep(PATIENCE)
            return
        done, _ = wait(running, PATIENCE, FIRST_COMPLETED)
        for course in courses.values():
            if course.future in done and course.future is not None:
                found, clock = course.future.result()
                course.future = None
                self._tell(course, found, clock)

    def _tell(self, course: _Course, found: Found, clock: float | None) -> None:
        course.failures = 0 if found.is_ok else course.failures + 1
        pause_s = AGAIN_S if 0 < course.failures < FAILURES else self._period_s
        course.due = time.monotonic() + pause_s
        at = datetime.fromtimestamp(found.at, UTC)
        labels = {"service": found.service, "from": HERE}
        values = {
            "service_up": float(found.is_ok),
            "service_duration_s": found.duration_s if found.is_ok else None,
            "certificate_expires_s": found.expires_s,
        }
        samples = [
            Sample(series_of(name, **labels), at, value)
            for name, value in values.items()
            if value is not None
        ]
        if clock is not None:
            series = series_of("clock_offset_s", device=self._devices[found.service])
            samples.append(Sample(series, at, abs(clock)))
        self._sink.samples(samples)
        if found.is_ok or course.failures >= FAILURES:
            state = State.UP if found.is_ok else State.DOWN
            self._sink.observe({f"{KIND}{found.service}": Observation(state, at, found.why)})


def _made(check: Check) -> tuple[Found, float | None]:
    """Make a check; of a time server that answers, learn how far its clock is off."""
    found = examine(check)
    clock = offset_s(check.address, check.port) if check.kind == NTP and found.is_ok else None
    return found, clock


def make(context: Context, network: DeclaredNetwork, sink: Sink) -> Part:
    """Return the part for the declared network."""
    state = context.config.state
    servers = {one.id: one.server for one in network.services.values()}
    return Checking(lambda: list(checks_of(network, authority_of(state))), servers, sink)


PART = make
