# SPDX-License-Identifier: MIT
"""A limited proof says what it does not prove."""

from pathlib import Path

import pytest

from changes.scope import left_out
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork


@pytest.fixture(scope="module")
def network() -> DeclaredNetwork:
    """Quảng Nam."""
    return load(Path(__file__).parents[2] / "inventory")


def proving(network: DeclaredNetwork) -> set[str]:
    """Return every device the proof takes part on."""
    return {one.id for one in network.devices.values() if one.role != "external"}


def test_a_whole_proof_leaves_nothing_out(network: DeclaredNetwork) -> None:
    """No warning that people learn to overlook."""
    assert left_out(network, proving(network)) == ()


def test_without_the_log_server_only_its_own_trials_are_missing(network: DeclaredNetwork) -> None:
    """Others still try what runs on it."""
    assert left_out(network, proving(network) - {"log1"}) == (
        "what 1 of 50 clients may and may not reach (log1)",
    )


def test_the_log_server_alone_proves_little(network: DeclaredNetwork) -> None:
    """`--limit log1` looks like a proof of the log server and is none: nobody tried it."""
    routers, clients, services = left_out(network, {"log1"})

    assert routers.startswith("the routing of 44 of 44 routers (core1, core2, fw1, edge1,")
    assert clients.startswith("what 49 of 50 clients may and may not reach (noc, web1,")
    assert services.startswith("that these services work: syslog on log1, database on db1,")


def test_routers_left_out_are_named(network: DeclaredNetwork) -> None:
    """The far end of a link is a router like any other."""
    chosen = proving(network) - {"core1", "dien-ban-cpe1"}

    assert left_out(network, chosen) == ("the routing of 2 of 44 routers (core1, dien-ban-cpe1)",)
