# SPDX-License-Identifier: MIT
"""A proof only looks: nothing is issued, made or written, neither here nor on a device."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from changes.intent import Province, province, trust
from tests.changes.box import CPE, Box
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.pki import LIFE, Distribution, Pki, PkiError
from tinhnet.secrets import SecretStore

WHERE = Distribution("http://pki.quangnam.test/ocsp", "http://pki.quangnam.test/crl.der")
# Left out is what programs write of themselves: vtysh its history, daemons their state.
WRITTEN = (
    "find /etc /home /opt /root /srv /usr /var/lib -xdev -newer /run/before"
    " -not -path '/var/lib/systemd/*' -not -path '/var/lib/chrony/*'"
    " -not -path '/var/lib/snmp/*' -not -name .history_frr | sort"
)


@pytest.fixture(scope="module")
def network() -> DeclaredNetwork:
    """Quảng Nam."""
    return load(Path(__file__).parents[2] / "inventory")


def files(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return mode, time and content of everything below a folder."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def opened(network: DeclaredNetwork, state: Path, now: datetime) -> Province:
    """Open a state on a day."""
    store = SecretStore(state / "secrets")
    return Province(network, state, store, Pki(state, store, WHERE, "Tỉnh", lambda: now))


def test_a_proof_renews_nothing(network: DeclaredNetwork, tmp_path: Path) -> None:
    """A certificate that is due is a finding, not an errand: verify.yml shows what is."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = opened(network, tmp_path, now)
    web1 = network.devices["web1"]
    issued = made.pki.server("web1", ("web1.quangnam.test",), (IPv4Address(web1.management4),))
    made.pki.crl()
    before = files(tmp_path)

    later = opened(network, tmp_path, now + LIFE - timedelta(days=1))
    trusted = trust(later)

    assert trusted.certificate == issued.certificate_pem
    assert files(tmp_path) == before


def test_a_proof_makes_no_authority(network: DeclaredNetwork, tmp_path: Path) -> None:
    """Nothing was ever issued: say so and what to do, leave no file behind."""
    with pytest.raises(PkiError, match=r"no certificate authority yet; run datacentre\.yml first"):
        trust(province(network, tmp_path))

    assert files(tmp_path) == {}


def test_a_proof_needs_the_certificate_it_asks_about(
    network: DeclaredNetwork, tmp_path: Path
) -> None:
    """An authority alone is not a provisioned province."""
    made = province(network, tmp_path)
    made.pki.authority()
    before = files(tmp_path)

    with pytest.raises(PkiError, match=r"no certificate was issued for web1 yet"):
        trust(made)

    assert files(tmp_path) == before


@pytest.mark.lab
@pytest.mark.slow
def test_a_run_of_verify_writes_nothing_anywhere(box: Box) -> None:
    """Neither on the controller nor on a device, not even the program that looks."""
    made = province(box.network, box.state)
    made.pki.server("web1", ("web1.small.test",), ())
    devices = (CPE, "dien-ban-pc")
    box.play("verify.yml", "--limit", "dien-ban")  # first contact: host keys are learned
    box.on(CPE, "rm -rf /usr/local/lib/tinhnet")
    for device in devices:
        box.on(device, "touch /run/before; sleep 0.02")
    before = files(box.state)

    done = box.play("verify.yml", "--limit", "dien-ban")

    assert "the routing of 5 of 6 routers" in done.stdout, done.stdout + done.stderr
    # The small box has neither core2 nor servers: the router's fault hides no client's.
    assert f"{CPE}: OSPF with core2 over dien-ban-2 is not Full" in done.stdout, done.stdout
    assert "dien-ban-pc to service portal on web1: expected 200" in done.stdout, done.stdout
    assert files(box.state) == before
    assert {device: box.on(device, WRITTEN) for device in devices} == dict.fromkeys(devices, "")
