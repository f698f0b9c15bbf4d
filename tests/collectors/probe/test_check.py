# SPDX-License-Identifier: MIT
"""Checks of services against servers that answer, refuse, lie or stay silent."""

import http.server
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from collectors.agent.check import Check, examine
from tests.conftest import free_port
from tinhnet.pki import Distribution, Pki
from tinhnet.secrets import SecretStore
from tinhnet.sentences import worded

LOCAL = "127.0.0.1"
PAGE = "Cổng thông tin điện tử tỉnh Quảng Nam"
WAIT_S = 30.0


class Portal(http.server.BaseHTTPRequestHandler):
    """Serves the page, and one that is broken."""

    def do_GET(self) -> None:
        """Answer."""
        body = f"<h1>{PAGE}</h1>".encode()
        self.send_response(502 if self.path == "/broken" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name of the library
        """Say nothing."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Return an authority."""
    folder = tmp_path_factory.mktemp("pki")
    where = Distribution("http://pki.test/ocsp", "http://pki.test/crl")
    return Pki(folder, SecretStore(folder / "secrets"), where, "Tỉnh")


@pytest.fixture(scope="module")
def portal(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Check]:
    """Run a portal with TLS; yield the check of it."""
    issued = pki.server("portal", ["portal.quangnam.test"], [ip_address(LOCAL)])
    both: Path = tmp_path_factory.mktemp("portal") / "both.pem"
    both.write_text(issued.certificate_pem + issued.key.value, encoding="ascii")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(both)
    with http.server.ThreadingHTTPServer((LOCAL, 0), Portal) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            port = int(server.server_address[1])
            yield Check(
                "portal", "https", LOCAL, port, "portal.quangnam.test", "/", PAGE, pki.authority()
            )
        finally:
            server.shutdown()
            thread.join(WAIT_S)


@contextmanager
def answering(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """Answer one datagram while the block runs; yield the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((LOCAL, 0))
        server.settimeout(WAIT_S)

        def serve() -> None:
            question, origin = server.recvfrom(4096)
            server.sendto(answer(question), origin)

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(server.getsockname()[1])
        thread.join(WAIT_S)


def test_a_page_that_is_as_it_should_be_is_ok(portal: Check) -> None:
    """With how long it took and how long its certificate holds."""
    found = examine(portal)

    assert (found.service, found.is_ok, found.why) == ("portal", True, ())
    assert 0 < found.duration_s < 5
    assert found.expires_s is not None
    assert 89 * 86400 < found.expires_s < 91 * 86400


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"expect": "Một cửa điện tử"}, "the page lacks 'Một cửa điện tử'"),
        ({"path": "/broken"}, "answers 502 Bad Gateway"),
        ({"name": "dvc.quangnam.test"}, "bad certificate: Hostname mismatch"),
    ],
)
def test_a_page_that_is_wrong_says_why(portal: Check, changed: dict[str, str], why: str) -> None:
    """A server that runs is not yet a service that works."""
    found = examine(portal._replace(**changed))

    assert not found.is_ok
    assert worded(found.why).startswith(why)


def test_another_authoritys_certificate_is_refused(portal: Check, tmp_path: Path) -> None:
    """Whoever answers in the portal's place is not the portal."""
    where = Distribution("http://pki.test/ocsp", "http://pki.test/crl")
    other = Pki(tmp_path, SecretStore(tmp_path / "secrets"), where, "Kẻ khác")

    found = examine(portal._replace(authority=other.authority()))

    assert worded(found.why).startswith("bad certificate: ")


def test_a_closed_port_is_told(portal: Check) -> None:
    """At once."""
    found = examine(Check("ocsp", "tcp", LOCAL, free_port()))

    assert (found.is_ok, found.why) == (False, ("Connection refused",))
    assert examine(Check("ocsp", "tcp", LOCAL, portal.port)).is_ok


def addressed(address: str, code: int = 0) -> Callable[[bytes], bytes]:
    """Return a name server that knows one address."""

    def answer(question: bytes) -> bytes:
        header = question[:2] + struct.pack(">5H", 0x8180 | code, 1, int(not code), 0, 0)
        record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(address)
        return header + question[12:] + (b"" if code else record)

    return answer


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (addressed("10.90.10.11"), ""),
        (
            addressed("10.90.10.99"),
            "knows another address of portal.quangnam.test than 10.90.10.11",
        ),
        (addressed("10.90.10.11", 2), "answers with code 2 to portal.quangnam.test"),
        (lambda question: b"\0\0" + question[2:4], "an answer to another question"),
        (lambda question: question[:3], "an answer that makes no sense"),
    ],
    ids=["right", "wrong", "fails", "stray", "short"],
)
def test_a_name_server_must_know_the_address(answer: Callable[[bytes], bytes], why: str) -> None:
    """A wrong answer is worse than none."""
    with answering(answer) as port:
        found = examine(
            Check("dns1", "dns", LOCAL, port, "portal.quangnam.test", expect="10.90.10.11")
        )

    assert (found.is_ok, worded(found.why)) == (not why, why)


@pytest.mark.parametrize(
    ("first", "is_ok"), [(b"\x24\x02", True), (b"\xe4\x00", False), (b"\x24\x10", False)]
)
def test_a_time_server_must_be_synchronised(first: bytes, is_ok: bool) -> None:  # noqa: FBT001 a case
    """One that answers with a clock of its own leads everybody astray."""
    with answering(lambda _: first + bytes(46)) as port:
        found = examine(Check("ntp1", "ntp", LOCAL, port))

    assert found.is_ok is is_ok
