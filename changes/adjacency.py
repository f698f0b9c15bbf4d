# SPDX-License-Identifier: MIT
"""Whether a router's neighbours, BFD sessions and routes are those the declared network wants."""

import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from changes.device import Access, Said, Session, session
from changes.drivers import frr
from changes.drivers.frr_device.state import Routing
from changes.drivers.frr_device.talk import Request
from changes.render import HUBS
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device

PAUSE_S = 1.0
LINK_LOCAL = "fe80::/10"
# What a router does not hold yet travels along and stays in its memory (memfd_create(2)).
VISIT = (
    "sudo -n /usr/bin/python3 -IBSc '"
    "import io, json, os, sys, zipfile\n"
    "held = json.load(sys.stdin)\n"
    'memory = os.memfd_create("tinhnet")\n'
    'with zipfile.ZipFile(os.fdopen(os.dup(memory), "wb"), "w") as package:\n'
    '    for name, text in held["files"].items(): package.writestr("frr_device/" + name, text)\n'
    'sys.path.insert(0, f"/proc/self/fd/{memory}")\n'
    'sys.stdin = io.TextIOWrapper(io.BytesIO(held["given"].encode()))\n'
    "from frr_device.device import main\n"
    "main()'"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must be seen on a router.

    `neighbours` are (router id, interface), `sessions` (peer address,
    interface), with `LINK_LOCAL` for the session of OSPFv3, whose addresses
    nobody declares.  `routes` prefix to the origins that are right.
    """

    neighbours: Mapping[tuple[str, str], str]
    sessions: Mapping[tuple[str, str], str]
    routes: Mapping[str, frozenset[str]]


class Guest:
    """A session that leaves nothing on the device: what is missing there is not installed."""

    def __init__(self, opened: Session) -> None:
        self._opened = opened

    def run(self, command: str, given: str) -> Said:
        """Run a command; where the device lacks the program, bring it along for this once."""
        said = self._opened.run(command, given)
        if said.code != frr.MISSING:
            return said
        return self._opened.run(VISIT, json.dumps({"files": frr.files(), "given": given}))


def wanted_of(network: DeclaredNetwork, device: Device) -> Wanted:
    """Derive what a router must see from its declared links."""
    neighbours, sessions = {}, {}
    for face in device.interfaces:
        if face.cost is None or face.peer_device is None or face.peer_interface is None:
            continue
        peer = network.devices[face.peer_device]
        far = peer.interface(face.peer_interface)
        neighbours[(str(peer.router_id), face.name)] = f"{peer.id} over {face.link}"
        if far.address4 is not None:
            sessions[(str(far.address4.ip), face.name)] = f"{peer.id} over {face.link}"
        if far.address6 is not None:
            sessions[(LINK_LOCAL, face.name)] = f"{peer.id} over {face.link} (IPv6)"
    return Wanted(neighbours, sessions, _routes(network, device))


def faults(wanted: Wanted, seen: Routing) -> tuple[str, ...]:
    """Return what is missing, as sentences; empty means proved."""
    full = {(router, name) for router, name in seen["ospf"]}
    full6 = {(router, name) for router, name in seen["ospf6"]}
    up = {(_known_as(peer), name) for peer, name in seen["bfd"]}
    found = [
        f"OSPF with {who} is not Full" for key, who in wanted.neighbours.items() if key not in full
    ]
    found += [
        f"OSPFv3 with {who} is not Full"
        for key, who in wanted.neighbours.items()
        if key not in full6
    ]
    found += [f"BFD with {who} is not up" for key, who in wanted.sessions.items() if key not in up]
    for prefix, origins in wanted.routes.items():
        origin = seen["routes"].get(prefix)
        if origin not in origins:
            right = " or ".join(sorted(origins))
            found.append(f"route {prefix} comes from {origin or 'nowhere'}, not {right}")
    return tuple(found)


def verify(
    network: DeclaredNetwork, device: Device, access: Access, *, wait_s: float
) -> tuple[str, ...]:
    """Look until everything is as wanted, at most `wait_s`; return what then is missing.

    Raises UnreachableError and SessionLostError.
    """
    wanted = wanted_of(network, device)
    with session(device, access) as opened:
        return _until(lambda: faults(wanted, look(opened, list(wanted.routes))), wait_s)


def look(opened: Session, prefixes: list[str]) -> Routing:
    """Return the routing of a device as it is now; nothing is written there."""
    request: Request = {
        "mode": "routing",
        "who": "",
        "token": "",
        "wait_s": 0.0,
        "bare": False,
        "prefixes": prefixes,
        "sections": {},
    }
    # The driver asks no more of a session than `run`.
    answer = frr.ask(Guest(opened), request)  # type: ignore[arg-type]  # as said above
    if "routing" not in answer:
        raise frr.AnswerError("the answer says nothing of the routing")
    return answer["routing"]


def _until(check: Callable[[], tuple[str, ...]], wait_s: float) -> tuple[str, ...]:
    deadline = time.monotonic() + wait_s
    while (missing := check()) and time.monotonic() < deadline:
        time.sleep(PAUSE_S)
    return missing


def _known_as(peer: str) -> str:
    return LINK_LOCAL if ipaddress.ip_address(peer).is_link_local else peer


def _routes(network: DeclaredNetwork, device: Device) -> dict[str, frozenset[str]]:
    """Expect hubs to refuse what nobody has, and everybody else to learn the way by OSPF."""
    province = network.province
    learned = frozenset({"ospf"})
    refused = frozenset({"unreachable"})
    if device.role not in HUBS:
        routes = {"0.0.0.0/0": learned, "::/0": learned}
    else:
        routes = {"0.0.0.0/0": refused, str(province.aggregate4): refused}
        routes |= {
            str(one.prefix4): learned for one in network.networks.values() if one.kind == "lan"
        }
    if device.role != "firewall":
        routes[str(province.management4)] = learned
    return routes
