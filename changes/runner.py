# SPDX-License-Identifier: MIT
"""The child process around one ansible-runner run; the only importer of ansible_runner.

The change worker starts it (`python -m changes.runner DIRECTORY`), reads JSON
lines from its standard output and answers on its standard input:

    child   {"kind": "target", "devices": […], "command": […], …}
    worker  go
    child   {"kind": "event", …} …
    child   {"kind": "end", "status": "successful", "code": 0}

It is the guard of everything Ansible starts: it adopts what daemonises, ends
with its worker, and leaves neither process nor file behind.  Nothing is
masked yet on the pipe; the worker masks before it writes.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from types import FrameType
from typing import TextIO

import ansible_runner  # type: ignore[import-untyped]  # it ships no types

from tinhnet import reasons
from tinhnet.processes import adopt_orphans, end_descendants, end_with_parent
from tinhnet.targets import Question, Target, ask

GIT_TIMEOUT_S = 5
DETAIL = 500
"""Characters of a device's error message that are kept beside its result."""
SETTINGS = {"suppress_output_file": True, "suppress_ansible_output": True, "pexpect_timeout": 1}


@dataclass(frozen=True, slots=True)
class Order:
    """What to run; written by the worker as `order.json` into the job's directory.

    `actor` reaches the devices' own logs as the variable `tinhnet_actor`;
    `targets` is the folder in which answers about targets are kept.
    """

    root: str
    targets: str
    playbook: str
    limit: str | None
    tags: tuple[str, ...]
    check: bool
    diff: bool
    extra: Mapping[str, str]
    forks: int
    grace_s: float
    worker: int
    actor: str


def write_order(directory: Path, order: Order) -> None:
    """Prepare the directory of a job for the child."""
    (directory / "env").mkdir(mode=0o700, parents=True)
    directory.chmod(0o700)
    (directory / "env" / "settings").write_text(json.dumps(SETTINGS), encoding="utf-8")
    (directory / "order.json").write_text(json.dumps(asdict(order)), encoding="utf-8")


def main(directory: Path) -> None:
    """Run the order of a directory to its end."""
    order = Order(**json.loads((directory / "order.json").read_text(encoding="utf-8")))
    end_with_parent(order.worker)
    adopt_orphans()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)

    def stop(number: int, frame: FrameType | None) -> None:
        """End everything at once; the worker writes down what that means."""
        del frame
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end_descendants(os.getpid(), order.grace_s)
        rmtree(directory, ignore_errors=True)
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _run(directory, order, out)
    finally:
        end_descendants(os.getpid(), order.grace_s)
        rmtree(directory, ignore_errors=True)


def _run(directory: Path, order: Order, out: TextIO) -> None:
    config = _config(directory, order)
    means = target(order, config.command[0])
    _send(
        out,
        kind="target",
        devices=list(means.devices),
        error=means.complaint,
        command=config.command,
        commit=commit(Path(order.root)),
        version=version("ansible-core"),
    )
    if means.complaint or sys.stdin.readline().strip() != "go":
        return

    def forward(event: Mapping[str, object]) -> bool:
        """Send an event on; False keeps ansible-runner from writing it to a file."""
        _send(out, kind="event", **essence(event))
        return False

    runner = ansible_runner.Runner(config=config, event_handler=forward)
    status, code = runner.run()
    _send(out, kind="end", status=status, code=code)


def target(order: Order, program: str) -> Target:
    """Return which devices the order means, or why it cannot run."""
    question = Question(
        program=program,
        root=Path(order.root),
        playbook=order.playbook,
        limit=order.limit,
        tags=order.tags,
        extra=order.extra,
        environment=os.environ,
    )
    found = ask(question, Path(order.targets))
    if found.devices or found.complaint:
        return found
    limit = {"limit": repr(order.limit)}
    return Target((), reasons.NO_MATCH % limit if order.limit else reasons.NO_TARGET)


def commit(root: Path) -> str | None:
    """Return the commit of the checkout, with "+" when files differ from it; None without git."""
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root)]
    try:
        head = subprocess.run(
            [*command, "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=GIT_TIMEOUT_S,
            check=True,
        ).stdout.strip()
        changed = subprocess.run(
            [*command, "--no-optional-locks", "status", "--porcelain", "-uno"],
            capture_output=True,
            text=True,
            timeout=GIT_TIMEOUT_S,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return head + ("+" if changed else "")


def essence(event: Mapping[str, object]) -> dict[str, object]:
    """Return the parts of an ansible-runner event that a job keeps.

    `result` is the word an action plug-in gives as `tinhnet_result`, or None.
    """
    about = event.get("event_data")
    data = about if isinstance(about, dict) else {}
    outcome = data.get("res")
    res = outcome if isinstance(outcome, dict) else {}
    kept: dict[str, object] = {
        "event": event.get("event"),
        "at": event.get("created"),
        "text": event.get("stdout") or "",
        "device": data.get("host"),
        "task": data.get("task") or data.get("name"),
        "changed": bool(res.get("changed")),
        "ignored": bool(data.get("ignore_errors")),
        "result": res.get("tinhnet_result"),
        "detail": str(res.get("msg") or res.get("stderr") or "")[:DETAIL],
    }
    if event.get("event") == "playbook_on_stats":
        words = ("ok", "changed", "failures", "dark", "processed")
        kept["stats"] = {word: data.get(word) or {} for word in words}
    return kept


def _config(directory: Path, order: Order) -> ansible_runner.RunnerConfig:
    options = [*(["--check"] if order.check else []), *(["--diff"] if order.diff else [])]
    config = ansible_runner.RunnerConfig(
        private_data_dir=str(directory),
        project_dir=order.root,
        playbook=order.playbook,
        limit=order.limit,
        tags=",".join(order.tags) or None,
        extravars={**order.extra, "tinhnet_actor": order.actor},
        cmdline=" ".join(options) or None,
        forks=order.forks,
        quiet=True,
        fact_cache_type="memory",
        suppress_env_files=True,
    )
    config.prepare()
    return config


def _send(out: TextIO, **message: object) -> None:
    json.dump(message, out)
    out.write("\n")
    out.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
