# SPDX-License-Identifier: MIT
"""Agents to ask: Debian's snmpd, and one of ours that does on purpose what real ones do by fault.

The second speaks through pysnmp's codec, so that nothing here can agree with
the product's codec by sharing its mistakes.
"""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v2c

PATIENCE_S = 60
AUTH = "authentication passphrase"
PRIV = "privacy passphrase"
USERS = {"sha1": "SHA", "sha224": "SHA-224", "sha256": "SHA-256", "sha384": "SHA-384"} | {
    "sha512": "SHA-512"
}
"""User name (that of the product's authentication) and what snmpd calls the hash."""
CONF = """agentAddress udp:127.0.0.1:{port}
rocommunity public 127.0.0.1
sysName core1
sysDescr tinhnet core
sysLocation Tam Kỳ
sysContact NOC
createUser lowly SHA-256 "{auth}"
rouser lowly auth
createUser plain SHA-256 "{auth}"
{users}
{more}
"""


@dataclass(slots=True)
class Snmpd:
    """A running snmpd on a port of the loopback that the kernel chose."""

    folder: Path
    port: int = 0
    more: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it, with port and engine of the last time, and wait until it serves."""
        lines = [
            f'createUser {user} {name} "{AUTH}" AES "{PRIV}"\nrouser {user} priv'
            for user, name in USERS.items()
        ]
        text = CONF.format(port=self.port, auth=AUTH, users="\n".join(lines), more=self.more)
        (self.folder / "snmpd.conf").write_text(text, encoding="utf-8")
        command = ["snmpd", "-f", "-C", "-c", "snmpd.conf", "-Lf", "log", "-I", "-smux"]
        paths = {"SNMP_PERSISTENT_DIR": str(self.folder), "SNMPCONFPATH": str(self.folder)}
        self.process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=os.environ | paths | {"MIBS": ""},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE_S
        while not self._serves():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "snmpd does not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it; it writes down how often it has started."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)

    def _serves(self) -> bool:
        """Learn the port from the kernel; snmpd logs its version once all is set up."""
        assert self.process is not None
        log = self.folder / "log"
        if not log.exists() or "NET-SNMP version" not in log.read_text(errors="replace"):
            return False
        of_process = Path(f"/proc/{self.process.pid}")
        sockets = {str(one.readlink()) for one in (of_process / "fd").iterdir() if one.is_symlink()}
        for line in (of_process / "net/udp").read_text().splitlines()[1:]:
            words = line.split()
            if f"socket:[{words[9]}]" in sockets and words[1].startswith("0100007F:"):
                self.port = int(words[1].split(":")[1], 16)
                return True
        return False


Tree = Mapping[tuple[int, ...], object]
"""What an agent holds, by name; values are of pysnmp's types."""


def tree_of(rows: Mapping[str, object]) -> Tree:
    """Return a tree from dotted names, sorted as an agent walks it."""
    found = {tuple(map(int, name.split("."))): value for name, value in rows.items()}
    return dict(sorted(found.items()))


@dataclass(slots=True)
class Made:
    """What the agent of ours has in its hands: change it while it runs.

    `too_big` is the number of values above which it answers tooBig, `most`
    the number it cuts an answer at.  `spoil` may replace each answer's bytes,
    or swallow them by returning nothing.
    """

    tree: Tree
    too_big: int = 10_000
    most: int = 10_000
    spoil: Callable[[bytes], list[bytes]] = lambda answer: [answer]
    asked: list[tuple[str, int]] = field(default_factory=list)
    port: int = 0


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, made: Made) -> None:
        self._made = made
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self._transport = cast("asyncio.DatagramTransport", transport)  # not by class in 3.11

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer."""
        assert self._transport is not None
        for answer in self._made.spoil(answer_of(self._made, data)):
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def serving(made: Made) -> AsyncIterator[Made]:
    """Serve what an agent holds while the block runs."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Protocol(made), local_addr=("127.0.0.1", 0)
    )
    made.port = transport.get_extra_info("sockname")[1]
    try:
        yield made
    finally:
        transport.close()


def answer_of(made: Made, data: bytes) -> bytes:
    """Return the answer to an SNMPv2c request."""
    message, rest = decoder.decode(data, asn1Spec=v2c.Message())
    assert not rest
    request = v2c.apiMessage.get_pdu(message)
    names = [tuple(name) for name, _ in v2c.apiPDU.get_varbinds(request)]
    kind = type(request).__name__
    made.asked.append((kind, len(names)))
    answer = v2c.ResponsePDU()
    v2c.apiPDU.set_defaults(answer)
    v2c.apiPDU.set_request_id(answer, v2c.apiPDU.get_request_id(request))
    if kind == "GetRequestPDU":
        found = [(name, made.tree.get(name, rfc1902_absent("object"))) for name in names]
    elif kind == "GetNextRequestPDU":
        found = [_after(made.tree, name) for name in names]
    else:
        found = _bulk(made, names, int(v2c.apiBulkPDU.get_max_repetitions(request)))
    if len(found) > made.too_big:
        v2c.apiPDU.set_error_status(answer, 1)
        found = []
    v2c.apiPDU.set_varbinds(answer, found[: made.most])
    v2c.apiMessage.set_pdu(message, answer)
    encoded = encoder.encode(message)
    assert isinstance(encoded, bytes)
    return encoded


def rfc1902_absent(what: str) -> object:
    """Return pysnmp's value for what is not there."""
    kinds = {"object": v2c.NoSuchObject, "instance": v2c.NoSuchInstance, "end": v2c.EndOfMibView}
    return kinds[what]("")


def _after(tree: Tree, name: tuple[int, ...]) -> tuple[tuple[int, ...], object]:
    for one, value in tree.items():
        if one > name:
            return one, value
    return name, rfc1902_absent("end")


def _bulk(
    made: Made, names: list[tuple[int, ...]], repetitions: int
) -> list[tuple[tuple[int, ...], object]]:
    found = []
    for _ in range(repetitions):
        row = [_after(made.tree, name) for name in names]
        found += row
        names = [name for name, _ in row]
        if len(found) > min(made.most, made.too_big):
            break
    return found
