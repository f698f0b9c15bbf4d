# SPDX-License-Identifier: MIT
"""Which devices a run would touch: Ansible is asked, nobody guesses its patterns."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tinhnet.context import Context
from tinhnet.model.job import JobRequest
from tinhnet.targets import Question, Target, ask, folder


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
    """Ask Ansible for the devices of a request; 1.5 s on 2 cores the first time."""
    question = Question(
        program=str(Path(sys.executable).parent / "ansible-playbook"),
        root=context.root,
        playbook=str(context.config.jobs.playbooks / request.playbook),
        limit=request.limit,
        tags=request.tags,
        extra=request.extra or {},
        environment=_environment(context),
    )
    return ask(question, folder(context.config.state))


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
