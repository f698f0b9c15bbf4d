# SPDX-License-Identifier: MIT
"""A small checkout with real playbooks, and what the tests of jobs ask of it."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from changes.credentials import SSH_KEY, make_ssh_key
from changes.jobs import ChangeWorker
from tinhnet import actions
from tinhnet.context import Context
from tinhnet.model.actor import Actor, Role
from tinhnet.model.job import Job, JobDevice, JobEvent, JobRequest
from tinhnet.store.jobs import get_job, list_devices, list_events
from tinhnet.store.wake import waking

ROOT = Path(__file__).parents[2]
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
        timeout: 240
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


def make_checkout(folder: Path) -> None:
    """Write a small checkout: an inventory, some playbooks, no git."""
    (folder / "playbooks").mkdir()
    (folder / "ansible.cfg").write_text(CONFIG)
    (folder / "hosts.yml").write_text(HOSTS)
    (folder / "tinhnet.toml").write_text("[jobs]\ngrace_s = 2\n")
    for name, text in PLAYBOOKS.items():
        (folder / "playbooks" / f"{name}.yml").write_text(text)


def write_servers(
    folder: Path, context: Context, hosts: Mapping[str, Mapping[str, object]]
) -> None:
    """Let the small checkout know servers that all are to become web1 of the real inventory."""
    context.secrets.ensure(SSH_KEY, make_ssh_key)
    facts = {
        "tinhnet_device": "web1",
        "tinhnet_inventory": str(ROOT / "inventory"),
        "tinhnet_state": str(context.config.state),
    }
    text = yaml.safe_dump({"all": {"vars": facts, "hosts": dict(hosts)}}, sort_keys=False)
    (folder / "hosts.yml").write_text(text)
    (folder / "ansible.cfg").write_text(
        f"{CONFIG}action_plugins = {ROOT / 'playbooks/plugins/action'}\n"
        f"roles_path = {ROOT / 'playbooks/roles'}\n[ssh_connection]\npipelining = True\n"
    )


def launch(context: Context, playbook: str, limit: str | None = None, **extra: str) -> Job:
    """Ask for a job as an engineer does."""
    return actions.launch_job(
        context, ENGINEER, JobRequest(playbook, limit, extra=extra, purpose="Thử")
    )


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


def parent_of(pid: int) -> int:
    """Return the parent of a process, 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
