# SPDX-License-Identifier: MIT
"""The few system calls the lab needs and Python 3.11 does not offer.

Constants are those of <sched.h>, <sys/mount.h> and <sys/prctl.h>.
"""

import ctypes
import os
from functools import cache
from pathlib import Path

CLONE_NEWNS = 0x0002_0000
CLONE_NEWCGROUP = 0x0200_0000
CLONE_NEWUTS = 0x0400_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x4_0000
MS_SHARED = 0x10_0000

MNT_DETACH = 0x2

PR_CAPBSET_DROP = 24
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
PR_SET_KEEPCAPS = 8
PR_SET_NO_NEW_PRIVS = 38

_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x2008_0522


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags`; OSError says why not."""
    _checked(_libc().unshare(flags), "unshare")


def join(path: Path | str, kind: int) -> None:
    """Enter the namespace behind a file such as `/run/netns/tn-core1`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(_libc().setns(descriptor, kind), f"setns {path}")
    finally:
        os.close(descriptor)


def join_process(pid: int, kinds: int) -> None:
    """Enter several namespaces of a process at once (Linux 5.8), and its root with them.

    setns(2) leads to the root of the mount namespace, which need not be the
    root that the process sees: a process in a chroot sees less.  The process
    is held before its root is looked up, so that both are the same one's.
    """
    process = os.pidfd_open(pid)
    root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_CLOEXEC)
    try:
        _checked(_libc().setns(process, kinds), f"setns {pid}")
        _take_root(root)
    finally:
        os.close(root)
        os.close(process)


def mount(
    source: str, target: Path | str, kind: str = "", flags: int = 0, options: str = ""
) -> None:
    """Mount a file system or a directory; `options` is the file system's own option string."""
    result = _libc().mount(
        source.encode(), os.fsencode(target), kind.encode(), flags, options.encode()
    )
    _checked(result, f"mount {source} on {target}")


def unmount(target: Path | str, flags: int = MNT_DETACH) -> None:
    """Unmount like umount2(2), lazily by default."""
    _checked(_libc().umount2(os.fsencode(target), flags), f"umount {target}")


def keep_mounts_private() -> None:
    """Let no mount of this namespace reach another one, above a chroot's root neither."""
    root = os.open("/", os.O_PATH | os.O_CLOEXEC)
    here = os.open(".", os.O_PATH | os.O_CLOEXEC)
    try:
        _leave_chroot()
        mount("none", "/", flags=MS_REC | MS_PRIVATE)
        _take_root(root)
        os.fchdir(here)
    finally:
        os.close(here)
        os.close(root)


def pivot_root(new_root: Path) -> None:
    """Make `new_root` the root of this mount namespace and forget the old one.

    Both arguments are the same directory: the old root ends up on top of the
    new one and is unmounted at once (pivot_root(2), NOTES).  A chroot is left
    first: pivoting below it would keep the machine's root as the namespace's,
    and whoever entered the namespace would stand on the machine.
    """
    root = os.open(new_root, os.O_PATH | os.O_CLOEXEC)
    _leave_chroot()
    os.fchdir(root)
    os.close(root)
    number = _SYS_PIVOT_ROOT[os.uname().machine]
    _checked(_libc().syscall(number, b".", b"."), "pivot_root")
    unmount(".")
    os.chdir("/")


def set_hostname(name: str) -> None:
    """Set the host name of this UTS namespace."""
    raw = name.encode()
    _checked(_libc().sethostname(raw, len(raw)), "sethostname")


def drop_capability(number: int) -> None:
    """Take a capability out of the bounding set for ever."""
    _checked(_libc().prctl(PR_CAPBSET_DROP, number, 0, 0, 0), "prctl capbset")


def forbid_new_privileges() -> None:
    """Make sure that no program started from here gains a right (sudo, file capabilities)."""
    _checked(_libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl no_new_privs")


def keep_capabilities() -> None:
    """Keep the permitted set across the change of user that follows."""
    _checked(_libc().prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl keepcaps")


def keep_only(capability: int) -> None:
    """Reduce an unprivileged process to one capability, which its programs inherit."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    _checked(_libc().syscall(_SYS_CAPSET[os.uname().machine], header, data), "capset")
    raised = _libc().prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
    _checked(raised, "prctl ambient")


def _leave_chroot() -> None:
    """Stand at the root of our own mount namespace, wherever a chroot(2) has put us."""
    join("/proc/self/ns/mnt", CLONE_NEWNS)


def _take_root(directory: int) -> None:
    """Make an open directory this process's root and stand there."""
    os.fchdir(directory)
    os.chroot(".")


@cache
def _libc() -> ctypes.CDLL:
    """Return the C library that Python itself runs on."""
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    """Raise the OSError of the last call when it failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
