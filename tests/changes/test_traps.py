# SPDX-License-Identifier: MIT
"""What the rendered snmpd tells by itself, with a real snmpd on the loopback."""

import socket
import subprocess
from pathlib import Path

import pytest

from changes.credentials import Credentials
from changes.render import render
from tinhnet.inventory import load
from tinhnet.reporting import TRAP_PORT
from tinhnet.snmp_identity import SnmpUser, engine_id

SNMPD = Path("/usr/sbin/snmpd")
SMALL = Path(__file__).parents[1] / "cases" / "inventory-small"
AUTH_PRIV = b"\x04\x01\x03"
"""msgFlags (RFC 3412, section 6.4): authenticated and encrypted, no answer asked for."""

pytestmark = pytest.mark.skipif(not SNMPD.exists(), reason="snmpd is not installed")


def test_a_router_says_that_it_started_as_the_engine_we_expect(tmp_path: Path) -> None:
    """The receiver knows engine and user before the first trap, and the current user signs."""
    network = load(SMALL)
    users = tuple(
        SnmpUser(f"tinhnet{one}", f"auth-phrase-{one}", f"priv-phrase-{one}") for one in (1, 2)
    )
    text = render(network, "core1", Credentials({}, users, ()))["snmpd"]
    noc = network.devices["noc"].management4
    with (
        socket.socket(type=socket.SOCK_DGRAM) as sink,
        socket.socket(type=socket.SOCK_DGRAM) as own,
    ):
        sink.bind(("127.0.0.1", 0))
        own.bind(("127.0.0.1", 0))
        port = own.getsockname()[1]
        own.close()
        here = f"127.0.0.1:{sink.getsockname()[1]}"
        assert f"udp:{noc}:{TRAP_PORT}" in text
        text = text.replace(f"udp:{noc}:{TRAP_PORT}", f"udp:{here}")
        text = text.replace("udp:161,udp6:161", f"udp:127.0.0.1:{port}")
        lines = [line for line in text.splitlines() if "agentx" not in line.lower()]
        (tmp_path / "snmpd.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        agent = subprocess.Popen(
            [SNMPD, "-f", "-Lo", "-m", "", "-C", "-c", str(tmp_path / "snmpd.conf")],
            env={"SNMP_PERSISTENT_DIR": str(tmp_path / "state"), "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            sink.settimeout(30)
            told = sink.recv(65535)
        finally:
            agent.terminate()
            said, _ = agent.communicate(timeout=30)

    assert engine_id("core1") in told
    assert b"tinhnet1" in told
    assert AUTH_PRIV in told
    assert b"rror" not in said, said
    assert b"Unknown token" not in said, said
