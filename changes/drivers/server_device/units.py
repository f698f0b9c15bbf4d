# SPDX-License-Identifier: MIT
"""systemd units: enabled, running, and started after their files last changed."""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .run import RefusedError, must, run, touches
from .state import File, Unit

STATE = Path("/var/lib/tinhnet/server.json")
PROPERTIES = "--property=ActiveState,UnitFileState,WantedBy,RequiredBy"
SETTLE_S = 5.0
PAUSE_S = 0.1
RUNNING = ("active", "activating", "reloading")

Todo = dict[str, list[str]]


def fingerprint(unit: Unit, files: Sequence[File]) -> str:
    """Return the hash of all files a unit must be restarted for, as intended."""
    digest = hashlib.sha256()
    for item in sorted(files, key=lambda one: one.path):
        if touches(unit.restart_on, [item.path]):
            octets = item.text.encode()
            digest.update(f"{item.path} {item.mode:o} {len(octets)}\n".encode() + octets)
    return digest.hexdigest()


def read_stamps() -> dict[str, str]:
    """Return the fingerprint with which each unit was last started."""
    try:
        held: dict[str, str] = json.loads(STATE.read_text(encoding="utf-8"))["units"]
    except (FileNotFoundError, ValueError, KeyError):
        return {}
    return held


def write_stamps(units: Sequence[Unit], files: Sequence[File]) -> None:
    """Remember that every unit runs with the present files."""
    stamps = {unit.name: fingerprint(unit, files) for unit in units if unit.active}
    STATE.parent.mkdir(parents=True, exist_ok=True)
    draft = STATE.with_suffix(".new")
    draft.write_text(json.dumps({"format": 1, "units": stamps}), encoding="utf-8")
    draft.replace(STATE)


def unit_changes(units: Sequence[Unit], files: Sequence[File], stamps: Mapping[str, str]) -> Todo:
    """Return the verbs of systemctl that each unit needs, in their order."""
    states = _states([unit.name for unit in units])
    todo: Todo = {}
    for unit in units:
        verbs = _verbs(unit, states.get(unit.name, {}), files, stamps)
        if verbs:
            todo[unit.name] = verbs
    return todo


def change_units(units: Sequence[Unit], todo: Todo) -> None:
    """Enable, start and restart in as few calls as possible; RefusedError with the journal."""
    for verb in ("disable", "stop", "enable"):
        names = [name for name, verbs in todo.items() if verb in verbs]
        if names:
            must("units", f"{verb} {' '.join(names)}", ["systemctl", verb, *names])
    for early in (True, False):
        ordered = [unit.name for unit in units if unit.early is early]
        for verb, meant in (("reload", ("reload",)), ("restart", ("restart", "start"))):
            chosen = [name for name in ordered if set(meant) & set(todo.get(name, ()))]
            if not chosen:
                continue
            code, output = run(["systemctl", verb, *chosen])
            if code:
                raise RefusedError("units", _failure(chosen, output))


def settle(units: Sequence[Unit]) -> None:
    """Wait until every unit that should run does; RefusedError when one does not."""
    names = [unit.name for unit in units if unit.active]
    deadline = time.monotonic() + SETTLE_S
    while True:
        bad = _not_running(names)
        if not bad:
            return
        if time.monotonic() > deadline:
            raise RefusedError("units", _failure(bad, ""))
        time.sleep(PAUSE_S)


def start_again(names: Sequence[str]) -> None:
    """Restart units after their old files were put back."""
    run(["systemctl", "daemon-reload"])
    if names:
        run(["systemctl", "reset-failed", *names])
        run(["systemctl", "restart", *names])


def _verbs(
    unit: Unit, state: Mapping[str, str], files: Sequence[File], stamps: Mapping[str, str]
) -> list[str]:
    verbs = []
    # UnitFileState says "enabled" for an alias alone, which starts nothing at boot.
    enabled = bool(state.get("WantedBy") or state.get("RequiredBy"))
    running = state.get("ActiveState", "") in RUNNING
    if unit.enabled != enabled and state.get("UnitFileState") != "static":
        verbs.append("enable" if unit.enabled else "disable")
    if unit.active and not running:
        verbs.append("start")
    elif unit.active and stamps.get(unit.name) != fingerprint(unit, files):
        verbs.append("reload" if unit.reload else "restart")
    elif running and not unit.active:
        verbs.append("stop")
    return verbs


def _states(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the properties of all units in one call, {} for a unit that does not exist yet."""
    if not names:
        return {}
    _, output = run(["systemctl", "show", PROPERTIES, *names])
    blocks = [
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for block in output.split("\n\n")
    ]
    return dict(zip(names, blocks, strict=False))


def _not_running(names: Sequence[str]) -> list[str]:
    states = _states(names)
    return [name for name in names if states.get(name, {}).get("ActiveState") != "active"]


def _failure(names: Sequence[str], output: str) -> str:
    """Say which unit does not run and what it logged last."""
    bad = _not_running(names) or list(names)
    _, journal = run(["journalctl", "--no-pager", "-n", "8", "-o", "cat", "-u", bad[0]])
    return f"{', '.join(bad)} does not start: {journal[-1200:] or output}"
