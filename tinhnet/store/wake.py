# SPDX-License-Identifier: MIT
"""Waking readers as soon as somebody has written.

SQLite tells by a counter that costs microseconds to read (`data_version`);
PostgreSQL by LISTEN.  Nobody re-reads tables on a slow timer.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import psycopg
from sqlalchemy import Connection

from tinhnet.store.engine import CHANNEL, Store

LOOK_S = 0.05
"""Seconds between two looks at SQLite's counter; a look costs about 5 microseconds."""

SLICE_S = 0.25
"""Seconds for which a wait on PostgreSQL cannot be ended early."""


class Wake(Protocol):
    """Waits for writes; use as a context manager."""

    def wait(self, timeout_s: float) -> bool:
        """Return True once somebody wrote since the last call, False after `timeout_s`."""
        ...

    def __enter__(self) -> Self:
        """Begin to listen."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        ...


def waking(store: Store, sleep: Callable[[float], object] = time.sleep) -> Wake:
    """Return what wakes a reader of this store.

    `sleep` may return something true (an event that was set) to end a wait early.
    """
    if store.is_sqlite:
        return _FileWake(Path(store.engine.url.database or ""), sleep)
    return _ServerWake(store, sleep)


class _FileWake:
    def __init__(self, path: Path, sleep: Callable[[float], object]) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._sleep = sleep
        self._seen = self._version()

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def wait(self, timeout_s: float) -> bool:
        ends = time.monotonic() + timeout_s
        while (version := self._version()) == self._seen:
            left = ends - time.monotonic()
            if left <= 0:
                return False
            if self._sleep(min(LOOK_S, left)):
                return False
        self._seen = version
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()


class _ServerWake:
    def __init__(self, store: Store, sleep: Callable[[float], object]) -> None:
        self._sleep = sleep
        self._held: Connection = store.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        )
        self._held.exec_driver_sql(f"LISTEN {CHANNEL}")

    def wait(self, timeout_s: float) -> bool:
        raw = self._held.connection.driver_connection
        if not isinstance(raw, psycopg.Connection):
            return False
        ends = time.monotonic() + timeout_s
        heard: list[psycopg.Notify] = []
        while not heard and (left := ends - time.monotonic()) > 0 and not self._sleep(0):
            heard = list(raw.notifies(timeout=min(SLICE_S, left), stop_after=1))
        heard += raw.notifies(timeout=0)
        return bool(heard)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.invalidate()
        self._held.close()
