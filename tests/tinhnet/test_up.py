# SPDX-License-Identifier: MIT
"""The supervisor: real children, real signals."""

import json
import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.execute import first_blocked
from tests.background import IN_BACKGROUND
from tinhnet import entrance
from tinhnet.config import load_config
from tinhnet.context import open_context
from tinhnet.model.actor import User
from tinhnet.processes import descendants
from tinhnet.settings import SupervisorConfig
from tinhnet.store.engine import Store, connect
from tinhnet.store.heartbeats import list_heartbeats
from tinhnet.store.migrate import migrate
from tinhnet.store.wake import waking
from tinhnet.up import delay

pytestmark = pytest.mark.patient

PATIENCE_S = 120
POLL_S = 0.1


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return the state that the supervisor will use."""
    (tmp_path / "tinhnet.toml").write_text(
        '[supervisor]\nworkers = ["change"]\nheartbeat_s = 0.5\nbackoff_s = 0.1\n'
    )
    (tmp_path / "playbooks").mkdir()
    made = connect("", tmp_path / "var")
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def start(tmp_path: Path, store: Store) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return what starts a supervisor; all of them end with the test."""
    del store
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        given = {"TINHNET_CONFIG": str(tmp_path / "tinhnet.toml"), **variables}
        started.append(
            subprocess.Popen(
                [*IN_BACKGROUND, sys.executable, "-m", "tinhnet", "up", *arguments],
                env=os.environ | {"TINHNET_STATE": str(tmp_path / "var")} | given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield begin
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


def until(store: Store, condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    ends = time.monotonic() + PATIENCE_S
    with waking(store) as wake:
        while not condition():
            assert time.monotonic() < ends, "the condition never held"
            wake.wait(POLL_S)


def change_pid(store: Store) -> int | None:
    """Return the pid in the change worker's heartbeat, None before the first."""
    with store.reading() as connection:
        return next((one.pid for one in list_heartbeats(connection)), None)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_child_that_dies_is_started_again_and_all_end_together(
    store: Store, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """A crash at night heals itself, and Ctrl-C leaves nothing running."""
    up = start()
    until(store, lambda: change_pid(store) is not None)
    first = change_pid(store)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(store, lambda: change_pid(store) not in (None, first))
    second = change_pid(store)
    up.send_signal(signal.SIGINT)
    _, said = up.communicate(timeout=60)

    assert second is not None
    assert not is_alive(second)
    assert up.returncode == 0
    events = [json.loads(line)["event"] for line in said.splitlines() if line.startswith("{")]
    assert events.count("worker_spawned") == 2
    assert "worker_died" in events
    with store.reading() as connection:
        assert list_heartbeats(connection) == (), "a worker that ended says farewell"


def test_children_end_when_the_supervisor_is_killed(
    store: Store, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """After kill -9 of `up` no worker may go on changing devices unwatched."""
    up = start()
    until(store, lambda: change_pid(store) is not None)
    children = descendants(up.pid)
    up.kill()
    up.communicate(timeout=60)
    until(store, lambda: not any(is_alive(pid) for pid in children))

    assert children


def test_two_supervisors_of_one_state_are_refused(
    store: Store, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """Two of them would run every worker twice; the message names the first."""
    up = start()
    until(store, lambda: change_pid(store) is not None)
    second = start()
    _, said = second.communicate(timeout=60)

    assert second.returncode == 1
    assert f"(pid {up.pid})" in said


def test_a_port_in_use_is_told_before_anything_starts(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    """The most common mistake of a newcomer names the program to end."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up = start(TINHNET__SUPERVISOR__WORKERS="change,web", TINHNET__WEB__PORT=str(port))
        _, said = up.communicate(timeout=60)

    assert up.returncode == 1
    assert f"127.0.0.1:{port} is in use by" in said
    assert f"(pid {os.getpid()})" in said
    assert "Traceback" not in said


@pytest.mark.skipif(
    os.geteuid() != 0 or first_blocked(Path(sys.executable)) is not None,
    reason="needs root, and a checkout that others can reach",
)
@pytest.mark.parametrize("left", ["run", "run/workers", "run/metrics", "run/up.lock"])
def test_what_root_left_behind_is_named_before_anything_starts(
    store: Store, tmp_path: Path, left: str
) -> None:
    """Started once with sudo, then as it should be: else each worker fails over and over."""
    del store
    state = tmp_path / "var"
    (state / "run/workers").mkdir(parents=True)
    (state / "run/metrics").mkdir()
    (state / "run/up.lock").touch()
    nobody = pwd.getpwnam("nobody")
    for path in (state, *state.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    os.chown(state / left, 0, 0)
    (state / left).chmod(0o755)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # pytest's own is closed to others
        reachable = Path(folder)
        reachable.chmod(0o755)
        subprocess.run(["cp", "-a", tmp_path, reachable / "home"], check=True)
        (reachable / "home").chmod(0o755)
        environment = {
            "TINHNET_CONFIG": str(reachable / "home/tinhnet.toml"),
            "TINHNET_STATE": str(reachable / "home/var"),
        }
        done = subprocess.run(
            [sys.executable, "-m", "tinhnet", "up"],
            env=os.environ | environment,
            user="nobody",
            group=nobody.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert done.returncode == 1
    assert f"home/var/{left}" in done.stderr
    assert "cannot be written" in done.stderr
    assert "chown -R tinhnet: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_number_that_is_no_socket_is_refused(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    """A wrong --fd must not end in a web server that listens on a file."""
    up = start("--fd", "9", TINHNET__SUPERVISOR__WORKERS="web")
    _, said = up.communicate(timeout=60)

    assert up.returncode == 1
    assert "--fd 9 is no socket" in said


def test_an_unknown_worker_is_named(start: Callable[..., subprocess.Popen[str]]) -> None:
    """A typo in supervisor.workers must not become an endless restart."""
    up = start(TINHNET__SUPERVISOR__WORKERS="chnage")
    _, said = up.communicate(timeout=60)

    assert up.returncode == 1
    assert "there is no worker chnage" in said


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (7, 30.0), (500, 30.0)]
)
def test_the_pause_before_a_restart_doubles_up_to_a_limit(failures: int, seconds: float) -> None:
    """A worker that cannot run must not keep the machine busy."""
    assert delay(failures, SupervisorConfig()) == seconds


def test_the_code_for_the_first_admin_is_printed_while_nobody_exists(
    store: Store, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """The code opens the door to everything: it is on the terminal, once, and nowhere else."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {"TINHNET__SUPERVISOR__WORKERS": "change,web", "TINHNET__WEB__PORT": str(port)}
    up = start(**given)
    assert up.stdout is not None
    said = [up.stdout.readline() for _ in range(3)]
    up.terminate()
    _, logged = up.communicate(timeout=60)
    code = said[1].strip()

    loaded = load_config({"TINHNET_STATE": str(tmp_path / "var")}, tmp_path)
    context = open_context(loaded)
    lan = User("lan", "Lan", frozenset(), True, context.now, None)  # noqa: FBT003 fields in order
    entrance.add_first_admin(context, code, lan, "mật khẩu đủ dài", None)
    context.store.close()
    second = start(**given)
    until(store, lambda: change_pid(store) is not None)
    second.terminate()
    later, _ = second.communicate(timeout=60)

    assert f"http://127.0.0.1:{port}/first-run" in said[0]
    assert code not in logged
    assert later == ""
