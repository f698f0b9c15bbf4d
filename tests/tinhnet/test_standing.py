# SPDX-License-Identifier: MIT
"""How things stand: what is seen, what explains it, what is planned, what nobody knows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.webui.afternoon import record
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.observation import Observation, State
from tinhnet.standing import Evidence, Limits, Standing, stands_of

NOW = datetime(2016, 5, 4, 3, 2, 1, tzinfo=UTC)
FRESH = NOW - timedelta(seconds=2)
OLD = NOW - timedelta(seconds=11)
SITE, PRIMARY, BACKUP = "site:dien-ban", "link:dien-ban-1", "link:dien-ban-2"


@pytest.fixture(scope="module")
def network() -> DeclaredNetwork:
    """Return the declared province."""
    return load(Path(__file__).parents[2] / "inventory")


def see(**seen: str) -> dict[str, Observation]:
    """Return fresh observations of Điện Bàn's circuits; a trailing "!" makes one old."""
    names = {"primary": PRIMARY, "backup": BACKUP}
    return {
        names[name]: Observation(State(word.rstrip("!")), OLD if word.endswith("!") else FRESH)
        for name, word in seen.items()
    }


@pytest.mark.parametrize(
    ("primary", "backup", "expected"),
    [
        ("up", "up", "up"),
        ("down", "up", "degraded"),
        ("up", "down", "degraded"),
        ("degraded", "up", "degraded"),
        ("down", "down", "down"),
        ("down", "unknown", "unknown"),
        ("up", "unknown", "up"),
        ("up!", "up!", "unknown"),
        ("down", "up!", "unknown"),
        ("down!", "up", "up"),
    ],
)
def test_a_site_stands_as_its_circuits_do(
    network: DeclaredNetwork, primary: str, backup: str, expected: str
) -> None:
    """Unknown is neither up nor down, and what is older than ten seconds is unknown."""
    found = stands_of(network, Evidence(see(primary=primary, backup=backup)), NOW)

    assert found[SITE].state == expected


def test_what_was_never_seen_is_unknown_and_says_no_time(network: DeclaredNetwork) -> None:
    """A province nobody watches is grey, not green."""
    found = stands_of(network, Evidence({}), NOW)

    assert {one.state for one in found.values()} == {Standing.UNKNOWN}
    assert {one.seen_at for one in found.values()} == {None}


def test_a_stale_thing_keeps_the_time_it_was_seen(network: DeclaredNetwork) -> None:
    """The page says "seen 11 s ago" beside the grey."""
    found = stands_of(network, Evidence(see(primary="up!", backup="up!")), NOW)

    assert (found[PRIMARY].state, found[PRIMARY].seen_at) == (Standing.UNKNOWN, OLD)
    assert found[SITE].seen_at == OLD


def test_services_may_be_older(network: DeclaredNetwork) -> None:
    """They are asked every ten seconds only."""
    seen = {"service:portal": Observation(State.UP, NOW - timedelta(seconds=25))}
    found = stands_of(network, Evidence(seen), NOW)
    strict = stands_of(network, Evidence(seen), NOW, Limits(service_s=20))

    assert found["service:portal"].state is Standing.UP
    assert strict["service:portal"].state is Standing.UNKNOWN


def test_the_data_centre_stands_as_its_devices_do(network: DeclaredNetwork) -> None:
    """It has no circuit of its own; one core that is down degrades it."""
    devices = [one for one in network.devices.values() if one.site == "dc"]
    seen = {f"device:{one.id}": Observation(State.UP, FRESH) for one in devices}
    whole = stands_of(network, Evidence(seen), NOW)["site:dc"].state
    seen["device:core1"] = Observation(State.DOWN, FRESH)
    hurt = stands_of(network, Evidence(seen), NOW)["site:dc"].state

    assert (whole, hurt) == (Standing.UP, Standing.DEGRADED)


def test_planned_work_shows_as_maintenance_and_keeps_what_is_seen(
    network: DeclaredNetwork,
) -> None:
    """A circuit that a carrier works on is no fault, and the site without it neither."""
    seen = see(primary="down", backup="up")
    found = stands_of(network, Evidence(seen, planned=frozenset({PRIMARY})), NOW)
    building = stands_of(network, Evidence(seen, planned=frozenset({SITE})), NOW)

    assert (found[PRIMARY].state, found[PRIMARY].seen) == (Standing.MAINTENANCE, Standing.DOWN)
    assert found[SITE].state is Standing.MAINTENANCE
    assert building[SITE].state is Standing.MAINTENANCE


def test_work_on_one_circuit_does_not_hide_the_fault_of_the_other(
    network: DeclaredNetwork,
) -> None:
    """With both gone the site is down, planned or not."""
    seen = see(primary="down", backup="down")
    found = stands_of(network, Evidence(seen, planned=frozenset({PRIMARY})), NOW)

    assert found[SITE].state is Standing.DOWN


def test_a_cause_says_since_when_and_which_alert(network: DeclaredNetwork) -> None:
    """From the tile to the alert is one step."""
    began = NOW - timedelta(minutes=12)
    cause = record("circuit-down", PRIMARY, "high", began, site="dien-ban", degraded=("dien-ban",))
    found = stands_of(network, Evidence(see(primary="down", backup="up"), causes=[cause]), NOW)
    mended = stands_of(network, Evidence(see(primary="up", backup="up"), causes=[cause]), NOW)

    assert (found[SITE].since, found[SITE].cause) == (began, cause.alert.fingerprint)
    assert (found[PRIMARY].since, found[BACKUP].cause) == (began, None)
    assert (mended[SITE].since, mended[SITE].cause) == (None, None)


def test_a_link_says_since_when_it_is_up_where_somebody_wrote_it_down(
    network: DeclaredNetwork,
) -> None:
    """A claim of the other state is not about now."""
    began = NOW - timedelta(days=3)
    claims = {"dien-ban-1": (True, began), "dien-ban-2": (False, began)}
    found = stands_of(network, Evidence(see(primary="up", backup="up"), claims=claims), NOW)

    assert (found[PRIMARY].since, found[BACKUP].since) == (began, None)
