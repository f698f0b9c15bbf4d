# SPDX-License-Identifier: MIT
"""A server's task in a real job: the server's answer becomes the word of the device.

The servers are played by a program that gives the recorded answer of each
host to the session Ansible opens; that servers really answer so is shown in
`tests/playbooks/test_servers.py`.
"""

import json
from pathlib import Path

import pytest

from changes.jobs import ChangeWorker
from tests.changes.trial import launch, results, run, write_servers
from tinhnet.context import Context
from tinhnet.model.job import DeviceResult, JobState

pytestmark = pytest.mark.patient

PLAYBOOK = """\
---
# tinhnet: {title_vi: Máy chủ, title_en: Servers, risk: change}
- name: Servers
  hosts: same:new:undone:away
  gather_facts: false
  roles:
    - role: server
- name: One after the other, until one fails
  hosts: full:later
  gather_facts: false
  serial: 1
  order: sorted
  roles:
    - role: server
"""
STARTED = {"stage": "units", "message": "portal.service does not start"}
FAILED = {"stage": "write", "message": "No space left on device; nothing was changed"}
ANSWERS: dict[str, dict[str, object]] = {
    "same": {"changes": [], "seconds": 0.1},
    "new": {"changes": [{"kind": "step", "what": "load the zone"}], "seconds": 0.1},
    "full": {"failed": {**FAILED, "rolled_back": False}},
    "undone": {"failed": {**STARTED, "rolled_back": True}},
    "later": {"changes": [], "seconds": 0.1},
}


@pytest.fixture
def servers(root: Path, context: Context) -> Path:
    """Put six servers into the small checkout; one is away, one comes after the others."""
    for name, answer in ANSWERS.items():
        program = root / f"{name}.sh"
        line = json.dumps({"format": 1, **answer})
        program.write_text(f"#!/bin/sh\ncat >/dev/null\ncat <<'END'\n{line}\nEND\n")
        program.chmod(0o755)
    hosts: dict[str, dict[str, object]] = {
        name: {"ansible_connection": "local", "ansible_shell_executable": str(root / f"{name}.sh")}
        for name in ANSWERS
    }
    away = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    hosts = {"away": away, **hosts}
    write_servers(root, context, hosts)
    (root / "playbooks" / "servers.yml").write_text(PLAYBOOK)
    return root


@pytest.mark.usefixtures("servers")
def test_every_result_word_is_reached_by_a_server(context: Context, worker: ChangeWorker) -> None:
    """A server that put its old files back is told from one that was never changed."""
    job = run(worker, context, launch(context, "servers"))
    found = results(context, job)

    assert {name: one.result for name, one in found.items()} == {
        "same": DeviceResult.OK,
        "new": DeviceResult.CHANGED,
        "full": DeviceResult.FAILED,
        "undone": DeviceResult.ROLLED_BACK,
        "away": DeviceResult.UNREACHABLE,
        "later": DeviceResult.NOT_ATTEMPTED,
    }
    assert job.state is JobState.FAILED
    undone = found["undone"].detail or ""
    assert undone.startswith("web1: units: portal.service does not start; the files were put back")
    assert (found["away"].detail or "").startswith("web1 is unreachable: ")
    assert "Connection refused" in (found["away"].detail or "")
