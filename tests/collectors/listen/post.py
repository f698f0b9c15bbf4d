# SPDX-License-Identifier: MIT
"""A listen worker on ports of the loopback, and devices that write to it."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from collectors.listen.worker import ListenWorker
from tests.conftest import free_port
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.inventory.once import load_once
from tinhnet.metrics import exposition
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.event import Event
from tinhnet.snmp_identity import engine_id, known_users
from tinhnet.store.events import list_after
from tinhnet.worker import Identity, metrics_directory

ROOT = Path(__file__).parents[3]
LOCAL = "127.0.0.1"
WAIT_S = 20.0
PORTS = ("syslog_udp_port", "syslog_tcp_port", "syslog_tls_port", "trap_port")
COMMUNITY = "a word of the test"
CIRCUIT = "dien-ban-1"


@dataclass(frozen=True, slots=True)
class Post:
    """A worker at work with the state it writes to."""

    worker: ListenWorker
    context: Context
    network: DeclaredNetwork
    folder: Path

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Step until a condition is true."""
        ends = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < ends, f"{what} did not come true"
            self.worker.step(self.context)

    def events(self) -> list[Event]:
        """Return every event, the first first."""
        with self.context.store.reading() as connection:
            return [one.event for one in list_after(connection, 0)]

    def wait(self, count: int) -> list[Event]:
        """Return the events once there are so many."""
        self.until(lambda: len(self.events()) >= count, f"{count} events")
        return self.events()

    def send(self, *lines: str) -> None:
        """Send lines as datagrams."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for line in lines:
                sender.sendto(line.encode(), (LOCAL, self.worker.taken["syslog_udp_port"]))

    def counted(self, reason: str) -> float:
        """Return how many messages /metrics says were refused for a reason."""
        text = exposition(metrics_directory(self.context))
        mark = f'tinhnet_events_refused_total{{reason="{reason}"}} '
        found = [line.removeprefix(mark) for line in text.splitlines() if line.startswith(mark)]
        return float(found[0]) if found else 0.0

    def tell(
        self, program: str, *bindings: str, user: Sequence[str], wait_s: float | None = None
    ) -> subprocess.Popen[bytes]:
        """Start net-snmp's `snmptrap` or `snmpinform` in a folder of its own."""
        where = f"udp:{LOCAL}:{self.worker.taken['trap_port']}"
        patience = [] if wait_s is None else ["-r", "0", "-t", str(wait_s)]
        return subprocess.Popen(
            [program, *user, *patience, where, *bindings],
            env=os.environ
            | {"SNMP_PERSISTENT_DIR": str(self.folder), "SNMPCONFPATH": "/nowhere", "MIBS": ""},
        )

    def user_of(self, device: str, *, name: str | None = None) -> list[str]:
        """Return the options of a device's own user; `name` is a false one."""
        user = known_users(self.context.secrets, device)[0]
        return [
            *("-v", "3", "-u", name or user.name, "-l", "authPriv"),
            *("-a", "SHA-256", "-A", user.auth, "-x", "AES", "-X", user.priv),
        ]

    def engine(self, device: str) -> list[str]:
        """Return the option that makes a trap come from a device's engine."""
        return ["-e", f"0x{engine_id(device).hex()}"]


def line(device: str, program: str, message: str, priority: int = 134) -> str:
    """Return a line of RFC 5424 as rsyslog on a device sends it."""
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    return f"<{priority}>1 {at} {device} {program} 412 - - {message}"


@contextmanager
def post_in(folder: Path, **settings: str) -> Iterator[Post]:
    """Run a worker on ports that nobody has, with users of core1 and edge1."""
    environment = {"TINHNET_STATE": str(folder / "var"), "TINHNET__LISTEN__HOST": LOCAL}
    environment |= {f"TINHNET__LISTEN__{name.upper()}": str(free_port()) for name in PORTS}
    environment |= {f"TINHNET__LISTEN__{name.upper()}": text for name, text in settings.items()}
    context = open_context(load_config(environment, ROOT))
    for device in ("core1", "edge1"):
        for kind in ("auth", "priv"):
            context.secrets.ensure(f"snmp/{device}/{kind}", lambda: os.urandom(12).hex())
    context.secrets.ensure("snmp/community", lambda: COMMUNITY)
    identity = Identity("listen", "test", os.getpid(), context.now)
    worker = ListenWorker(context, identity)
    try:
        yield Post(worker, context, load_once(ROOT / "inventory"), folder)
    finally:
        worker.close(context)
        context.store.close()
