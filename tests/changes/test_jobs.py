# SPDX-License-Identifier: MIT
"""Jobs on this machine: real Ansible, real processes, real kills."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from changes.jobs import ChangeWorker
from changes.run import MARK, mark
from tinhnet import actions
from tinhnet.config import Loaded, load_config
from tinhnet.context import Context, open_context
from tinhnet.model.actor import Actor, Role
from tinhnet.model.job import DeviceResult, Job, JobDevice, JobEvent, JobRequest, JobState
from tinhnet.processes import marked
from tinhnet.store.errors import StoreFullError
from tinhnet.store.evidence import newest_entries
from tinhnet.store.jobs import get_job, list_devices, list_events
from tinhnet.store.wake import waking
from tinhnet.worker import Identity

PATIENCE_S = 200
ENGINEER = Actor("lan", frozenset({Role.ENGINEER}), "cli")

CONFIG = """\
[defaults]
inventory = hosts.yml
interpreter_python = /usr/bin/python3
"""
HOSTS = """\
all:
  vars: {ansible_connection: local}
  hosts: {core1: {}, core2: {}, fw1: {}}
  children:
    away:
      hosts:
        far1: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
"""
HELLO = """\
---
# tinhnet: {title_vi: Chào, title_en: Hello, risk: change,
#   arguments: {word: {label_vi: Từ, label_en: Word, pattern: '\\w+'}}}
- name: Say hello
  hosts: core1:core2:fw1:far1
  gather_facts: false
  tasks:
    - name: Write
      ansible.builtin.copy:
        content: "xin chào {{ word | default('all') }}"
        dest: "{{ playbook_dir }}/{{ inventory_hostname }}.txt"
        mode: "0644"
      failed_when: inventory_hostname == 'fw1'
      when: inventory_hostname != 'core2'
"""
# Devices come one after the other; core1 waits until somebody writes the file.
BLOCK = """\
---
# tinhnet: {title_vi: Chờ, title_en: Wait, risk: change}
- name: Wait
  hosts: core1:core2:fw1
  gather_facts: false
  serial: 1
  order: sorted
  tasks:
    - name: Begin
      ansible.builtin.command: echo begun {{ inventory_hostname }}
    - name: Wait for the file
      ansible.builtin.wait_for:
        path: "{{ playbook_dir }}/go"
        timeout: 60
"""
LOUD = """\
---
# tinhnet: {title_vi: Ồn, title_en: Loud, risk: read}
- name: Shout
  hosts: core1
  gather_facts: false
  tasks:
    - name: Say much
      ansible.builtin.debug:
        msg: "{{ range(400) | map('string') | map('center', 200) | list }}"
"""
BROKEN = """\
---
# tinhnet: {title_vi: Hỏng, title_en: Broken, risk: read}
- name: Broken
  hosts: core1
  task: []
"""


PLAYBOOKS = {"hello": HELLO, "block": BLOCK, "broken": BROKEN, "loud": LOUD}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a small checkout: an inventory, three playbooks, no git."""
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "ansible.cfg").write_text(CONFIG)
    (tmp_path / "hosts.yml").write_text(HOSTS)
    (tmp_path / "tinhnet.toml").write_text("[jobs]\ngrace_s = 2\n")
    for name, text in PLAYBOOKS.items():
        (tmp_path / "playbooks" / f"{name}.yml").write_text(text)
    return tmp_path


def settings(root: Path) -> Loaded:
    """Return the configuration of the small checkout."""
    return load_config({}, root)


@pytest.fixture
def context(root: Path) -> Iterator[Context]:
    """Return an open state in the small checkout."""
    opened = open_context(settings(root))
    yield opened
    opened.store.close()


@pytest.fixture
def worker(context: Context) -> Iterator[ChangeWorker]:
    """Return a worker in this process, whose jobs end with the test."""
    made = ChangeWorker(context, Identity("change", "here", os.getpid(), context.now))
    yield made
    made.close(context)


def launch(context: Context, playbook: str, limit: str | None = None, **extra: str) -> Job:
    """Ask for a job as an engineer does."""
    return actions.launch_job(context, ENGINEER, JobRequest(playbook, limit, extra=extra))


def read(context: Context, job: Job) -> Job:
    """Return the job as its row says now."""
    with context.store.reading() as connection:
        return get_job(connection, job.number)


def texts(context: Context, job: Job) -> list[JobEvent]:
    """Return the lines of a job."""
    with context.store.reading() as connection:
        return list(list_events(connection, job.number))


def results(context: Context, job: Job) -> dict[str, JobDevice]:
    """Return what came of each device."""
    with context.store.reading() as connection:
        return {one.device: one for one in list_devices(connection, job.number)}


def step_until(worker: ChangeWorker, context: Context, condition: Callable[[], bool]) -> None:
    """Let the worker step until a condition holds."""
    ends = time.monotonic() + PATIENCE_S
    with waking(context.store) as wake:
        while not condition():
            assert time.monotonic() < ends, "the condition never held"
            wake.wait(worker.step(context))


def run(worker: ChangeWorker, context: Context, job: Job) -> Job:
    """Let the worker step until a job has ended; return how."""
    step_until(worker, context, lambda: read(context, job).state.is_final)
    return read(context, job)


def until(context: Context, condition: Callable[[], bool]) -> None:
    """Wait for a condition that another process brings about."""
    ends = time.monotonic() + PATIENCE_S
    with waking(context.store) as wake:
        while not condition():
            assert time.monotonic() < ends, "the condition never held"
            wake.wait(0.2)


def test_every_device_ends_in_its_result_and_every_line_is_numbered(
    context: Context, worker: ChangeWorker, root: Path
) -> None:
    """One run with a device that changes, one that has nothing to do, one that fails, one away."""
    job = run(worker, context, launch(context, "hello", word="tỉnh"))
    found = results(context, job)
    lines = texts(context, job)

    assert {name: one.result for name, one in found.items()} == {
        "core1": DeviceResult.CHANGED,
        "core2": DeviceResult.OK,
        "fw1": DeviceResult.FAILED,
        "far1": DeviceResult.UNREACHABLE,
    }
    assert job.state is JobState.FAILED
    assert "2 of 4 devices did not end well" in (job.reason or "")
    assert found["core1"].task == "Write"
    assert "refused" in (found["far1"].detail or "").lower()
    assert [line.seq for line in lines] == list(range(1, job.last_seq + 1))
    assert {line.kind for line in lines} >= {"note", "play", "task", "result", "recap"}
    assert (root / "playbooks" / "core1.txt").read_text() == "xin chào tỉnh"


def test_the_header_says_exactly_what_ran(context: Context, worker: ChangeWorker) -> None:
    """A year later somebody asks with which options, on which version, and by whom."""
    request = JobRequest("hello", "core1,core2", ("always",), check=True, diff=True)
    job = run(worker, context, actions.launch_job(context, ENGINEER, request))

    command = " ".join(job.command or ())
    assert "--check --diff --limit core1,core2" in command
    assert '-e {"tinhnet_actor":"lan"} --tags always --forks 20' in command
    assert command.endswith("playbooks/hello.yml")
    assert job.devices == ("core1", "core2")
    assert (job.actor, job.commit) == ("lan", None)
    assert (job.ansible_version or "").startswith("2.19")
    assert job.started_at is not None
    assert job.ended_at is not None
    assert job.requested_at <= job.started_at <= job.ended_at


def test_launch_start_and_end_are_evidence(context: Context, worker: ChangeWorker) -> None:
    """Who asked, what exactly ran, what came of it: three entries that hold."""
    job = run(worker, context, launch(context, "hello", "core1"))
    with context.store.reading() as connection:
        entries = newest_entries(connection)
        verified = context.evidence.verify(connection)

    assert [(one.action, one.actor, one.subject) for one in reversed(entries)] == [
        ("job.launch", "lan", "job J1"),
        ("job.start", "worker:change", "job J1"),
        ("job.end", "worker:change", "job J1"),
    ]
    assert entries[0].details["state"] == job.state == "succeeded"
    assert entries[0].details["changed"] == "1"
    assert verified.broken is None


@pytest.mark.parametrize(
    ("playbook", "limit", "says"),
    [("hello", "no-such-site", "no-such-site"), ("broken", None, "'task' is not a valid")],
    ids=["limit", "syntax"],
)
def test_what_ansible_refuses_is_said_and_touches_nothing(
    context: Context, worker: ChangeWorker, playbook: str, limit: str | None, says: str
) -> None:
    """A typo must not look like a job that went well on nothing."""
    job = run(worker, context, launch(context, playbook, limit))

    assert job.state is JobState.FAILED
    assert says in " ".join(line.text for line in texts(context, job)) + (job.reason or "")
    assert results(context, job) == {}


def test_cancelling_ends_every_process_and_says_what_was_not_reached(
    context: Context, worker: ChangeWorker
) -> None:
    """Cancel means that nothing changes any more, and that nobody has to guess what did."""
    job = launch(context, "block")
    step_until(
        worker,
        context,
        lambda: any(
            "begun" in x.text or x.task == "Wait for the file" for x in texts(context, job)
        ),
    )
    state_while_it_ran = read(context, job).state
    found = mark(context, job.number, read(context, job).worker or "")
    were_running = list(marked(MARK, found))
    actions.cancel_job(context, ENGINEER, job.number)
    ended = run(worker, context, job)

    assert state_while_it_ran is JobState.RUNNING
    assert were_running
    assert list(marked(MARK, found)) == []
    assert (ended.state, ended.cancelled_by) == (JobState.CANCELLED, "lan")
    came = results(context, job)
    assert came["core2"].result is came["fw1"].result is DeviceResult.NOT_ATTEMPTED
    assert came["core1"].result is DeviceResult.FAILED
    assert "state unknown: cancelled by lan" in (came["core1"].detail or "")


@pytest.mark.slow
def test_a_second_job_on_a_device_waits_and_names_the_holder(
    context: Context, worker: ChangeWorker, root: Path
) -> None:
    """Two pushes into one router at the same time would overwrite each other."""
    first = launch(context, "block", "core1")
    step_until(worker, context, lambda: read(context, first).state is JobState.RUNNING)
    second = launch(context, "hello", "core1,core2")
    other = launch(context, "hello", "core2")
    step_until(worker, context, lambda: read(context, second).holder is not None)
    waiting = read(context, second)
    (root / "playbooks" / "go").touch()
    ended = run(worker, context, second)

    assert (waiting.state, waiting.holder) == (JobState.WAITING, first.id)
    note = texts(context, second)[0].text
    assert note == f"waits for {first.id} (block.yml by lan): it holds core1"
    assert ended.state is JobState.SUCCEEDED
    first_end = read(context, first).ended_at
    assert first_end is not None
    assert ended.started_at is not None
    assert first_end <= ended.started_at
    assert run(worker, context, other).state is JobState.SUCCEEDED


def test_a_full_disk_holds_a_job_up_and_loses_no_line(
    context: Context, worker: ChangeWorker
) -> None:
    """At ENOSPC nothing is half-written; once there is room, every line is there."""
    most_pages: list[int] = []

    def limit(connection: sqlite3.Connection, record: object) -> None:
        del record
        for pages in most_pages:
            connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(context.store.engine, "connect", limit)
    job = launch(context, "loud")
    step_until(worker, context, lambda: read(context, job).state is JobState.RUNNING)
    with context.store.engine.connect() as connection:
        most_pages.append(connection.exec_driver_sql("PRAGMA page_count").scalar_one() + 1)
    context.store.engine.dispose()
    with pytest.raises(StoreFullError, match="make room"):
        run(worker, context, job)
    held = read(context, job)
    most_pages.clear()
    context.store.engine.dispose()
    ended = run(worker, context, job)
    lines = texts(context, job)

    assert held.state is JobState.RUNNING
    assert ended.state is JobState.SUCCEEDED
    assert [line.seq for line in lines] == list(range(1, ended.last_seq + 1))
    assert sum(" 399 " in line.text for line in lines) == 1
    assert len(lines) > 400


def test_a_waiting_job_is_cancelled_at_once(context: Context) -> None:
    """No worker needs to run for somebody to change their mind."""
    job = launch(context, "hello")
    ended = actions.cancel_job(context, ENGINEER, job.number)

    assert ended.state is JobState.CANCELLED
    assert ended.reason == "cancelled by lan before it started"
    with pytest.raises(actions.RequestError, match="has ended already"):
        actions.cancel_job(context, ENGINEER, job.number)


@pytest.fixture
def start_worker(root: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Return what starts a real change worker; all of them end with the test."""
    started: list[subprocess.Popen[bytes]] = []
    variables = {"TINHNET_CONFIG": str(root / "tinhnet.toml"), "TINHNET_STATE": str(root / "var")}

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tinhnet", "worker", "change"]
        started.append(
            subprocess.Popen(command, env=os.environ | variables, stderr=subprocess.DEVNULL)
        )
        return started[-1]

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize("with_guard", [False, True], ids=["worker", "worker-and-guard"])
def test_a_killed_worker_leaves_no_orphan_and_the_next_start_says_what_happened(
    context: Context,
    root: Path,
    start_worker: Callable[[], subprocess.Popen[bytes]],
    *,
    with_guard: bool,
) -> None:
    """After kill -9 nothing goes on changing devices, and nothing is run again by itself."""
    job = launch(context, "block")
    worker = start_worker()
    until(context, lambda: any(one.task == "Wait for the file" for one in texts(context, job)))
    running = read(context, job)
    found = mark(context, job.number, running.worker or "")
    guards = [pid for pid in marked(MARK, found) if parent_of(pid) == worker.pid]
    worker.kill()
    if with_guard:
        for pid in guards:
            os.kill(pid, signal.SIGKILL)
    worker.wait()
    if not with_guard:
        until(context, lambda: not list(marked(MARK, found)))
    start_worker()
    until(context, lambda: read(context, job).state.is_final)
    came = results(context, job)
    (root / "playbooks" / "go").touch()
    later = launch(context, "hello", "core1")
    until(context, lambda: read(context, later).state.is_final)

    assert guards
    assert running.state is JobState.RUNNING
    ended = read(context, job)
    assert (ended.state, ended.reason) == (
        JobState.INTERRUPTED,
        "the worker that ran it was killed",
    )
    assert list(marked(MARK, found)) == []
    assert came["core1"].result is DeviceResult.FAILED
    assert "state unknown" in (came["core1"].detail or "")
    assert came["core2"].result is came["fw1"].result is DeviceResult.NOT_ATTEMPTED
    assert read(context, later).state is JobState.SUCCEEDED
    assert list((root / "var" / "run" / "jobs").iterdir()) == []


def test_a_worker_that_is_told_to_end_interrupts_its_jobs(
    context: Context, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    """A restart of the product ends what runs in order, with the reason written down."""
    job = launch(context, "block")
    worker = start_worker()
    until(context, lambda: read(context, job).state is JobState.RUNNING)
    worker.terminate()
    worker.wait(timeout=60)

    ended = read(context, job)
    assert (ended.state, ended.reason) == (JobState.INTERRUPTED, "the worker was told to end")
    assert results(context, job)["fw1"].result is DeviceResult.NOT_ATTEMPTED


def parent_of(pid: int) -> int:
    """Return the parent of a process, 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
