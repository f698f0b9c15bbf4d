# SPDX-License-Identifier: MIT
"""Waking open pages the moment somebody writes: one watcher per process, many streams."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Condition, Thread

from tinhnet.store.engine import Store
from tinhnet.store.wake import Wake, waking

WATCH_S = 5.0
"""Seconds after which the watcher looks whether it is still wanted."""


class StreamsFullError(Exception):
    """As many streams are open as this process may serve beside ordinary requests."""


class Pulse:
    """Counts the writes that this process has noticed; streams wait for the next.

    The watcher thread lives while at least one stream is open: the store is
    looked at by one thread however many pages are open.
    """

    def __init__(self, store: Store, streams: int) -> None:
        self._store = store
        self._places = BoundedSemaphore(max(1, streams))
        self._changed = Condition()
        self._beats = 0
        self._open = 0
        self._watcher: Thread | None = None

    @contextmanager
    def stream(self) -> Iterator[int]:
        """Take one of the places for streams; yields the count to wait after.

        Raises StreamsFullError when all are taken.
        """
        if not self._places.acquire(blocking=False):
            raise StreamsFullError
        try:
            with self._changed:
                self._open += 1
                self._ensure_watcher()
                beats = self._beats
            try:
                yield beats
            finally:
                with self._changed:
                    self._open -= 1
        finally:
            self._places.release()

    def wait(self, beats: int, timeout_s: float) -> int:
        """Return the count once it has passed `beats`, or `beats` after `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._beats != beats, timeout_s)
            return self._beats

    def _ensure_watcher(self) -> None:
        """Start the watcher; it listens before its stream reads, so that no write is missed."""
        if self._watcher is None:
            wake = waking(self._store)
            self._watcher = Thread(target=self._watch, args=(wake,), name="pulse", daemon=True)
            self._watcher.start()

    def _watch(self, wake: Wake) -> None:
        """Notice writes until no stream is open any more."""
        try:
            with wake:
                while self._beat(written=wake.wait(WATCH_S)):
                    pass
        finally:
            with self._changed:
                self._watcher = None

    def _beat(self, *, written: bool) -> bool:
        """Wake the streams where something was written; tell whether any is open."""
        with self._changed:
            if written:
                self._beats += 1
                self._changed.notify_all()
            if self._open == 0:
                self._watcher = None
            return self._open > 0
