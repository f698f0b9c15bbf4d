# SPDX-License-Identifier: MIT
"""What the parts make of the province that ships with the product."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.parts import checks, node_exporter, polling
from tests.collectors.heard import Heard
from tests.conftest import ROOT
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork

POLLED = {"core", "firewall", "edge", "cpe", "server"}


@pytest.fixture(scope="module")
def network() -> DeclaredNetwork:
    """Return the province that ships with the product."""
    return load(Path(ROOT / "inventory"))


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """Return an open state."""
    opened = open_context(load_config({"TINHNET_STATE": str(tmp_path / "var")}, tmp_path))
    yield opened
    opened.store.close()


def test_every_router_and_server_is_polled_and_nothing_else(
    context: Context, network: DeclaredNetwork
) -> None:
    """Site PCs, strangers and the controller have no agent; asking them would only time out."""
    part = polling.PART(context, network, Heard())

    found = part.look([f"device:{one}" for one in network.devices])

    wanted = {one.id for one in network.devices.values() if one.role in POLLED}
    assert {one.removeprefix("device:") for one in found} == wanted


def test_every_service_that_can_be_checked_is_looked_at(
    context: Context, network: DeclaredNetwork
) -> None:
    """A service that nobody here asks is left to whoever does."""
    part = checks.PART(context, network, Heard())

    found = part.look([f"service:{one}" for one in network.services])

    assert len(found) > len(network.services) / 2
    assert part.look(["device:core1", "link:core1"]) == []


def test_exporters_judge_no_device(context: Context, network: DeclaredNetwork) -> None:
    """Whether a server works is not decided by its exporter."""
    part = node_exporter.PART(context, network, Heard())

    assert part.look([f"device:{one}" for one in network.devices]) == ()
