# SPDX-License-Identifier: MIT
"""Who may reach what: permits of the firewall and expectations of the proof."""

import pytest

from tinhnet.inventory.policy import METRICS_PORT, is_permitted
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.service import Expectation
from tinhnet.reporting import AGENT_PORT, SYSLOG_PORT, TRAP_PORT


def expected(network: DeclaredNetwork, client: str) -> dict[tuple[str, str, int], bool]:
    """Return what a client may reach, keyed by device, protocol and port."""
    devices = {device.management4: device.id for device in network.devices.values()}
    return {
        (devices[e.address4], e.protocol, e.port): e.allowed
        for e in network.expectations
        if e.client == client
    }


def test_a_district_pc_reaches_its_services_and_nothing_else(quang_nam: DeclaredNetwork) -> None:
    """The list verify.yml proves from Điện Bàn, in full."""
    assert expected(quang_nam, "dien-ban-pc") == {
        ("web1", "tcp", 443): True,
        ("web2", "tcp", 443): True,
        ("doc1", "tcp", 443): True,
        ("app1", "tcp", 443): True,
        ("pki1", "tcp", 443): True,
        ("pki1", "tcp", 80): True,
        ("ns1", "udp", 53): True,
        ("ns1", "tcp", 53): True,
        ("ns2", "udp", 53): True,
        ("ns2", "tcp", 53): True,
        ("ns1", "udp", 123): True,
        ("ns2", "udp", 123): True,
        ("log1", "tcp", 6514): False,
        ("log1", "udp", 514): False,
        ("db1", "tcp", 5432): False,
        ("vpcp", "tcp", 443): False,
        ("dien-ban-cpe1", "tcp", 22): False,
        ("core1", "tcp", 22): False,
        ("duy-xuyen-pc", "tcp", 22): False,
        ("noc", "tcp", 22): False,
        ("log1", "tcp", 22): False,
        ("web1", "tcp", 9100): False,
        ("app1", "tcp", 9100): False,
        ("log1", "tcp", 9100): False,
        ("db1", "tcp", 9100): False,
        ("noc", "tcp", AGENT_PORT): True,
        ("noc", "udp", SYSLOG_PORT): False,
        ("noc", "tcp", SYSLOG_PORT): False,
        ("noc", "udp", TRAP_PORT): False,
    }


@pytest.mark.parametrize("province", ["quang_nam", "da_nang"])
def test_the_controller_reads_the_metrics_of_every_server(
    province: str, request: pytest.FixtureRequest
) -> None:
    """Monitoring that a firewall cuts off shows a calm province."""
    network: DeclaredNetwork = request.getfixturevalue(province)
    servers = {one.id for one in network.devices.values() if one.role == "server"}
    seen = {device for device, _, port in expected(network, "noc") if port == METRICS_PORT}

    assert seen == servers
    assert all(expected(network, "noc")[one, "tcp", METRICS_PORT] for one in servers)


def test_every_site_pc_is_asked_about_everything(quang_nam: DeclaredNetwork) -> None:
    """A site left out of the proof is a site nobody knows about."""
    pcs = [device for device in quang_nam.devices.values() if device.role == "pc"]
    shapes = {tuple(e.allowed for e in quang_nam.expectations if e.client == pc.id) for pc in pcs}

    assert len(pcs) == 40
    assert shapes == {(True,) * 12 + (False,) * 13 + (True,) + (False,) * 3}


def test_the_government_office_reaches_the_document_exchange_alone(
    quang_nam: DeclaredNetwork,
) -> None:
    """What is not ours gets one door."""
    view = expected(quang_nam, "vpcp")

    assert [port for port, allowed in view.items() if allowed] == [("doc1", "tcp", 443)]
    assert ("noc", "tcp", 22) in view
    assert ("db1", "tcp", 5432) in view


@pytest.mark.parametrize(
    ("server", "allowed"),
    [("app1", True), ("web2", True), ("doc1", True), ("web1", False), ("pki1", False)],
)
def test_only_application_servers_reach_the_database(
    quang_nam: DeclaredNetwork, server: str, *, allowed: bool
) -> None:
    """A stolen portal must not be a stolen database."""
    assert expected(quang_nam, server)["db1", "tcp", 5432] is allowed


@pytest.mark.parametrize("client", ["web1", "db1", "core1", "dien-ban-cpe1"])
def test_everything_managed_reaches_names_time_and_syslog(
    quang_nam: DeclaredNetwork, client: str
) -> None:
    """A device without time and syslog is a device without evidence."""
    device = quang_nam.devices[client]

    for server, protocol, port in (
        ("ns1", "udp", 53),
        ("ns2", "udp", 123),
        ("log1", "tcp", 6514),
        ("log1", "udp", 514),
    ):
        address = quang_nam.devices[server].management4
        asked = Expectation(client, None, address, None, protocol, port, allowed=True, purpose="")
        assert is_permitted(quang_nam, device, asked), (server, protocol, port)


REPORTS = (("tcp", AGENT_PORT), ("udp", SYSLOG_PORT), ("tcp", SYSLOG_PORT), ("udp", TRAP_PORT))


@pytest.mark.parametrize(
    ("client", "allowed"),
    [
        ("core1", (True, True, True, True)),
        ("dien-ban-cpe1", (False, True, True, True)),
        ("web1", (False, True, True, True)),
        ("dien-ban-pc", (True, False, False, False)),
        ("vpcp", (False, False, False, False)),
    ],
)
@pytest.mark.parametrize("province", ["quang_nam", "da_nang"])
def test_the_controller_is_told_by_whom_it_should_be(
    province: str, client: str, allowed: tuple[bool, ...], request: pytest.FixtureRequest
) -> None:
    """A PC that may send log lines can forge those of a router; a mute core blinds us."""
    network: DeclaredNetwork = request.getfixturevalue(province)
    if client not in network.devices:
        pytest.skip(f"{province} has no {client}")
    device, noc = network.devices[client], network.devices["noc"]

    asked = [
        Expectation(client, None, noc.management4, None, *way, allowed=True, purpose="")
        for way in REPORTS
    ]
    assert tuple(is_permitted(network, device, one) for one in asked) == allowed


def test_every_server_proves_that_it_can_tell(quang_nam: DeclaredNetwork) -> None:
    """Silence of a server must not be a firewall of ours."""
    servers = [one.id for one in quang_nam.devices.values() if one.role == "server" and one.managed]

    for server in servers:
        view = expected(quang_nam, server)
        assert all(view["noc", *way] for way in REPORTS[1:])


def test_only_the_document_exchange_reaches_the_government_office(
    quang_nam: DeclaredNetwork,
) -> None:
    """The link to Hà Nội is no way out for anybody else; the controller looks whether it works."""
    reached = [e.client for e in quang_nam.expectations if e.port == 443 and e.allowed]
    vpcp = quang_nam.devices["vpcp"].management4
    clients = [e.client for e in quang_nam.expectations if e.address4 == vpcp and e.allowed]

    assert sorted(clients) == ["doc1", "noc"]
    assert "doc1" in reached


def test_permits_of_management_reach_everything_by_ssh_snmp_and_echo(
    quang_nam: DeclaredNetwork,
) -> None:
    """What management cannot reach, nobody can repair."""
    province = quang_nam.province
    reach = {
        (permit.protocol, permit.ports)
        for permit in quang_nam.permits
        if permit.sources4 == (province.management4,)
        and permit.sources6 == (province.management6,)
        and permit.targets4 == (province.aggregate4,)
        and permit.targets6 == (province.aggregate6,)
    }

    assert reach == {("tcp", (22,)), ("udp", (161,)), ("icmp", ())}


def test_nobody_else_is_permitted_ssh(quang_nam: DeclaredNetwork) -> None:
    """One way in."""
    permits = [permit for permit in quang_nam.permits if 22 in permit.ports]

    assert [permit.sources4 for permit in permits] == [(quang_nam.province.management4,)]


def test_ipv6_is_permitted_exactly_where_ipv4_is(quang_nam: DeclaredNetwork) -> None:
    """A filter that forgets one family is no filter."""
    by_prefix = {n.prefix4: n.prefix6 for n in quang_nam.networks.values()}
    for permit in quang_nam.permits:
        covered4 = {p for p in by_prefix if any(p.subnet_of(s) for s in permit.sources4)}
        covered6 = {p for p in by_prefix.values() if any(p.subnet_of(s) for s in permit.sources6)}

        assert {by_prefix[prefix] for prefix in covered4} == covered6
        assert len(permit.targets4) > 0
        assert len(permit.targets6) > 0


def test_merged_sources_cover_exactly_the_lans_that_are_selected(
    quang_nam: DeclaredNetwork,
) -> None:
    """Merging neighbours into one prefix must not let an undeclared neighbour in."""
    portal = next(permit for permit in quang_nam.permits if permit.purpose == "service portal")
    lans = [n.prefix4 for n in quang_nam.networks.values() if n.kind == "lan"]
    management = quang_nam.province.management4

    assert sum(prefix.num_addresses for prefix in portal.sources4) == sum(
        prefix.num_addresses for prefix in (*lans, management)
    )
    assert len(portal.sources4) < len(lans)


def test_a_pc_is_permitted_only_by_a_rule_for_its_port(quang_nam: DeclaredNetwork) -> None:
    """The judgement behind every expectation, asked directly."""
    pc, web = quang_nam.devices["dien-ban-pc"], quang_nam.devices["web1"]

    def asked(protocol: str, port: int) -> bool:
        target = Expectation(
            pc.id, None, web.management4, None, protocol, port, allowed=False, purpose=""
        )
        return is_permitted(quang_nam, pc, target)

    assert asked("tcp", 443)
    assert not asked("udp", 443)
    assert not asked("tcp", 80)
