# SPDX-License-Identifier: MIT
"""Which devices a run would touch: Ansible is asked, nobody guesses its patterns."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinhnet.context import Context
from tinhnet.model.job import JobRequest

TIMEOUT_S = 60
LOCAL = "localhost"


@dataclass(frozen=True, slots=True)
class Target:
    """The devices of a request, or Ansible's complaint about it."""

    devices: tuple[str, ...]
    complaint: str | None = None


def command_of(context: Context, request: JobRequest) -> tuple[str, ...]:
    """Return the command as an engineer would type it in the checkout."""
    playbook = context.config.jobs.playbooks / request.playbook
    shown = (
        playbook.relative_to(context.root) if playbook.is_relative_to(context.root) else playbook
    )
    parts = ["ansible-playbook", str(shown), "--forks", str(context.config.jobs.forks)]
    parts += ["--limit", request.limit] if request.limit else []
    parts += ["--tags", ",".join(request.tags)] if request.tags else []
    parts += ["--check"] if request.check else []
    parts += ["--diff"] if request.diff else []
    for name, value in (request.extra or {}).items():
        parts += ["-e", f"{name}={value}"]
    return tuple(parts)


def target_of(context: Context, request: JobRequest) -> Target:
    """Ask Ansible for the devices of a request; about 1.5 s on 2 cores."""
    program = Path(sys.executable).parent / "ansible-playbook"
    playbook = context.config.jobs.playbooks / request.playbook
    command = [str(program), "--list-hosts", str(playbook)]
    command += ["--limit", request.limit] if request.limit else []
    command += ["--tags", ",".join(request.tags)] if request.tags else []
    command += ["-e", json.dumps(dict(request.extra))] if request.extra else []
    try:
        done = subprocess.run(
            command,
            cwd=context.root,
            env=_environment(context),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        return Target((), str(error))
    if done.returncode != 0:
        return Target((), (done.stderr or done.stdout).strip())
    return Target(_listed(done.stdout))


def _environment(context: Context) -> Mapping[str, str]:
    """Return what Ansible needs to know, and nothing else of ours."""
    home = context.config.state / "home"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_CONFIG": str(context.root / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "True",
        "TINHNET_STATE": str(context.config.state),
        "TINHNET__INVENTORY": str(context.config.inventory),
    }


def _listed(text: str) -> tuple[str, ...]:
    """Return the devices that `--list-hosts` names, of all plays, each once.

    The controller itself counts only where nothing else is meant.
    """
    found: dict[str, None] = {}
    inside = False
    for line in text.splitlines():
        inside = line.startswith("    hosts (") or (inside and line.startswith("      "))
        if inside and line.startswith("      "):
            found[line.strip()] = None
    others = tuple(name for name in found if name != LOCAL)
    return others or tuple(found)
