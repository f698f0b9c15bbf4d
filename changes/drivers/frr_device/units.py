# SPDX-License-Identifier: MIT
"""Which units run, and the switches of FRR's daemons."""

from pathlib import Path

from .run import read_file, run, write_file
from .text import Plan, RefusedError, lines_of, text_of

WANTS = Path("/etc/systemd/system")
DAEMONS = Path("/etc/frr/daemons")


def read_units(intended: str, applied: str) -> str:
    """Return `unit enabled active` for the units we have or had an opinion about."""
    names = list(dict.fromkeys(line.split()[0] for line in lines_of(applied + intended)))
    if not names:
        return ""
    shown = run(["systemctl", "show", "-p", "ActiveState", *names]).stdout
    states = [line.partition("=")[2] for line in shown.split()]
    return text_of(
        " ".join(
            [
                name,
                *(["enabled"] if is_enabled(name) else []),
                *(["active"] if state == "active" else []),
            ]
        )
        for name, state in zip(names, states, strict=True)
    )


def plan_units(running: str, intended: str, applied: str) -> Plan:
    """Switch off what we no longer want; a unit we never knew is not looked at."""
    want = {line.split()[0]: line for line in lines_of(intended)}
    have = {line.split()[0]: line for line in lines_of(running)}
    gone = [line.split()[0] for line in lines_of(applied) if line.split()[0] not in want]
    target = {**want, **{name: name for name in gone}}
    before = text_of(
        name if name not in have else _reduced(have[name], target[name]) for name in target
    )
    return Plan(before, text_of(target.values()), ())


def apply_units(running: str, predicted: str) -> None:
    """Enable and start, or disable and stop, what differs."""
    have = {line.split()[0]: set(line.split()[1:]) for line in lines_of(running)}
    want = {line.split()[0]: set(line.split()[1:]) for line in lines_of(predicted)}
    calls = {
        ("enable", "--no-reload", "--quiet"): [
            n for n in want if "enabled" in want[n] - have.get(n, set())
        ],
        ("start",): [n for n in want if "active" in want[n] - have.get(n, set())],
        ("disable", "--no-reload", "--now", "--quiet"): [
            n for n in want if not want[n] and have.get(n)
        ],
    }
    for verb, names in calls.items():
        if names:
            systemctl(*verb, *names)


def is_enabled(unit: str) -> bool:
    """Look for the link that starts a unit at boot.

    systemd's own answer is stale until a reload, which needs 16 MB in /run.
    """
    return any(WANTS.glob(f"*.wants/{unit}.service"))


def systemctl(*arguments: str) -> None:
    """Ask systemd; its answer names the unit that failed.  Raises RefusedError."""
    done = run(["systemctl", *arguments], accept=None)
    if done.returncode != 0:
        raise RefusedError("units", done.stderr.strip() or " ".join(arguments))


def read_daemons(intended: str, applied: str) -> str:
    """Return the values of the switches we declare, as /etc/frr/daemons has them."""
    held = dict(_pairs(read_file(DAEMONS)))
    keys = dict.fromkeys(name for name, _ in _pairs(intended or applied))
    return text_of(f"{key}={held.get(key, '')}" for key in keys)


def plan_daemons(running: str, intended: str, applied: str) -> Plan:
    """Compare the switches we declare; without any, leave them as they are."""
    del applied
    return Plan(running, intended or running, ())


def apply_daemons(running: str, predicted: str) -> None:
    """Set the switches; FRR has to be restarted for them."""
    if running == predicted:
        return
    write_file(DAEMONS, with_switches(read_file(DAEMONS), predicted), mode=0o640)
    systemctl("restart", "frr")


def _with_line(text: str, key: str, line: str) -> str:
    """Return a text in which `key=…` is `line`."""
    lines = [line if one.startswith(f"{key}=") else one for one in text.splitlines()]
    return text_of(lines if line in lines else [*lines, line])


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = (line.partition("=") for line in lines_of(text) if not line.startswith("#"))
    return [(key.strip(), value.strip()) for key, mark, value in pairs if mark]


def with_switches(text: str, switches: str) -> str:
    """Return the text of /etc/frr/daemons with the declared switches set."""
    for key, value in _pairs(switches):
        text = _with_line(text, key, f"{key}={value}")
    return text


def _reduced(have: str, want: str) -> str:
    """Return what a unit is, as far as `want` asks: a one-shot unit need not be active."""
    if want == have.split(maxsplit=1)[0]:
        return have
    return " ".join(word for word in have.split() if word in want.split())
