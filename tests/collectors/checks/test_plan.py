# SPDX-License-Identifier: MIT
"""What is checked follows from the declared network alone."""

from pathlib import Path

import pytest

from collectors.agent.check import KINDS
from collectors.agent.proof import Proof
from collectors.checks.plan import checks_of
from collectors.checks.trust import authority_of, proof_of
from tests.conftest import ROOT
from tinhnet.agents import COLLECTOR
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.pki import Distribution, Pki
from tinhnet.secrets import SecretStore


@pytest.fixture(scope="module")
def network() -> DeclaredNetwork:
    """Return the province that ships with the product."""
    return load(Path(ROOT / "inventory"))


def test_every_service_of_a_server_is_checked_once(network: DeclaredNetwork) -> None:
    """In a protocol that somebody here speaks, at the port that clients use."""
    found = list(checks_of(network, str.upper))

    assert len({one.service for one in found}) == len(found)
    assert {one.kind for one in found} >= {"https", "dns", "ntp", "tls", "tcp"}
    for one in found:
        service = network.services[one.service]
        assert one.kind in KINDS
        assert (one.address, one.port) == (
            str(network.devices[service.server].management4),
            service.port,
        )
    left_out = set(network.services) - {one.service for one in found}
    for service in (network.services[one] for one in left_out):
        is_ours = network.devices[service.server].role == "controller"
        assert is_ours or service.protocol == "udp"


def test_a_page_is_checked_as_declared(network: DeclaredNetwork) -> None:
    """Its name, its page, its text, and the authority of whoever runs its server."""
    for one in checks_of(network, str.upper):
        if one.kind == "https":
            service = network.services[one.service]
            assert (one.name, one.path) == (service.name, service.check.path or "/")
            assert (one.expect, one.authority) == (
                service.check.expect or "",
                service.server.upper(),
            )


def test_a_log_server_is_shown_who_asks(network: DeclaredNetwork) -> None:
    """It takes lines from the province's own alone, and logs everybody who comes without proof."""
    proof = Proof("CERTIFICATE", "KEY")
    checks = {one.service: one for one in checks_of(network, str.upper, proof)}

    log1 = checks["syslog"]
    assert (log1.kind, log1.name, log1.authority) == ("tls", "log1.quangnam.test", "LOG1")
    assert log1.proof is proof
    assert {one.service for one in checks.values() if one.proof} == {"syslog"}
    assert "KEY" not in repr(log1)


def test_the_collectors_certificate_is_read_where_the_product_keeps_it(tmp_path: Path) -> None:
    """The listener for agents has it issued; before that there is none to show."""
    secrets = SecretStore(tmp_path / "secrets")
    assert proof_of(tmp_path, secrets) is None
    where = Distribution("http://pki.test/ocsp", "http://pki.test/crl")
    issued = Pki(tmp_path, secrets, where, "Tỉnh").server(COLLECTOR, ["noc.quangnam.test"], [])

    assert proof_of(tmp_path, secrets) == Proof(issued.certificate_pem, issued.key.value)


def test_a_name_server_is_asked_for_a_name_whose_address_is_declared(
    network: DeclaredNetwork,
) -> None:
    """One that answers with a wrong address is worse than a dead one."""
    asked = [one for one in checks_of(network, str.upper) if one.kind == "dns"]

    assert asked
    for one in asked:
        service = next(each for each in network.services.values() if each.name == one.name)
        assert one.expect == str(network.devices[service.server].management4)


def test_the_authority_is_read_where_the_product_keeps_it(tmp_path: Path) -> None:
    """Before there is one, no certificate can be right; a partner has its own."""
    assert authority_of(tmp_path, "web1") == ""
    for name, text in (("pki/ca.pem", "OURS"), ("partners/vpcp.pem", "THEIRS")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="ascii")

    assert authority_of(tmp_path, "web1") == "OURS"
    assert authority_of(tmp_path, "vpcp") == "THEIRS"
