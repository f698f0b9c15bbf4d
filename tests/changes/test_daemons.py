# SPDX-License-Identifier: MIT
"""What FRRouting's daemons say over their own sockets, put together."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from changes.drivers.frr_device import daemons, frr, state
from changes.drivers.frr_device.text import RefusedError

ZEBRA = """\

Current configuration:
!
frr version 8.4.4
frr defaults traditional
hostname r1
!
interface wan1
 description Mạch chính
exit
!
line vty
!
"""
OSPFD = """\
hostname r1
!
interface wan1
 ip ospf message-digest-key 2 md5 second
 ip ospf message-digest-key 1 md5 first
exit
!
interface empty
exit
!
"""
Daemon = Callable[..., None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for sockets in a folder of our own."""
    monkeypatch.setattr(daemons, "FOLDER", tmp_path)


@pytest.fixture
def daemon(tmp_path: Path, request: pytest.FixtureRequest) -> Daemon:
    """Return what starts a daemon with its answers; a status other than 0 refuses."""

    def start(name: str, answer: str, status: int = 0) -> None:
        listener = socket.socket(socket.AF_UNIX)
        request.addfinalizer(listener.close)
        listener.bind(str(tmp_path / f"{name}.vty"))
        listener.listen()
        threading.Thread(target=_serve, args=(listener, answer, status), daemon=True).start()

    return start


def _serve(listener: socket.socket, answer: str, status: int) -> None:
    with listener.accept()[0] as channel:
        assert channel.recv(100) == b"enable\0"
        channel.sendall(b"\0\0\0\0")
        channel.recv(100)
        octets = answer.encode() + b"\0\0\0" + bytes([status])
        for begin in range(0, len(octets), 7):
            channel.sendall(octets[begin : begin + 7])


def test_each_daemon_holds_its_own_lines_of_an_interface(daemon: Daemon, tmp_path: Path) -> None:
    """Keys stay in ospfd's order, which it signs by; a socket without a daemon counts nothing."""
    daemon("zebra", ZEBRA)
    daemon("ospfd", OSPFD)
    with socket.socket(socket.AF_UNIX) as ended:
        ended.bind(str(tmp_path / "bgpd.vty"))

    lines = frr.read().splitlines()

    assert lines.count("hostname r1") == 1
    assert lines.count("interface wan1") == 1
    assert " description Mạch chính" in lines
    keys = [line for line in lines if "digest" in line]
    assert keys == [
        " ip ospf message-digest-key 2 md5 second",
        " ip ospf message-digest-key 1 md5 first",
    ]
    assert not any(line in ("interface empty", "line vty", "!") for line in lines)


def test_a_refusal_names_daemon_and_command(daemon: Daemon) -> None:
    """Half an answer is none."""
    daemon("ospfd", "% Unknown command.", 2)

    with pytest.raises(RefusedError, match=r"ospfd refused 'show nothing': % Unknown command\."):
        daemons.ask("ospfd", "show nothing")


def test_a_router_without_daemons_has_no_neighbours(daemon: Daemon) -> None:
    """A bare router is looked at, too."""
    daemon("bfdd", '[{"peer": "10.0.0.1", "interface": "c1", "status": "up"}, {"status": "down"}]')
    daemon("ospfd", "% OSPF instance not found")

    found = state.routing([])

    assert found == {"ospf": [], "ospf6": [], "bfd": [["10.0.0.1", "c1"]], "routes": {}}


def test_a_router_whose_frr_stands_still_has_no_empty_configuration(tmp_path: Path) -> None:
    """A backup of nothing would look like a backup."""
    with socket.socket(socket.AF_UNIX) as ended:
        ended.bind(str(tmp_path / "zebra.vty"))

    with pytest.raises(RefusedError, match="no daemon of FRRouting runs"):
        frr.read()


def test_a_daemon_that_ends_while_it_is_looked_for_counts_nothing(
    daemon: Daemon, tmp_path: Path
) -> None:
    """FRR removes its sockets when it is started again."""
    daemon("zebra", ZEBRA)
    (tmp_path / "ospfd.vty").symlink_to(tmp_path / "removed")

    assert "hostname r1" in frr.read()


def test_a_daemon_that_hangs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error without words helps nobody."""
    monkeypatch.setattr(daemons, "TIMEOUT_S", 0.05)
    with socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(str(tmp_path / "ospfd.vty"))
        hanging.listen()

        with pytest.raises(RefusedError, match="ospfd does not answer"):
            frr.read()
