# SPDX-License-Identifier: MIT
"""Checks every service every ten seconds, as seen from the data centre."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event as Flag

from collectors.agent.check import Check, Found, examine
from collectors.checks.clock import offset_s
from collectors.checks.plan import NTP, checks_of
from collectors.checks.trust import authority_of, proof_of
from collectors.part import Part, Sink
from tinhnet.context import Context
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.observation import Observation, State
from tinhnet.sentences import worded
from tinhnet.store.series.sample import Sample, series_of

PERIOD_S = 10.0
AGAIN_S = 1.0
"""Seconds until a check that failed is made again: one failure is no outage."""
FAILURES = 2
PATIENCE = 0.05
MOST_AT_ONCE = 128
HERE = "datacentre"
KIND = "service:"

Made = tuple[Found, float | None]
"""What a check found, and how far the clock of a time server is off."""


@dataclass(slots=True)
class _Course:
    """One service on its way: when it is checked next, how often it failed in a row.

    `is_wanted`: somebody asked while a check was under way, which may have
    seen what was before.
    """

    check: Check
    due: float
    failures: int = 0
    future: Future[Made] | None = None
    is_wanted: bool = False


class Checking:
    """The part that checks; `checks` is asked again before each one, for its authority."""

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
        self._services = frozenset(f"{KIND}{one.service}" for one in checks())

    def look(self, things: Sequence[str]) -> Sequence[str]:
        """Check these services now."""
        found = [one for one in things if one in self._services]
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
                course = courses[self._wanted.get_nowait()]
            except Empty:
                return
            course.due = 0.0
            course.is_wanted = course.future is not None

    def _start(self, courses: Mapping[str, _Course], pool: ThreadPoolExecutor) -> None:
        now = time.monotonic()
        due = [one for one in courses.values() if one.future is None and one.due <= now]
        if not due:
            return
        current = {one.service: one for one in self._checks()}
        for course in due:
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
        course.due = 0.0 if course.is_wanted else time.monotonic() + pause_s
        course.is_wanted = False
        self._sink.samples(list(samples_of(found, clock, self._devices[found.service])))
        if found.is_ok or course.failures >= FAILURES:
            state = State.UP if found.is_ok else State.DOWN
            at = datetime.fromtimestamp(found.at, UTC)
            seen = Observation(state, at, worded(found.why))
            self._sink.observe({f"{KIND}{found.service}": seen})


def samples_of(found: Found, clock: float | None, device: str) -> Iterator[Sample]:
    """Yield what a check found; how long a failure took says nothing of the service."""
    at = datetime.fromtimestamp(found.at, UTC)
    values = {
        "service_up": float(found.is_ok),
        "service_duration_s": found.duration_s if found.is_ok else None,
        "certificate_expires_s": found.expires_s,
    }
    for name, value in values.items():
        if value is not None:
            yield Sample(series_of(name, **{"service": found.service, "from": HERE}), at, value)
    if clock is not None:
        yield Sample(series_of("clock_offset_s", device=device), at, abs(clock))


def _made(check: Check) -> Made:
    """Make a check; of a time server that answers, learn how far its clock is off."""
    found = examine(check)
    clock = offset_s(check.address, check.port) if check.kind == NTP and found.is_ok else None
    return found, clock


def make(context: Context, network: DeclaredNetwork, sink: Sink) -> Part:
    """Return the part for the declared network."""
    state, secrets = context.config.state, context.secrets
    servers = {one.id: one.server for one in network.services.values()}
    found = partial(authority_of, state)

    def checks() -> list[Check]:
        return list(checks_of(network, found, proof_of(state, secrets)))

    return Checking(checks, servers, sink)


PART = make
