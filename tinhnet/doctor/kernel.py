# SPDX-License-Identifier: MIT
"""Kernel features the lab is built of, each tried in namespaces that die with the attempt.

Nothing is left behind: interfaces, tables and mounts exist in a namespace
of their own and end with the command that made them.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from tinhnet.doctor.finding import Examined, Purpose

TIMEOUT_S = 20
NO_SUCH_MODULE = "the kernel lacks it: boot one with "


@dataclass(frozen=True, slots=True)
class Probe:
    """A feature: the namespaces to try it in, the command, the kernel option behind it."""

    name: str
    flags: tuple[str, ...]
    command: str
    option: str


OVERLAY = (
    "mount -t tmpfs none /mnt && mkdir /mnt/l /mnt/u /mnt/w /mnt/m && "
    "mount -t overlay -o lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/m"
)
PACKET = "/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'"
TBF = (
    "ip link add v0 type veth peer name v1 && "
    "tc qdisc add dev v0 root tbf rate 1mbit burst 16kb latency 50ms"
)
NUMGEN = (
    "ip link add v0 type veth peer name v1 && nft 'add table netdev t; add chain netdev t c "
    "{ type filter hook ingress device v0 priority 0; }; "
    "add rule netdev t c numgen random mod 100 < 5 drop'"
)
PROBES = (
    Probe(
        "namespaces",
        ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--cgroup"),
        "true",
        "CONFIG_NAMESPACES, CONFIG_NET_NS, CONFIG_PID_NS, CONFIG_CGROUPS",
    ),
    Probe("veth", ("--net",), "ip link add v0 type veth peer name v1", "CONFIG_VETH"),
    Probe("bridge", ("--net",), "ip link add b0 type bridge", "CONFIG_BRIDGE"),
    Probe("nftables", ("--net",), "nft add table inet t", "CONFIG_NF_TABLES_INET"),
    Probe("loss (nftables numgen)", ("--net",), NUMGEN, "CONFIG_NFT_NUMGEN"),
    Probe("tun", ("--net",), "ip tuntap add dev t0 mode tun", "CONFIG_TUN"),
    Probe("rate (TBF)", ("--net",), TBF, "CONFIG_NET_SCH_TBF"),
    Probe("overlayfs", ("--mount",), OVERLAY, "CONFIG_OVERLAY_FS"),
    Probe("AF_PACKET", ("--net",), PACKET, "CONFIG_PACKET"),
)


def examine_kernel() -> Iterator[Examined]:
    """Try every feature; without root by way of a user namespace, where that is allowed."""
    as_root = os.geteuid() == 0
    for probe in PROBES:
        flags = probe.flags if as_root else ("--user", "--map-root-user", *probe.flags)
        error = _try(["unshare", *flags, "sh", "-ec", probe.command])
        if error is None:
            yield Examined("kernel", probe.name, ok=True, found="works", needed=Purpose.LAB)
        elif as_root:
            hint = NO_SUCH_MODULE + probe.option
            yield Examined("kernel", probe.name, False, error, Purpose.LAB, hint)  # noqa: FBT003 fields in order
        else:
            hint = "run `tinhnet doctor` as root to see"
            yield Examined("kernel", probe.name, None, "cannot be told", Purpose.LAB, hint)


def _try(command: list[str]) -> str | None:
    """Return the last line a failing command said, None when it succeeded."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except FileNotFoundError as error:
        return f"{error.filename} is missing"
    except subprocess.TimeoutExpired:
        return f"no answer within {TIMEOUT_S} s"
    if done.returncode == 0:
        return None
    said = done.stderr.strip().splitlines()
    return said[-1] if said else f"status {done.returncode}"
