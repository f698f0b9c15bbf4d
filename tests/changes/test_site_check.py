# SPDX-License-Identifier: MIT
"""What is tried from a client, and how its answers are judged; with real sockets on loopback."""

import http.server
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from changes.site_check import SiteError, Verdict, is_here, request, verdicts
from changes.site_trials import Trust, trials
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.pki import Distribution, Issued, Pki
from tinhnet.secrets import SecretStore

pytestmark = pytest.mark.patient

ROOT = Path(__file__).parents[2]
CLIENT = "dien-ban-pc"
PORTAL = "Cổng thông tin điện tử tỉnh Quảng Nam"
WHERE = Distribution("http://pki.quangnam.test/ocsp", "http://pki.quangnam.test/crl.der")


@pytest.fixture(scope="module")
def network() -> DeclaredNetwork:
    """Quảng Nam."""
    return load(ROOT / "inventory")


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    """Make an authority of its own."""
    return Pki(tmp_path, SecretStore(tmp_path / "secrets"), WHERE, "Tỉnh Quảng Nam")


def portal_certificate(pki: Pki) -> Issued:
    """Return the portal's certificate."""
    return pki.server("web1", ("portal.quangnam.test",), ())


def trust(pki: Pki) -> Trust:
    """Return what clients of this authority trust."""
    return Trust(pki.authority(), portal_certificate(pki).certificate_pem, {})


@contextmanager
def served(body: str, status: int, tls: ssl.SSLContext | None) -> Iterator[int]:
    """Serve one page on the loopback and yield its port."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def tls_of(issued: Issued, folder: Path) -> ssl.SSLContext:
    """Return a TLS server's context with a certificate."""
    (folder / "chain.pem").write_text(issued.certificate_pem + issued.key.value)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem")
    return context


def portal_verdict(
    network: DeclaredNetwork, pki: Pki, port: int, *, allowed: bool = True
) -> Verdict:
    """Try the portal at a port of the loopback as the client would."""
    wanted = next(
        one for one in network.expectations if one.client == CLIENT and one.service == "portal"
    )
    here = replace(
        wanted, address4=IPv4Address("127.0.0.1"), address6=None, port=port, allowed=allowed
    )
    portal = replace(network.services["portal"], port=port)
    trial = replace(network, expectations=(here,), services={**network.services, "portal": portal})
    tried = trials(trial, trial.devices[CLIENT], trust(pki))
    command = [sys.executable, "-I", "-B", "-"]
    done = subprocess.run(
        command, input=request(tried), capture_output=True, text=True, check=True, timeout=60
    )
    return verdicts(CLIENT, tried, done.stdout)[0]


def test_a_page_with_its_text_is_accepted(
    network: DeclaredNetwork, pki: Pki, tmp_path: Path
) -> None:
    """The portal over TLS with our authority, name and text: nothing to say."""
    tls = tls_of(portal_certificate(pki), tmp_path)
    with served(f"<h1>{PORTAL}</h1>", 200, tls) as port:
        verdict = portal_verdict(network, pki, port)

    assert verdict.is_ok, verdict
    assert verdict.cause == ""


@pytest.mark.parametrize(
    ("body", "status", "cause"),
    [
        ("<h1>Welcome to nginx!</h1>", 200, "a wrong page"),
        ("", 503, "what it depends on (database) does not answer"),
        ("", 502, "the service behind it does not"),
    ],
    ids=["wrong text", "dependency down", "service down"],
)
def test_a_wrong_page_is_told_with_its_cause(
    network: DeclaredNetwork, pki: Pki, tmp_path: Path, body: str, status: int, cause: str
) -> None:
    """The operator reads which of nginx, the service and the database is down."""
    tls = tls_of(portal_certificate(pki), tmp_path)
    with served(body, status, tls) as port:
        verdict = portal_verdict(network, pki, port)

    assert not verdict.is_ok
    assert cause in verdict.cause
    assert str(verdict).startswith(f"{CLIENT} to service portal on web1: expected 200 and")


def test_a_certificate_of_another_authority_is_refused(
    network: DeclaredNetwork, pki: Pki, tmp_path: Path
) -> None:
    """Whoever answers in the portal's place is found out."""
    folder = tmp_path / "other"
    folder.mkdir()
    other = Pki(folder, SecretStore(folder / "secrets"), WHERE, "Somebody else")
    with served(PORTAL, 200, tls_of(portal_certificate(other), folder)) as port:
        verdict = portal_verdict(network, pki, port)

    assert not verdict.is_ok
    assert verdict.got.startswith("bad certificate")


def test_a_certificate_for_another_name_is_refused(
    network: DeclaredNetwork, pki: Pki, tmp_path: Path
) -> None:
    """A certificate of ours does not stand for every server of ours."""
    issued = pki.server("web2", ("dichvucong.quangnam.test",), ())
    with served(PORTAL, 200, tls_of(issued, tmp_path)) as port:
        verdict = portal_verdict(network, pki, port)

    assert verdict.got.startswith("bad certificate")


def test_plain_http_is_no_tls(network: DeclaredNetwork, pki: Pki) -> None:
    """A page without TLS is not the page."""
    with served(PORTAL, 200, None) as port:
        verdict = portal_verdict(network, pki, port)

    assert verdict.got.startswith("no TLS")


def test_a_closed_port_is_told(network: DeclaredNetwork, pki: Pki) -> None:
    """Nothing listens: refused, with what that may mean."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        verdict = portal_verdict(network, pki, held.getsockname()[1])

    assert verdict.got.startswith("refused")
    assert "nothing listens" in verdict.cause


def test_what_must_be_refused_and_answers_is_a_fault(network: DeclaredNetwork, pki: Pki) -> None:
    """A hole in the firewall is the worst that verify can find."""
    with socket.create_server(("127.0.0.1", 0)) as open_port:
        verdict = portal_verdict(network, pki, open_port.getsockname()[1], allowed=False)

    assert not verdict.is_ok
    assert "a rule lets it through" in verdict.cause


def test_what_must_be_refused_and_is_closed_is_fine(network: DeclaredNetwork, pki: Pki) -> None:
    """Refused is what was asked for."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        verdict = portal_verdict(network, pki, held.getsockname()[1], allowed=False)

    assert verdict.is_ok, verdict


def told_verdict(network: DeclaredNetwork, pki: Pki, protocol: str, port: int) -> Verdict:
    """Try a port for reports at the loopback; the trial is that of the controller's port."""
    client = "web1" if protocol == "udp" else CLIENT
    wanted = next(
        one
        for one in network.expectations
        if (one.client, one.protocol, one.allowed) == (client, protocol, True)
        and one.purpose.endswith("on noc")
    )
    here = replace(wanted, address4=IPv4Address("127.0.0.1"), address6=None)
    trial = replace(network, expectations=(here,))
    tried = trials(trial, trial.devices[client], trust(pki))
    program = request([replace(one, request={**one.request, "port": str(port)}) for one in tried])
    command = [sys.executable, "-I", "-B", "-"]
    done = subprocess.run(
        command, input=program, capture_output=True, text=True, check=True, timeout=60
    )
    return verdicts(client, tried, done.stdout)[0]


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_way_to_the_controller_is_proved_while_the_product_is_away(
    network: DeclaredNetwork, pki: Pki, protocol: str
) -> None:
    """The proof runs before the product is started; its closed port says that the way is free."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(type=kind) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    verdict = told_verdict(network, pki, protocol, port)

    assert verdict.is_ok, verdict
    assert verdict.got == "refused (port closed)"


def test_a_way_for_datagrams_is_proved_by_silence_and_leaves_none(
    network: DeclaredNetwork, pki: Pki
) -> None:
    """A listener says nothing, and must not find events in what the proof sent."""
    with socket.socket(type=socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        verdict = told_verdict(network, pki, "udp", listener.getsockname()[1])
        listener.settimeout(1)
        heard = listener.recv(4096)

    assert verdict.is_ok, verdict
    assert heard == b""


@pytest.mark.parametrize(
    ("protocol", "answer"),
    [
        ("tcp", {"got": "refused", "why": "No route to host"}),
        ("tcp", {"got": "no answer"}),
        ("udp", {"got": "refused", "why": "No route to host"}),
    ],
)
def test_a_firewall_on_the_way_to_the_controller_is_a_fault(
    network: DeclaredNetwork, pki: Pki, protocol: str, answer: dict[str, str]
) -> None:
    """Our firewalls reject as `administratively prohibited`, which a host sees as no route."""
    client = "web1" if protocol == "udp" else CLIENT
    told = next(
        one
        for one in trials(network, network.devices[client], trust(pki))
        if one.expected == "a way to its port" and one.request["protocol"] == protocol
    )

    assert told.judge(answer) is not None


def test_every_site_tries_every_service_it_may_use(network: DeclaredNetwork, pki: Pki) -> None:
    """No service is declared and never tried; no site is left out."""
    known = trust(pki)
    pcs = [device for device in network.devices.values() if device.role == "pc"]
    tried = {pc.id: {trial.service for trial in trials(network, pc, known)} for pc in pcs}
    wanted = {
        pc.id: {one.service for one in network.expectations if one.client == pc.id} for pc in pcs
    }

    assert len(pcs) == 40
    assert tried == wanted


def test_forbidden_ports_are_tried_over_both_families(network: DeclaredNetwork, pki: Pki) -> None:
    """IPv6 that nobody filters is the classic way around a firewall."""
    tried = trials(network, network.devices[CLIENT], trust(pki))
    forbidden = [trial.request["address"] for trial in tried if trial.expected == "refused"]

    assert sum(":" in address for address in forbidden) == sum(
        "." in address for address in forbidden
    )


@pytest.mark.parametrize("client", [CLIENT, "web1", "noc"])
def test_what_is_allowed_is_tried_over_both_families(
    network: DeclaredNetwork, pki: Pki, client: str
) -> None:
    """A refusal over IPv6 proves nothing where no IPv6 gets through at all."""
    tried = trials(network, network.devices[client], trust(pki))
    allowed = [trial.request for trial in tried if trial.expected != "refused"]
    told = [trial.purpose for trial in tried if trial.expected != "refused"]

    v6 = [one for one in allowed if ":" in one["address"]]
    assert len(v6) == len(allowed) / 2 > 0
    assert sum("over IPv6" in purpose for purpose in told) == len(v6)
    assert {(one["trial"], one["port"], one["protocol"]) for one in v6} == {
        (one["trial"], one["port"], one["protocol"]) for one in allowed
    }


def test_names_are_asked_for_the_family_they_travel_over(
    network: DeclaredNetwork, pki: Pki
) -> None:
    """A client that speaks IPv6 needs the AAAA record as well."""
    tried = trials(network, network.devices[CLIENT], trust(pki))
    asked = [one for one in tried if one.request["trial"] == "name" and one.expected != "REFUSED"]

    kinds = {(":" in one.request["address"], one.request["type"]) for one in asked}
    assert kinds == {(False, "A"), (True, "AAAA")}
    assert all((":" in one.expected) == (":" in one.request["address"]) for one in asked)


def test_a_client_without_ipv6_tries_ipv4_alone(network: DeclaredNetwork, pki: Pki) -> None:
    """What it cannot try it does not pretend to have tried."""
    client = replace(network.devices[CLIENT], management6=None)
    tried = trials(network, client, trust(pki))

    assert tried
    assert not any(":" in trial.request["address"] for trial in tried)


def test_the_controller_reads_the_metrics_of_every_server(
    network: DeclaredNetwork, pki: Pki
) -> None:
    """node_exporter over both families, as Prometheus would read it."""
    tried = trials(network, network.devices["noc"], trust(pki))
    servers = [one for one in network.devices.values() if one.role == "server"]
    metrics = {one.request["address"] for one in tried if one.request.get("path") == "/metrics"}

    assert metrics == {
        str(address) for one in servers for address in (one.management4, one.management6)
    }


@pytest.mark.parametrize(
    ("body", "is_ok"),
    [("node_exporter_build_info 1", True), ("<h1>nginx</h1>", False)],
    ids=["node_exporter", "something else"],
)
def test_metrics_are_known_by_their_text(
    network: DeclaredNetwork, pki: Pki, body: str, *, is_ok: bool
) -> None:
    """Something that listens on the port is not yet node_exporter."""
    noc = network.devices["noc"]
    wanted = next(one for one in network.expectations if one.purpose == "noc to metrics on web1")
    with served(body, 200, None) as port:
        here = replace(wanted, address4=IPv4Address("127.0.0.1"), address6=None)
        tried = trials(replace(network, expectations=(here,)), noc, trust(pki))
        moved = [replace(one, request={**one.request, "port": str(port)}) for one in tried]
        done = subprocess.run(
            [sys.executable, "-I", "-B", "-"],
            input=request(moved), capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip

    assert [one.is_ok for one in verdicts("noc", moved, done.stdout)] == [is_ok]


def test_who_is_not_the_controller_does_not_speak_for_it(network: DeclaredNetwork) -> None:
    """verify.yml may be run from elsewhere; the controller's own trials are then left out."""
    assert not is_here(network.devices["noc"])
    assert is_here(replace(network.devices["noc"], management4=IPv4Address("127.0.0.1")))


def test_a_session_without_an_answer_is_an_error(network: DeclaredNetwork, pki: Pki) -> None:
    """A circuit that drops in the middle is not a proof."""
    tried = trials(network, network.devices[CLIENT], trust(pki))

    with pytest.raises(SiteError, match=f"{CLIENT}: the session ended"):
        verdicts(CLIENT, tried, "Connection closed\n")
