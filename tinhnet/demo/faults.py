# SPDX-License-Identifier: MIT
"""Faults of servers that a story makes on purpose, each with the way back."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from shutil import copytree

from cryptography import x509

from tinhnet.demo.box import Box
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.pki import LIFE, Distribution, Pki
from tinhnet.secrets import SecretStore

FULL = Path("/var/tmp/full")  # noqa: S108 a file of the server in the box, in a place that counts
CERTIFICATE = "/etc/ssl/tinhnet/server.pem"
LEFT = timedelta(days=5)
AHEAD_S = 5
NTP = """
import socket, struct, time
channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
channel.bind(("", 123))
def stamp():
    return int((time.time() + {ahead} + 2208988800) * 2**32).to_bytes(8, "big")
while True:
    question, sender = channel.recvfrom(1024)
    now = stamp()
    head = struct.pack("!BBbbII4s", 0x24, 2, 6, -20, 0, 0, bytes(4))
    channel.sendto(head + now + question[40:48] + now + stamp(), sender)
"""
"""A time server (RFC 5905) that answers well and is wrong."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks on a server, and the thing and rule of its one alert."""

    rule: str
    thing: str
    make: Callable[[], None]
    mend: Callable[[], None]


def faults_of(box: Box, network: DeclaredNetwork) -> tuple[Fault, ...]:
    """Return four faults on four servers: a full disk, a dead service, a certificate, a clock."""
    page, shown = network.services["onestop"], network.services["dvc"]
    clock, disk = network.services["ntp2"].server, network.services["docs"].server

    def on(device: str, *command: str) -> None:
        box.must(box.inside(device, command))

    def fill() -> None:
        size = "$(df --output=avail -B1 /var/tmp | tail -1 | awk '{printf \"%d\", $1 * 0.96}')"
        on(disk, "sh", "-c", f"fallocate -l {size} {FULL}")

    def expire() -> None:
        on(shown.server, "cp", "-p", CERTIFICATE, f"{CERTIFICATE}.kept")
        text = nearly_over(box.state, network, shown.server)
        on(shown.server, "sh", "-c", f"cat > {CERTIFICATE} <<'END'\n{text}END\n")
        on(shown.server, "systemctl", "reload", "nginx")

    def renew() -> None:
        on(shown.server, "mv", f"{CERTIFICATE}.kept", CERTIFICATE)
        on(shown.server, "systemctl", "reload", "nginx")

    def drift() -> None:
        on(clock, "systemctl", "stop", "chrony")
        program = NTP.format(ahead=AHEAD_S)
        on(clock, "systemd-run", "--quiet", "--unit=wrong-time", "python3", "-c", program)

    def set_right() -> None:
        on(clock, "systemctl", "stop", "wrong-time")
        on(clock, "systemctl", "start", "chrony")

    return (
        Fault("storage-full", f"device:{disk}", fill, lambda: on(disk, "rm", str(FULL))),
        Fault(
            "service-down",
            f"service:{page.id}",
            lambda: on(page.server, "systemctl", "stop", "nginx"),
            lambda: on(page.server, "systemctl", "start", "nginx"),
        ),
        Fault("certificate-expiring", f"service:{shown.id}", expire, renew),
        Fault("clock-drift", f"device:{clock}", drift, set_right),
    )


def nearly_over(state: Path, network: DeclaredNetwork, server: str) -> str:
    """Return the certificate of a server as it would be five days before its end, as PEM.

    It is issued from a copy of the authority whose clock goes behind: the
    product's own register stays as it is.
    """
    held = x509.load_pem_x509_certificate((state / "pki" / f"{server}.pem").read_bytes())
    names = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    held_addresses = names.get_values_for_type(x509.IPAddress)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("pki", "secrets"):
            copytree(state / part, copy / part)
        (copy / "pki" / f"{server}.pem").unlink()
        issued = datetime.now(UTC) - LIFE + LEFT
        where = Distribution("http://invalid.test/ocsp", "http://invalid.test/crl")
        name = network.province.name_vi
        old = Pki(copy, SecretStore(copy / "secrets"), where, name, lambda: issued)
        return old.server(
            server,
            names.get_values_for_type(x509.DNSName),
            [one for one in held_addresses if isinstance(one, IPv4Address | IPv6Address)],
        ).certificate_pem
