# SPDX-License-Identifier: MIT
"""Prove from a client what it may and may not reach, as the declared network expects.

The trials of one client travel in one session and run at once
(`changes.drivers.site_client`).  The judgement is made here: every failed
trial says which client, which service, what was expected, what came back and
the likely cause.
"""

import base64
import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from tinhnet.errors import TinhnetError
from tinhnet.inventory.policy import METRICS_PORT
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.model.service import Expectation, Service
from tinhnet.reporting import SYSLOG_PORT, TRAP_PORT, WAYS
from tinhnet.revocation import crl_status, ocsp_request, ocsp_status

COMMAND = "/usr/bin/python3 -I -B -"
CLIENT = Path(__file__).parent / "drivers" / "site_client.py"
OUTSIDE_NAME = "www.example.com"
"""A name that is not ours (RFC 6761): a name server must refuse it, not look it up."""
CLOSED = ("refused", "no answer", "cut off")
CLOSED_PORT = "port closed"
"""Why a machine itself refuses (changes.drivers.site_client); a firewall between says more."""
LARGEST_OFFSET_S = 2.0
CRL_PATH = "/crl.der"
METRICS_PATH = "/metrics"
METRICS_TEXT = "node_exporter_build_info"
DATAGRAMS: Mapping[int, bytes] = {
    53: bytes.fromhex("000101000001000000000000076578616d706c6503636f6d0000010001"),
    123: b"\x23" + 47 * b"\0",
    SYSLOG_PORT: b"",
    TRAP_PORT: b"",
}
"""What provokes an answer from a port that should give none, and means nothing to a listener."""
REPORTS = frozenset((way.protocol, way.port) for way in WAYS)

Answer = Mapping[str, str]


class SiteError(TinhnetError):
    """A client's session ended without an answer."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What a client trusts and asks about.

    `authority` is our CA as PEM, `partners` the CA of each external server
    by device id, `certificate` the one whose revocation is asked for.
    """

    authority: str
    certificate: str
    partners: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing to try; `judge` returns None when the answer is as expected, else the cause."""

    purpose: str
    service: str | None
    expected: str
    request: Mapping[str, str]
    judge: Callable[[Answer], str | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a trial; `cause` is empty when it is as expected."""

    client: str
    service: str | None
    purpose: str
    expected: str
    got: str
    is_ok: bool
    cause: str
    seconds: float

    def __str__(self) -> str:
        """Return the one line an operator reads."""
        return f"{self.purpose}: expected {self.expected}, got {self.got}; {self.cause}"


def trials(network: DeclaredNetwork, client: Device, trust: Trust) -> tuple[Trial, ...]:
    """Return everything to try from a client, over every address family that it has.

    What is allowed is tried over IPv6 as it is over IPv4: a refusal alone
    proves nothing where no packet gets through.
    """
    wanted = [_within(client, one) for one in network.expectations if one.client == client.id]
    found: list[Trial] = []
    for expectation in wanted:
        service = network.services[expectation.service] if expectation.service else None
        for way in _ways(expectation):
            if not expectation.allowed:
                found.append(_refused(way))
            elif service is not None:
                found += _allowed(network, way, service, trust)
            elif (way.expectation.protocol, way.expectation.port) in REPORTS:
                found.append(_told(way))
            elif expectation.port == METRICS_PORT:
                found.append(_metrics(way))
            else:
                found.append(_opened(way))
    found += _names(network, wanted)
    return tuple(found)


def is_here(device: Device) -> bool:
    """Tell whether this very machine has a device's address, so that we may speak for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(device.management4), 0))
        except OSError:
            return False
        return True


def request(wanted: Sequence[Trial]) -> str:
    """Return the program for the client's `python3 -`."""
    numbered = [{"id": str(number), **trial.request} for number, trial in enumerate(wanted)]
    word = base64.b64encode(json.dumps(numbered).encode()).decode("ascii")
    return f'{_client()}\n\nmain("{word}")\n'


def verdicts(client: str, wanted: Sequence[Trial], output: str) -> tuple[Verdict, ...]:
    """Judge a client's answers; SiteError when there are none."""
    answers = {one["id"]: one for one in _answers(client, output)}
    return tuple(
        _verdict(client, trial, answers.get(str(number), {"got": "nothing"}))
        for number, trial in enumerate(wanted)
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """An expectation over one address family."""

    expectation: Expectation
    address: IPv4Address | IPv6Address

    @property
    def is_v6(self) -> bool:
        """Whether the trial travels over IPv6."""
        return self.address.version == 6  # noqa: PLR2004 the protocol's own number

    @property
    def purpose(self) -> str:
        """What people read: IPv6 is named, IPv4 is what everybody expects."""
        return self.expectation.purpose + (" over IPv6" if self.is_v6 else "")


def _verdict(client: str, trial: Trial, answer: Answer) -> Verdict:
    cause = trial.judge(answer)
    why = f" ({answer['why']})" if answer.get("why") else ""
    return Verdict(
        client=client,
        service=trial.service,
        purpose=trial.purpose,
        expected=trial.expected,
        got=f"{answer['got']}{why}",
        is_ok=cause is None,
        cause=cause or "",
        seconds=float(answer.get("seconds", "0")),
    )


def _within(client: Device, expectation: Expectation) -> Expectation:
    """Return an expectation without IPv6 where the client has none."""
    return expectation if client.management6 else replace(expectation, address6=None)


def _ways(expectation: Expectation) -> tuple[_Way, ...]:
    """Return the addresses under which a target is tried."""
    addresses = (expectation.address4, expectation.address6)
    return tuple(_Way(expectation, one) for one in addresses if one is not None)


def _allowed(
    network: DeclaredNetwork, way: _Way, service: Service, trust: Trust
) -> Iterator[Trial]:
    """Return the trials of a service in its own protocol."""
    kind, expectation = service.check.kind, way.expectation
    if kind == "https" and expectation.port == service.port:
        yield _service_page(network, way, service, trust)
    elif kind == "ocsp":
        yield _ocsp(way, service, trust)
        yield _crl(way, service, trust)
    elif kind == "dns":
        names = [one for one in network.services.values() if one.check.kind == "https"]
        yield from _lookups(network, way, names[:1])
        yield _foreign_name(way)
    elif kind == "ntp":
        yield _clock(way)
    elif expectation.protocol == "tcp":
        yield _opened(way)


def _names(network: DeclaredNetwork, wanted: Sequence[Expectation]) -> Iterator[Trial]:
    """Return a lookup of every reachable service's name on every reachable name server."""
    reachable = [network.services[one.service] for one in wanted if one.allowed and one.service]
    pages = [
        one
        for one in dict.fromkeys(one.id for one in reachable if one.check.kind == "https")
        if network.services[one].name.endswith(f".{network.province.domain}")
    ]
    for expectation in wanted:
        service = network.services.get(expectation.service or "")
        is_lookup = service is not None and service.check.kind == "dns"
        if is_lookup and expectation.allowed and expectation.protocol == "udp":
            for way in _ways(expectation):
                yield from _lookups(network, way, [network.services[one] for one in pages[1:]])


def _lookups(network: DeclaredNetwork, way: _Way, services: Sequence[Service]) -> Iterator[Trial]:
    """Ask for the address of the family in which the question travels."""
    for service in services:
        server = network.devices[service.server]
        kind, address = "A", str(server.management4)
        if way.is_v6 and server.management6 is not None:
            kind, address = "AAAA", str(server.management6)
        yield Trial(
            purpose=f"{way.purpose}: {service.name} over {way.expectation.protocol}",
            service=way.expectation.service,
            expected=f"NOERROR {address}",
            request={**_to(way), "trial": "name", "name": service.name, "type": kind},
            judge=_exactly(f"NOERROR {address}", "the zone of the name server differs"),
        )


def _foreign_name(way: _Way) -> Trial:
    return Trial(
        purpose=f"{way.purpose}: {OUTSIDE_NAME} over {way.expectation.protocol}",
        service=way.expectation.service,
        expected="REFUSED",
        request={**_to(way), "trial": "name", "name": OUTSIDE_NAME, "type": "A"},
        judge=_exactly("REFUSED", "the name server looks up names that are not ours"),
    )


def _service_page(network: DeclaredNetwork, way: _Way, service: Service, trust: Trust) -> Trial:
    server = network.devices[service.server]
    authority = trust.authority if server.managed else trust.partners.get(server.id, "")
    expect = service.check.expect or ""
    return Trial(
        purpose=way.purpose,
        service=service.id,
        expected=f"200 and {expect!r}",
        request={
            **_to(way),
            "trial": "page",
            "scheme": "https",
            "name": service.name,
            "path": service.check.path or "/",
            "authority": authority,
        },
        judge=_with_text(expect),
    )


def _metrics(way: _Way) -> Trial:
    """Return the trial of node_exporter: what Prometheus would read."""
    name = way.expectation.purpose.rpartition(" ")[2]
    page = {"trial": "page", "scheme": "http", "name": name, "path": METRICS_PATH}
    return Trial(
        purpose=way.purpose,
        service=None,
        expected=f"200 and {METRICS_TEXT!r}",
        request={**_to(way), **page},
        judge=_with_text(METRICS_TEXT),
    )


def _with_text(expect: str) -> Callable[[Answer], str | None]:
    def judge(answer: Answer) -> str | None:
        if answer["got"] != "200":
            return _page_cause(answer["got"])
        text = base64.b64decode(answer["body"]).decode(errors="replace")
        return None if expect in text else "the page is there but not its text: a wrong page"

    return judge


def _ocsp(way: _Way, service: Service, trust: Trust) -> Trial:
    body = base64.b64encode(ocsp_request(trust.certificate, trust.authority)).decode("ascii")
    return Trial(
        purpose=f"{way.purpose}: status by OCSP",
        service=service.id,
        expected="200 and a signed answer: good",
        request={
            **_plain(way, service, service.check.path or "/"),
            "body": body,
            "kind": "application/ocsp-request",
        },
        judge=_status(ocsp_status, trust, "the responder"),
    )


def _crl(way: _Way, service: Service, trust: Trust) -> Trial:
    return Trial(
        purpose=f"{way.purpose}: status by CRL",
        service=service.id,
        expected="200 and a signed list: good",
        request=_plain(way, service, CRL_PATH),
        judge=_status(crl_status, trust, "the list"),
    )


def _plain(way: _Way, service: Service, path: str) -> dict[str, str]:
    """Return the request of something that is signed itself and therefore goes without TLS."""
    page = {"trial": "page", "scheme": "http", "name": service.name, "path": path}
    return {**_to(way), **page}


def _status(
    status_of: Callable[[bytes, str, str], str], trust: Trust, who: str
) -> Callable[[Answer], str | None]:
    def judge(answer: Answer) -> str | None:
        if answer["got"] != "200":
            return _page_cause(answer["got"])
        octets = base64.b64decode(answer["body"])
        status = status_of(octets, trust.certificate, trust.authority)
        return None if status == "good" else f"{who} says: {status}"

    return judge


def _clock(way: _Way) -> Trial:
    def judge(answer: Answer) -> str | None:
        if not answer["got"].startswith("stratum"):
            return _closed_cause(answer["got"])
        far = abs(float(answer["offset_s"])) > LARGEST_OFFSET_S
        return f"its clock differs by {answer['offset_s']} s" if far else None

    return Trial(
        purpose=way.purpose,
        service=way.expectation.service,
        expected="a synchronised clock",
        request={**_to(way), "trial": "clock"},
        judge=judge,
    )


def _opened(way: _Way) -> Trial:
    def judge(answer: Answer) -> str | None:
        return None if answer["got"] == "open" else _closed_cause(answer["got"])

    return Trial(
        purpose=way.purpose,
        service=way.expectation.service,
        expected="open",
        request={**_to(way), "trial": "opened"},
        judge=judge,
    )


def _told(way: _Way) -> Trial:
    """Return the trial of a port on which the controller takes reports.

    The way there is what is proved, not that the product runs: its own closed
    port answers too, and one that takes datagrams says nothing.  A firewall
    of ours refuses with other words.
    """
    is_silent = way.expectation.protocol == "udp"

    def judge(answer: Answer) -> str | None:
        closed = (answer["got"], answer.get("why")) == ("refused", CLOSED_PORT)
        silent = is_silent and answer["got"] == "no answer"
        return None if answer["got"] == "open" or closed or silent else _closed_cause(answer["got"])

    body = base64.b64encode(DATAGRAMS.get(way.expectation.port, b"")).decode("ascii")
    return Trial(
        purpose=f"{way.purpose} over {way.expectation.protocol}",
        service=None,
        expected="a way to its port",
        request={
            **_to(way),
            "trial": "opened",
            "body": body,
            "allowed": "" if is_silent else "yes",
        },
        judge=judge,
    )


def _refused(way: _Way) -> Trial:
    def judge(answer: Answer) -> str | None:
        if answer["got"] in CLOSED:
            return None
        return "a rule lets it through: compare the permits with the firewall's and site's rules"

    expectation = way.expectation
    body = base64.b64encode(DATAGRAMS.get(expectation.port, b"\0")).decode("ascii")
    return Trial(
        purpose=f"{expectation.purpose} ({expectation.protocol} {expectation.port}, {way.address})",
        service=expectation.service,
        expected="refused",
        request={**_to(way), "trial": "opened", "body": body},
        judge=judge,
    )


def _to(way: _Way) -> dict[str, str]:
    return {
        "address": str(way.address),
        "port": str(way.expectation.port),
        "protocol": way.expectation.protocol,
        "allowed": "yes" if way.expectation.allowed else "",
    }


def _exactly(expected: str, cause: str) -> Callable[[Answer], str | None]:
    def judge(answer: Answer) -> str | None:
        if answer["got"] == expected:
            return None
        return _closed_cause(answer["got"]) if answer["got"] in CLOSED else cause

    return judge


def _closed_cause(got: str) -> str:
    return {
        "no answer": "no route, a firewall that drops, or the server is down",
        "refused": "a firewall refuses it, or nothing listens on the server",
        "cut off": "the server accepts and hangs up: look at its journal",
    }.get(got, "the answer is not what this service gives")


def _page_cause(got: str) -> str:
    causes = {
        "bad certificate": "the certificate is expired, for another name, or of another CA",
        "no TLS": "what listens there speaks no TLS we accept",
        "502": "nginx runs but the service behind it does not",
        "503": "the service runs but what it depends on (database) does not answer",
        "504": "the service behind nginx does not answer in time",
    }
    return causes.get(got, _closed_cause(got))


def _answers(client: str, output: str) -> Sequence[Answer]:
    for line in reversed(output.splitlines()):
        if line.startswith('{"format"'):
            held = json.loads(line)["answers"]
            return [{str(key): str(value) for key, value in one.items()} for one in held]
    raise SiteError(
        f"{client}: the session ended without an answer",
        "the client's circuit may have gone down meanwhile; run verify.yml again",
    )


@cache
def _client() -> str:
    return CLIENT.read_text(encoding="utf-8")
