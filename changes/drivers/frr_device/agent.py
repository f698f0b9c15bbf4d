# SPDX-License-Identifier: MIT
"""The probe agent of a core: its program, its orders and its unit, as one text.

    account tinhnet-agent
    unit tinhnet-agent enabled active
    file /etc/tinhnet/agent/orders.json 0600
    <tab>each of its lines

All of it is ours: a file that the text does not name is removed from the
agent's folder, and nothing in it is kept as residue.
"""

import json
import pwd
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .run import read_file, run, write_file
from .text import Plan, RefusedError
from .units import is_enabled, systemctl

NAME = "tinhnet-agent"
HOME = Path("/usr/local/lib/tinhnet/agent")
ORDERS = Path("/etc/tinhnet/agent")
UNIT = Path(f"/etc/systemd/system/{NAME}.service")
RUNS = f"account {NAME}\nunit {NAME} enabled active\n"
GOING = ("active", "activating", "reloading")
"""A program that ends and is started again counts as running: its silence is seen elsewhere,
and must not put the whole configuration of a core back."""


class File(NamedTuple):
    """A file of the agent; root owns it."""

    path: str
    mode: int
    text: str


def pack(files: Iterable[File]) -> str:
    """Return files as one text; `unpack` gives every byte back."""
    parts = []
    for one in files:
        body = "".join(f"\t{line}\n" for line in one.text.split("\n"))
        parts.append(f"file {one.path} {one.mode:04o}\n{body}")
    return "".join(parts)


def unpack(text: str) -> tuple[File, ...]:
    """Return the files of a text, without its lines about account and unit."""
    found: list[tuple[str, int, list[str]]] = []
    for line in text.split("\n")[:-1]:
        if line.startswith("\t") and found:
            found[-1][2].append(line[1:])
        elif line.startswith("file "):
            _, path, mode = line.split(" ")
            found.append((path, int(mode, 8), []))
    return tuple(File(path, mode, "\n".join(lines)) for path, mode, lines in found)


def read(intended: str, applied: str) -> str:
    """Return what stands on the device: the files we know of, and every program in our folder."""
    known = [one.path for text in (intended, applied) for one in unpack(text)]
    known += sorted(str(path) for path in HOME.rglob("*.py"))
    files = [_held(Path(path)) for path in dict.fromkeys(known) if Path(path).is_file()]
    return _account() + _unit() + pack(files) if files else ""


def plan(running: str, intended: str, applied: str) -> Plan:
    """Compare whole texts."""
    del applied
    return Plan(running, intended, ())


def check(predicted: str) -> None:
    """Refuse a program that Python does not read and orders that are no JSON."""
    for one in unpack(predicted):
        try:
            if one.path.endswith(".py"):
                compile(one.text, one.path, "exec")
            elif one.path.endswith(".json"):
                json.loads(one.text)
        except (SyntaxError, ValueError) as error:
            raise RefusedError("agent", f"{one.path}: {error}") from error


def apply(running: str, predicted: str) -> None:
    """Write and remove files; start the agent again, or end it where none is wanted."""
    if running == predicted:
        return
    have = {one.path: one for one in unpack(running)}
    want = {one.path: one for one in unpack(predicted)}
    if not want:
        run(["systemctl", "disable", "--no-reload", "--now", "--quiet", NAME], accept=None)
    for path in have.keys() - want.keys():
        Path(path).unlink(missing_ok=True)
    for path, one in want.items():
        if have.get(path) != one:
            _make_folder(Path(path).parent)
            write_file(Path(path), one.text, mode=one.mode)
    if not want:
        return
    if not _account():
        run(["useradd", "--system", "--user-group", *_NOWHERE, NAME])
    unit = str(UNIT)
    if unit in have and have[unit] != want.get(unit):
        systemctl("daemon-reload")
    systemctl("enable", "--no-reload", "--quiet", NAME)
    systemctl("restart", NAME)


_NOWHERE = ("--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin")


def _account() -> str:
    """Return the line of the account; vtysh asks for the name of whoever runs it."""
    try:
        pwd.getpwnam(NAME)
    except KeyError:
        return ""
    return f"account {NAME}\n"


def _held(path: Path) -> File:
    return File(str(path), path.stat().st_mode & 0o7777, read_file(path))


def _unit() -> str:
    state = run(["systemctl", "show", "-p", "ActiveState", "--value", NAME]).stdout.strip()
    words = [
        "unit",
        NAME,
        *(["enabled"] if is_enabled(NAME) else []),
        *(["active"] if state in GOING else []),
    ]
    return " ".join(words) + "\n"


def _make_folder(folder: Path) -> None:
    """Make a folder that the agent, which is not root, may pass through."""
    for one in reversed([folder, *folder.parents]):
        if not one.exists():
            one.mkdir(mode=0o755)
            one.chmod(0o755)
