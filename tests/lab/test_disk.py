# SPDX-License-Identifier: MIT
"""What a bare device knows: in-band management and a key, nothing else."""

import pytest

from lab.disk import bootstrap, resolver
from tinhnet.model.declared import DeclaredNetwork


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("fw1", "address management 10.90.99.1/24\nforward\n"),
        (
            "core1",
            "address fw1 10.88.0.9/30\nroute 10.90.99.0/24 via 10.88.0.10\nforward\n",
        ),
        ("edge1", "address core1 10.88.0.18/30\nroute 10.90.99.0/24 via 10.88.0.17\n"),
        (
            "dien-ban-cpe1",
            "address wan1 10.80.1.174/30\nroute 10.90.99.0/24 via 10.80.1.173\n",
        ),
    ],
)
def test_a_bare_router_knows_one_address_and_the_way_to_the_controller(
    declared: DeclaredNetwork, device: str, expected: str
) -> None:
    """Anything more would hide a fault in the order of provisioning."""
    assert bootstrap(declared, declared.devices[device]) == expected


def test_a_pc_knows_both_of_its_addresses_and_its_gateways(declared: DeclaredNetwork) -> None:
    """Nobody provisions a PC, so the lab gives it what a network gives a PC."""
    lines = bootstrap(declared, declared.devices["dien-ban-pc"]).splitlines()

    assert lines[0] == "address eth0 10.64.107.10/24"
    assert lines[1].endswith("::10/64 nodad")
    assert lines[2] == "route default via 10.64.107.1"
    assert lines[3].startswith("route default via fd")


def test_the_resolver_names_the_provinces_name_servers(declared: DeclaredNetwork) -> None:
    """A PC must ask ns1 and ns2, never the machine's resolver."""
    servers = [
        line.split()[1]
        for line in resolver(declared).splitlines()
        if line.startswith("nameserver ")
    ]

    assert servers == [str(declared.devices[name].management4) for name in ("ns1", "ns2")]
