# SPDX-License-Identifier: MIT
"""Switch a device on: namespaces, a root file system, PID 1.

One fork per device and no program in between: a province of ninety devices
has to be up within seconds on two cores.
"""

import os
import select
from dataclasses import dataclass
from pathlib import Path

from lab import kernel
from tinhnet.errors import TinhnetError

# What no device may do to the machine: <linux/capability.h>.
FORBIDDEN = {
    "CAP_SYS_MODULE": 16,
    "CAP_SYS_RAWIO": 17,
    "CAP_SYS_BOOT": 22,
    "CAP_SYS_TIME": 25,
    "CAP_SYS_TTY_CONFIG": 26,
    "CAP_MKNOD": 27,
    "CAP_MAC_OVERRIDE": 32,
    "CAP_MAC_ADMIN": 33,
    "CAP_SYSLOG": 34,
    "CAP_WAKE_ALARM": 35,
}
ENVIRONMENT = {
    "container": "tinhnet",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
    "TERM": "linux",
}
_NODES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}
_READ_ONLY: tuple[str, ...] = (
    "proc/sys/abi",
    "proc/sys/debug",
    "proc/sys/dev",
    "proc/sys/fs",
    "proc/sys/kernel",
)
_READ_ONLY += ("proc/sys/user", "proc/sys/vm", "proc/sysrq-trigger", "proc/irq", "proc/bus")
_NO_DEVICES = kernel.MS_NOSUID | kernel.MS_NODEV


@dataclass(frozen=True, slots=True)
class Machine:
    """What a device needs to boot.

    `base` is the shared read-only root, `disk` the mounted tmpfs with `upper`
    and `work`, `root` any empty directory (mounted on privately), `cgroup`
    the control group that becomes the device's own root, `console` the file
    that PID 1 writes to.
    """

    id: str
    base: Path
    disk: Path
    root: Path
    namespace: Path
    cgroup: Path
    console: Path
    init: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Booting:
    """A device on its way: the child that leads there and the pipe it reports to."""

    id: str
    child: int
    report: int


def begin(machine: Machine) -> Booting:
    """Start booting a device and return at once."""
    report, answer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(report)
        _become(machine, answer)
    os.close(answer)
    return Booting(machine.id, child, report)


def finish(booting: Booting, timeout_s: float = 120.0) -> int:
    """Return the process id of the device's PID 1, as the machine sees it.

    TinhnetError says which step failed; the usual cause is a kernel that
    lacks a feature.
    """
    text = b""
    while select.select([booting.report], [], [], timeout_s)[0]:
        read = os.read(booting.report, 4096)
        if not read:
            break
        text += read
    os.close(booting.report)
    os.waitpid(booting.child, 0)
    number, _, complaint = text.decode(errors="replace").partition("\n")
    if complaint or not number.isdigit():
        raise TinhnetError(
            f"device {booting.id} does not boot: {complaint or number or 'no answer'}",
            "`tinhnet doctor` names missing kernel features",
        )
    return int(number)


def _become(machine: Machine, answer: int) -> None:
    """Turn this forked child into the device; never returns."""
    try:
        os.setsid()
        (machine.cgroup / "cgroup.procs").write_text("0")
        kernel.join(machine.namespace, kernel.CLONE_NEWNET)
        kernel.unshare(
            kernel.CLONE_NEWNS
            | kernel.CLONE_NEWUTS
            | kernel.CLONE_NEWIPC
            | kernel.CLONE_NEWCGROUP
            | kernel.CLONE_NEWPID
        )
        first = os.fork()
        if first:
            os.write(answer, f"{first}\n".encode())
            os._exit(0)
        _enter_root(machine)
        forbid()
        os.execve(machine.init[0], machine.init, ENVIRONMENT)  # noqa: S606 PID 1 of a device
    except OSError as error:
        os.write(answer, f"\n{error}".encode())
    finally:
        os._exit(1)


def _enter_root(machine: Machine) -> None:
    root = machine.root
    console = os.open(machine.console, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    kernel.keep_mounts_private()
    kernel.set_hostname(machine.id)
    layers = f"lowerdir={machine.base},upperdir={machine.disk}/upper,workdir={machine.disk}/work"
    kernel.mount("overlay", root, "overlay", 0, layers)
    kernel.mount("proc", root / "proc", "proc", _NO_DEVICES | kernel.MS_NOEXEC)
    for name in _READ_ONLY:
        _make_read_only(root / name)
    kernel.mount("sysfs", root / "sys", "sysfs", _NO_DEVICES | kernel.MS_RDONLY)
    kernel.mount("cgroup2", root / "sys/fs/cgroup", "cgroup2", _NO_DEVICES)
    _make_dev(root / "dev")
    # systemd refuses to reload its units with less than 16 MB free here.
    kernel.mount("tmpfs", root / "run", "tmpfs", _NO_DEVICES, "mode=755,size=32m")
    kernel.mount("tmpfs", root / "tmp", "tmpfs", _NO_DEVICES, "mode=1777,size=32m")
    kernel.pivot_root(root)
    # As systemd would do on a machine: without it LoadCredential= hands over an empty directory.
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_SHARED)
    nothing = os.open("/dev/null", os.O_RDONLY)
    for source, target in ((nothing, 0), (console, 1), (console, 2)):
        os.dup2(source, target)
    os.umask(0o022)


def _make_read_only(path: Path) -> None:
    """Protect a part of /proc that belongs to the machine; it may not exist here."""
    if not path.exists():
        return
    kernel.mount(str(path), path, flags=kernel.MS_BIND | kernel.MS_REC)
    kernel.mount("none", path, flags=kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY)


def _make_dev(dev: Path) -> None:
    kernel.mount("tmpfs", dev, "tmpfs", kernel.MS_NOSUID, "mode=755,size=1m")
    for name, minor in _NODES.items():
        _make_node(dev / name, 1, minor)
    _make_node(dev / "tty", 5, 0)
    _make_node(dev / "console", 1, 3)  # /dev/null: nobody sits at a device's console
    for name in ("pts", "shm"):
        (dev / name).mkdir()
    terminals = "newinstance,ptmxmode=0666,mode=620,gid=5"
    kernel.mount("devpts", dev / "pts", "devpts", kernel.MS_NOSUID | kernel.MS_NOEXEC, terminals)
    kernel.mount("tmpfs", dev / "shm", "tmpfs", _NO_DEVICES, "mode=1777,size=64m")
    (dev / "ptmx").symlink_to("pts/ptmx")
    (dev / "fd").symlink_to("/proc/self/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (dev / name).symlink_to(f"/proc/self/fd/{number}")


def _make_node(path: Path, major: int, minor: int) -> None:
    os.mknod(path, 0o020666, os.makedev(major, minor))
    path.chmod(0o666)


def forbid() -> None:
    """Take from this process, for ever, what no process of a device may do to the machine."""
    for number in FORBIDDEN.values():
        kernel.drop_capability(number)
