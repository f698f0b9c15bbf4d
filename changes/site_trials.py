# SPDX-License-Identifier: MIT
"""What to try from a client, as the declared network expects; `changes.site_check` sends it."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address

from changes import site_judges
from tinhnet.inventory.policy import METRICS_PORT
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.model.service import Expectation, Service
from tinhnet.reporting import SYSLOG_PORT, TRAP_PORT, WAYS
from tinhnet.revocation import crl_status, ocsp_request, ocsp_status

OUTSIDE_NAME = "www.example.com"
"""A name that is not ours (RFC 6761): a name server must refuse it, not look it up."""
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
    """One thing to try, and who judges the answer."""

    purpose: str
    service: str | None
    expected: str
    request: Mapping[str, str]
    judge: site_judges.Judge


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
            judge=site_judges.exactly(f"NOERROR {address}", "the zone of the name server differs"),
        )


def _foreign_name(way: _Way) -> Trial:
    return Trial(
        purpose=f"{way.purpose}: {OUTSIDE_NAME} over {way.expectation.protocol}",
        service=way.expectation.service,
        expected="REFUSED",
        request={**_to(way), "trial": "name", "name": OUTSIDE_NAME, "type": "A"},
        judge=site_judges.exactly("REFUSED", "the name server looks up names that are not ours"),
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
        judge=site_judges.page_with(expect),
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
        judge=site_judges.page_with(METRICS_TEXT),
    )


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
        judge=site_judges.good(
            lambda octets: ocsp_status(octets, trust.certificate, trust.authority), "the responder"
        ),
    )


def _crl(way: _Way, service: Service, trust: Trust) -> Trial:
    return Trial(
        purpose=f"{way.purpose}: status by CRL",
        service=service.id,
        expected="200 and a signed list: good",
        request=_plain(way, service, CRL_PATH),
        judge=site_judges.good(
            lambda octets: crl_status(octets, trust.certificate, trust.authority), "the list"
        ),
    )


def _plain(way: _Way, service: Service, path: str) -> dict[str, str]:
    """Return the request of something that is signed itself and therefore goes without TLS."""
    page = {"trial": "page", "scheme": "http", "name": service.name, "path": path}
    return {**_to(way), **page}


def _clock(way: _Way) -> Trial:
    return Trial(
        purpose=way.purpose,
        service=way.expectation.service,
        expected="a synchronised clock",
        request={**_to(way), "trial": "clock"},
        judge=site_judges.synchronised,
    )


def _opened(way: _Way) -> Trial:
    return Trial(
        purpose=way.purpose,
        service=way.expectation.service,
        expected="open",
        request={**_to(way), "trial": "opened"},
        judge=site_judges.opened,
    )


def _told(way: _Way) -> Trial:
    """Return the trial of a port on which the controller takes reports.

    The way there is what is proved, not that the product runs: its own closed
    port answers too, and one that takes datagrams says nothing.
    """
    is_silent = way.expectation.protocol == "udp"
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
        judge=site_judges.reached(is_silent=is_silent),
    )


def _refused(way: _Way) -> Trial:
    expectation = way.expectation
    body = base64.b64encode(DATAGRAMS.get(expectation.port, b"\0")).decode("ascii")
    return Trial(
        purpose=f"{expectation.purpose} ({expectation.protocol} {expectation.port}, {way.address})",
        service=expectation.service,
        expected="refused",
        request={**_to(way), "trial": "opened", "body": body},
        judge=site_judges.refused,
    )


def _to(way: _Way) -> dict[str, str]:
    return {
        "address": str(way.address),
        "port": str(way.expectation.port),
        "protocol": way.expectation.protocol,
        "allowed": "yes" if way.expectation.allowed else "",
    }
