# SPDX-License-Identifier: MIT
"""A small province in a box for the tests of changes: the way to one district is provisioned."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from changes.credentials import SSH_KEY, credentials_for, make_ssh_key, public_key
from changes.render import render
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.secrets import SecretStore

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
PREFIX = os.environ.get("TINHNET_TEST_PREFIX", "tt")[:3] + "r"
CPE = "dien-ban-cpe1"
WAIT_S = 180.0
"""Long enough for a noisy machine; what comes true ends the waiting at once."""

PUSH = """
import json, sys
from dataclasses import replace
from pathlib import Path
from changes.device import access_of
from changes.push import Order, push
from tinhnet.errors import TinhnetError
from tinhnet.inventory import load
from tinhnet.secrets import secrets_of
asked = json.load(sys.stdin)
state = Path(asked["state"])
store = secrets_of(state)
access = access_of(state, store)
if asked.get("key"):
    access = replace(access, keys=(Path(asked["key"]),))
access = replace(access, **{name: asked[name] for name in ("answer_s", "patience_s")
                            if name in asked})
device = load(Path(asked["inventory"])).devices[asked["device"]]
try:
    done = push(device, access, store, asked["sections"], Order(asked["check"], asked["who"]))
    told = {"result": done.result, "diffs": [one.section for one in done.diffs],
            "residue": done.residue, "notes": done.notes}
except TinhnetError as error:
    told = {"error": type(error).__name__, "message": str(error)}
print(json.dumps(told))
"""

JOB = """
import json, os, sys
from pathlib import Path
from changes.jobs import ChangeWorker
from tests.changes.trial import launch, results, run
from tinhnet.config import load_config
from tinhnet.context import open_context
from tinhnet.worker import Identity
context = open_context(load_config({}, Path(sys.argv[1])))
worker = ChangeWorker(context, Identity("change", "here", os.getpid(), context.now))
job = run(worker, context, launch(context, *sys.argv[2:]))
found = {name: [one.result, one.detail or ""] for name, one in results(context, job).items()}
worker.close(context)
context.store.close()
print(json.dumps(found))
"""

LOOK = """\
---
# tinhnet: {title_vi: Xem, title_en: Look, risk: read}
- name: Look at routers and servers at once, and change nothing
  hosts: routers:servers
  gather_facts: false
  check_mode: true
  tasks:
    - name: Read the configuration
      device_backup:
      when: tinhnet_role != "server"
    - name: Compare the keys
      management_keys:
      when: tinhnet_role == "server"
"""
"""Beside the product's own: one play, so that what ails a router does not hide a server."""

PLAIN = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_SSH_ARGS": "-C -o ControlMaster=no"}
"""No shared connection: each test opens its own, and none outlives the lab."""


@dataclass(frozen=True, slots=True)
class Box:
    """The running small province and what the controller knows of it."""

    network: DeclaredNetwork
    inventory: Path
    state: Path
    store: SecretStore

    def on(self, device: str, script: str) -> str:
        """Run a shell script on a device as root; what it printed."""
        done = subprocess.run(
            [str(PYTHON), "-m", "tinhnet", "lab", "exec", "--prefix", PREFIX, device, "--",
             "sh", "-c", script],
            env=self.environment, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        return done.stdout

    def sections(self, device: str = CPE) -> dict[str, str]:
        """Render the intended configuration of a router."""
        held = credentials_for(self.network, device, self.store, create=True)
        return render(self.network, device, held)

    def lab(self, verb: str, *arguments: str) -> None:
        """Run a verb of the lab."""
        subprocess.run(
            [str(PYTHON), "-m", "tinhnet", "lab", verb, "--prefix", PREFIX, *arguments],
            env=self.environment, check=True, timeout=600, capture_output=True,
        )  # fmt: skip

    def play(self, playbook: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a playbook with plain ansible-playbook, where the controller is."""
        return subprocess.run(
            ["ip", "netns", "exec", f"{PREFIX}-noc", str(PYTHON.with_name("ansible-playbook")),
             str(ROOT / "playbooks" / playbook), "-i", str(self.inventory / "tinhnet.yml"),
             *arguments],
            cwd=ROOT, env={**self.environment, **PLAIN},
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip

    def job(self, playbook: str, limit: str) -> dict[str, list[str]]:
        """Run a playbook as a job where the controller is; result and detail of each device."""
        root = self.state.parent
        if not (root / "playbooks").exists():
            shutil.copytree(ROOT / "playbooks", root / "playbooks")
            shutil.copy2(ROOT / "ansible.cfg", root)
        (root / "playbooks" / "look.yml").write_text(LOOK, encoding="utf-8")
        done = subprocess.run(
            ["ip", "netns", "exec", f"{PREFIX}-noc", str(PYTHON), "-c", JOB, str(root), playbook,
             limit],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True, timeout=600,
        )  # fmt: skip
        return dict(json.loads(done.stdout.splitlines()[-1]))

    def begin(self, device: str = CPE, **asked: object) -> "subprocess.Popen[str]":
        """Start a push from the controller."""
        request = {
            "state": str(self.state),
            "inventory": str(self.inventory),
            "device": device,
            "check": False,
            "who": "the test",
            **asked,
        }
        running = subprocess.Popen(
            ["ip", "netns", "exec", f"{PREFIX}-noc", str(PYTHON), "-c", PUSH],
            cwd=ROOT, env=self.environment, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert running.stdin is not None
        running.stdin.write(json.dumps(request))
        running.stdin.close()
        running.stdin = None
        return running

    def push(self, device: str = CPE, **asked: object) -> dict[str, object]:
        """Push from the controller and wait for the end."""
        running = self.begin(device, **asked)
        out, _ = running.communicate(timeout=600)
        return dict(json.loads(out))

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which this province's state is found."""
        return {**os.environ, "TINHNET_STATE": str(self.state), "PYTHONDONTWRITEBYTECODE": "1"}


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, at most WAIT_S."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true in {WAIT_S:.0f} s"
        time.sleep(0.1)


@contextmanager
def build(folder: Path) -> Iterator[Box]:
    """Build the small province, provision its way to one district, take it away again."""
    folder.chmod(0o755)
    inventory, state = folder / "inventory", folder / "var"
    shutil.copytree(ROOT / "tests" / "cases" / "inventory-small", inventory)
    shutil.copy2(ROOT / "inventory" / "tinhnet.yml", inventory)
    state.mkdir()
    store = SecretStore(state / "secrets")
    key = folder / "key.pub"
    key.write_text(public_key(store.ensure(SSH_KEY, make_ssh_key)) + "\n", encoding="ascii")
    store.path(SSH_KEY)
    made = Box(load(inventory), inventory, state, store)
    try:
        made.lab("up", "--inventory", str(inventory), "--key", str(key))
        for device in ("fw1", "core1", CPE):
            told = made.push(device, sections=made.sections(device))
            assert told.get("result") == "changed", told
        yield made
    finally:
        made.lab("down")
