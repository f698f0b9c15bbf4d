# SPDX-License-Identifier: MIT
"""What devices of the province in a box tell by themselves: probe agents, log lines, traps."""

import time
from collections.abc import Callable

import pytest

from tests.conftest import Province

CORES = ("core1", "core2")
PC = "dien-ban-pc"
CONTROL = "/usr/local/lib/tinhnet/agent/control"
CIRCUIT = "dien-ban-1"
LOG = "/var/log/devices/core1.log"
NET_RAW = "0000000000002000"
PATIENCE_S = 60.0

pytestmark = [pytest.mark.lab, pytest.mark.slow]


def becomes(condition: Callable[[], bool]) -> bool:
    """Wait until a condition holds, for a bounded time."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)  # between two looks at the same condition
    return True


def rights(province: Province, device: str) -> str:
    """Return account and effective capabilities of a device's agent."""
    find = "pgrep -f '[c]ollectors.agent.probe' | tail -1"
    show = f"p=$({find}); stat -c %U /proc/$p; grep CapEff /proc/$p/status"
    return province.on(device, "sh", "-c", show).stdout


@pytest.mark.parametrize("core", CORES)
def test_a_core_runs_its_agent(province: Province, core: str) -> None:
    """Without it nobody knows of loss on forty circuits."""
    assert province.on(core, "systemctl", "is-active", "tinhnet-agent").stdout.strip() == "active"
    assert province.on(core, "systemctl", "is-enabled", "tinhnet-agent").returncode == 0


def test_a_pc_runs_its_agent_without_systemd(province: Province) -> None:
    """A program that ended is started again, and one that was stopped by the next run."""
    assert province.on(PC, CONTROL, "status").returncode == 0

    assert province.on(PC, "pkill", "-f", "[c]ollectors.agent.probe").returncode == 0
    assert becomes(lambda: "tinhnet-agent" in rights(province, PC))


@pytest.mark.parametrize("device", [*CORES, PC])
def test_an_agent_has_an_account_and_one_right(province: Province, device: str) -> None:
    """What is broken into over the network must not own the core."""
    assert becomes(lambda: "tinhnet-agent" in rights(province, device))
    assert rights(province, device).split() == ["tinhnet-agent", "CapEff:", NET_RAW]


@pytest.mark.parametrize("device", [*CORES, PC])
def test_nobody_else_reads_the_token(province: Province, device: str) -> None:
    """Whoever has it can tell lies about a core."""
    reader = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat")

    assert province.on(device, *reader, "/etc/tinhnet/agent/token").returncode != 0


def test_a_lost_neighbour_leaves_the_core_as_a_log_line(province: Province) -> None:
    """FRR's package keeps its lines from other files; the log server must have them yet."""
    held = "grep -c AdjChg " + LOG
    before = int(province.on("log1", "sh", "-c", held).stdout.strip() or 0)
    province.lab("cut", CIRCUIT)
    try:
        assert becomes(
            lambda: int(province.on("log1", "sh", "-c", held).stdout.strip() or 0) > before
        )
    finally:
        province.lab("mend", CIRCUIT)


@pytest.mark.parametrize("device", ["core1", "dien-ban-cpe1", "fw1", "web1"])
def test_snmpd_understands_its_whole_file(province: Province, device: str) -> None:
    """A token it does not know is a warning in a journal, and traps that never come."""
    said = province.on(device, "journalctl", "-u", "snmpd", "-b", "--no-pager").stdout

    assert "Started" in said
    assert "Unknown token" not in said
    assert "rror" not in said
