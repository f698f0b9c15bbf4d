# SPDX-License-Identifier: MIT
"""What a poll means as samples: as documented, and nothing where nothing is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from collectors.observed import (
    Observation,
    ObservedDevice,
    ObservedInterface,
    ObservedSpace,
    OspfNeighbour,
)
from collectors.polling.measure import samples_of
from tests.collectors.polling.declared import router
from tinhnet.store.series.sample import Sample

AT = datetime(2026, 11, 28, 7, tzinfo=UTC)
LATER = AT + timedelta(seconds=30)
DAY_TICKS = 86400 * 100
WRAP_S = 2**32 / 100
PORT = ObservedInterface(
    index=3,
    name="c101",
    description=None,
    alias="kênh chính",
    type=6,
    mtu=1500,
    speed_bps=100_000_000,
    admin_status="up",
    oper_status="up",
    last_change_ticks=0,
    discontinuity_ticks=0,
    bits=64,
    in_octets=1_000_000,
    out_octets=2_000_000,
    in_packets=1000,
    out_packets=2000,
    in_errors=1,
    out_errors=2,
    in_discards=3,
    out_discards=4,
)
SYSTEM = ObservedDevice(
    name="core1",
    description=None,
    object_id=None,
    contact=None,
    location=None,
    uptime_ticks=DAY_TICKS,
    engine_uptime_s=86400,
    router_id="10.255.0.1",
    host_uptime_ticks=2 * DAY_TICKS,
)
DISK = ObservedSpace("/", "fixed-disk", 1000, 250)
MEMORY = ObservedSpace("memory", "memory", 1000, 400)
FULL = OspfNeighbour("10.255.0.2", "10.80.0.2", "p1", "full", 1, 6, 0)


def polled(*ports: ObservedInterface, **changed: object) -> Observation:
    """Return a poll of a router at AT."""
    whole = Observation(AT, AT, SYSTEM, ports or (PORT,), (MEMORY,), (DISK,), (), (FULL,))
    return replace(whole, **changed)  # type: ignore[arg-type]  # each test names real fields


def later(before: Observation, *ports: ObservedInterface, **system: int) -> Observation:
    """Return the poll 30 s after; the device ran through."""
    ticks = {"uptime_ticks": DAY_TICKS + 3000} | system
    return replace(
        before,
        at=LATER,
        interfaces_at=LATER + timedelta(seconds=1),
        device=replace(before.device, **ticks),  # type: ignore[arg-type]  # whole numbers all
        interfaces=ports or before.interfaces,
    )


def values(found: list[Sample]) -> dict[str, float]:
    """Return values by name; every name once."""
    assert len({one.series for one in found}) == len(found)
    return {one.series.name: one.value for one in found}


def measured(before: Observation | None, now: Observation) -> list[Sample]:
    """Return the samples of a poll of core1."""
    found = list(samples_of(router("core1", link="dien-ban-1"), before, now))
    assert all(one.series.is_well_named for one in found)
    return found


def test_a_first_poll_tells_everything_but_rates() -> None:
    """A rate needs two readings; the first after a start is no reading of zero."""
    assert values(measured(None, polled())) == {
        "interface_up": 1.0,
        "interface_speed_bps": 100_000_000.0,
        "interface_in_bytes_total": 1_000_000.0,
        "interface_out_bytes_total": 2_000_000.0,
        "device_uptime_s": 2 * 86400.0,
        "memory_used_ratio": 0.4,
        "storage_used_ratio": 0.25,
        "ospf_neighbours": 1.0,
    }


def test_the_second_poll_tells_rates_of_the_time_between() -> None:
    """Over the 31 s between the two readings of the counters, not the 30 s of the schedule."""
    busy = replace(
        PORT, in_octets=1_000_000 + 31_000, out_octets=2_000_000 + 62_000, in_errors=32,
        out_errors=33, in_discards=34, out_discards=35,
    )  # fmt: skip

    found = measured(polled(), later(polled(), busy))

    assert (
        values(found).items()
        >= {
            "interface_in_bps": 8000.0,
            "interface_out_bps": 16000.0,
            "interface_errors_per_s": 2.0,
            "interface_discards_per_s": 2.0,
        }.items()
    )


def test_each_sample_carries_the_time_of_its_own_reading() -> None:
    """On a slow way seconds lie between the first and the last answer of a poll."""
    found = measured(polled(), later(polled()))

    times = {one.series.name: one.at for one in found}
    assert times["interface_in_bps"] == times["interface_up"] == LATER + timedelta(seconds=1)
    assert times["device_uptime_s"] == times["storage_used_ratio"] == LATER


def test_a_port_that_ends_a_link_is_labelled_with_it() -> None:
    """The weathermap asks for a link's load, whatever its port is called."""
    plain = replace(PORT, index=4, name="eth9")

    labels = {one.series.label("interface"): one for one in measured(None, polled(PORT, plain))}

    assert labels["c101"].series.label("link") == "dien-ban-1"
    assert labels["eth9"].series.label("link") is None
    assert labels["c101"].series.label("device") == "core1"


@pytest.mark.parametrize(
    ("admin", "oper", "value"),
    [
        ("up", "up", 1.0),
        ("up", "down", 0.0),
        ("up", "lower-layer-down", 0.0),
        ("down", "down", None),
        (None, "up", None),
        ("up", None, None),
    ],
)
def test_a_port_that_is_switched_off_is_not_down(
    admin: str | None, oper: str | None, value: float | None
) -> None:
    """Nobody is woken for a port that somebody shut."""
    port = replace(PORT, admin_status=admin, oper_status=oper)

    assert values(measured(None, polled(port))).get("interface_up") == value


def test_a_restart_between_two_polls_gives_no_rates() -> None:
    """The counters began anew; the difference is nobody's traffic."""
    found = values(measured(polled(), later(polled(), uptime_ticks=500)))

    assert not {name for name in found if name.endswith(("_bps", "_per_s"))} - {
        "interface_speed_bps"
    }


def test_half_of_a_sum_is_unknown() -> None:
    """Errors in one direction alone would look like the whole."""
    port = replace(PORT, in_errors=None)

    found = values(measured(polled(port), later(polled(port))))

    assert "interface_errors_per_s" not in found
    assert found["interface_discards_per_s"] == 0.0


@pytest.mark.parametrize(
    ("name", "kind", "is_told"),
    [
        ("/", "fixed-disk", True),
        ("/srv/runtime", "fixed-disk", True),
        ("/system", "fixed-disk", True),
        ("/run", "fixed-disk", False),
        ("/run/lock", "fixed-disk", False),
        ("/dev/shm", "fixed-disk", False),  # noqa: S108 a mount, not a file
        ("/sys/fs/cgroup", "fixed-disk", False),
        ("/mnt/nfs", "network-disk", True),
        ("/tmp", "ram-disk", False),  # noqa: S108 a mount, not a file
        ("/media/cd", "removable-disk", False),
    ],
)
def test_only_what_can_fill_up_is_storage(name: str, kind: str, *, is_told: bool) -> None:
    """Memory that looks like a disk belongs to the machine; a CD is always full."""
    found = measured(None, polled(storage=(ObservedSpace(name, kind, 1000, 900),)))

    mounts = [one.series.label("mount") for one in found if one.series.label("mount")]
    assert mounts == ([name] if is_told else [])


def test_a_space_of_unknown_or_no_size_is_no_sample() -> None:
    """Not known is not 0 % and not 100 %."""
    spaces = (
        ObservedSpace("/a", "fixed-disk", None, 1),
        ObservedSpace("/b", "fixed-disk", 1, None),
        ObservedSpace("/c", "fixed-disk", 0, 0),
    )

    found = values(measured(None, polled(storage=spaces, memory=())))

    assert not {"storage_used_ratio", "memory_used_ratio"} & set(found)


@pytest.mark.parametrize(
    ("host_ticks", "engine_s", "uptime_s"),
    [
        (2 * DAY_TICKS, 86400, 2 * 86400.0),
        (None, 86400, 86400.0),
        (2 * DAY_TICKS, None, 2 * 86400.0),
        (None, None, None),
        (6000, 70, 60.0),
        (6000, int(WRAP_S) + 30, 60.0 + WRAP_S),
        (6000, 2 * int(WRAP_S) + 30, 60.0 + 2 * WRAP_S),
        (600, 400 * 86400, 6.0 + WRAP_S),
    ],
)
def test_a_machine_that_runs_for_years_has_not_just_restarted(
    host_ticks: int | None, engine_s: int | None, uptime_s: float | None
) -> None:
    """Its ticks wrap after 497 days; the seconds of its engine do not."""
    system = replace(SYSTEM, host_uptime_ticks=host_ticks, engine_uptime_s=engine_s)

    found = values(measured(None, polled(device=system)))

    assert found.get("device_uptime_s") == uptime_s


def test_neighbours_are_counted_where_somebody_routes() -> None:
    """A router whose neighbours are all lost has 0; a server has no such number."""
    met = [replace(FULL, state=one) for one in ("full", "two-way", "init", "down", None)]
    server = replace(SYSTEM, router_id=None)

    assert values(measured(None, polled(ospf=tuple(met))))["ospf_neighbours"] == 2.0
    assert values(measured(None, polled(ospf=())))["ospf_neighbours"] == 0.0
    assert "ospf_neighbours" not in values(measured(None, polled(ospf=(), device=server)))
