# SPDX-License-Identifier: MIT
"""Shaping to a circuit's bandwidth: one line `interface bits-per-second` per circuit.

An HTB with two classes: routing and BFD (DSCP CS6) go first, so that a full
circuit never looks like a dead one; the rest shares the rate.
"""

import re
from pathlib import Path

from .run import run
from .text import Plan, RefusedError, foreign_lines, insert_foreign, lines_of, text_of

STARTUP = Path("/etc/tinhnet/boot.d/50-shape.sh")
CONTROL_SHARE = 20
"""The control class is promised rate / 20, at least 64 kbit/s."""
CONTROL_LEAST_BPS = 64_000
QUEUE_MS = 100

_UNITS = {"bit": 1, "Kbit": 1_000, "Mbit": 1_000_000, "Gbit": 1_000_000_000}
_MATCH4 = "u32 match ip tos 0xc0 0xfc flowid 1:10"
_MATCH6 = "u32 match ip6 priority 0xc0 0xfc flowid 1:10"
_CLASS = re.compile(
    r"class htb (?P<id>1:\w+) (?:parent (?P<parent>\S+)|root) (?:leaf \S+ )?"
    r"(?:prio (?P<prio>\d+) )?rate (?P<rate>\d+)(?P<unit>[KMG]?bit) "
    r"ceil (?P<ceil>\d+)(?P<ceil_unit>[KMG]?bit) "
)


def read() -> str:
    """Return what shapes: our form where it is exactly ours, tc's own words elsewhere."""
    qdiscs = run(["tc", "qdisc", "show"]).stdout
    devices = sorted(set(re.findall(r"^qdisc htb 1: dev (\S+) root", qdiscs, re.MULTILINE)))
    lines = []
    if devices:
        batch = "".join(f"class show dev {dev}\nfilter show dev {dev}\n" for dev in devices)
        shown = _split(run(["tc", "-batch", "-"], stdin=batch).stdout, devices)
        lines = [_line(dev, shown[dev], qdiscs) for dev in devices]
    known = tuple(f" dev {dev} " for dev in devices)
    for line in qdiscs.splitlines():
        plain = line.startswith(("qdisc noqueue ", "qdisc pfifo_fast ", "qdisc mq "))
        if not plain and not any(part in line for part in known):
            lines.append(line.strip())
    return text_of(lines)


def plan(running: str, intended: str, applied: str) -> Plan:
    """Compare without order; a foreign queue on an interface of ours is replaced."""
    have, want, pushed = lines_of(running), lines_of(intended), lines_of(applied)
    mine = {_device(line) for line in (*want, *pushed)}
    residue = tuple(line for line in foreign_lines(have, want, pushed) if _device(line) not in mine)
    predicted = insert_foreign(want, residue, have)
    kept = [line for line in predicted if line in have]
    before = insert_foreign(kept, [line for line in have if line not in kept], have)
    return Plan(text_of(before), text_of(predicted), residue)


def check(predicted: str) -> None:
    """Refuse what is no line of this form; tc has no dry run."""
    for line in lines_of(predicted):
        if not re.fullmatch(r"\S+ \d+|qdisc .*", line):
            raise RefusedError("tc", f"expected `interface bits-per-second`, got {line!r}")


def apply(running: str, predicted: str) -> None:
    """Replace the queues of the interfaces that differ; the others go on undisturbed."""
    have, want = lines_of(running), lines_of(predicted)
    commands = [
        f"qdisc del dev {_device(line)} root"
        for line in have
        if line not in want and not line.startswith("qdisc ")
    ]
    for line in want:
        if line not in have and not line.startswith("qdisc "):
            commands += _commands(line)
    if not commands:
        return
    done = run(["tc", "-batch", "-"], stdin=text_of(commands), accept=None)
    if done.returncode != 0:
        raise RefusedError("tc", done.stderr.strip())


def startup_text(predicted: str) -> str:
    """Return the boot script that sets the same queues."""
    commands = [
        command
        for line in lines_of(predicted)
        if not line.startswith("qdisc ")
        for command in _commands(line)
    ]
    if not commands:
        return ""
    return "#!/bin/sh\ntc -batch - <<'END'\n" + text_of(commands) + "END\n"


def rates(bits: int) -> tuple[int, int]:
    """Return the promised rates of control and of everything else, in bits per second."""
    control = max(bits // CONTROL_SHARE, CONTROL_LEAST_BPS)
    return control, max(bits - control, CONTROL_LEAST_BPS)


def _commands(line: str) -> list[str]:
    dev, rate = line.split()
    control, rest = rates(int(rate))
    limit = max(int(rate) * QUEUE_MS // 8000, 15_000)
    root = f"dev {dev} parent 1:"
    ceil = f"ceil {rate}bit"
    return [
        f"qdisc replace dev {dev} root handle 1: htb default 20",
        f"class replace {root} classid 1:1 htb rate {rate}bit {ceil}",
        f"class replace {root}1 classid 1:10 htb rate {control}bit {ceil} prio 0",
        f"class replace {root}1 classid 1:20 htb rate {rest}bit {ceil} prio 1",
        f"qdisc replace {root}20 handle 20: bfifo limit {limit}",
        f"filter replace {root} protocol ip prio 1 handle 800::800 {_MATCH4}",
        f"filter replace {root} protocol ipv6 prio 2 handle 801::800 {_MATCH6}",
    ]


def _split(shown: str, devices: list[str]) -> dict[str, list[str]]:
    """Give each device its classes and filters: tc prints none of the devices' names."""
    found: dict[str, list[str]] = {dev: [] for dev in devices}
    index, in_filters = -1, True
    for line in shown.splitlines():
        is_filter = line.startswith(("filter ", "  match "))
        if in_filters and not is_filter:
            index += 1
        in_filters = is_filter
        found[devices[index]].append(line.strip())
    return found


def _line(dev: str, shown: list[str], qdiscs: str) -> str:
    classes = {match["id"]: match for line in shown if (match := _CLASS.match(line + " "))}
    whole = classes.get("1:1")
    if whole is None:
        return f"qdisc htb 1: dev {dev} root without classes"
    bits = _bits(whole["rate"], whole["unit"])
    control, rest = rates(bits)
    promised = {"1:1": bits, "1:10": control, "1:20": rest}
    matches = [line for line in shown if line.startswith("match ")]
    exact = (
        {name: _bits(one["rate"], one["unit"]) for name, one in classes.items()} == promised
        and all(_bits(one["ceil"], one["ceil_unit"]) == bits for one in classes.values())
        and matches == ["match 00c00000/00fc0000 at 0", "match 0c000000/0fc00000 at 0"]
        and f"qdisc bfifo 20: dev {dev} parent 1:20" in qdiscs
    )
    return f"{dev} {bits}" if exact else f"{dev} {bits} altered by hand"


def _bits(number: str, unit: str) -> int:
    return int(number) * _UNITS[unit]


def _device(line: str) -> str:
    match = re.match(r"qdisc .* dev (\S+) ", line + " ")
    return match.group(1) if match else line.split(maxsplit=1)[0]
