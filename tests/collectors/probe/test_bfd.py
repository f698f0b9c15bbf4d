# SPDX-License-Identifier: MIT
"""BFD sessions are read from FRR's daemon itself, with a real socket in its place."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collectors.agent import bfd

PEERS = [
    {"peer": "10.80.1.174", "interface": "c107", "status": "up"},
    {"peer": "fe80::1", "interface": "c107", "status": "down"},
    {"peer": "10.80.0.2", "interface": "core2", "status": "up"},
    {"peer": "10.80.0.9", "interface": "c9", "status": "shutdown"},
    {"peer": "10.80.0.7", "status": "up"},
]


@contextmanager
def daemon(folder: Path, answers: dict[bytes, bytes]) -> Iterator[str]:
    """Answer as FRR's lib/vty.c does: text in pieces, three zeros, a code; yield the socket."""
    path = str(folder / "bfdd.vty")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def serve() -> None:
            with listener.accept()[0] as channel:
                while question := channel.recv(4096):
                    told = answers[question]
                    channel.sendall(told[: len(told) // 2])
                    channel.sendall(told[len(told) // 2 :])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield path
        thread.join(5)


def test_a_port_is_up_when_all_its_sessions_are(tmp_path: Path) -> None:
    """A circuit whose IPv6 session is down is not wholly up; one shut on purpose says nothing."""
    shown = json.dumps(PEERS).encode() + b"\n"
    answers = {
        b"enable\0": b"\0\0\0\0",
        b"show bfd peers json\0": shown + b"\0\0\0\0",
    }
    with daemon(tmp_path, answers) as path:
        found = bfd.sessions(path)

    assert found == {"c107": False, "core2": True}


def test_a_refusal_is_unknown_and_not_down(tmp_path: Path) -> None:
    """Forty circuits must not go down because FRR learnt another word."""
    answers = {b"enable\0": b"\0\0\0\0", b"show bfd peers json\0": b"% Unknown command\n\0\0\0\2"}
    with daemon(tmp_path, answers) as path:
        assert bfd.sessions(path) is None


def test_without_a_daemon_nothing_is_known(tmp_path: Path) -> None:
    """FRR restarts, too."""
    assert bfd.sessions(str(tmp_path / "none")) is None
