# SPDX-License-Identifier: MIT
"""What the rendered snmpd tells by itself, with a real snmpd on the loopback."""

import os
import re
import shlex
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from changes.bundle import Roles
from changes.credentials import SSH_KEY, Credentials, make_ssh_key
from changes.intent import province, server_bundle
from changes.render import render
from collectors.listen.users import Users
from collectors.snmp.receive import Engine, Notification, Receiver
from tests.conftest import ROOT, free_port
from tinhnet.inventory import load
from tinhnet.reporting import TRAP_PORT
from tinhnet.secrets import secrets_of
from tinhnet.snmp_identity import SnmpUser, engine_id, known_users

SNMPD = Path("/usr/sbin/snmpd")
SMALL = Path(__file__).parents[1] / "cases" / "inventory-small"
COLD_START = bytes.fromhex("2b0601060301010501")
LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"

pytestmark = pytest.mark.skipif(not SNMPD.exists(), reason="snmpd is not installed")


def router(folder: Path) -> tuple[str, str, tuple[SnmpUser, ...]]:
    """Return a router, its snmpd.conf and its users: one is being rotated in."""
    del folder
    users = tuple(
        SnmpUser(f"tinhnet{one}", f"auth-phrase-{one}", f"priv-phrase-{one}") for one in (1, 2)
    )
    return "core1", render(load(SMALL), "core1", Credentials({}, users, ()))["snmpd"], users


def server(folder: Path) -> tuple[str, str, tuple[SnmpUser, ...]]:
    """Return a server, its snmpd.conf and its users."""
    store = secrets_of(folder)
    store.ensure(SSH_KEY, make_ssh_key)
    opened = province(load(SMALL), folder)
    device = opened.network.devices["web1"]
    bundle = server_bundle(opened, device, Roles(ROOT / "playbooks/roles"), ["baseline"], {})
    text = next(one.text for one in bundle.files if one.path == "/etc/snmp/snmpd.conf")
    return "web1", text, known_users(store, "web1")


def running(text: str, folder: Path, sink: int) -> subprocess.Popen[bytes]:
    """Start snmpd with a configuration of ours that tells the sink, and asks for no root."""
    noc = load(SMALL).devices["noc"].management4
    assert f"udp:{noc}:{TRAP_PORT}" in text
    text = text.replace(f"udp:{noc}:{TRAP_PORT}", f"udp:127.0.0.1:{sink}")
    text = re.sub(
        r"(?m)^(agentaddress) .*", rf"\1 udp:127.0.0.1:{free_port()}", text, flags=re.IGNORECASE
    )
    lines = [line for line in text.splitlines() if "agentx" not in line.lower()]
    (folder / "snmpd.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return subprocess.Popen(
        [SNMPD, "-f", "-Lo", "-m", "", "-C", "-c", str(folder / "snmpd.conf")],
        env={"SNMP_PERSISTENT_DIR": str(folder / "state"), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.parametrize("rendered", [router, server])
def test_a_device_says_that_it_started_as_the_engine_we_expect(
    tmp_path: Path, rendered: Callable[[Path], tuple[str, str, tuple[SnmpUser, ...]]]
) -> None:
    """The receiver knows engine and user before the first trap, and the current user signs."""
    device, text, users = rendered(tmp_path)
    with socket.socket(type=socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        sink.settimeout(30)
        agent = running(text, tmp_path, sink.getsockname()[1])
        try:
            told = sink.recv(65535)
        finally:
            agent.terminate()
            said, _ = agent.communicate(timeout=30)

    assert users[0].name.encode() in told
    assert is_told(told, device, users, COLD_START)
    assert b"rror" not in said, said
    assert b"Unknown token" not in said, said


def test_snmptrap_as_a_server_is_believed(tmp_path: Path) -> None:
    """With the words of the rendered file: engine, user, SHA-256 and AES."""
    device, text, users = server(tmp_path)
    (options,) = re.findall(r"(?m)^trapsess (.*) udp:\S+$", text)
    (engine,) = re.findall(r"(?m)^exactEngineID (\S+)$", text)
    with socket.socket(type=socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        sink.settimeout(30)
        where = f"udp:127.0.0.1:{sink.getsockname()[1]}"
        subprocess.run(
            ["snmptrap", *shlex.split(options), "-e", engine, where, "", LINK_DOWN],
            env={"SNMP_PERSISTENT_DIR": str(tmp_path / "state"), "PATH": os.environ["PATH"]},
            check=True,
            timeout=30,
        )
        told = sink.recv(65535)

    assert is_told(told, device, users, bytes.fromhex("2b0601060301010503"))


def is_told(packet: bytes, device: str, users: tuple[SnmpUser, ...], notice: bytes) -> bool:
    """Tell whether our receiver takes a packet for this notification of this device."""
    engine = Engine(engine_id("noc/listen"), 1, 0.0)
    known = Users(engine.id, (device,), lambda _: users, lambda _: (device,))
    found = Receiver(engine, known.find, None, 1).take(packet, "127.0.0.1", 0.0)
    assert isinstance(found, Notification), found
    return found.device == device and notice in found.octets
