# SPDX-License-Identifier: MIT
"""Transactions, schema numbers, waking, and what goes wrong with a disk."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from tinhnet.model.job import JobEvent, JobRequest, Risk
from tinhnet.settings import Config, StoreConfig
from tinhnet.store import jobs
from tinhnet.store.engine import Store, connect, copy_file
from tinhnet.store.errors import (
    SchemaNewerError,
    SchemaOlderError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnreachableError,
)
from tinhnet.store.heartbeats import Heartbeat, beat, forget, list_heartbeats, move, position
from tinhnet.store.migrate import current, known, migrate, open_store, refuse_unfit
from tinhnet.store.schema.columns import Moment
from tinhnet.store.schema.whole import metadata
from tinhnet.store.wake import waking

pytestmark = pytest.mark.patient

NOW = datetime(2016, 5, 4, 3, 2, 1, 123456, tzinfo=UTC)


def add(store: Store, playbook: str = "wan.yml") -> int:
    """Add a job and return its number."""
    with store.writing() as connection:
        return jobs.add_job(connection, JobRequest(playbook), Risk.CHANGE, "lan", NOW).number


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    """An action and its evidence stand or fall together."""

    def add_and_fail() -> None:
        with store.writing() as connection:
            jobs.add_job(connection, JobRequest("wan.yml"), Risk.READ, "lan", NOW)
            jobs.get_job(connection, 99)

    with pytest.raises(KeyError):
        add_and_fail()
    with store.reading() as connection:
        assert jobs.count_jobs(connection) == 0


def test_a_reader_wakes_at_once(store: Store) -> None:
    """A link that dies must be on the wall within 3 seconds."""
    with waking(store) as wake:
        nothing = wake.wait(0.01)
        writer = threading.Timer(0.1, add, [store])
        began = time.monotonic()
        writer.start()
        woken = wake.wait(5)
        seconds = time.monotonic() - began
        writer.join()

    assert not nothing
    assert woken
    assert seconds < 1.0


def test_a_write_between_two_waits_is_not_missed(store: Store) -> None:
    """A reader that was busy while somebody wrote must not sleep through it."""
    with waking(store) as wake:
        add(store)

        assert wake.wait(1)
        assert not wake.wait(0.01)


def test_two_writers_wait_for_each_other(store: Store, make_store: Callable[[], Store]) -> None:
    """Numbers of lines have no gap and no double, whoever writes at the same time."""
    number = add(store)
    other = make_store()

    def write(through: Store) -> None:
        for _ in range(10):
            with through.writing() as connection:
                job = jobs.get_job(connection, number)
                line = JobEvent(0, NOW, "core1", None, "line", "x", None)
                jobs.add_events(connection, job, [line, line])

    threads = [threading.Thread(target=write, args=[one]) for one in (store, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.reading() as connection:
        numbers = [event.seq for event in jobs.list_events(connection, number)]
    assert numbers == list(range(1, 41))


def test_the_tables_are_what_the_migrations_made(store: Store) -> None:
    """Code reads the declared tables, the database came from the migrations: both must agree."""
    found = inspect(store.engine)

    assert set(found.get_table_names()) - {"alembic_version"} == set(metadata.tables)
    for table in metadata.tables.values():
        made = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert made == {column.name: column.nullable for column in table.columns}


def test_migrating_twice_is_harmless(store: Store) -> None:
    """Two programs that start together both migrate."""
    again = migrate(store)

    assert (again.before, again.after) == (known()[-1], known()[-1])


def test_a_newer_schema_is_refused(store: Store) -> None:
    """An old product must not write into what a newer one has made."""
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    url = store.engine.url.render_as_string(hide_password=False)

    with pytest.raises(SchemaNewerError, match="schema 9999, newer than"):
        open_store(Config(store=StoreConfig(url=url)))
    with pytest.raises(SchemaNewerError, match="schema 9999, newer than"):
        migrate(store)


def test_an_older_schema_names_the_command() -> None:
    """The way out of an upgrade is one command, and the message says which."""
    with pytest.raises(SchemaOlderError, match=r"x: .*schema 0001.*needs 0002.*tinhnet migrate"):
        refuse_unfit("x", "0001", ["0001", "0002"])


def test_a_new_state_gets_the_newest_schema(tmp_path: Path) -> None:
    """A fresh machine needs no ceremony."""
    store = open_store(Config(state=tmp_path / "new" / "state"))

    assert current(store) == known()[-1]
    assert (tmp_path / "new" / "state" / "state.db").stat().st_mode & 0o077 == 0
    store.close()


def test_a_full_disk_says_so_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    """At ENOSPC the last whole transaction stays, and work goes on once there is room."""
    store = connect("", tmp_path)
    migrate(store)
    number = add(store)
    with store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        store.engine.dispose()

    def fill(limit: int) -> None:
        with store.writing() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {limit}")
            job = jobs.get_job(connection, number)
            line = JobEvent(0, NOW, "core1", None, "line", "x" * 4000, None)
            jobs.add_events(connection, job, [line] * 20)

    with pytest.raises(StoreFullError, match=r"no room is left.*make room"):
        fill(pages + 2)
    with store.reading() as connection:
        assert jobs.list_events(connection, number) == ()
    fill(pages + 10_000)
    with store.reading() as connection:
        assert len(jobs.list_events(connection, number)) == 20
    store.close()


def test_a_copy_is_whole_while_others_write(tmp_path: Path) -> None:
    """A backup must not need a pause, must open again, and must not be read by others."""
    store = connect("", tmp_path)
    migrate(store)
    number = add(store)
    copy_file(store, tmp_path / "copy.db")
    add(store)
    copy = connect(f"sqlite:///{tmp_path / 'copy.db'}", tmp_path)
    with copy.reading() as connection:
        found = jobs.list_jobs(connection)
    with pytest.raises(StoreError, match="exists already"):
        copy_file(store, tmp_path / "copy.db")
    copy.close()
    store.close()

    assert [job.number for job in found] == [number]
    assert (tmp_path / "copy.db").stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """A damaged file is kept and named, not overwritten."""
    (tmp_path / "state.db").write_bytes(b"no database at all, but long enough to look at" * 200)

    with pytest.raises(StoreDamagedError, match=r"state\.db.*restore"):
        open_store(Config(state=tmp_path))
    assert (tmp_path / "state.db").read_bytes().startswith(b"no database")


def test_a_directory_that_cannot_be_written_is_named() -> None:
    """Started as the wrong user, the product says which directory is meant."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o755)  # the unprivileged child must get this far
        state = Path(name) / "state"
        state.mkdir(mode=0o555)
        done = _open_as_nobody(state)

    assert StoreReadOnlyError.__name__ in done.stderr
    assert "must be writable" in done.stderr


def _open_as_nobody(state: Path) -> subprocess.CompletedProcess[str]:
    script = (
        "import sys; from pathlib import Path; from tinhnet.settings import Config;"
        "from tinhnet.store.migrate import open_store; open_store(Config(state=Path(sys.argv[1])))"
    )
    return subprocess.run(
        [sys.executable, "-c", script, str(state)],
        user="nobody" if os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_server_that_does_not_answer_is_named_without_the_password(tmp_path: Path) -> None:
    """The address helps, the password would leak into tickets."""
    store = connect("postgresql://me@127.0.0.1:1/x", tmp_path, "hidden-word")

    with pytest.raises(StoreUnreachableError, match=r"127\.0\.0\.1:1") as caught:
        current(store)
    assert "hidden-word" not in str(caught.value)
    store.close()


@pytest.mark.parametrize("url", ["mysql://x@y/z", "no url"])
def test_another_database_is_refused(url: str, tmp_path: Path) -> None:
    """Only the two kinds that the contract runs on are offered."""
    with pytest.raises(StoreError):
        connect(url, tmp_path)


def test_times_are_utc_whatever_zone_they_came_in(store: Store) -> None:
    """Quảng Nam is seven hours ahead; rows must not mix zones."""
    hanoi = NOW.astimezone(timezone(timedelta(hours=7)))
    with store.writing() as connection:
        beat(connection, Heartbeat("change", "noc", 1, NOW, hanoi, 2))
    with store.reading() as connection:
        (found,) = list_heartbeats(connection)

    assert found.at == NOW
    assert found.at.tzinfo is UTC
    with pytest.raises(ValueError, match="no time zone"):
        Moment().process_bind_param(NOW.replace(tzinfo=None), store.engine.dialect)


def test_heartbeats_and_cursors_are_written_over(store: Store) -> None:
    """One row per worker and reader, whatever happened before."""
    with store.writing() as connection:
        beat(connection, Heartbeat("change", "noc", 1, NOW, NOW, 2))
        beat(connection, Heartbeat("change", "noc", 7, NOW, NOW, 2))
        move(connection, "alerts", 5)
        move(connection, "alerts", 9)

    with store.writing() as connection:
        assert [one.pid for one in list_heartbeats(connection)] == [7]
        assert position(connection, "alerts") == 9
        assert position(connection, "other") == 0
        forget(connection, "change")
        assert list_heartbeats(connection) == ()
