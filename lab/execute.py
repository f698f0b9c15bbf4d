# SPDX-License-Identifier: MIT
"""Run a command on a device, or as the product on the controller."""

import os
import pwd
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from lab import cgroup, kernel
from lab.boot import ENVIRONMENT, forbid
from lab.disk import ACCOUNT_ID, File, write
from lab.layout import RESOLVERS, Layout
from lab.machine import explained
from lab.power import is_alive
from lab.record import DeviceRecord
from tinhnet.errors import TinhnetError

USER = "tinhnet"
CAP_NET_RAW = 13
_RESOLVER_SOCKETS = (Path("/run/systemd/resolve"), Path("/run/nscd"))
_ALL = (
    kernel.CLONE_NEWNS
    | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWCGROUP
)
_NOT_FOUND = 127


@dataclass(frozen=True, slots=True)
class Captured:
    """How a command ended (128 + signal) and what it wrote."""

    status: int
    stdout: str
    stderr: str


def on_device(
    layout: Layout, device: DeviceRecord, command: tuple[str, ...], *, account: bool = False
) -> int:
    """Run a command inside a device and return its exit status (128 + signal).

    As root, or with `account` as the device's own `tinhnet` that can never
    gain a right.

    TinhnetError when the device is powered off.
    """
    pid = require_power(layout, device)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _enter_device(layout, device, pid, command, account=account)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def require_power(layout: Layout, device: DeviceRecord) -> int:
    """Return the process id of a device's PID 1; TinhnetError when it is powered off."""
    if device.pid is None or not is_alive(layout, device):
        hint = f"tinhnet lab start --prefix {layout.prefix} {device.id}"
        raise TinhnetError(f"device {device.id} is powered off", hint)
    return device.pid


def captured(run: Callable[[], int]) -> Captured:
    """Do something in a child and return its exit status and what was written meanwhile.

    Files take the output, not pipes: what a command leaves running in the
    background keeps them open and must not keep us waiting.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaints:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _run_into(run, out.fileno(), complaints.fileno())
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in (out, complaints):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Captured(status if status >= 0 else 128 - status, texts[0], texts[1])


def as_product(
    layout: Layout,
    controller: str,
    command: tuple[str, ...],
    *,
    home: Path,
    checkout: Path,
    net_raw: bool = False,
) -> NoReturn:
    """Become the product: never returns, so that signals and open files pass through.

    The machine's own user `tinhnet`, the controller's network, the province's
    resolver, and a checkout that is reachable even below /root.  `net_raw`
    leaves the one capability that a packet sensor needs.
    """
    account = product_account()
    with explained(f"the namespace of {controller} cannot be entered"):
        group = cgroup.group_of(layout.prefix, controller, cgroup.VISITORS)
        (group / "cgroup.procs").write_text("0")
        kernel.join(layout.namespace_file(controller), kernel.CLONE_NEWNET)
        kernel.unshare(kernel.CLONE_NEWNS)
        kernel.keep_mounts_private()
        _use_resolver(RESOLVERS / layout.namespace(controller) / "resolv.conf")
        _open_the_way((checkout, home.parent, Path(sys.base_prefix)))
        kernel.mount("sysfs", "/sys", "sysfs", kernel.MS_RDONLY)
    os.initgroups(USER, account.pw_gid)
    os.setgid(account.pw_gid)
    if net_raw:
        kernel.keep_capabilities()
    os.setuid(account.pw_uid)
    if net_raw:
        kernel.keep_only(CAP_NET_RAW)
    environment = {**os.environ, "HOME": str(home), "USER": USER, "LOGNAME": USER}
    _execute(command, environment, checkout)


def prepare_home(home: Path) -> None:
    """Make the product's home directory and give it to the product's user."""
    account = product_account()
    home.mkdir(parents=True, exist_ok=True)
    os.chown(home, account.pw_uid, account.pw_gid)


def write_inside(device: DeviceRecord, files: Iterable[File]) -> None:
    """Write files in the mount namespace of a running device; TinhnetError when one fails."""
    if device.pid is None:
        return
    child = os.fork()
    if child == 0:
        try:
            kernel.join_process(device.pid, kernel.CLONE_NEWNS)
            for file in files:
                write(Path("/"), file)
            os._exit(0)
        except OSError as error:
            sys.stderr.write(f"tinhnet: {device.id}: {error}\n")
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0:
        raise TinhnetError(f"{device.id}: a file could not be written", "is its disk full?")


def product_account() -> pwd.struct_passwd:
    """Return the machine's user that the product runs as; TinhnetError when missing."""
    try:
        return pwd.getpwnam(USER)
    except KeyError as error:
        hint = f"useradd --system --user-group --shell /usr/sbin/nologin {USER}"
        raise TinhnetError(f'this machine has no user "{USER}"', hint) from error


def first_blocked(path: Path) -> Path | None:
    """Return the topmost directory above `path` that others may not pass, None if all may."""
    for ancestor in reversed(path.parents):
        if not ancestor.stat().st_mode & 0o001:
            return ancestor
    return None


def _use_resolver(resolver: Path) -> None:
    """Ask the province's name servers alone, also where the machine runs a resolver of its own."""
    for daemon in _RESOLVER_SOCKETS:
        if daemon.is_dir():
            kernel.mount("tmpfs", daemon, "tmpfs", kernel.MS_NODEV | kernel.MS_NOSUID, "mode=755")
    target = Path("/etc/resolv.conf").resolve()
    if target.parent in _RESOLVER_SOCKETS:
        target.touch(mode=0o644)
    if not target.exists():
        raise TinhnetError(
            "this machine has no /etc/resolv.conf to cover", "touch /etc/resolv.conf"
        )
    kernel.mount(str(resolver), target, flags=kernel.MS_BIND)


def _open_the_way(paths: Sequence[Path]) -> None:
    """Cover blocked ancestors with an empty directory that holds only the way to `paths`."""
    pairs = ((path, first_blocked(path)) for path in paths)
    blocked = [(path, above) for path, above in pairs if above is not None]
    for above in dict.fromkeys(above for _, above in blocked):
        wanted = _outermost([path for path, over in blocked if over == above])
        handles = {path: os.open(path, os.O_PATH) for path in wanted}
        kernel.mount("tmpfs", above, "tmpfs", kernel.MS_NODEV | kernel.MS_NOSUID, "mode=755")
        for path, handle in handles.items():
            path.mkdir(parents=True, exist_ok=True)
            kernel.mount(f"/proc/self/fd/{handle}", path, flags=kernel.MS_BIND | kernel.MS_REC)
            os.close(handle)


def _outermost(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the paths that lie in no other of them."""
    different = set(paths)
    return tuple(path for path in different if not different.intersection(path.parents))


def _enter_device(
    layout: Layout, device: DeviceRecord, pid: int, command: tuple[str, ...], *, account: bool
) -> None:
    """In the child: join the device and run; never returns."""
    try:
        group = cgroup.group_of(layout.prefix, device.id, cgroup.VISITORS)
        (group / "cgroup.procs").write_text("0")
        kernel.join_process(pid, _ALL)
        os.chdir("/root")
        inner = os.fork()  # only a child is born in the new process id namespace
        if inner == 0:
            forbid()
            environment = {**ENVIRONMENT, "TERM": os.environ.get("TERM", "linux")}
            if account:
                _become_account()
                environment["HOME"] = f"/home/{USER}"
            _execute(command, environment, Path(environment["HOME"]))
        _, status = os.waitpid(inner, 0)
        code = os.waitstatus_to_exitcode(status)
        os._exit(code if code >= 0 else 128 - code)
    except OSError as error:
        sys.stderr.write(f"tinhnet: {device.id}: {error}\n")
    finally:
        os._exit(1)


def _become_account() -> None:
    kernel.forbid_new_privileges()
    os.initgroups(USER, ACCOUNT_ID)
    os.setgid(ACCOUNT_ID)
    os.setuid(ACCOUNT_ID)


def _run_into(run: Callable[[], int], out: int, complaints: int) -> NoReturn:
    """In a child: run with standard output and error in two files."""
    try:
        os.dup2(out, 1)
        os.dup2(complaints, 2)
        os._exit(run())
    except TinhnetError as error:
        sys.stderr.write(f"tinhnet: {error}\n")
        sys.stderr.flush()
    finally:
        os._exit(1)


def _execute(command: tuple[str, ...], environment: dict[str, str], directory: Path) -> NoReturn:
    try:
        if not directory.is_dir():
            directory = Path("/")
        os.chdir(directory)
        os.execvpe(command[0], command, environment)  # noqa: S606 what the person asked for, no shell
    except (FileNotFoundError, PermissionError):
        # A directory of the caller's PATH that is closed here must not hide the plain truth.
        sys.stderr.write(f"tinhnet: {command[0]}: not found, or not to be run by this user\n")
    except OSError as error:
        sys.stderr.write(f"tinhnet: {command[0]}: {error.strerror}\n")
    os._exit(_NOT_FOUND)
