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
STORY_S = 1500
"""More than twenty minutes were seen on two cores that a dozen programs wanted."""
LAB_S = 900
TOLD_TWICE: list[str] = []
"""Where a story ended that had to be told again."""


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
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=900
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ask twice what shares a busy machine with a lab or a browser; pytest counts the reruns.

    Fast tests depend on nothing outside themselves and are asked once.
    `TINHNET_TEST_ONCE=1` asks everything once, to see what the first time says.
    A test of a lab gets the time that building the lab may take: the first one
    builds it.  The province is built last: it works two cores hard for as long
    as it stands.
    """
    items.sort(key=lambda item: bool(item.get_closest_marker("lab")) + _needs_province(item))
    for item in items:
        if item.get_closest_marker("lab") and not item.get_closest_marker("timeout"):
            is_told = _needs_province(item)
            item.add_marker(pytest.mark.timeout(2 * STORY_S + 600 if is_told else LAB_S))
        marked = any(item.get_closest_marker(name) for name in ("lab", "browser", "slow"))
        if marked and not os.environ.get("TINHNET_TEST_ONCE"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def _needs_province(item: pytest.Item) -> bool:
    return "province" in getattr(item, "fixturenames", ())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end that the story needed two tellings, and why."""
    for why in TOLD_TWICE:
        terminalreporter.section("the story was told twice")
        terminalreporter.write_line(why)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tell(prefix: str, state: Path, port: int) -> dict[str, dict[str, object]]:
    """Tell the whole story from nothing; each step's result by its id."""
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    told = state / "story.json"
    options = ["--prefix", prefix, "--state", str(state), "--port", str(port), "--keep"]
    command = [str(COMMAND), "demo", "--story", "--json", str(told), *options]
    subprocess.run(command, cwd=ROOT, check=False, timeout=STORY_S)
    results = json.loads(told.read_text(encoding="utf-8"))["results"]
    return {str(result["id"]): result for result in results}


@pytest.fixture(scope="session")
def province() -> Iterator[Province]:
    """Tell the whole story once; every lab test lives in the province it leaves standing.

    `TINHNET_TEST_PREFIX` names the lab (default `tt`).  A step that fails does
    not fail here: `tests/e2e/test_story.py` has a test per step.  A story that
    ends early is told once more on a new lab, and the summary says where it
    ended: one busy moment of a shared machine must not decide over
    everything, and what is really broken ends it a second time.
    """
    if os.geteuid() != 0:
        pytest.skip("the province in a box needs root")
    prefix = os.environ.get("TINHNET_TEST_PREFIX", "tt")
    state = ROOT / "var" / f"test-{prefix}"
    port = free_port()
    try:
        story = tell(prefix, state, port)
        if broken := [f"{name}: {one['error']}" for name, one in story.items() if one["error"]]:
            TOLD_TWICE.append(broken[0])
            subprocess.run([str(COMMAND), "lab", "down", "--prefix", prefix], check=False)
            story = tell(prefix, state, port)
        yield Province(prefix, state, port, load(ROOT / "inventory"), story)
    finally:
        subprocess.run([str(COMMAND), "lab", "down", "--prefix", prefix], check=False)
