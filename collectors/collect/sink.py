# SPDX-License-Identifier: MIT
"""Where everything that is found comes together and is written down.

What is seen is one row, written within DEBOUNCE_S of a change and otherwise
every two seconds; samples go to the series store in batches.  Nobody who
finds something waits for the disk.
"""

import collections
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from threading import Event as Flag
from threading import Lock

from collectors.collect.derived import EVERY_S as DERIVED_S
from collectors.collect.derived import derive
from collectors.collect.turns import event_of
from collectors.collect.verdict import Asked
from collectors.collect.watch import Change, Watch
from tinhnet.context import Context
from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of
from tinhnet.metrics import Family
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.event import Event
from tinhnet.model.observation import Observation, State
from tinhnet.store.events import append
from tinhnet.store.observed import list_observed, put_observed
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.open import open_series
from tinhnet.store.series.sample import Refusal, Sample

SOURCE = "collect"
DEBOUNCE_S = 0.02
ROW_S = 2.0
BATCH_S = 0.5
UPKEEP_S = 30.0
RETRY_S = 1.0
MOST_SAMPLES = 500_000
"""Samples that wait while the disk is full; the oldest go."""
BEYOND = "beyond"
"""Why those were not kept, in the words of metrics; else a `Refusal` says it."""

log = log_of("collect")


class WorkerSink:
    """The sink of all parts.  Two threads write: `write_rows` and `write_samples`."""

    def __init__(
        self, context: Context, network: DeclaredNetwork, most_samples: int = MOST_SAMPLES
    ) -> None:
        self.network = network
        self._context = context
        self._series: SeriesStore = open_series(context.config, context.clock)
        self._watch = Watch(_last_seen(context))
        self._lock = Lock()
        self._samples: collections.deque[Sample] = collections.deque()
        self._most_samples = most_samples
        self._appended = 0
        self._beyond = 0
        self._events: list[Event] = []
        self._wishes: dict[str, float] = {}
        self._urgent = Flag()
        self._derived_at = 0.0

    def samples(self, found: Sequence[Sample]) -> None:
        """Keep samples; they are written within a second."""
        with self._lock:
            self._samples.extend(found)
            while len(self._samples) > self._most_samples:
                self._samples.popleft()
                self._beyond += 1

    def families(self) -> tuple[Family, ...]:
        """Return as metrics how many samples were kept, and how many were not, by reason."""
        refused = {reason.value: count for reason, count in self._series.refused.items()}
        rows = [({"reason": reason}, count) for reason, count in sorted(refused.items())]
        return (
            Family("tinhnet_samples_appended_total", "Samples kept", [({}, self._appended)]),
            Family(
                "tinhnet_samples_refused_total",
                "Samples not kept, by reason",
                [({"reason": BEYOND}, self._beyond), *rows],
            ),
        )

    def observe(self, seen: Mapping[str, Observation]) -> None:
        """Take what a part saw of things; a change of state is written at once."""
        now = self._now()
        for thing, one in seen.items():
            self._noticed(thing, one.at.timestamp(), self._watch.see(thing, "poll", one, now))

    def events(self, found: Sequence[Event]) -> None:
        """Keep events; they are written at once."""
        with self._lock:
            self._events += found
        self._urgent.set()

    def asked(self, thing: str, asker: str, one: Asked) -> None:
        """Take what came of one request."""
        now = self._now()
        change = self._watch.take(thing, asker, one, now)
        if change is not None and change.is_turn:
            seen_at = datetime.fromtimestamp(now, UTC)
            self.events([event_of(change, self.network, asker, seen_at)])
        self._noticed(thing, one.at, change)

    def take_over(self, network: DeclaredNetwork) -> None:
        """Go on with another network; what it does not know any more is forgotten."""
        self.network = network
        known = {f"device:{id_}" for id_ in network.devices}
        known |= {f"link:{id_}" for id_ in network.links}
        known |= {f"service:{id_}" for id_ in network.services}
        self._watch.forget_but(known)

    def expect(self, wishes: Mapping[str, datetime]) -> None:
        """Write as soon as these things were asked again since then."""
        with self._lock:
            self._wishes |= {thing: since.timestamp() for thing, since in wishes.items()}

    def write_rows(self, stop: Flag) -> None:
        """Write what is seen and what happened until `stop`, and once more then."""
        while not stop.is_set():
            if self._urgent.wait(ROW_S):
                time.sleep(DEBOUNCE_S)
            self._write_row_or_say()
        self._write_row_or_say()

    def write_samples(self, stop: Flag) -> None:
        """Write samples and keep their store in order until `stop`, and once more then."""
        kept_at = time.monotonic()
        while not stop.wait(BATCH_S):
            self._write_samples_or_say(stop)
            if time.monotonic() - kept_at >= UPKEEP_S:
                kept_at = time.monotonic()
                self._upkeep(stop)
        self._write_samples_or_say(stop)
        self._series.close()

    def wake(self) -> None:
        """Write now; so that a thread that waits sees that it should end."""
        self._urgent.set()

    def _noticed(self, thing: str, at: float, change: Change | None) -> None:
        with self._lock:
            is_wanted = at >= self._wishes.get(thing, at + 1)
            if is_wanted:
                del self._wishes[thing]
        if is_wanted or change is not None:
            self._urgent.set()

    def _write_row_or_say(self) -> None:
        try:
            self._write_row()
        except TinhnetError as error:
            log.error("row_not_written", error=error.message, hint=error.hint)  # noqa: TRY400 a sentence
            time.sleep(RETRY_S)

    def _write_row(self) -> None:
        self._urgent.clear()
        now = self._now()
        seen = self._watch.observations(now)
        with self._lock:
            events, self._events = self._events, []
        try:
            with self._context.store.writing() as connection:
                append(connection, events)
                put_observed(connection, SOURCE, datetime.fromtimestamp(now, UTC), seen)
        except TinhnetError:
            with self._lock:
                self._events = events + self._events
            raise
        if now - self._derived_at >= DERIVED_S:
            self._derived_at = now
            self.samples(list(derive(self.network, self._watch, seen, now)))

    def _write_samples_or_say(self, stop: Flag) -> None:
        with self._lock:
            batch = list(self._samples)
            self._samples.clear()
        if not batch:
            return
        refused = self._left_out()
        try:
            self._series.append(batch)
            self._appended += len(batch) - (self._left_out() - refused)
        except TinhnetError as error:
            log.error("samples_not_written", error=error.message, hint=error.hint)  # noqa: TRY400 a sentence
            self._put_back(batch)
            stop.wait(RETRY_S)

    def _put_back(self, batch: Sequence[Sample]) -> None:
        """Keep samples that could not be written, before those that came meanwhile."""
        with self._lock:
            beyond = max(0, len(batch) + len(self._samples) - self._most_samples)
            self._samples.extendleft(reversed(batch[beyond:]))
            self._beyond += beyond

    def _left_out(self) -> int:
        """Return how many samples `append` left out; what a server refuses it refuses later."""
        found = self._series.refused
        return sum(count for reason, count in found.items() if reason is not Refusal.SERVER)

    def _upkeep(self, stop: Flag) -> None:
        try:
            while self._series.maintain(self._context.now).more and not stop.is_set():
                self._write_samples_or_say(stop)
        except TinhnetError as error:
            log.error("series_not_kept", error=error.message, hint=error.hint)  # noqa: TRY400 a sentence

    def _now(self) -> float:
        return self._context.now.timestamp()


def _last_seen(context: Context) -> dict[str, State]:
    """Return what this worker saw before it was started anew."""
    with context.store.reading() as connection:
        sights = [one for one in list_observed(connection) if one.source == SOURCE]
    return {thing: one.state for sight in sights for thing, one in sight.seen.items()}
