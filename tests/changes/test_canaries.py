# SPDX-License-Identifier: MIT
"""Secrets planted as canaries: none of them may turn up anywhere but where they are kept."""

import base64
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from changes.jobs import ChangeWorker
from changes.run import MARK, mark
from tinhnet import actions
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.model.actor import Actor, Role
from tinhnet.model.job import Job, JobRequest
from tinhnet.processes import marked
from tinhnet.store.jobs import get_job, list_devices, list_events
from tinhnet.store.wake import waking
from tinhnet.worker import Identity

pytestmark = pytest.mark.patient

PATIENCE_S = 200
PASSWORD = "Canary-7f3a/Mật-khẩu one"  # noqa: S105 a canary, nobody's password
KEY_LINE = "b3BlbnNzaC1rZXktdjEAAAAACANARYCANARYCANARY0001"
KEY = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY_LINE}\n-----END OPENSSH PRIVATE KEY-----\n"
SHORT = "canary42"

CONFIG = "[defaults]\ninventory = hosts.yml\ninterpreter_python = /usr/bin/python3\n"
HOSTS = "all: {hosts: {core1: {ansible_connection: local}}}\n"
# A careless playbook: it shows secrets in every way that a playbook can.
LEAKY = """\
---
# tinhnet: {title_vi: Rò rỉ, title_en: Leak, risk: read}
- name: Leak
  hosts: core1
  gather_facts: false
  vars:
    store: "{{ playbook_dir }}/../var/secrets"
    held: "{{ lookup('file', store + '/db%2Fportal.json') | from_json }}"
    value: "{{ held.versions[0].value }}"
  tasks:
    - name: Show it
      ansible.builtin.debug:
        msg: "{{ value }} {{ value | b64encode }} {{ value | urlencode }} {{ value | to_json }}"
    - name: Print a file
      ansible.builtin.command: "cat {{ store }}/ssh-management"
      register: printed
    - name: Show what was printed
      ansible.builtin.debug:
        var: printed
    - name: Show a difference
      ansible.builtin.copy:
        content: "{{ value }}"
        dest: "{{ playbook_dir }}/../elsewhere/made"
        mode: "0600"
    - name: Warn at length, so that the line is broken
      ansible.builtin.fail:
        msg: "{{ 'x' * 70 }} {{ lookup('file', store + '/ssh-management') }} {{ value }}"
"""


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """Return an open state with three planted secrets and a playbook that leaks them."""
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "ansible.cfg").write_text(CONFIG)
    (tmp_path / "hosts.yml").write_text(HOSTS)
    (tmp_path / "playbooks" / "leaky.yml").write_text(LEAKY)
    opened = open_context(load_config({"TINHNET_STATE": str(tmp_path / "var")}, tmp_path))
    opened.secrets.ensure("db/portal", lambda: PASSWORD)
    opened.secrets.ensure("ospf/core", lambda: SHORT)
    opened.secrets.ensure("ssh/management", lambda: KEY)
    opened.secrets.path("ssh/management")
    yield opened
    opened.store.close()


def finish(context: Context, worker: ChangeWorker, job: Job) -> list[str]:
    """Step until the job has ended; return what /proc showed of its processes meanwhile."""
    seen: set[str] = set()
    ends = time.monotonic() + PATIENCE_S
    with waking(context.store) as wake:
        while True:
            with context.store.reading() as connection:
                current = get_job(connection, job.number)
            if current.state.is_final:
                return sorted(seen)
            assert time.monotonic() < ends, "the job never ended"
            wake.wait(min(worker.step(context), 0.05))
            for pid in marked(MARK, mark(context, job.number, current.worker or "")):
                for name in ("cmdline", "environ"):
                    try:
                        text = Path(f"/proc/{pid}/{name}").read_bytes()
                    except OSError:
                        continue
                    seen.add(text.decode("utf-8", "replace"))


def forms() -> list[bytes]:
    """Return the canaries in the forms in which they could hide."""
    plain = [PASSWORD, KEY_LINE, SHORT, "Canary-7f3a", "CANARYCANARY"]
    encoded = [base64.b64encode(PASSWORD.encode()).decode()]
    return [text.encode() for text in plain + encoded]


def leaks(directory: Path, kept: Path) -> list[str]:
    """Return every file below `directory`, but not below `kept`, that holds a canary."""
    found = []
    for path in directory.rglob("*"):
        if path.is_file() and kept not in path.parents:
            content = path.read_bytes()
            found += [f"{path}: {form!r}" for form in forms() if form in content]
    return found


def test_no_canary_leaves_its_cage(
    context: Context, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A careless playbook prints secrets; nothing that is kept or shown may hold them."""
    worker = ChangeWorker(context, Identity("change", "here", os.getpid(), context.now))
    actor = Actor("lan", frozenset({Role.ENGINEER}), "cli")
    job = actions.launch_job(context, actor, JobRequest("leaky", diff=True))
    seen = finish(context, worker, job)
    with context.store.reading() as connection:
        lines = [one.text for one in list_events(connection, job.number)]
        devices = list_devices(connection, job.number)
    context.store.close()
    text = "\n".join(lines) + repr(devices) + capfd.readouterr().err

    assert "<secret db/portal v1>" in text
    assert "<secret ssh/management v1>" in text
    assert len(seen) > 3, "the processes of the job were not seen"
    assert [form for form in forms() if form in text.encode()] == []
    assert [form for form in forms() if any(form in one.encode() for one in seen)] == []
    (tmp_path / "elsewhere" / "made").unlink()
    assert leaks(tmp_path, tmp_path / "var" / "secrets") == []
