# SPDX-License-Identifier: MIT
"""Applying a change as a whole: snapshot, apply, prove, or restore.

The journal is on disk before the first section is touched and removed after
the proof: whoever finds one (the next session, or the boot) restores.
"""

import base64
import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypedDict

from . import files, kernel, nft, units
from .picture import Picture, picture
from .run import STAGE, STATE, read_file, write_file
from .sections import SECTIONS, Section
from .talk import Answer, Request
from .text import Plan, RefusedError

APPLIED = STATE / "applied.json"
JOURNAL = STATE / "journal.json"
LAST = STATE / "last.json"
FOUND = STATE / "found"
"""What became of an interrupted change, until a run that changes things has told it."""
LEAST_FREE_BYTES = 2_000_000
SETTLE_S = 3.0

_FAULTS = (RefusedError, OSError, subprocess.SubprocessError, ValueError, KeyError)


class HeldFile(TypedDict):
    """A file as it was; `content` is base64, None where there was no file."""

    content: str | None
    mode: int
    uid: int
    gid: int


class Journal(TypedDict):
    """Everything that restoring needs."""

    token: str
    who: str
    since: str
    running: dict[str, str]
    addresses: str
    routes: str
    files: dict[str, HeldFile]


class UnprovedError(Exception):
    """What runs after the change is not what was predicted."""


def applied() -> dict[str, str]:
    """Return the sections as pushed last; empty on a device that was never pushed to."""
    text = read_file(APPLIED)
    return dict(json.loads(text)) if text else {}


def remember(intended: dict[str, str]) -> None:
    """Keep what was pushed: the third side of every later comparison.

    Rules are kept as the kernel lists them: `ip protocol 89` comes back as
    `ip protocol ospf`, and would not be known as ours.
    """
    kept = dict(intended)
    if kept.get("nftables"):
        kept["nftables"] = nft.canonical(kept["nftables"])
    if kept != applied():
        write_file(APPLIED, json.dumps(kept, ensure_ascii=False), mode=0o600)


def last() -> dict[str, object]:
    """Return how the last change ended: token, result, message."""
    text = read_file(LAST)
    return dict(json.loads(text)) if text else {}


def carry_out(request: Request, now: Picture, answer: Answer, lock: int) -> Answer:
    """Run the change in a process of its own and wait for it as long as the session lasts."""
    _make_room()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _detach(reader, lock)
        result, message = _change(request, now)
        _tell(writer, result, message)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    result, message = json.loads(told) if told else ("failed", "the change was killed")
    answer["result"] = result
    if message:
        answer["fault"] = {"kind": "unproved", "section": "", "message": message}
    return answer


def _tell(writer: int, result: str, message: str) -> None:
    """Tell the session how it ended, if it is still there."""
    try:
        os.write(writer, json.dumps([result, message]).encode())
    except BrokenPipeError:
        return


def recover(*, told: bool) -> str:
    """Restore what a killed change left behind; return what became of it, empty if nothing.

    A restore at boot is told too, by every run until one that had `told` it.
    """
    text = read_file(JOURNAL)
    if text:
        journal: Journal = json.loads(text)
        problem = _restore(journal)
        _finish(str(journal["token"]), "rolled_back", "the change was interrupted")
        _note(f"{_name(journal)} was interrupted and rolled back", problem)
    found = read_file(FOUND)
    if told:
        FOUND.unlink(missing_ok=True)
    return found


def recover_at_boot() -> None:
    """Put the boot files back before anything reads them: power was lost during a change."""
    text = read_file(JOURNAL)
    if text:
        journal: Journal = json.loads(text)
        _restore_files(journal["files"])
        _finish(str(journal["token"]), "rolled_back", "power was lost during the change")
        _note(f"power was lost during {_name(journal)}, which was rolled back at boot", "")


def _name(journal: Journal) -> str:
    return f"a change of {journal['who']} ({journal['since']})"


def _note(found: str, problem: str) -> None:
    write_file(FOUND, f"{found}; {problem}" if problem else found, mode=0o600)


def _change(request: Request, now: Picture) -> tuple[str, str]:
    """Apply and prove; on any fault restore.  Returns the result word and a message."""
    journal = _snapshot(request, now)
    try:
        write_file(JOURNAL, json.dumps(journal), mode=0o600)
    except OSError as error:
        JOURNAL.unlink(missing_ok=True)
        return "failed", f"no snapshot could be written, nothing was changed: {error.strerror}"
    try:
        _apply(now, request)
        _prove(now, request)
        remember({} if request["bare"] else request["sections"])
    except (*_FAULTS, UnprovedError) as error:
        problem = _restore(journal)
        message = _message(error)
        if problem:
            return "failed", f"{message}; restoring failed too: {problem}"
        _finish(request["token"], "rolled_back", message)
        return "rolled_back", message
    _finish(request["token"], "changed", "")
    return "changed", ""


def _snapshot(request: Request, now: Picture) -> Journal:
    paths = [path for section in SECTIONS for path in section.paths]
    return {
        "token": request["token"],
        "who": request["who"],
        "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "running": {name: plan.before for name, plan in now.plans.items() if plan.changes},
        "addresses": kernel.read_addresses(),
        "routes": kernel.read_bootstrap(),
        "files": {str(path): _hold(path) for path in (*paths, APPLIED)},
    }


def _hold(path: Path) -> HeldFile:
    if not path.exists():
        return {"content": None, "mode": 0, "uid": 0, "gid": 0}
    stat = path.stat()
    return {
        "content": base64.b64encode(path.read_bytes()).decode(),
        "mode": stat.st_mode & 0o7777,
        "uid": stat.st_uid,
        "gid": stat.st_gid,
    }


def _apply(now: Picture, request: Request) -> None:
    todo = {name: plan for name, plan in now.plans.items() if plan.changes}
    verbs: dict[str, list[str]] = {}
    for section in SECTIONS:
        plan = now.plans[section.name]
        if section.name == "units" and not request["bare"]:
            if "snmpd_unit" in todo and "snmpd enabled" in plan.before:
                units.systemctl("daemon-reload")  # what was never started is read afresh anyway
            _control(verbs)
        if section.name in todo:
            section.apply(plan.before, plan.predicted)
            if section.unit:
                verbs.setdefault(section.verb, []).append(section.unit)
        if section.startup is not None:
            path, text = section.startup
            _write_startup(path, text(plan.predicted))
    if request["bare"]:
        units.systemctl("restart", "tinhnet-bootstrap.service")


def _control(verbs: dict[str, list[str]]) -> None:
    """Restart or reload the units whose file changed, in one call of systemd each."""
    if "snmpd" in verbs.get("restart", ()):
        units.systemctl("stop", "snmpd")
        files.forget_snmp_users()
    for verb, names in verbs.items():
        units.systemctl(verb, *dict.fromkeys(names))


def _prove(now: Picture, request: Request) -> None:
    """Demand that what runs is what was predicted and that a second run would change nothing."""
    if request["bare"]:
        return
    deadline = time.monotonic() + SETTLE_S
    while True:
        again = picture(request["sections"], request["sections"])
        wrong = [
            name
            for name, plan in again.plans.items()
            if plan.changes or plan.predicted != now.plans[name].predicted
        ]
        if not wrong and not again.startup:
            return
        if time.monotonic() > deadline:
            raise UnprovedError(_unproved(again.plans, wrong, again.startup))
        time.sleep(0.2)


def _unproved(plans: dict[str, Plan], wrong: list[str], startup: list[str]) -> str:
    """Say which lines are not as predicted."""
    parts = [f"the boot file of {name} is not as written" for name in startup]
    for name in wrong:
        have, want = set(plans[name].before.split("\n")), set(plans[name].predicted.split("\n"))
        missing = "; ".join(sorted(line.strip() for line in want - have)[:5])
        extra = "; ".join(sorted(line.strip() for line in have - want)[:5])
        parts.append(f"{name}: missing [{missing}], unexpected [{extra}]")
    return "what runs is not what was predicted: " + ", ".join(parts)


def _restore(journal: Journal) -> str:
    """Bring back the snapshot; return what could not be restored, empty if all was.

    The files come back before the units that read them are started.
    """
    changed = [section for section in SECTIONS if section.name in journal["running"]]
    live = [one for one in changed if one.unit is None and one.name != "units"]
    steps: list[tuple[str, Callable[[], None]]] = [
        (one.name, partial(_restore_section, one, journal["running"][one.name]))
        for one in reversed(live)
    ]
    steps.append(("files", partial(_restore_boot, journal)))
    for section in changed:
        if section.name == "units":
            steps.append(("units", partial(_restore_section, section, journal["running"]["units"])))
        if section.unit is not None:
            steps.append((section.name, partial(_control_if_active, section.verb, section.unit)))
    problems = []
    for name, step in steps:
        try:
            step()
        except _FAULTS as error:
            problems.append(f"{name}: {_message(error)}")
    return "; ".join(problems)


def _restore_section(section: Section, want: str) -> None:
    have = section.read(want, want)
    section.apply(section.plan(have, want, have).before, want)


def _restore_boot(journal: Journal) -> None:
    kernel.restore_addresses(journal["addresses"])
    kernel.apply_bootstrap(kernel.read_bootstrap(), journal["routes"])
    _restore_files(journal["files"])


def _control_if_active(verb: str, unit: str) -> None:
    if _is_active(unit):
        units.systemctl(verb, unit)


def _is_active(unit: str) -> bool:
    return units.read_units(unit, "").strip().endswith("active")


def _restore_files(held: dict[str, HeldFile]) -> None:
    for name, one in held.items():
        path = Path(name)
        if one["content"] is None:
            path.unlink(missing_ok=True)
            continue
        data = base64.b64decode(one["content"])
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
            path.chmod(one["mode"])
            os.chown(path, one["uid"], one["gid"])


def _write_startup(path: Path, text: str) -> None:
    """Write a boot file the way its reader wants it; remove one that would do nothing."""
    if read_file(path) == text:
        return
    if not text:
        path.unlink(missing_ok=True)
        return
    is_frr = path.name == "frr.conf"
    account = pwd.getpwnam("frr" if is_frr else "root")
    mode = 0o640 if is_frr else 0o755 if path.suffix == ".sh" else 0o600
    write_file(path, text, mode=mode, owner=(account.pw_uid, account.pw_gid))


def _make_room() -> None:
    """Refuse to begin on a full disk: a change needs room for both configurations.

    Raises RefusedError.
    """
    STAGE.mkdir(parents=True, exist_ok=True)
    for path in (STATE, Path("/etc")):
        free = shutil.disk_usage(path).free
        if free < LEAST_FREE_BYTES:
            raise RefusedError(
                "disk",
                f"{path} has {free // 1024} KiB free, {LEAST_FREE_BYTES // 1024} are needed",
            )


def _detach(reader: int, lock: int) -> None:
    """Leave the session: no terminal, no signals of it, the lock kept."""
    os.setsid()
    os.close(reader)
    os.set_inheritable(lock, False)  # noqa: FBT003 the signature of os
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)


def _finish(token: str, result: str, message: str) -> None:
    """Note the end of a change, then remove the journal: that is the moment of commitment."""
    try:
        write_file(
            LAST, json.dumps({"token": token, "result": result, "message": message}), mode=0o600
        )
    finally:
        JOURNAL.unlink(missing_ok=True)


def _message(error: BaseException) -> str:
    if isinstance(error, RefusedError):
        return f"{error.section}: {error.message}"
    if isinstance(error, subprocess.CalledProcessError):
        return f"{error.cmd[0]} ended with {error.returncode}: {str(error.stderr).strip()}"
    if isinstance(error, OSError):
        return f"{error.filename or 'device'}: {error.strerror}"
    return str(error)
