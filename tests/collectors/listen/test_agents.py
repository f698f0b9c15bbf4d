# SPDX-License-Identifier: MIT
"""A real agent's reporter and the collector's listener, over TLS, with the way between broken."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors.agent.report import Reporter, Where, Who
from tests.collectors.listen.conftest import LOCAL, TOKEN, WAIT_S, Collector, until
from tinhnet.pki import Distribution, Pki
from tinhnet.secrets import SecretStore

pytestmark = pytest.mark.patient


@contextmanager
def reporting(reporter: Reporter) -> Iterator[None]:
    """Let a reporter work while the block runs; then it tells what it has and ends."""
    over = threading.Event()
    thread = threading.Thread(target=reporter.run, args=(over.is_set,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(WAIT_S)
        assert not thread.is_alive()


def test_rows_arrive_once_in_order_and_say_whose_they_are(collector: Collector) -> None:
    """Each kind in messages of its own."""
    reporter = Reporter(collector.where, Who("core1", TOKEN))
    with collector.running(), reporting(reporter):
        for number in range(1200):
            reporter.put("echo", ["dien-ban-1", float(number), None])
        reporter.put("check", ["portal", 1.0])
        until(lambda: reporter.waiting == 0, "everything is taken")

    assert [row[1] for row in collector.rows[:-1]] == [float(number) for number in range(1200)]
    assert collector.messages[-1][1].kind == "check"
    assert {(agent.name, agent.address) for agent, _ in collector.messages} == {("core1", LOCAL)}


def test_nothing_is_lost_while_the_collector_is_away(collector: Collector) -> None:
    """Stopped in the middle, twice; what was told and not answered comes again."""
    reporter = Reporter(collector.where, Who("core1", TOKEN))
    sent = 0
    with reporting(reporter):
        for _ in range(3):
            with collector.running():
                until(lambda: reporter.waiting == 0, "what waited is taken")
                for _ in range(100):
                    reporter.put("echo", ["dien-ban-1", float(sent)])
                    sent += 1
                until(lambda: bool(collector.rows), "something is taken")
            for _ in range(100):
                reporter.put("echo", ["dien-ban-1", float(sent)])
                sent += 1
        with collector.running():
            until(lambda: reporter.waiting == 0, "what waited is taken")

    times = [float(row[1] or 0) for row in collector.rows]
    assert sorted(set(times)) == [float(number) for number in range(sent)]


def test_what_cannot_be_stored_is_not_answered(collector: Collector) -> None:
    """A full disk at the collector: the agent keeps the rows until there is room."""
    reporter = Reporter(collector.where, Who("core1", TOKEN))
    collector.is_full = True
    with collector.running(), reporting(reporter):
        reporter.put("echo", ["dien-ban-1", 1.0])
        time.sleep(0.5)
        assert (reporter.waiting, collector.rows) == (1, [])
        collector.is_full = False
        until(lambda: reporter.waiting == 0, "the row is taken")

    assert collector.rows == [["dien-ban-1", 1.0]]


def test_the_collector_asks_an_agent_to_look(collector: Collector) -> None:
    """Over the connection the agent holds; nobody can ask one that has none."""
    asked: list[str] = []
    reporter = Reporter(collector.where, Who("core1", TOKEN), look=asked.extend)
    with collector.running():
        assert not collector.look("core1", ["dien-ban-1"])
        with reporting(reporter):
            until(lambda: collector.look("core1", ["dien-ban-1", "tam-ky-1"]), "it is connected")
            until(lambda: asked == ["dien-ban-1", "tam-ky-1"], "it was asked")
            reporter.put("echo", ["dien-ban-1", 1.0, None], is_urgent=True)
            until(lambda: reporter.waiting == 0, "it goes on telling")

    assert collector.rows == [["dien-ban-1", 1.0, None]]


@pytest.mark.parametrize("tokens", [{}, {"core1": "another token, long enough"}, {"core1": ""}])
def test_an_agent_that_proves_nothing_is_refused(
    collector: Collector, tokens: dict[str, str]
) -> None:
    """Not known, another token, or no token set: nothing is taken from it."""
    given = TOKEN if tokens.get("core1") else ""
    reporter = Reporter(collector.where, Who("core1", given))
    with collector.running(tokens), reporting(reporter):
        reporter.put("echo", ["dien-ban-1", 1.0])
        until(lambda: collector.refused() >= 1, "the agent is refused")

    assert collector.rows == []


def test_an_agent_speaks_to_nobody_but_the_collector(collector: Collector, tmp_path: Path) -> None:
    """Another authority's certificate: the token is not shown to it."""
    where = Distribution("http://pki.test/ocsp", "http://pki.test/crl")
    other = Pki(tmp_path / "other", SecretStore(tmp_path / "other" / "secrets"), where, "Kẻ khác")
    stranger = collector.where._replace(authority=other.authority())
    reporter = Reporter(stranger, Who("core1", TOKEN))
    with collector.running(), reporting(reporter):
        reporter.put("echo", ["dien-ban-1", 1.0])
        time.sleep(0.5)

    assert (collector.rows, reporter.waiting) == ([], 1)


@pytest.mark.parametrize(
    "line",
    [
        b"no json\n",
        b"[]\n",
        b'{"n":0,"kind":"echo","rows":[],"left_out":0}\n',
        b'{"n":1,"kind":"../etc","rows":[],"left_out":0}\n',
        b'{"n":1,"kind":"echo","rows":[[{}]],"left_out":0}\n',
        b'{"n":1,"kind":"echo","rows":[],"left_out":0,"more":1}\n',
        b'{"n":1,"kind":"echo","rows":[' + b"[]," * 400_000 + b"[]]}\n",
    ],
)
def test_a_message_out_of_form_ends_the_connection_and_nothing_else(
    collector: Collector, line: bytes
) -> None:
    """A broken agent harms nobody; the next connection is served."""
    client = ssl.create_default_context(cadata=collector.authority)
    hello = {"format": 1, "agent": "core1", "token": TOKEN, "boot": "0" * 16}
    with collector.running():
        with (
            socket.create_connection((LOCAL, collector.port), WAIT_S) as plain,
            client.wrap_socket(plain, server_hostname=LOCAL) as channel,
        ):
            channel.sendall(json.dumps(hello).encode() + b"\n")
            assert json.loads(channel.recv(100)) == {"have": 0}
            try:
                channel.sendall(line)
                assert channel.recv(100) == b""
            except OSError:
                pass  # ended while we were still writing
        reporter = Reporter(collector.where, Who("core1", TOKEN))
        with reporting(reporter):
            reporter.put("echo", ["dien-ban-1", 1.0])
            until(lambda: reporter.waiting == 0, "the next one is served")

    assert collector.refused() == 1
    assert collector.rows == [["dien-ban-1", 1.0]]


def test_the_oldest_rows_go_when_nobody_takes_them() -> None:
    """Memory is bounded; how many went is told later."""
    reporter = Reporter(Where(LOCAL, 1, LOCAL, ""), Who("core1", TOKEN), most_rows=10)
    for number in range(25):
        reporter.put("echo", ["dien-ban-1", float(number)])

    assert (reporter.waiting, reporter.left_out) == (10, 15)
