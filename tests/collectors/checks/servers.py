# SPDX-License-Identifier: MIT
"""Servers to check: of pages by TLS, of names, of time, and one that is silent."""

import http.server
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from collectors.agent.check import Check
from tinhnet.pki import LIFE, Distribution, Pki
from tinhnet.secrets import SecretStore

LOCAL = "127.0.0.1"
NAME = "portal.quangnam.test"
PAGE = "Cổng thông tin điện tử tỉnh Quảng Nam"
WAIT_S = 60.0
ERA_S = 2_208_988_800
Answer = Callable[[bytes], bytes | None]


class Portal(http.server.BaseHTTPRequestHandler):
    """Serves the page."""

    def do_GET(self) -> None:
        """Answer."""
        body = f"<h1>{PAGE}</h1>".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name of the library
        """Say nothing."""


@contextmanager
def portal(folder: Path, left: timedelta) -> Iterator[Check]:
    """Serve the page with a certificate that holds for `left`; yield the check of it."""
    where = Distribution("http://pki.test/ocsp", "http://pki.test/crl")
    then = datetime.now(UTC) - LIFE + left
    pki = Pki(folder, SecretStore(folder / "secrets"), where, "Tỉnh", lambda: then)
    issued = pki.server("portal", [NAME], [ip_address(LOCAL)])
    both = folder / "both.pem"
    both.write_text(issued.certificate_pem + issued.key.value, encoding="ascii")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(both)
    with http.server.ThreadingHTTPServer((LOCAL, 0), Portal) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        port = int(server.server_address[1])
        with _serving(server.serve_forever, server.shutdown):
            yield Check("portal", "https", LOCAL, port, NAME, "/", PAGE, pki.authority())


@contextmanager
def answering(answer: Answer) -> Iterator[int]:
    """Answer datagrams while the block runs, None with silence; yield the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((LOCAL, 0))
        server.settimeout(0.1)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                with suppress(TimeoutError):
                    question, origin = server.recvfrom(4096)
                    said = answer(question)
                    if said is not None:
                        server.sendto(said, origin)

        with _serving(serve, ended.set):
            yield int(server.getsockname()[1])


@contextmanager
def silent() -> Iterator[int]:
    """Accept connections and say nothing while the block runs; yield the port."""
    with socket.create_server((LOCAL, 0), backlog=1000) as server:
        yield int(server.getsockname()[1])


def names(address: str) -> Answer:
    """Return a name server that knows one address, whatever the name."""

    def answer(question: bytes) -> bytes:
        header = question[:2] + struct.pack(">5H", 0x8180, 1, 1, 0, 0)
        record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(address)
        return header + question[12:] + record

    return answer


def clock(ahead_s: float, *, first: int = 0x24, stratum: int = 2, echoes: bool = True) -> Answer:
    """Return a time server whose clock is ahead; `first` is leap, version and mode."""

    def answer(question: bytes) -> bytes:
        stamp = int((time.time() + ahead_s + ERA_S) * 2**32).to_bytes(8)
        origin = question[40:48] if echoes else bytes(8)
        return bytes([first, stratum]) + bytes(22) + origin + stamp + stamp

    return answer


@contextmanager
def _serving(work: Callable[[], None], end: Callable[[], object]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        end()
        thread.join(WAIT_S)
