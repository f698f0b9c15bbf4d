# SPDX-License-Identifier: MIT
"""What agents tell becomes samples and sights; what makes no sense harms nobody."""

import time

import pytest

from collectors.collect.reports import Reports, moment
from collectors.listen.agents import Agent, Told
from tests.collectors.collect.conftest import Writing
from tinhnet.model.observation import State
from tinhnet.store.events import newest
from tinhnet.store.observed import list_observed, newest_of
from tinhnet.store.series.sample import select

CORE = Agent("core1", "0" * 16, "127.0.0.1")
PC = Agent("dien-ban-pc", "0" * 16, "127.0.0.1")
Row = list[str | float | None]


def tell(writing: Writing, agent: Agent, kind: str, *rows: Row) -> None:
    """Take one message and wait until everything is written."""
    Reports(writing.sink).take(agent, Told(n=1, kind=kind, rows=list(rows), left_out=0))
    writing.end()


def values(writing: Writing, **labels: str) -> dict[str, float]:
    """Return the newest value of every series with these labels."""
    found = writing.series.latest(select(None, **labels))
    return {series.name: sample.value for series, sample in found.items()}


def states(writing: Writing) -> dict[str, State]:
    """Return what the rows say of everything."""
    with writing.context.store.reading() as connection:
        seen = newest_of(list_observed(connection))
    return {thing: one.state for thing, one in seen.items()}


def test_echoes_are_judged_and_kept(writing: Writing) -> None:
    """Both families of a circuit; only one of them is drawn."""
    now = time.time()
    tell(
        writing,
        CORE,
        "echo",
        ["dien-ban-1", now - 2, 0.004, ""],
        ["dien-ban-1/ipv6", now - 1.5, 0.005, ""],
        ["dien-ban-1", now - 1, 0.006, ""],
    )

    assert states(writing) == {"link:dien-ban-1": State.UP, "device:core1": State.UP}
    kept = values(writing, link="dien-ban-1")
    assert (kept["probe_lost"], kept["probe_round_trip_s"]) == (0.0, 0.006)


def test_a_burst_is_one_sample_a_second(writing: Writing) -> None:
    """Whoever draws a circuit wants no ten points a second of its outage."""
    now = time.time()
    rows: list[Row] = [
        ["dien-ban-1", now - 2 + step / 10, None, "interface_down\tc107"] for step in range(9)
    ]
    tell(writing, CORE, "echo", ["dien-ban-1", now - 3, 0.004, ""], *rows)

    series = next(iter(writing.series.latest(select("probe_lost"))))
    found = writing.series.window(series, moment(now - 10), moment(now))
    assert [point.value for point in found] == [0.0, 1.0]
    with writing.context.store.reading() as connection:
        event = newest(connection)[0].event
        seen = newest_of(list_observed(connection))["link:dien-ban-1"]
    assert event.kind == "link_down"
    assert seen.why.endswith(": interface c107 is down")


def test_checks_become_samples_of_their_site(writing: Writing) -> None:
    """Whether a service works depends on where one stands."""
    tell(
        writing,
        PC,
        "check",
        ["portal", time.time(), 1, 0.04, 86400.0, ""],
        ["dns1", time.time(), 0, 5.0, None, "no answer within 5 s"],
    )

    portal = values(writing, service="portal", **{"from": "dien-ban"})
    assert portal == {
        "service_up": 1.0,
        "service_duration_s": 0.04,
        "certificate_expires_s": 86400.0,
    }
    assert values(writing, service="dns1") == {"service_up": 0.0}
    assert states(writing) == {"device:dien-ban-pc": State.UP}


def test_bfd_sessions_become_samples_of_their_link(writing: Writing) -> None:
    """By the port on which they run."""
    tell(writing, CORE, "bfd", ["c107", time.time(), 1], ["core2", time.time(), 0])

    assert values(writing, link="dien-ban-1")["bfd_up"] == 1.0
    assert values(writing, link="core1-core2")["bfd_up"] == 0.0


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("echo", []),
        ("echo", ["dien-ban-1", "now", None, ""]),
        ("echo", ["dien-ban-1", 1e300, 0.1, ""]),
        ("echo", ["no-such-link", 1.0, None, ""]),
        ("echo", ["dien-ban-2", 1.0, 0.1, ""]),
        ("check", ["portal", 1.0, "yes", 1.0, None, ""]),
        ("bfd", ["no-such-port", 1.0, 1]),
        ("gossip", ["x"]),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_row_that_makes_no_sense_is_left_out(writing: Writing, kind: str, row: Row) -> None:
    """The rows beside it are taken, and the agent does not send it for ever."""
    good: Row = ["dien-ban-1", time.time() - 0.5, 0.004, ""]
    Reports(writing.sink).take(CORE, Told(n=1, kind=kind, rows=[row], left_out=0))
    tell(writing, CORE, "echo", row, good) if kind == "echo" else tell(writing, CORE, "echo", good)

    assert states(writing) == {"link:dien-ban-1": State.UP, "device:core1": State.UP}
