# SPDX-License-Identifier: MIT
"""A SQLite file with one writing process and any number of reading ones."""

import errno
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tinhnet.store.series.errors import (
    SeriesBusyError,
    SeriesFullError,
    SeriesReadOnlyError,
    SeriesVersionError,
    translating,
)

VERSION = 1
BUSY_S = 15.0


class Database:
    """A file with the tables of `schema`, opened when it is first needed.

    Whoever writes first holds the writer's lock, beside the file, until
    `close` or its end; others then raise SeriesBusyError when they write.
    Threads of one process take turns.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self._schema = schema
        self._turn = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._lock: int | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """Open a transaction that sees one moment; None while nothing was ever written."""
        with self._turn, translating(self.path):
            connection = self._opened()
            if connection is None:
                yield None
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that is on the disk when it ends, whole or not at all."""
        with self._turn:
            self._take_lock()
            with translating(self.path):
                connection = self._opened() or self._created()
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    # A full disk may have rolled back already.
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise

    def close(self) -> None:
        """Let go of the file and of the writer's lock."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def _opened(self) -> sqlite3.Connection | None:
        """Return the connection to a file that has its tables, None while there is none."""
        if self._connection is not None:
            return self._connection
        if not self.path.exists():
            return None
        connection = self._connect("rw")
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        except BaseException:
            connection.close()
            raise
        if version != VERSION:
            connection.close()
        if version > VERSION:
            raise SeriesVersionError(
                f"{self.path} has format {version}, newer than this product's {VERSION}",
                "install the product that wrote it",
            )
        self._connection = connection if version == VERSION else None
        return self._connection

    def _created(self) -> sqlite3.Connection:
        connection = self._connect("rwc")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{self._schema}\nPRAGMA user_version = {VERSION};\nCOMMIT;"
            )
            self.path.chmod(0o600)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _connect(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        # FULL: what a transaction wrote outlives a power cut; each costs one fsync of the log.
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        path = self.path.with_suffix(".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            kind = SeriesFullError if error.errno == errno.ENOSPC else SeriesReadOnlyError
            raise kind(
                f"{path}: cannot be opened ({error.strerror})",
                "the directory must be writable for the product's user, and the disk have room",
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise SeriesBusyError(
                f"{self.path}: another process writes these samples",
                "one process writes, all others read; end the other one",
            ) from error
        self._lock = lock
