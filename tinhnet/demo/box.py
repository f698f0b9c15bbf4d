# SPDX-License-Identifier: MIT
"""The province in a box as the demo drives it: processes only, never an import of the lab."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinhnet.errors import TinhnetError

COMMAND = Path(sys.executable).with_name("tinhnet")
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
TAIL_LINES = 12


class CommandFailedError(TinhnetError):
    """A command of the story ended with an error; the message carries its last lines."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ended: exit status and what it printed."""

    status: int
    stdout: str
    stderr: str

    @property
    def tail(self) -> str:
        """The last lines of everything it printed, for an error message."""
        lines = (self.stdout + self.stderr).strip().splitlines()
        return "\n".join(lines[-TAIL_LINES:])


@dataclass(frozen=True, slots=True)
class Box:
    """One lab, addressed by its prefix, and the product's state that goes with it."""

    prefix: str
    inventory: Path
    state: Path

    def lab(self, *arguments: str) -> list[str]:
        """Return the command line of a lab verb."""
        verb, *rest = arguments
        return [str(COMMAND), "lab", verb, "--prefix", self.prefix, *rest]

    def inside(self, device: str, command: Sequence[str], *options: str) -> list[str]:
        """Return the command line that runs `command` on a device; options are those of exec."""
        return [*self.lab("exec", *options, device), "--", *command]

    def product(self, *arguments: str) -> list[str]:
        """Return the command line that runs the product's CLI where the product lives."""
        return self.inside("noc", [str(COMMAND), *arguments])

    @property
    def known_hosts(self) -> Path:
        """The lab's list of host keys; the product learns its own at first contact."""
        return self.state / "lab" / self.prefix / "known_hosts"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every child: ours and where the state is."""
        return os.environ | {"TINHNET_STATE": str(self.state)}

    def run(
        self, command: Sequence[str], *, timeout_s: float = 300, progress: bool = False
    ) -> Finished:
        """Run a command to its end, whatever its status.

        With `progress` its standard error is shown while it runs.  Raises
        CommandFailedError when it takes longer than `timeout_s`.
        """
        try:
            done = subprocess.run(
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=None if progress else subprocess.PIPE,
                text=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as expired:
            message = f"{' '.join(command[-4:])} did not end within {timeout_s:.0f} s"
            raise CommandFailedError(message, "see `tinhnet lab status`") from expired
        return Finished(done.returncode, done.stdout, done.stderr or "")

    def must(self, command: Sequence[str], *, timeout_s: float = 300) -> Finished:
        """Run a command and raise CommandFailedError unless it succeeds."""
        done = self.run(command, timeout_s=timeout_s)
        if done.status != 0:
            shown = " ".join(command[-6:])
            raise CommandFailedError(f"`{shown}` ended with {done.status}:\n{done.tail}")
        return done

    def show(self, command: Sequence[str]) -> None:
        """Run a command whose progress people watch; CommandFailedError unless it succeeds."""
        done = subprocess.run(command, env=self.environment, check=False)
        if done.returncode != 0:
            raise CommandFailedError(f"`{' '.join(command[1:4])}` ended with {done.returncode}")


def read_json(text: str) -> dict[str, object]:
    """Return the JSON object a command printed; CommandFailedError when it is none."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandFailedError(f"expected JSON, got {text[:200]!r}") from error
    if not isinstance(value, dict):
        raise CommandFailedError(f"expected a JSON object, got {text[:80]!r}")
    return value
