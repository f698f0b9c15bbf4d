# SPDX-License-Identifier: MIT
"""A power switch: memory is lost, the disk is not, cables stay plugged."""

from pathlib import Path

import pytest

from lab.boot import FORBIDDEN
from tests.lab.trial import Lab, eventually

KEPT = "/root/kept"
SOIL = f"""
echo on-disk > {KEPT}
echo in-memory > /tmp/lost
ip address add 10.9.9.9/24 dev c107
ip link add br9 type bridge
ip link set fw1 mtu 1400
nft add table inet left
tc qdisc add dev fw1 root tbf rate 1mbit burst 5k latency 10ms
echo 0 > /proc/sys/net/ipv4/ip_forward
"""
LOOK = f"""
cat {KEPT}
ls /tmp/lost
ip -o address show dev c107
ip link show br9
cat /sys/class/net/fw1/mtu
nft list ruleset
tc qdisc show dev fw1
cat /proc/sys/net/ipv4/ip_forward
"""


def look_at_port(lab: Lab) -> str:
    """Return how core2 sees its port towards core1."""
    return lab.on("core2", "ip", "-o", "link", "show", "core1")


@pytest.mark.lab
def test_a_device_that_lost_power_boots_from_its_disk(small: Lab) -> None:
    """What the product did not save is gone, as after a real power cut."""
    small.on("core1", "sh", "-e", "-c", SOIL)
    small.must("kill", "core1")

    refused = small.run("exec", "core1", "--", "true")
    assert "powered off" in refused.stderr
    # The kernel tells programs of a port's light up to a second later.
    assert eventually(lambda: "NO-CARRIER" in look_at_port(small))
    near = ("cat", "/sys/class/net/wan1/carrier")
    assert small.on("dien-ban-cpe1", *near).strip() == "1", "the carrier's switch stays lit"
    status = small.status()
    assert {device["id"] for device in status["devices"] if device["state"] == "off"} == {"core1"}
    assert {link["id"] for link in status["links"] if link["state"] == "dark"} >= {"dien-ban-1"}

    small.must("start", "core1")
    after = small.run("exec", "core1", "--", "sh", "-c", LOOK).stdout
    assert "on-disk" in after
    assert "tbf" not in after
    for lost in ("lost", "10.9.9.9", "br9", "1400", "table"):
        assert lost not in after
    assert after.strip().endswith("1"), "a bare core forwards again"
    assert "10.88.0.9/30" in small.on("core1", "ip", "-o", "-4", "address", "show", "dev", "fw1")
    assert eventually(lambda: "NO-CARRIER" not in look_at_port(small))


@pytest.mark.lab
def test_the_controller_has_no_power_switch(small: Lab) -> None:
    """The product lives there; ending it is another thing."""
    done = small.run("kill", "noc")

    assert done.returncode == 1
    assert "no power switch" in done.stderr


@pytest.mark.lab
@pytest.mark.parametrize("device", ["core1", "web1", "dien-ban-pc"])
def test_a_device_cannot_change_the_machine_it_runs_on(small: Lab, device: str) -> None:
    """Devices share the machine's kernel: no clock, no device nodes, no kernel settings.

    Only looked at, never tried: a device that could would set this machine's clock.
    """
    shown = small.on(device, "cat", "/proc/self/status", "/proc/1/status", "/proc/self/mountinfo")
    sets = [int(line.split()[1], 16) for line in shown.splitlines() if line.startswith("Cap")]
    mounts = [line.split() for line in shown.splitlines() if line[:1].isdigit()]
    options = {fields[4]: fields[5].split(",") for fields in mounts}

    assert len(sets) == 10, "five sets of the command and five of PID 1"
    for number in FORBIDDEN.values():
        assert not any(held >> number & 1 for held in sets)
    for path in ("/sys", "/proc/sys/kernel", "/proc/sys/vm", "/proc/sysrq-trigger"):
        assert "ro" in options.get(path, ["ro"]), path  # or this kernel has no such file
    assert "nodev" in options["/tmp"]  # noqa: S108 the device's own


@pytest.mark.lab
def test_a_network_setting_of_a_device_is_its_own(small: Lab) -> None:
    """What a playbook writes below /proc/sys/net stays inside."""
    mine = Path("/proc/sys/net/ipv4/tcp_fin_timeout").read_text(encoding="ascii")
    small.on("web1", "sh", "-c", "echo 7 > /proc/sys/net/ipv4/tcp_fin_timeout")

    assert small.on("web1", "cat", "/proc/sys/net/ipv4/tcp_fin_timeout") == "7\n"
    assert Path("/proc/sys/net/ipv4/tcp_fin_timeout").read_text(encoding="ascii") == mine
