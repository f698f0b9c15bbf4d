# SPDX-License-Identifier: MIT
"""What the routing of the device looks like at this moment; nothing is changed."""

import json
from collections.abc import Iterator
from typing import TypedDict

from .run import run

_SHOW = ("show ip ospf neighbor json", "show ipv6 ospf6 neighbor json", "show bfd peers json")


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
    shown = run(["vtysh", *(part for show in _SHOW for part in ("-c", show))], accept=None).stdout
    found: Routing = {"ospf": [], "ospf6": [], "bfd": [], "routes": _routes(prefixes)}
    for document in _documents(shown):
        if isinstance(document, list):
            found["bfd"] = [
                [str(one["peer"]), str(one["interface"])]
                for one in document
                if one["status"] == "up" and "interface" in one
            ]
        if not isinstance(document, dict):
            continue
        neighbours = document.get("neighbors")
        if isinstance(neighbours, dict):
            found["ospf"] = [
                [str(router), str(one["ifaceName"]).partition(":")[0]]
                for router, ones in neighbours.items()
                for one in ones
                if str(one["nbrState"]).startswith("Full")
            ]
        if isinstance(neighbours, list):
            found["ospf6"] = [
                [str(one["neighborId"]), str(one["interfaceName"])]
                for one in neighbours
                if one["state"] == "Full"
            ]
    return found


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


def _documents(text: str) -> Iterator[object]:
    """Yield the JSON documents that vtysh prints one after the other."""
    decoder = json.JSONDecoder()
    at = 0
    while (start := _next(text, at)) is not None:
        try:
            document, at = decoder.raw_decode(text, start)
        except ValueError:
            return
        yield document


def _next(text: str, at: int) -> int | None:
    found = [index for index in (text.find("{", at), text.find("[", at)) if index >= 0]
    return min(found) if found else None
