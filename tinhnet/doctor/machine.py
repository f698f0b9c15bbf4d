# SPDX-License-Identifier: MIT
"""What the machine offers: programs, Python packages, ports, disk, memory, user, state."""

import os
import pwd
import shutil
import socket
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from tinhnet.doctor.finding import Examined, Purpose
from tinhnet.errors import ProblemsError
from tinhnet.inventory.loader import load
from tinhnet.ports import holder
from tinhnet.settings import Config
from tinhnet.store.engine import SQLITE_FILE
from tinhnet.store.errors import StoreError
from tinhnet.store.migrate import current, known, store_of

GIB = 1 << 30
USER = "tinhnet"
CACHE = Path("/var/cache/tinhnet")
DISK_RUN = 2 * GIB
DISK_LAB = 2 * GIB
MEMORY_LAB = 5 * GIB
OLDEST_PYTHON = (3, 11)

# Program, Debian package, what fails without it.
PROGRAMS = (
    ("ssh", "openssh-client", Purpose.RUN),
    ("ssh-keygen", "openssh-client", Purpose.RUN),
    ("git", "git", Purpose.RUN),
    ("ip", "iproute2", Purpose.LAB),
    ("tc", "iproute2", Purpose.LAB),
    ("nft", "nftables", Purpose.LAB),
    ("unshare", "util-linux", Purpose.LAB),
    ("nsenter", "util-linux", Purpose.LAB),
    ("ping", "iputils-ping", Purpose.LAB),
    ("modprobe", "kmod", Purpose.LAB),
    ("mmdebstrap", "mmdebstrap", Purpose.LAB),
    ("curl", "curl", Purpose.LAB),
    ("openssl", "openssl", Purpose.LAB),
    ("chromium", "chromium", Purpose.TEST),
)
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def examine_programs() -> Iterator[Examined]:
    """Look for every program."""
    for name, package, needed in PROGRAMS:
        path = shutil.which(name, path=SYSTEM_PATH)
        yield _found("program", name, path, needed, f"apt-get install {package}")
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    path = str(servers[-1]) if servers else None
    yield _found("program", "postgres", path, Purpose.TEST, "apt-get install postgresql")


def examine_python() -> Iterator[Examined]:
    """Look at Python and at every package the product asks for."""
    shown = ".".join(str(part) for part in sys.version_info[:3])
    is_new = sys.version_info[:2] >= OLDEST_PYTHON
    hint = "" if is_new else "Debian 12 brings Python 3.11 as /usr/bin/python3"
    yield Examined("python", "Python", is_new, shown, Purpose.RUN, hint)
    for requirement in requires("tinhnet") or []:
        wanted, _, extra = requirement.partition(";")
        name = wanted.split("[")[0].split("~")[0].split(">")[0].split("=")[0].strip()
        needed = Purpose.TEST if "extra ==" in extra else Purpose.RUN
        try:
            found: str | None = version(name)
        except PackageNotFoundError:
            found = None
        yield _found("python", name, found, needed, "make setup")


def examine_resources(config: Config) -> Iterator[Examined]:
    """Look at disk, memory and the web's port."""
    yield _room("disk for the state", config.state, DISK_RUN, Purpose.RUN)
    yield _room("disk for the lab", CACHE, DISK_LAB, Purpose.LAB)
    memory = _available_memory()
    hint = "" if memory >= MEMORY_LAB else f"{MEMORY_LAB // GIB} GiB are needed: end other programs"
    yield Examined(
        "machine",
        "memory",
        memory >= MEMORY_LAB,
        f"{memory / GIB:.1f} GiB available",
        Purpose.LAB,
        hint,
    )
    yield _echo()
    port = config.web.port
    found = holder(port)
    who = f"held by {found.name} (pid {found.pid})" if found else "free"
    is_ours = found is not None and _is_ours(found.pid)
    hint = "" if found is None or is_ours else "end it, or set web.port"
    yield Examined(
        "machine",
        f"port {port}",
        found is None or is_ours,
        f"{who}, which is tinhnet" if is_ours else who,
        Purpose.RUN,
        hint,
    )


def examine_installation(config: Config) -> Iterator[Examined]:
    """Look at the user, the state and its schema, the inventory and the lab's base root."""
    try:
        user: str | None = f"uid {pwd.getpwnam(USER).pw_uid}"
    except KeyError:
        user = None
    add = f"useradd --system --user-group --shell /usr/sbin/nologin {USER} (make setup does)"
    yield _found("installation", f"user {USER}", user, Purpose.LAB, add)
    yield _state(config)
    yield _inventory(config)
    bases = sorted(CACHE.glob("base-*")) if CACHE.is_dir() else []
    base = bases[-1].name if bases else "not built"
    hint = "" if bases else "the first `tinhnet lab up` builds it in about a minute"
    yield Examined("installation", "base root of the lab", bool(bases), base, None, hint)


def _echo() -> Examined:
    """Look whether devices may be asked by echo requests; without root this user is meant."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except PermissionError:
        hint = (
            "start it with AmbientCapabilities=CAP_NET_RAW (systemd): devices are not pinged else"
        )
        return Examined("machine", "raw sockets", False, "not allowed", None, hint)  # noqa: FBT003 fields in order
    return Examined("machine", "raw sockets", ok=True, found="allowed", needed=None)


def _state(config: Config) -> Examined:
    place = config.store.url or str(config.state / SQLITE_FILE)
    if not config.store.url and not (config.state / SQLITE_FILE).exists():
        parent = next(path for path in (config.state, *config.state.parents) if path.exists())
        ok = os.access(parent, os.W_OK)
        hint = "" if ok else f"{parent} must be writable for this user"
        return Examined("installation", "state", ok, "new", Purpose.RUN, hint)
    try:
        store = store_of(config)
        try:
            found = current(store)
        finally:
            store.close()
    except StoreError as error:
        return Examined("installation", "state", False, error.message, Purpose.RUN, error.hint)  # noqa: FBT003 fields in order
    newest = known()[-1]
    ok = found in (None, newest)
    hint = "" if ok else f"schema {newest} is needed: `tinhnet migrate`"
    shown = f"schema {found or 'none yet'} at {place}"
    return Examined("installation", "state", ok, shown, Purpose.RUN, hint)


def _inventory(config: Config) -> Examined:
    try:
        network = load(config.inventory)
    except ProblemsError as error:
        shown = f"{len(error.problems)} problems, the first: {error.problems[0]}"
        hint = "`tinhnet sites` shows all of them"
        return Examined("installation", "inventory", False, shown, Purpose.RUN, hint)  # noqa: FBT003 fields in order
    shown = f"{len(network.sites)} sites, {len(network.devices)} devices"
    return Examined("installation", "inventory", ok=True, found=shown, needed=Purpose.RUN)


def _found(group: str, name: str, found: str | None, needed: Purpose, hint: str) -> Examined:
    if found is None:
        return Examined(group, name, False, "missing", needed, hint)  # noqa: FBT003 fields in order
    return Examined(group, name, ok=True, found=found, needed=needed)


def _room(name: str, directory: Path, wanted: int, needed: Purpose) -> Examined:
    parent = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(parent).free
    hint = "" if free >= wanted else f"{wanted // GIB} GiB are needed at {parent}"
    return Examined("machine", name, free >= wanted, f"{free / GIB:.1f} GiB free", needed, hint)


def _available_memory() -> int:
    """Return the bytes a new program may use (MemAvailable of /proc/meminfo, in KiB)."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _is_ours(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"tinhnet" in command or b"webui" in command
