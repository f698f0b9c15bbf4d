# SPDX-License-Identifier: MIT
"""The worker and an agent as processes: a circuit is cut, and the row says so in time."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest

from tests.conftest import ROOT, free_port
from tinhnet.agents import orders_of
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.inventory import load
from tinhnet.model.event import EventFilter, Source
from tinhnet.model.observation import Observation, State
from tinhnet.store.events import newest
from tinhnet.store.observed import ask_again, asked_again, list_observed, newest_of
from tinhnet.store.series.open import open_series
from tinhnet.store.series.sample import select

HERE, THERE = "tpco-here", "tpco-there"
LINK, THING = "dien-ban-1", "link:dien-ban-1"
TOKEN = "a token of the test, long enough"  # noqa: S105 a test's own
WAIT_S = 60.0
CUTS = 5


def run(*command: str) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True, capture_output=True, timeout=30)


def until(condition: Callable[[], bool], what: str) -> float:
    """Wait for a condition; return the seconds it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < WAIT_S, f"{what} did not come true"
        time.sleep(0.01)
    return time.monotonic() - began


@dataclass
class Watched:
    """A circuit between two namespaces, a worker and an agent that look at it."""

    context: Context
    worker: subprocess.Popen[bytes]
    agent: subprocess.Popen[bytes]

    def seen(self, thing: str = THING) -> Observation | None:
        """Return what the rows say."""
        with self.context.store.reading() as connection:
            return newest_of(list_observed(connection)).get(thing)

    def becomes(self, state: State) -> float:
        """Wait until the circuit is in a state; return the seconds that took."""

        def is_so() -> bool:
            seen = self.seen()
            return seen is not None and seen.state is state

        return until(is_so, f"{THING} is {state}")

    def cut(self, *, is_cut: bool) -> None:
        """Let the far end fall silent, or answer again; its port stays up."""
        for name in ("net.ipv4.icmp_echo_ignore_all", "net.ipv6.icmp.echo_ignore_all"):
            run("ip", "netns", "exec", THERE, "sysctl", "-qw", f"{name}={int(is_cut)}")


@pytest.fixture
def circuit() -> Iterator[None]:
    """Lay a circuit of the declared network between two namespaces."""
    for name in (HERE, THERE):
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True, timeout=30)
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        keep = "net.ipv6.conf.all.keep_addr_on_down=1"  # on a router FRRouting sets them anew
        run("ip", "netns", "exec", name, "sysctl", "-qw", keep)
    try:
        network = load(ROOT / "inventory")
        link = network.links[LINK]
        ends = ((HERE, link.b), (THERE, link.a))
        run(
            "ip", "link", "add", link.b.interface, "netns", HERE,
            "type", "veth", "peer", "name", link.a.interface, "netns", THERE,
        )  # fmt: skip
        for name, end in ends:
            port = network.devices[end.device].interface(end.interface)
            run("ip", "-n", name, "addr", "add", str(port.address4), "dev", port.name)
            run("ip", "-n", name, "addr", "add", str(port.address6), "dev", port.name, "nodad")
            run("ip", "-n", name, "link", "set", port.name, "up")
        yield
    finally:
        for name in (HERE, THERE):
            run("ip", "netns", "del", name)


@pytest.fixture
def watched(circuit: None, tmp_path: Path) -> Iterator[Watched]:
    """Start worker and agent, and wait until the circuit is seen up."""
    del circuit
    environ = os.environ | {
        "TINHNET_STATE": str(tmp_path / "var"),
        "TINHNET__COLLECT__AGENTS_HOST": "127.0.0.1",
        "TINHNET__COLLECT__AGENTS_PORT": str(free_port()),
    }
    context = open_context(load_config(environ, ROOT))
    context.secrets.ensure("agent/core1", lambda: TOKEN)
    within = ["ip", "netns", "exec", HERE, sys.executable, "-m"]
    worker = subprocess.Popen([*within, "tinhnet", "worker", "collect"], cwd=ROOT, env=environ)
    authority = tmp_path / "var" / "pki" / "ca.pem"
    until(authority.exists, "the worker has a certificate")
    orders = orders_of(
        load(ROOT / "inventory"), "core1", "127.0.0.1", context.config.collect.agents_port
    )
    targets = orders["targets"]
    assert isinstance(targets, list)
    orders["targets"] = [one for one in targets if str(one["name"]).startswith(LINK)]
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    (tmp_path / "authority.pem").write_bytes(authority.read_bytes())
    (tmp_path / "orders.json").write_text(json.dumps(orders), encoding="utf-8")
    agent = subprocess.Popen(
        [*within, "collectors.agent.probe", str(tmp_path / "orders.json")], cwd=ROOT
    )
    watched = Watched(context, worker, agent)
    try:
        watched.becomes(State.UP)
        yield watched
    finally:
        for process in (agent, worker):
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT_S) == 0
        context.store.close()


@pytest.mark.lab
@pytest.mark.slow
def test_a_circuit_that_falls_silent_is_seen_down_in_time(watched: Watched) -> None:
    """Again and again, at any moment of the rhythm; and up with the first answer.

    Medians, because tests share their machine: docs/collect.md has the figures.
    """
    down, up = [], []
    for number in range(CUTS):
        time.sleep(2.0 + number * 0.23)  # the next cut falls elsewhere in the second
        watched.cut(is_cut=True)
        down.append(watched.becomes(State.DOWN))
        watched.cut(is_cut=False)
        up.append(watched.becomes(State.UP))

    assert median(down) < 1.6, down
    assert median(up) < 0.8, up
    with watched.context.store.reading() as connection:
        told = newest(connection, EventFilter(link=LINK))
    assert [one.event.kind for one in reversed(told)] == ["link_down", "link_up"] * CUTS
    assert {(one.event.source, one.event.site) for one in told} == {(Source.PROBE, "dien-ban")}


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.parametrize("side", [HERE, THERE], ids=["own port", "far port"])
def test_a_port_that_goes_down_is_seen_at_once(watched: Watched, side: str) -> None:
    """The kernel tells of it; the next second is not waited for."""
    port = {HERE: "c107", THERE: "wan1"}[side]
    down, up = [], []
    for _ in range(3):
        time.sleep(1.5)  # longer than the kernel gathers such news
        run("ip", "-n", side, "link", "set", port, "down")
        down.append(watched.becomes(State.DOWN))
        time.sleep(1.5)
        run("ip", "-n", side, "link", "set", port, "up")
        up.append(watched.becomes(State.UP))

    assert median(down) < 0.6, down
    assert median(up) < 3.0, up


@pytest.mark.lab
@pytest.mark.slow
def test_a_wish_to_look_is_answered_at_once(watched: Watched) -> None:
    """Whoever decides about causes does not wait for the next second."""
    taken = []
    for _ in range(3):
        now = datetime.now(UTC)
        with watched.context.store.writing() as connection:
            ask_again(connection, [THING, "site:dien-ban"], now)

        def is_newer(since: datetime = now) -> bool:
            seen = watched.seen()
            return seen is not None and seen.at >= since

        taken.append(until(is_newer, "it was asked again"))
        time.sleep(0.4)

    assert median(taken) < 0.5, taken
    with watched.context.store.reading() as connection:
        assert asked_again(connection) == {}


@pytest.mark.lab
@pytest.mark.slow
def test_samples_and_the_agents_own_device_are_there(watched: Watched) -> None:
    """The device that reports is alive, whoever cannot reach it."""
    series = open_series(watched.context.config, watched.context.clock)
    try:
        until(lambda: bool(series.latest(select("circuit_up", link=LINK))), "it is derived")
        found = {one.name: sample.value for one, sample in series.latest(select(link=LINK)).items()}
        assert found["circuit_up"] == 1.0
        assert found["circuit_loss_ratio"] == 0.0
        assert 0 < found["circuit_round_trip_s"] < 0.1
        assert found["probe_lost"] == 0.0
        assert 0 < found["probe_round_trip_s"] < 0.1
        labels = {one.labels for one in series.latest(select("circuit_up"))}
        assert labels == {(("link", LINK), ("site", "dien-ban"))}
    finally:
        series.close()
    core, other = watched.seen("device:core1"), watched.seen("device:core2")
    assert core is not None
    assert core.state is State.UP
    assert other is not None
    assert other.state is State.DOWN


@pytest.mark.lab
@pytest.mark.slow
def test_an_agent_that_ends_leaves_its_circuits_unknown(watched: Watched) -> None:
    """Nobody asked for ten seconds: neither up nor down."""
    watched.agent.send_signal(signal.SIGTERM)
    assert watched.agent.wait(WAIT_S) == 0

    assert 8.0 < watched.becomes(State.UNKNOWN) < 13.5
