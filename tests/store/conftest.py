# SPDX-License-Identifier: MIT
"""The contract runs twice: on SQLite and on a real PostgreSQL of its own."""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import rmtree
from uuid import uuid4

import psycopg
import pytest

from tinhnet.store.engine import Store, connect
from tinhnet.store.migrate import migrate

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
UNPRIVILEGED = "nobody"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Start PostgreSQL in a directory of its own, reached by socket only; return its URL."""
    if not BINARIES:
        pytest.fail("PostgreSQL is missing: apt-get install postgresql (make setup does)")
    directory = Path(tempfile.mkdtemp(prefix="tinhnet-pg-"))
    user = pwd.getpwnam(UNPRIVILEGED).pw_uid if os.geteuid() == 0 else None
    if user is not None:
        os.chown(directory, user, -1)
    data = directory / "data"

    def run(program: str, *arguments: str) -> None:
        command = [str(BINARIES[-1] / program), *arguments]
        subprocess.run(
            command, user=user, cwd=directory, check=True, stdout=subprocess.DEVNULL, timeout=60
        )

    run(
        "initdb", "-D", str(data), "-U", "tinhnet", "-A", "trust", "-N", "--no-locale", "-E", "UTF8"
    )
    options = f"-k {directory} -c listen_addresses='' -c fsync=off -c max_connections=30"
    log = str(directory / "log")
    run("pg_ctl", "-D", str(data), "-w", "-o", options, "-l", log, "start")
    try:
        yield f"postgresql://tinhnet@/postgres?host={directory}"
    finally:
        run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
        rmtree(directory)


@pytest.fixture(params=["sqlite", "postgresql"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Return what opens the same empty state again and again."""
    opened: list[Store] = []
    url = ""
    if request.param == "postgresql":
        server_url = request.getfixturevalue("server")
        name = f"t{uuid4().hex}"
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        url = server_url.replace("/postgres?", f"/{name}?")

    def make() -> Store:
        opened.append(connect(url, tmp_path))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    """Return an empty state with the newest schema."""
    made = make_store()
    migrate(made)
    return made
