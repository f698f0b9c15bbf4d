# SPDX-License-Identifier: MIT
"""Kernel settings, interface aliases and the routes a bare device boots with."""

import re
import time
from pathlib import Path

from .run import run
from .text import Plan, RefusedError, lines_of, text_of

SYSCTL_STARTUP = Path("/etc/sysctl.d/60-tinhnet.conf")
ALIAS_STARTUP = Path("/etc/tinhnet/boot.d/40-alias.sh")
PROC = Path("/proc/sys")
LAST_METRIC = "4278194176"
"""Distance 255 in the upper byte: the kernel uses such a route last, zebra never."""
ROUTE_S = 25.0
"""Seconds for FRR to find a route: four times a dead interval, on a busy machine."""


def read_sysctl(intended: str, applied: str) -> str:
    """Return the kernel's value of every setting that we have or had an opinion about."""
    keys = dict.fromkeys([*_pairs(intended), *_pairs(applied)])
    return text_of(f"{key} = {_value(key)}" for key in keys)


def plan_sysctl(running: str, intended: str, applied: str) -> Plan:
    """Compare the settings we set; every other one of the kernel is none of ours."""
    del applied
    want = _pairs(intended)
    before = {key: value for key, value in _pairs(running).items() if key in want}
    return Plan(_settings(before), _settings(want), ())


def check_sysctl(predicted: str) -> None:
    """Refuse a setting this kernel does not have."""
    missing = [key for key in _pairs(predicted) if not (PROC / key).exists()]
    if missing:
        raise RefusedError("sysctl", f"this kernel has no {', '.join(missing)}")


def apply_sysctl(running: str, predicted: str) -> None:
    """Write the settings that differ."""
    have = _pairs(running)
    for key, value in _pairs(predicted).items():
        if have.get(key) != value:
            try:
                (PROC / key).write_text(value, encoding="ascii")
            except OSError as error:
                raise RefusedError("sysctl", f"{key} = {value}: {error.strerror}") from error


def read_alias() -> str:
    """Return `interface text` for every interface that has an alias."""
    lines = []
    for path in sorted(Path("/sys/class/net").iterdir()):
        alias = (path / "ifalias").read_text(encoding="utf-8", errors="replace").strip()
        if alias:
            lines.append(f"{path.name} {alias}")
    return text_of(lines)


def plan_alias(running: str, intended: str, applied: str) -> Plan:
    """Replace aliases of interfaces we describe; any other stays."""
    have, want = dict(_words(running)), dict(_words(intended))
    gone = set(dict(_words(applied))) - set(want)
    foreign = {name: text for name, text in have.items() if name not in want and name not in gone}
    predicted = {**want, **foreign}
    order = [*predicted, *(name for name in have if name not in predicted)]
    before = {name: have[name] for name in order if name in have}
    residue = tuple(f"{name} {text}" for name, text in foreign.items())
    return Plan(_texts(before), _texts(predicted), residue)


def apply_alias(running: str, predicted: str) -> None:
    """Set the aliases that differ, in one call."""
    have, want = dict(_words(running)), dict(_words(predicted))
    commands = [f'link set dev {name} alias ""' for name in have if name not in want]
    commands += [
        f'link set dev {name} alias "{text}"'
        for name, text in want.items()
        if have.get(name) != text
    ]
    if commands:
        run(["ip", "-batch", "-"], stdin=text_of(commands))


def alias_startup(predicted: str) -> str:
    """Return the boot script that sets the same aliases."""
    commands = [f'link set dev {name} alias "{text}"' for name, text in _words(predicted)]
    if not commands:
        return ""
    return "#!/bin/sh\nip -batch - <<'END'\n" + text_of(commands) + "END\n"


def read_bootstrap() -> str:
    """Return the static routes that were not set by FRR (`ip route`, boot scripts)."""
    routes = run(["ip", "route", "show", "proto", "boot"]).stdout
    return text_of(" ".join(line.split()) for line in routes.splitlines())


def plan_bootstrap(running: str, intended: str, applied: str) -> Plan:
    """Plan to remove the boot routes named in `intended` as `absent PREFIX`.

    Such a route has distance 0 and would hide every OSPF route to the
    controller, so that a cut circuit would cut off the device for ever.
    """
    del applied
    unwanted = {line.removeprefix("absent ") for line in lines_of(intended)}
    have = lines_of(running)
    kept = [line for line in have if line.split()[0] not in unwanted]
    return Plan(text_of(have), text_of(kept), tuple(kept))


def apply_bootstrap(running: str, predicted: str) -> None:
    """Remove or set the routes that differ; the session must not lose its path meanwhile.

    zebra took 11 s on a busy core to put its own route in the place of a
    removed one.  So the old route first steps behind every other one, and
    goes when FRR's own is in the kernel.  Raises RefusedError if none comes.
    """
    have, want = lines_of(running), lines_of(predicted)
    for line in have:
        if line not in want and "metric" not in line:
            run(["ip", "route", "replace", *line.split(), "proto", "boot", "metric", LAST_METRIC])
            run(["ip", "route", "del", *line.split(), "proto", "boot", "metric", "0"])
            _await_route(line.split()[0])
        if line not in want:
            run(["ip", "route", "flush", "exact", line.split()[0], "proto", "boot"])
    for line in want:
        if line not in have:
            run(["ip", "route", "replace", *line.split(), "proto", "boot"])


def read_addresses() -> str:
    """Return `address/length dev` for every address that is not link-local."""
    shown = run(["ip", "-o", "address", "show"]).stdout
    found = re.findall(r"^\d+: (\S+)\s+inet6? (\S+) ", shown, re.MULTILINE)
    return text_of(f"{address} {dev}" for dev, address in found if not address.startswith("fe80"))


def restore_addresses(wanted: str) -> None:
    """Set the addresses that are missing: FRR takes away those it took over."""
    have = lines_of(read_addresses())
    missing = [line.split() for line in lines_of(wanted) if line not in have]
    if missing:
        commands = (f"address add {address} dev {dev}" for address, dev in missing)
        run(["ip", "-force", "-batch", "-"], stdin=text_of(commands), accept=None)


def _await_route(prefix: str) -> None:
    """Wait until a route of FRR's is in the kernel.  Raises RefusedError.

    `ip` names the protocol of every route but of a boot route.
    """
    deadline = time.monotonic() + ROUTE_S
    while time.monotonic() < deadline:
        shown = run(["ip", "route", "show", "exact", prefix]).stdout
        if " proto " in shown:
            return
        time.sleep(0.1)
    raise RefusedError("bootstrap", f"FRR put no route to {prefix} in place in {ROUTE_S:.0f} s")


def _pairs(text: str) -> dict[str, str]:
    pairs = {}
    for line in lines_of(text):
        key, mark, value = line.partition("=")
        if mark and not line.startswith("#"):
            pairs[key.strip()] = value.strip()
    return pairs


def _settings(pairs: dict[str, str]) -> str:
    return text_of(f"{key} = {value}" for key, value in pairs.items())


def _value(key: str) -> str:
    try:
        return re.sub(r"\s+", " ", (PROC / key).read_text(encoding="ascii").strip())
    except OSError:
        return "missing"


def _words(text: str) -> list[tuple[str, str]]:
    pairs = (line.partition(" ") for line in lines_of(text) if line.strip())
    return [(name, rest) for name, _, rest in pairs]


def _texts(pairs: dict[str, str]) -> str:
    return text_of(f"{name} {text}" for name, text in pairs.items())
