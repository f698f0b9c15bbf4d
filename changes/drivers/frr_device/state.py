# SPDX-License-Identifier: MIT
"""What the routing of the device looks like at this moment; nothing is changed."""

import json
from typing import Any, TypedDict

from . import daemons
from .run import run
from .text import RefusedError


class Routing(TypedDict):
    """What is up: neighbours as [router id, interface], BFD sessions as [peer, interface].

    `routes` is prefix to origin: "ospf", "kernel", "unreachable" …
    """

    ospf: list[list[str]]
    ospf6: list[list[str]]
    bfd: list[list[str]]
    routes: dict[str, str]


def routing(prefixes: list[str]) -> Routing:
    """Return Full neighbours, BFD sessions that are up, and the kernel's routes asked for."""
    neighbours = _shown("ospfd", "show ip ospf neighbor json").get("neighbors", {})
    neighbours6 = _shown("ospf6d", "show ipv6 ospf6 neighbor json").get("neighbors", [])
    sessions = _shown("bfdd", "show bfd peers json").get("", [])
    return {
        "ospf": [
            [router, str(one["ifaceName"]).partition(":")[0]]
            for router, ones in neighbours.items()
            for one in ones
            if str(one["nbrState"]).startswith("Full")
        ],
        "ospf6": [
            [str(one["neighborId"]), str(one["interfaceName"])]
            for one in neighbours6
            if one["state"] == "Full"
        ],
        "bfd": [
            [str(one["peer"]), str(one["interface"])]
            for one in sessions
            if one["status"] == "up" and "interface" in one
        ],
        "routes": _routes(prefixes),
    }


def _shown(daemon: str, command: str) -> dict[str, Any]:
    """Return what a daemon shows, a list under ""; empty where it does not run or has nothing."""
    try:
        held = json.loads(daemons.ask(daemon, command))
    except (OSError, ValueError, RefusedError):
        return {}
    return held if isinstance(held, dict) else {"": held}


def _routes(prefixes: list[str]) -> dict[str, str]:
    wanted = set(prefixes)
    found = {}
    for family in ("-4", "-6"):
        for line in run(["ip", family, "route", "show"]).stdout.splitlines():
            words = line.split()
            kind = words.pop(0) if words[0] in {"unreachable", "blackhole", "prohibit"} else ""
            prefix = words[0] if words[0] != "default" else ("0.0.0.0/0", "::/0")[family == "-6"]
            if prefix in wanted:
                origin = words[words.index("proto") + 1] if "proto" in words else "boot"
                found[prefix] = kind or origin
    return found
