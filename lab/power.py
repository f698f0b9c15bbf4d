# SPDX-License-Identifier: MIT
"""Switching devices on and off, as their power switch would."""

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lab import boot, cgroup, kernel
from lab.layout import NAMESPACES, Layout
from lab.record import DeviceRecord, now
from lab.shell import ip_batch, run
from tinhnet.errors import TinhnetError

SYSTEMD = ("/lib/systemd/systemd",)
LIGHT = ("/usr/local/sbin/pc-init",)
# Ready when these stand below the device's root: its own word, and a listening sshd.
_READY = ("run/tinhnet-ready", "run/sshd.pid")
BOOT_S = 240.0
ETHERNET_MTU = 1500
_POLL_S = 0.05


def machine_of(layout: Layout, base: Path, device: DeviceRecord) -> boot.Machine:
    """Return what `boot` needs to know of a device."""
    return boot.Machine(
        id=device.id,
        base=base,
        disk=layout.disk(device.id),
        root=layout.run / "root",
        namespace=layout.namespace_file(device.id),
        cgroup=cgroup.group_of(layout.prefix, device.id, cgroup.PAYLOAD),
        console=layout.log / f"{device.id}.log",
        init=LIGHT if device.kind == "light" else SYSTEMD,
    )


def switch_on(
    layout: Layout, base: Path, devices: Iterable[DeviceRecord]
) -> tuple[DeviceRecord, ...]:
    """Boot devices side by side and return them with their PID 1; see `wait_ready`."""
    booting = []
    for device in devices:
        cgroup.create(cgroup.group_of(layout.prefix, device.id))
        booting.append((device, boot.begin(machine_of(layout, base, device))))
    return tuple(
        replace(device, pid=boot.finish(started), started_at=now()) for device, started in booting
    )


def wait_ready(devices: Iterable[DeviceRecord], timeout_s: float = BOOT_S) -> None:
    """Wait until every device answers to ssh; TinhnetError names those that do not."""
    waiting = {device.id: device.pid for device in devices if device.pid is not None}
    deadline = time.monotonic() + timeout_s
    while waiting:
        for name, pid in tuple(waiting.items()):
            if not Path(f"/proc/{pid}").exists():
                hint = f"see /run/tinhnet-lab/*/log/{name}.log"
                raise TinhnetError(f"device {name} died while it booted", hint)
            if is_ready(pid):
                del waiting[name]
        if waiting and time.monotonic() > deadline:
            names = ", ".join(sorted(waiting)[:8])
            raise TinhnetError(
                f"{len(waiting)} devices did not boot within {timeout_s:.0f} s: {names}",
                "is the machine overloaded? see `uptime`",
            )
        time.sleep(_POLL_S)


def is_ready(pid: int) -> bool:
    """Tell whether a device has booted and listens for ssh."""
    root = Path(f"/proc/{pid}/root")
    try:
        return all((root / name).exists() for name in _READY)
    except PermissionError:
        return False


def is_alive(layout: Layout, device: DeviceRecord) -> bool:
    """Tell whether PID 1 of a device still runs (and its number was not given away)."""
    if device.pid is None:
        return False
    try:
        text = Path(f"/proc/{device.pid}/cgroup").read_text(encoding="ascii")
    except OSError:
        return False
    return f"/{cgroup.TOP}/{layout.prefix}/{device.id}/" in text


def switch_off(layout: Layout, device: DeviceRecord) -> DeviceRecord:
    """Take the power away: every port loses light, every process dies, memory is lost.

    The ports move to a fresh network namespace of the same name, which is how
    addresses, routes, nftables, tc and kernel settings are forgotten while
    the cables stay plugged.  The disk stays.
    """
    namespace = layout.namespace(device.id)
    ip_batch(["link set group default down"], namespace)
    cgroup.end_all(cgroup.group_of(layout.prefix, device.id))
    _renew_namespace(namespace, device.interfaces)
    return replace(device, pid=None, started_at=None)


def _renew_namespace(name: str, ports: tuple[str, ...]) -> None:
    fresh = f"{name}.fresh"
    if not (NAMESPACES / fresh).exists():  # else an earlier attempt was killed right here
        ip_batch([f"netns add {fresh}"])
    shown = run(["ip", "-n", name, "-o", "link", "show"])
    present = {line.split()[1].rstrip(":").partition("@")[0] for line in shown.splitlines()}
    moving = [port for port in ports if port in present]
    ip_batch((f"link set {port} netns {fresh}" for port in moving), name)
    # The only thing a port remembers across the move.
    ip_batch((f"link set {port} mtu {ETHERNET_MTU}" for port in moving), fresh)
    kernel.unmount(NAMESPACES / name)
    kernel.mount(str(NAMESPACES / fresh), NAMESPACES / name, flags=kernel.MS_BIND)
    kernel.unmount(NAMESPACES / fresh)
    (NAMESPACES / fresh).unlink()
