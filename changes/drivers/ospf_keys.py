# SPDX-License-Identifier: MIT
"""Let another key of a link sign, on a router, at a word; standard library only.

`changes.key_switch` starts this on both ends of links and tells both at once,
because FRR 8.4 accepts only the key with which it signs itself
(ospf_check_auth in ospf_packet.c looks at the last key of the list alone).
Both keys are on the router already: no secret travels.

A line of JSON comes in, a line goes out: `{"interface", "key", "act"}`, act
"look" or "sign", is answered by `{"signs": id}` or `{"error": words}`.
"""

import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

OSPFD = "/run/frr/ospfd.vty"
STARTUP = Path("/etc/frr/frr.conf")
PATIENCE_S = 5.0
DIGEST = "ip ospf message-digest-key "


def main() -> None:
    """Answer lines until there are no more."""
    for line in sys.stdin:
        try:
            answer = serve(json.loads(line))
        except (OSError, ValueError) as error:
            answer = {"error": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def serve(request: dict[str, str]) -> dict[str, str]:
    """Look, or let a key sign and the boot file say so; ValueError when it is not known here."""
    interface, key = request["interface"], request["key"]
    held = keys_of(ask(["show running-config"]), interface)
    if key not in held:
        raise ValueError(f"key {key} is not known on {interface}")
    if request["act"] == "sign" and list(held)[-1] != key:
        enter = ["configure terminal", f"interface {interface}"]
        ask([*enter, f"no {DIGEST}{key}", held[key], "end"])
        held = keys_of(ask(["show running-config"]), interface)
    if request["act"] == "sign":
        replace(STARTUP, with_last(STARTUP.read_text(encoding="utf-8"), interface, key))
    return {"signs": list(held)[-1]}


def keys_of(text: str, interface: str) -> dict[str, str]:
    """Return the MD5 keys of an interface by id, in order: FRR signs with the last."""
    found: dict[str, str] = {}
    inside = False
    for line in text.splitlines():
        if not line.startswith(" "):
            inside = line.strip() == f"interface {interface}"
        elif inside and line.strip().startswith(DIGEST):
            found[line.strip().removeprefix(DIGEST).split()[0]] = line.strip()
    return found


def with_last(text: str, interface: str, key: str) -> str:
    """Return a configuration in which a key is the last of its interface."""
    lines, inside = text.splitlines(keepends=True), False
    places = []
    for number, line in enumerate(lines):
        if not line.startswith(" "):
            inside = line.strip() == f"interface {interface}"
        elif inside and line.strip().startswith(DIGEST):
            places.append(number)
    is_it = f"{DIGEST}{key} "
    ordered = sorted((lines[one] for one in places), key=lambda one: one.strip().startswith(is_it))
    for place, line in zip(places, ordered, strict=True):
        lines[place] = line
    return "".join(lines)


def replace(path: Path, text: str) -> None:
    """Replace a file in one step, with its owner and mode."""
    if path.read_text(encoding="utf-8") == text:
        return
    held = path.stat()
    draft = path.with_name(f".{path.name}.keys")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchown(file.fileno(), held.st_uid, held.st_gid)
        os.fchmod(file.fileno(), held.st_mode & 0o7777)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def ask(commands: Sequence[str]) -> str:
    """Let ospfd do commands; return its last answer.

    Commands and answers end with NUL, answers with three and a status byte.
    ValueError when ospfd refuses one.
    """
    text = ""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(OSPFD)
        for command in ("enable", *commands):
            connection.sendall(command.encode() + b"\0")
            answer = b""
            while not answer[:-1].endswith(b"\0\0\0"):
                part = connection.recv(65536)
                if not part:
                    raise OSError("ospfd closed the connection")
                answer += part
            text = answer[:-4].decode(errors="replace")
            if answer[-1]:
                raise ValueError(f"ospfd refuses `{' '.join(command.split()[:5])}`: {text.strip()}")
    return text


if __name__ == "__main__":
    main()
