# SPDX-License-Identifier: MIT
"""A lab driven as a person drives it: processes, files and exit statuses."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = ROOT / ".venv/bin/tinhnet"
SITES = ("dien-ban", "so-tttt")
PATIENCE_S = 600.0
"""What one verb may take on a machine that does other things: `up` may build the base root."""


def prefix_of(letter: str) -> str:
    """Return the prefix of a lab of the tests, as TINHNET_TEST_PREFIX asks (default `tt`).

    Two checkouts that test at once must not take down each other's labs.
    """
    return f"{os.environ.get('TINHNET_TEST_PREFIX', 'tt')[:3]}s{letter}"


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab driven as a person drives it."""

    prefix: str
    state: Path

    def command(self, verb: str, *words: str) -> list[str]:
        """Return the command line of a verb."""
        return [str(COMMAND), "lab", verb, "--prefix", self.prefix, *words]

    def run(self, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a verb, whatever its status."""
        environment = {**os.environ, "TINHNET_STATE": str(self.state)}
        return subprocess.run(
            self.command(verb, *words),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def must(self, verb: str, *words: str) -> str:
        """Run a verb that must succeed and return what it printed."""
        done = self.run(verb, *words)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def on(self, device: str, *command: str) -> str:
        """Run a command that must succeed on a device and return what it printed."""
        return self.must("exec", device, "--", *command)

    def status(self) -> dict[str, list[dict[str, object]]]:
        """Return `lab status --json`."""
        held: dict[str, list[dict[str, object]]] = json.loads(self.must("status", "--json"))
        return held

    def up(self, *words: str) -> None:
        """Bring up the data centre with the two sites."""
        self.must("up", *(f"--site={site}" for site in SITES), *words)


def eventually(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Tell whether a condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def traces(prefix: str) -> list[str]:
    """Return everything on this machine that still bears a lab's name."""
    found = [f"/run/netns/{name}" for name in _names(Path("/run/netns"), f"{prefix}-")]
    found += [f"/etc/netns/{name}" for name in _names(Path("/etc/netns"), f"{prefix}-")]
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    found += [line for line in mounts if f"/tinhnet-lab/{prefix}/" in line]
    found += [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/tinhnet-lab/{prefix}")]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            group = (entry / "cgroup").read_text(encoding="ascii")
        except OSError:
            continue
        if f"/tinhnet-lab/{prefix}/" in group:
            found.append(str(entry))
    run = Path("/run/tinhnet-lab") / prefix
    return [*found, str(run)] if run.exists() else found


def _names(folder: Path, prefix: str) -> list[str]:
    if not folder.is_dir():
        return []
    return [entry.name for entry in folder.iterdir() if entry.name.startswith(prefix)]
