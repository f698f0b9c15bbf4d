# SPDX-License-Identifier: MIT
"""Opening the state: SQLite in a file, or PostgreSQL by URL."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from tinhnet.store.errors import StoreError, StoreReadOnlyError, translated

SQLITE_FILE = "state.db"
BUSY_MS = 15_000
CHANNEL = "tinhnet"
APPEND_LOCK = 0x7469_6E68
"""Key of PostgreSQL's advisory lock: one appender at a time, so ids become visible in order."""
WRITES = "tinhnet_writes"

Transaction = Connection
"""What the row functions of this package take; others pass it on and know no more of it."""


@dataclass(frozen=True, slots=True)
class Store:
    """The state; `where` names it for people, without a password."""

    engine: Engine
    where: str

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the state is a file of ours."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one moment and changes nothing."""
        with self._translating(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that is written whole or not at all; wakes all readers.

        One writer at a time: SQLite by itself, PostgreSQL by an advisory
        lock.  Raises StoreError when the state cannot be written.
        """
        with self._translating():
            connection = self.engine.connect().execution_options(**{WRITES: True})
            with connection, connection.begin():
                if not self.is_sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": APPEND_LOCK})
                    connection.execute(text("SELECT pg_notify(:c, '')"), {"c": CHANNEL})
                yield connection

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            known = translated(error, self.where)
            if known is None:
                raise
            raise known from error


def copy_file(store: Store, target: Path) -> None:
    """Write a whole copy of an SQLite state as of one moment, while others go on writing.

    Raises StoreError when the state is PostgreSQL (`pg_dump` does it there),
    when `target` exists, or when there is no room.
    """
    if not store.is_sqlite:
        raise StoreError(f"{store.where} is no file", "use pg_dump")
    if target.exists():
        raise StoreError(f"{target} exists already", "name a new file")
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        try:
            if isinstance(raw, sqlite3.Connection):
                raw.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.Error as error:
            raise StoreError(
                f"{target} cannot be written: {error}", "the directory must exist and have room"
            ) from error
    target.chmod(0o600)


def connect(url: str, state: Path, password: str | None = None) -> Store:
    """Return the state behind `url`, or the file in the state directory when it is empty.

    The schema is not looked at; `tinhnet.store.migrate.open_store` does that.
    """
    if not url:
        return _connect_file(state / SQLITE_FILE)
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "store.url is no database URL", "expected postgresql://USER@HOST/NAME"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        return _connect_file(Path(parsed.database or state / SQLITE_FILE))
    if parsed.get_backend_name() != "postgresql":
        raise StoreError(f"store.url: {parsed.get_backend_name()} is not supported")
    parsed = parsed.set(drivername="postgresql+psycopg")
    if password is not None:
        parsed = parsed.set(password=password)
    engine = create_engine(parsed, pool_pre_ping=True, isolation_level="READ COMMITTED")
    return Store(engine, parsed.render_as_string(hide_password=True))


def _connect_file(path: Path) -> Store:
    _prepare(path)
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False},
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return Store(engine, str(path))


def _prepare(path: Path) -> None:
    """Create directory and file for the directory's owner, whoever runs this."""
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, mode=0o750)
            _give(path.parent, path.parent.parent)
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            _give(path, path.parent)
    except OSError as error:
        raise StoreReadOnlyError(
            f"{path}: the state cannot be created ({error.strerror})",
            "the directory must be writable for the product's user, and the disk must have room",
        ) from error


def _give(target: Path, parent: Path) -> None:
    if os.geteuid() == 0:
        owner = parent.stat()
        os.chown(target, owner.st_uid, owner.st_gid)


def _set_up(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    """Hand transactions to us: sqlite3's own begin rules would tear a read from its write."""
    del record
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
