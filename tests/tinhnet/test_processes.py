# SPDX-License-Identifier: MIT
"""What a process may do, and what it hands on to the programs it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# By its text: another user may not pass to a checkout below /root.
PROCESSES = (ROOT / "tinhnet" / "processes.py").read_text(encoding="utf-8")
PROGRAM = f"""
import subprocess, sys
exec({PROCESSES!r})
if "keep" not in sys.argv:
    give_up_rights()
line = [one for one in open("/proc/self/status") if one.startswith("CapEff")][0]
child = subprocess.run(["grep", "CapEff", "/proc/self/status"], capture_output=True, text=True)
print(line.split()[1], child.stdout.split()[1])
"""
NET_RAW = ("--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand out a right")
def test_a_right_that_was_handed_over_is_given_up() -> None:
    """The supervisor may open raw sockets for the collector; the web server has no use for them."""
    account = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *NET_RAW)

    def rights(*arguments: str) -> list[str]:
        done = subprocess.run(
            [*account, "/usr/bin/python3", "-I", "-c", PROGRAM, *arguments],
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
            timeout=30,
        )
        return done.stdout.split()

    assert rights("keep") == ["0000000000002000", "0000000000002000"]
    assert rights() == ["0000000000000000", "0000000000000000"]


def test_root_keeps_its_rights() -> None:
    """Whoever runs the product as root means it; a worker must start there as well."""
    if os.geteuid() != 0:
        pytest.skip("this is not root")
    program = "from tinhnet.processes import give_up_rights; give_up_rights()"
    program += "; import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()"

    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=30)
