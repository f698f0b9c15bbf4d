# SPDX-License-Identifier: MIT
"""The one lab that every test of a session shares."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork

ROOT = Path(__file__).parents[1]
COMMAND = ROOT / ".venv/bin/tinhnet"
STORY_S = 1200


@dataclass(frozen=True, slots=True)
class Province:
    """The running, provisioned province and the story of how it came to be."""

    prefix: str
    state: Path
    port: int
    network: DeclaredNetwork
    story: dict[str, dict[str, object]]

    @property
    def environment(self) -> dict[str, str]:
        """What every command needs to find this province's state."""
        return os.environ | {"TINHNET_STATE": str(self.state)}

    def lab(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a lab verb, whatever its status."""
        return self.run([str(COMMAND), "lab", verb, "--prefix", self.prefix, *arguments])

    def on(self, device: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on a device, whatever its status."""
        return self.lab("exec", device, "--", *command)

    def product(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the product's CLI where the product lives, whatever its status."""
        return self.on("noc", str(COMMAND), *arguments)

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command of this machine with the province's state."""
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def province() -> Iterator[Province]:
    """Tell the whole story once; every lab test lives in the province it leaves standing.

    `TINHNET_TEST_PREFIX` names the lab (default `tt`).  A step that fails does
    not fail here: `tests/e2e/test_story.py` has a test per step.
    """
    if os.geteuid() != 0:
        pytest.skip("the province in a box needs root")
    prefix = os.environ.get("TINHNET_TEST_PREFIX", "tt")
    state = ROOT / "var" / f"test-{prefix}"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    told = state / "story.json"
    port = free_port()
    options = ["--prefix", prefix, "--state", str(state), "--port", str(port), "--keep"]
    command = [str(COMMAND), "demo", "--story", "--json", str(told), *options]
    try:
        subprocess.run(command, cwd=ROOT, check=False, timeout=STORY_S)
        results = json.loads(told.read_text(encoding="utf-8"))["results"]
        story = {result["id"]: result for result in results}
        yield Province(prefix, state, port, load(ROOT / "inventory"), story)
    finally:
        subprocess.run([str(COMMAND), "lab", "down", "--prefix", prefix], check=False)
