# SPDX-License-Identifier: MIT
"""A check by TLS against servers that ask who comes, and against a real rsyslog."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from jinja2 import Template

from collectors.agent.check import Check, examine
from collectors.agent.proof import Proof
from tests.collectors.heard import until
from tests.conftest import ROOT, free_port
from tinhnet.pki import LIFE, Distribution, Issued, Pki
from tinhnet.secrets import SecretStore
from tinhnet.sentences import worded

LOCAL = "127.0.0.1"
NAME = "log1.quangnam.test"
DAY_S = 86_400
RSYSLOGD = shutil.which("rsyslogd")
ROLES = ROOT / "playbooks/roles"


class Province:
    """An authority with a log server's and a collector's certificate, `left` before their end."""

    def __init__(self, folder: Path, left: timedelta = LIFE) -> None:
        then = datetime.now(UTC) - LIFE + left
        where = Distribution("http://pki.test/ocsp", "http://pki.test/crl")
        self.pki = Pki(folder, SecretStore(folder / "secrets"), where, "Tỉnh", lambda: then)
        self.server = self.pki.server("log1", [NAME], [ip_address(LOCAL)])
        self.collector = self.pki.server("collector", ["noc.quangnam.test"], [])

    def check(self, port: int) -> Check:
        """Return the check of a log server."""
        proof = Proof(self.collector.certificate_pem, self.collector.key.value)
        return Check(
            "syslog", "tls", LOCAL, port, NAME, authority=self.pki.authority(), proof=proof
        )


def proof(issued: Issued) -> Proof:
    """Return how somebody with this certificate proves themselves."""
    return Proof(issued.certificate_pem, issued.key.value)


@contextmanager
def demanding(province: Province, ended: list[object], *, version: int) -> Iterator[int]:
    """Serve TLS to whoever proves themselves; `ended` gets how each conversation ended."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=province.pki.authority())
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.minimum_version = tls.maximum_version = ssl.TLSVersion(version)
    proof(province.server).load(tls)
    with socket.create_server((LOCAL, 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    plain, _ = server.accept()
                    with plain:
                        ended.append(_talk(tls, plain))

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        thread.join(60)


def _talk(tls: ssl.SSLContext, plain: socket.socket) -> object:
    """Return whose conversation ended well, or what was wrong with it."""
    plain.settimeout(30)
    try:
        with tls.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False) as channel:
            if channel.recv(1) == b"":
                peer = channel.getpeercert() or {}
                return dict(one for (one,) in peer["subject"])["commonName"]
            return "it speaks"
    except ssl.SSLError as error:
        return error.reason


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_handshake_proves_the_server_and_ends_with_a_goodbye(
    tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """A server that is left without one complains in its log, every ten seconds."""
    province, ended = Province(tmp_path), list[object]()
    with demanding(province, ended, version=version) as port:
        found = examine(province.check(port))
        until(lambda: ended, "the server saw the end")

    assert (found.is_ok, found.why) == (True, ())
    assert found.duration_s < 1
    assert found.expires_s is not None
    assert 89 * DAY_S < found.expires_s < 91 * DAY_S
    assert ended == ["noc.quangnam.test"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"name": "ns1.quangnam.test"}, "bad certificate: Hostname mismatch"),
        ({"authority": ""}, "bad certificate: "),
        ({"proof": None}, "no TLS: "),
    ],
    ids=["another's name", "another authority", "without proof"],
)
def test_what_is_wrong_with_a_handshake_is_told(
    tmp_path: Path, changed: dict[str, object], why: str
) -> None:
    """In TLS 1.2 a server also refuses us before the handshake is over."""
    province = Province(tmp_path)
    with demanding(province, [], version=ssl.TLSVersion.TLSv1_2) as port:
        found = examine(province.check(port)._replace(**changed))

    assert not found.is_ok
    assert worded(found.why).startswith(why)


def test_an_expired_certificate_of_a_log_server_is_an_outage(tmp_path: Path) -> None:
    """Devices that verify it have stopped sending."""
    ours = Province(tmp_path, timedelta(days=-1))
    with demanding(ours, [], version=ssl.TLSVersion.TLSv1_2) as port:
        found = examine(ours.check(port))

    assert worded(found.why) == "bad certificate: certificate has expired"


def test_an_open_port_without_tls_is_no_log_server(tmp_path: Path) -> None:
    """That is what the check of an open port could not tell."""
    with socket.create_server((LOCAL, 0)) as server:

        def answer() -> None:
            with server.accept()[0] as channel:
                channel.sendall(b"220 hello\r\n")

        answering = threading.Thread(target=answer)
        answering.start()
        found = examine(Province(tmp_path).check(server.getsockname()[1]))
        answering.join(60)

    assert not found.is_ok
    assert worded(found.why).startswith("no TLS: ")


@contextmanager
def rsyslog(folder: Path, province: Province, port: int) -> Iterator[Path]:
    """Run rsyslog as the log server's role configures its listener; yield what it says."""
    (folder / "ca.pem").write_text(province.pki.authority(), encoding="ascii")
    (folder / "server.pem").write_text(province.server.certificate_pem, encoding="ascii")
    (folder / "server.key").write_text(province.server.key.value, encoding="ascii")
    (folder / "devices.json").write_text('{"version": 1, "type": "string", "table": []}')
    common = (ROLES / "baseline/templates/rsyslog.conf.j2").read_text(encoding="utf-8")
    listener = (ROLES / "log_server/templates/receive.conf.j2").read_text(encoding="utf-8")
    device = {"id": "log1"}
    text = Template(common[: common.index("module(")]).render(device=device) + Template(
        listener[: listener.index("# What the log server")]
    ).render(domain="quangnam.test", log_port=port, device=device)
    for there, here in (
        ("/etc/ssl/tinhnet", folder),
        ("/etc/rsyslog.d", folder),
        ("/var/log/devices", folder),
        ("/var/spool/rsyslog", folder),
        ('module(load="imudp")\n', ""),
        ('input(type="imudp" port="514" ruleset="devices")\n', ""),
    ):
        text = text.replace(there, str(here))
    said = folder / "said"
    (folder / "rsyslog.conf").write_text(
        f'{text}action(type="omfile" file="{said}")\n', encoding="utf-8"
    )
    command = [str(RSYSLOGD), "-n", "-f", folder / "rsyslog.conf", "-i", folder / "pid"]
    with (folder / "errors").open("wb") as errors:
        server = subprocess.Popen(command, stdout=errors, stderr=errors)
        try:
            until(lambda: _takes(port), "rsyslog listens")
            yield folder / "errors"
        finally:
            server.terminate()
            server.wait(60)


def _takes(port: int) -> bool:
    with suppress(OSError), socket.create_connection((LOCAL, port), 1):
        return True
    return False


@pytest.mark.skipif(RSYSLOGD is None, reason="rsyslog is not installed")
def test_rsyslog_has_nothing_to_say_of_our_check(tmp_path: Path) -> None:
    """Each of its complaints would be an event on the wall, six times a minute."""
    province, port = Province(tmp_path / "province"), free_port()
    (tmp_path / "rsyslog").mkdir()
    with rsyslog(tmp_path / "rsyslog", province, port) as errors:
        until(lambda: b"non-properly terminated" in errors.read_bytes(), "it told of a bare one")
        time.sleep(0.2)  # what else it says of the connection that waited for it
        before = errors.read_bytes()
        found = [examine(province.check(port)) for _ in range(5)]
        after = errors.read_bytes()
        refused = examine(province.check(port)._replace(proof=None))
        until(lambda: b"did not provide a certificate" in errors.read_bytes(), "it told of that")

    assert [one.why for one in found] == [()] * 5
    assert after == before
    assert refused.is_ok  # TLS 1.3: for us the handshake was over
