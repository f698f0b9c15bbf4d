# SPDX-License-Identifier: MIT
"""The moment in which new OSPF keys begin to sign: both ends of a link at once.

FRR 8.4 accepts only the key with which it signs itself, so a link whose ends
switch further apart than its dead interval (4 s) loses its neighbour, and a
site with a single circuit its only way.  Sessions to all routers are opened
first; then link after link both ends get the word in the same breath.  A link
whose two ends have confirmed is promoted at once, so that whatever runs next,
also after an interruption, agrees with what signs.
"""

import base64
import contextlib
import json
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import paramiko

from changes.credentials import ospf_key_id
from changes.device import Access, Session, session
from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.secrets import SecretStore

PROGRAM = Path(__file__).parent / "drivers" / "ospf_keys.py"
ANSWER_S = 15.0
AT_ONCE = 16
"""Handshakes at a time: they cost CPU, and hellos must go on."""

Answer = Mapping[str, str]


class Talker(Protocol):
    """A router that waits for words."""

    def send(self, request: Mapping[str, str]) -> None:
        """Send a request without waiting."""
        ...

    def receive(self) -> Answer:
        """Return the answer to the oldest open request."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """A link with the device and interface of both ends, and its keys by id."""

    link: str
    ends: tuple[tuple[str, str], tuple[str, str]]
    old: str
    new: str


def changes_of(network: DeclaredNetwork, store: SecretStore) -> tuple[Change, ...]:
    """Return the links for which a key is staged."""
    known = set(store.names())
    found = []
    for link in network.links.values():
        name = f"ospf/{link.id}"
        if name not in known:
            continue
        current = store.read(name).version
        staged = [one.version for one in store.versions(name) if one.version > current]
        if staged:
            ends = ((link.a.device, link.a.interface), (link.b.device, link.b.interface))
            keys = str(ospf_key_id(current)), str(ospf_key_id(staged[-1]))
            found.append(Change(link.id, ends, *keys))
    return tuple(found)


def switch(
    network: DeclaredNetwork, chosen: Collection[str], access: Access, store: SecretStore
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Switch every link with a staged key; return the links that did, and what went wrong.

    A link that went wrong signs on both ends as before, or says where not.
    """
    wanted = changes_of(network, store)
    faults = [
        f"{change.link}: {device} is not part of this run"
        for change in wanted
        for device, _ in change.ends
        if device not in chosen
    ]
    names = {device for change in wanted for device, _ in change.ends if device in chosen}
    with contextlib.ExitStack() as stack:
        talkers, lost = _open_all(network, sorted(names), access, stack)
        faults += lost
        ready = [one for one in wanted if all(device in talkers for device, _ in one.ends)]
        done = []
        for change in ready:
            fault = switch_link(change, tuple(talkers[device] for device, _ in change.ends))
            if fault:
                faults.append(fault)
                continue
            store.promote(f"ospf/{change.link}")
            done.append(change.link)
    return tuple(done), tuple(faults)


def switch_link(change: Change, talkers: tuple[Talker, ...]) -> str:
    """Let the new key of a link sign at both ends; return what went wrong, empty if nothing.

    Nothing is touched unless both ends know the new key.  When one end fails
    the other goes back to the old key.
    """
    looked = _both(change, talkers, "look", change.new)
    if wrong := _wrong(change, looked):
        return f"{change.link}: {wrong}; nothing was changed on this link"
    signed = _both(change, talkers, "sign", change.new)
    wrong = _wrong(change, signed, signs=change.new)
    if not wrong:
        return ""
    back = _both(change, talkers, "sign", change.old)
    still = _wrong(change, back, signs=change.old)
    if still:
        return f"{change.link}: {wrong}; and not put back: {still}"
    return f"{change.link}: {wrong}; the old key signs again"


def _both(change: Change, talkers: tuple[Talker, ...], act: str, key: str) -> list[Answer]:
    """Say the same to both ends, without waiting for the first before telling the second."""
    answers: list[Answer] = []
    told = [
        _caught(talker.send, {"interface": interface, "key": key, "act": act})
        for talker, (_, interface) in zip(talkers, change.ends, strict=True)
    ]
    for talker, fault in zip(talkers, told, strict=True):
        if fault:
            answers.append({"error": fault})
            continue
        try:
            answers.append(talker.receive())
        except (OSError, EOFError, ValueError, paramiko.SSHException) as error:
            answers.append({"error": str(error) or "no answer"})
    return answers


def _caught(send: Callable[[Mapping[str, str]], None], request: Mapping[str, str]) -> str:
    try:
        send(request)
    except (OSError, EOFError, paramiko.SSHException) as error:
        return str(error) or "the session is gone"
    return ""


def _wrong(change: Change, answers: list[Answer], signs: str | None = None) -> str:
    """Return the first thing that is wrong with two answers."""
    for (device, _), answer in zip(change.ends, answers, strict=True):
        if "error" in answer:
            return f"{device}: {answer['error']}"
        if signs is not None and answer.get("signs") != signs:
            return f"{device}: key {answer.get('signs')} signs, not {signs}"
    return ""


class Remote:
    """The program on one router, over one session."""

    def __init__(self, opened: Session) -> None:
        if opened.remote_conn_pre is None:
            raise EOFError("the session is closed")
        encoded = base64.b64encode(_program()).decode("ascii")
        program = f'exec(__import__("base64").b64decode("{encoded}"))'
        self._in, self._out, _ = opened.remote_conn_pre.exec_command(
            f"sudo -n /usr/bin/python3 -IBSc '{program}'", timeout=ANSWER_S
        )

    def send(self, request: Mapping[str, str]) -> None:
        """Send a request without waiting."""
        self._in.write(json.dumps(dict(request)) + "\n")
        self._in.flush()

    def receive(self) -> Answer:
        """Return the answer to the oldest open request."""
        line = self._out.readline()
        if not line:
            raise EOFError("the session ended")
        answer: dict[str, str] = json.loads(line)
        return answer


def _open_all(
    network: DeclaredNetwork, names: list[str], access: Access, stack: contextlib.ExitStack
) -> tuple[dict[str, Remote], list[str]]:
    """Open a session to every router and start the program there; say where that failed."""

    def begin(name: str) -> Remote | str:
        try:
            opened = stack.enter_context(session(network.devices[name], access))
            return Remote(opened)
        except TinhnetError as error:
            return str(error)
        except (OSError, EOFError, paramiko.SSHException) as error:
            return f"{name}: {error}"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = dict(zip(names, pool.map(begin, names), strict=True))
    talkers = {name: one for name, one in begun.items() if isinstance(one, Remote)}
    return talkers, [one for one in begun.values() if isinstance(one, str)]


@cache
def _program() -> bytes:
    return PROGRAM.read_bytes()
