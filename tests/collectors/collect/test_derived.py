# SPDX-License-Identifier: MIT
"""Numbers of circuits: true or not there."""

import pytest

from collectors.collect.derived import derive
from collectors.collect.verdict import Asked
from collectors.collect.watch import Watch
from tests.conftest import ROOT
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork

NOW = 1_462_000_000.0
LINK = "link:dien-ban-1"


@pytest.fixture(scope="module")
def network() -> DeclaredNetwork:
    """Return the province that ships with the product."""
    return load(ROOT / "inventory")


def derived(network: DeclaredNetwork, watch: Watch, now: float) -> dict[str, float]:
    """Return the values of this moment by name."""
    found = list(derive(network, watch, watch.observations(now), now))
    for sample in found:
        assert sample.series.is_well_named
        assert sample.at.timestamp() == now
    return {sample.series.name: sample.value for sample in found}


def ask(
    watch: Watch, *answers: float | None, asker: str = "core1 by IPv4", every: float = 1.0
) -> float:
    """Ask again and again; return when the last answer was in."""
    for number, taken in enumerate(answers):
        watch.take(LINK, asker, Asked(NOW + number * every, taken), NOW + number * every + 0.5)
    return NOW + (len(answers) - 1) * every + 0.5


def test_a_circuit_that_works_has_all_four(network: DeclaredNetwork) -> None:
    """Median and distances of the last ten seconds, loss of the last minute."""
    watch = Watch({})
    now = ask(watch, *[0.050] * 30, None, *[0.004, 0.006] * 5)

    assert derived(network, watch, now) == {
        "circuit_up": 1.0,
        "circuit_loss_ratio": pytest.approx(1 / 41),
        "circuit_round_trip_s": pytest.approx(0.005),
        "circuit_jitter_s": pytest.approx(0.002),
    }


def test_a_circuit_that_is_down_loses_everything(network: DeclaredNetwork) -> None:
    """And has no round trip at all, not one of 0."""
    watch = Watch({})
    now = ask(watch, 0.004, *[None] * 12)

    assert derived(network, watch, now) == {"circuit_up": 0.0, "circuit_loss_ratio": 1.0}


def test_of_a_circuit_nobody_asks_there_is_nothing(network: DeclaredNetwork) -> None:
    """Unknown is never 0."""
    watch = Watch({})
    now = ask(watch, 0.004, 0.004)

    assert derived(network, watch, now + 20) == {}


def test_a_family_that_never_answered_is_no_loss(network: DeclaredNetwork) -> None:
    """IPv6 that the far end does not speak says nothing of the carrier."""
    watch = Watch({})
    now = ask(watch, *[0.004] * 20)
    ask(watch, *[None] * 20, asker="core1 by IPv6")

    assert derived(network, watch, now)["circuit_loss_ratio"] == 0.0


def test_devices_are_up_or_down(network: DeclaredNetwork) -> None:
    """One sample each, with the site it stands in."""
    watch = Watch({})
    watch.take("device:core1", "ping", Asked(NOW, 0.001), NOW)

    found = list(derive(network, watch, watch.observations(NOW), NOW))
    assert [(one.series.name, one.series.labels, one.value) for one in found] == [
        ("device_up", (("device", "core1"), ("site", "dc")), 1.0)
    ]
