# SPDX-License-Identifier: MIT
"""What rtnetlink says of ports, read from the kernel itself and from broken octets."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.agent.ports import states

ROOT = Path(__file__).parents[3]
PROGRAM = """
import subprocess
from collectors.agent.ports import watch
told = []
def ip(*words): subprocess.run(["ip", *words], check=True)
ip("link", "add", "p1", "type", "veth", "peer", "name", "p2")
ip("link", "set", "p1", "up"); ip("link", "set", "p2", "up")
steps = [("set", "p1", "down"), ("set", "p1", "up"), ("del", "p1")]
looks = 0
def is_over():
    global looks
    looks += 1
    if looks % 8 == 0 and steps:
        ip("link", *steps.pop(0))
    return looks > 80 and not steps or ("p1", False) in told[-2:] and not steps
watch(lambda name, runs: told.append((name, runs)), is_over)
print([runs for name, runs in told if name == "p1"])
"""


@pytest.mark.lab
def test_a_port_is_told_when_it_turns() -> None:
    """Down, up, gone; a port that runs from the beginning is no news."""
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", PROGRAM],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert done.stdout.strip() == "[False, True, False]"


@given(st.binary(max_size=300))
def test_octets_that_make_no_sense_are_left_out(octets: bytes) -> None:
    """Whatever a newer kernel adds."""
    for name, runs in states(octets):
        assert isinstance(name, str)
        assert isinstance(runs, bool)
