# SPDX-License-Identifier: MIT
"""Which devices a run means: Ansible is asked, nobody guesses its patterns.

Asking takes a second and more, and the answer depends on files and the day
alone: it is kept until one of them changes.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from threading import get_ident

from tinhnet import reasons

TIMEOUT_S = 60
LOCAL = "localhost"
DECIDING = ("ANSIBLE_CONFIG", "TINHNET__INVENTORY")
"""Variables of the environment that may change the answer."""
KEPT = 64
"""Answers; the oldest goes when another comes."""
SOURCES = ("inventory", "playbooks", "tinhnet", "changes")
"""Folders of the checkout that decide: what is declared, and the plug-ins that read it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A run as `ansible-playbook` would be asked for it."""

    program: str
    root: Path
    playbook: str
    limit: str | None
    tags: Sequence[str]
    extra: Mapping[str, str]
    environment: Mapping[str, str]

    @property
    def arguments(self) -> list[str]:
        """What Ansible is asked."""
        command = ["--list-hosts", self.playbook]
        command += ["--limit", self.limit] if self.limit else []
        command += ["--tags", ",".join(self.tags)] if self.tags else []
        command += ["-e", json.dumps(dict(self.extra))] if self.extra else []
        return command


@dataclass(frozen=True, slots=True)
class Target:
    """The devices of a run, sorted, or what Ansible complains about; neither where none matches."""

    devices: tuple[str, ...]
    complaint: str | None = None


def folder(state: Path) -> Path:
    """Return where the answers of an installation are kept."""
    return state / "run" / "targets"


def ask(question: Question, kept: Path) -> Target:
    """Return the devices that a run means; `kept` is a folder for earlier answers."""
    path = kept / f"{_digest(question)}.json"
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return Target(tuple(str(one) for one in held))
    except (OSError, ValueError, TypeError):
        found = _asked(question)
        if found.complaint is None:
            _keep(path, found.devices)
        return found


def listed(text: str) -> list[str]:
    """Return the devices in the output of `--list-hosts`, of all plays, sorted.

    The controller itself counts only where nothing else is meant.
    """
    found: dict[str, None] = {}
    inside = False
    for line in text.splitlines():
        inside = line.startswith("    hosts (") or (inside and line.startswith("      "))
        if inside and line.startswith("      "):
            found[line.strip()] = None
    others = sorted(name for name in found if name != LOCAL)
    return others or list(found)


def _asked(question: Question) -> Target:
    try:
        done = subprocess.run(
            [question.program, *question.arguments],
            cwd=question.root,
            env=question.environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Target((), reasons.NO_ANSWER % {"seconds": TIMEOUT_S})
    except OSError as error:
        return Target((), str(error))
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        return Target((), said or f"{question.program} ended with {done.returncode}")
    return Target(tuple(listed(done.stdout)))


def _digest(question: Question) -> str:
    """Return the hash of all that the answer depends on."""
    about = [
        question.arguments,
        [question.environment.get(name) for name in DECIDING],
        date.today().isoformat(),  # noqa: DTZ011 org units begin and end by the machine's day
        version("ansible-core"),
        sorted(_files(question)),
    ]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]


def _files(question: Question) -> Iterator[tuple[str, int, int, int]]:
    """Yield path, inode, time and size of every file that may decide."""
    root = question.root
    declared = question.environment.get("TINHNET__INVENTORY")
    folders = [*(root / name for name in SOURCES), Path(question.playbook).parent]
    for folder in (*folders, *([Path(declared)] if declared else [])):
        for top, _, names in os.walk(folder):
            for name in names:
                if not name.endswith(".pyc"):
                    yield _seen(os.path.join(top, name))  # noqa: PTH118 a thousand Paths cost 10 ms
    yield _seen(str(root / "ansible.cfg"))


def _seen(path: str) -> tuple[str, int, int, int]:
    try:
        held = os.stat(path)  # noqa: PTH116 as above
    except FileNotFoundError:
        return (path, 0, 0, 0)
    return (path, held.st_ino, held.st_mtime_ns, held.st_size)


def _keep(path: Path, devices: Sequence[str]) -> None:
    """Write an answer down; where that is impossible Ansible is asked again next time."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_text(json.dumps(list(devices)), encoding="utf-8")
        draft.replace(path)
        held = sorted(path.parent.glob("*.json"), key=lambda one: one.stat().st_mtime_ns)
        for old in held[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        with suppress(OSError):  # the folder may be another user's
            draft.unlink()
