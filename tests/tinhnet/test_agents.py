# SPDX-License-Identifier: MIT
"""What agents are ordered to do follows from the declared network alone."""

import json
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tinhnet.agents import collector_name, link_of, orders_of, runs_agent
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork


@pytest.fixture(scope="module")
def network() -> DeclaredNetwork:
    """Return the province that ships with the product."""
    return load(Path(ROOT / "inventory"))


def targets(network: DeclaredNetwork, device: str) -> dict[str, dict[str, str]]:
    """Return a device's targets by name, as they come out of the file."""
    told = json.loads(json.dumps(orders_of(network, device, "10.90.99.10", 7443)))
    return {one["name"]: one for one in told["targets"]}


def test_agents_run_on_cores_the_edge_and_site_pcs_alone(network: DeclaredNetwork) -> None:
    """Nothing of ours runs where nobody looks for it."""
    where = {one.role for one in network.devices.values() if runs_agent(network, one.id)}

    assert where == {"core", "edge", "pc"}


@pytest.mark.parametrize("core", ["core1", "core2", "edge1"])
def test_a_core_asks_every_link_that_ends_on_it_by_its_own_port(
    network: DeclaredNetwork, core: str
) -> None:
    """A circuit nobody asks breaks unseen; one asked over another is never seen broken."""
    asked = targets(network, core)

    assert {link_of(name) for name in asked} == {one.id for one in network.links_of(core)}
    for name, one in asked.items():
        port = network.devices[core].interface(one["interface"])
        assert port.link == link_of(name)
        near = port.address6 if name.endswith("/ipv6") else port.address4
        assert near is not None
        assert one["source"] == str(near.ip)
        assert one["address"] != one["source"]


def test_both_families_of_a_circuit_are_asked(network: DeclaredNetwork) -> None:
    """IPv6 can break alone."""
    asked = targets(network, "core1")

    assert asked["dien-ban-1"]["address"] == "10.80.1.174"
    assert asked["dien-ban-1/ipv6"]["address"] == "fd4e:9a1c:70b2:a001::107:1"


def test_a_pc_checks_what_its_site_may_use(network: DeclaredNetwork) -> None:
    """What is forbidden to it would look broken for ever."""
    told = json.loads(json.dumps(orders_of(network, "dien-ban-pc", "10.90.99.10", 7443)))
    checks = {one["service"]: one for one in told["checks"]}

    assert (told["targets"], told["check_interval_s"]) == ([], 30)
    assert set(checks) == {
        "portal", "dvc", "docs", "onestop", "pki", "ocsp", "dns1", "dns2", "ntp1", "ntp2",
    }  # fmt: skip
    assert checks["portal"]["expect"] == "Cổng thông tin điện tử tỉnh Quảng Nam"
    assert checks["ocsp"]["kind"] == "tcp"
    assert (checks["dns1"]["name"], checks["dns1"]["expect"]) == (
        "portal.quangnam.test",
        "10.90.10.11",
    )


def test_orders_name_the_collector_and_hold_no_secret(network: DeclaredNetwork) -> None:
    """They are shown to people; a token is a file beside them."""
    orders = orders_of(network, "core1", "10.90.99.10", 7443)

    assert orders["token_file"] == "token"  # noqa: S105 the name of a file
    assert orders["collector"] == {
        "host": "10.90.99.10",
        "port": 7443,
        "name": collector_name(network),
        "authority_file": "authority.pem",
    }
    assert collector_name(network) == "noc.quangnam.test"
