# SPDX-License-Identifier: MIT
"""Exporters are read strictly: what is whole and known, and nothing of what is not."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from collectors.parts.node_exporter import ScrapeError, Scraping, samples_of, scrape
from tests.collectors.heard import Heard, until, working
from tests.collectors.talk import run
from tests.conftest import free_port
from tinhnet.config import load_config
from tinhnet.context import Context, open_context

pytestmark = pytest.mark.patient

LOCAL = "127.0.0.1"
AT = datetime(2026, 11, 28, 7, tzinfo=UTC)
TEXT = """\
# HELP node_load1 1m load average.
# TYPE node_load1 gauge
node_load1 0.25
node_load15 9
# TYPE node_timex_offset_seconds gauge
node_timex_offset_seconds -0.75
# TYPE node_timex_sync_status gauge
node_timex_sync_status 1
node_filesystem_size_bytes{device="/dev/vda1",mountpoint="/"} 1e+10
"""
HEAD = "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\r\n"


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """Return an open state."""
    opened = open_context(load_config({"TINHNET_STATE": str(tmp_path / "var")}, tmp_path))
    yield opened
    opened.store.close()


@contextmanager
def exporter(said: str) -> Iterator[int]:
    """Say the same to everybody who asks while the block runs; yield the port."""
    with socket.create_server((LOCAL, 0), backlog=100) as server:
        server.settimeout(0.1)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    channel, _ = server.accept()
                except TimeoutError:
                    continue
                with channel:
                    channel.settimeout(60)
                    assert channel.recv(4096).startswith(b"GET /metrics HTTP/1.0\r\n")
                    channel.sendall(said.encode())

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            ended.set()
            thread.join(60)


@contextmanager
def silent() -> Iterator[int]:
    """Accept connections and say nothing; yield the port."""
    with socket.create_server((LOCAL, 0), backlog=1000) as server:
        yield int(server.getsockname()[1])


def values(text: str) -> dict[str, float]:
    """Return what is taken of an exposition, by name."""
    return {one.series.name: one.value for one in samples_of("web1", text, AT)}


def test_clock_and_load_are_taken_and_nothing_that_snmp_tells() -> None:
    """Two sources for one series would contradict each other; an offset has no sign here."""
    assert values(TEXT) == {"clock_offset_s": 0.75, "device_load": 0.25}


@pytest.mark.parametrize(
    ("was", "becomes", "known"),
    [
        ("sync_status 1", "sync_status 0", {"device_load"}),
        ("-0.75", "NaN", {"device_load"}),
        ("node_load1 0.25", "node_load1 +Inf", {"clock_offset_s"}),
        ("node_load1 0.25", "node_load5 0.25", {"clock_offset_s"}),
    ],
    ids=["undisciplined", "nan", "infinite", "missing"],
)
def test_what_is_unknown_is_no_sample(was: str, becomes: str, known: set[str]) -> None:
    """A clock that nobody disciplines shows an offset of zero, and that is a lie."""
    assert set(values(TEXT.replace(was, becomes))) == known


def test_an_overlay_is_a_disk_that_can_fill() -> None:
    """net-snmp leaves it out, and tells of every other kind: those are not taken twice."""
    text = (
        'node_filesystem_size_bytes{device="overlay",fstype="overlay",mountpoint="/"} 1000\n'
        'node_filesystem_avail_bytes{device="overlay",fstype="overlay",mountpoint="/"} 40\n'
        'node_filesystem_size_bytes{device="/dev/vdb",fstype="ext4",mountpoint="/srv"} 1000\n'
        'node_filesystem_avail_bytes{device="/dev/vdb",fstype="ext4",mountpoint="/srv"} 40\n'
        'node_filesystem_size_bytes{device="x",fstype="overlay",mountpoint="/half"} 1000\n'
    )
    (found,) = samples_of("web1", text, AT)

    assert found.series.labels == (("device", "web1"), ("mount", "/"))
    assert found.value == pytest.approx(0.96)


def test_nonsense_is_told_as_such() -> None:
    """Something else listens on the port of the exporter."""
    with pytest.raises(ScrapeError, match="no exposition"):
        values("node_load1 much\n")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("HTTP/1.0 503 Service Unavailable\r\n\r\nbusy\n", "answers 503 Service Unavailable"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "does not answer by HTTP 1.0"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP 1.0"),
        (HEAD + TEXT[:-3], "broke off in the middle of a line"),
        (HEAD, "broke off"),
        (HEAD + "# a long story\n" * 300_000, "says more than"),
    ],
    ids=["status", "stranger", "chunked", "cut", "empty", "endless"],
)
def test_an_answer_that_is_not_whole_is_refused(said: str, why: str) -> None:
    """Half a number is another number."""
    with exporter(said) as port, pytest.raises(ScrapeError, match=why):
        run(lambda: scrape(LOCAL, port))


def test_an_exporter_that_is_not_there_is_told_at_once() -> None:
    """With its address."""
    port = free_port()
    with pytest.raises(ScrapeError, match=f"{LOCAL}:{port}"):
        run(lambda: scrape(LOCAL, port))


def test_a_silent_exporter_costs_five_seconds() -> None:
    """And not for ever."""
    began = time.monotonic()

    with silent() as port, pytest.raises(ScrapeError, match="did not answer within 5 s"):
        run(lambda: scrape(LOCAL, port))

    assert 5 <= time.monotonic() - began < 7


def test_silent_exporters_delay_no_other(context: Context) -> None:
    """Fifty that accept and say nothing, beside one that answers every second."""
    sink = Heard()

    with ExitStack() as stack:
        well = stack.enter_context(exporter(HEAD + TEXT))
        hangs = stack.enter_context(silent())
        targets = {f"s{number}": (LOCAL, hangs) for number in range(50)} | {"web1": (LOCAL, well)}
        stack.enter_context(working(Scraping(context, targets, sink, period_s=1.0)))
        until(lambda: len(sink.of("device_load", device="web1")) > 6, "seven were read")

    times = [one.at for one in sink.of("device_load", device="web1")]
    assert all((after - before).total_seconds() <= 2.0 for before, after in pairwise(times))


def test_a_time_servers_clock_is_left_to_ntp(context: Context) -> None:
    """It is measured against ours there; two sources would flap between two truths."""
    sink = Heard()

    with exporter(HEAD + TEXT) as port:
        targets = {"web1": (LOCAL, port), "ntp1": (LOCAL, port)}
        with working(Scraping(context, targets, sink, timed={"ntp1"}, period_s=0.3)):
            until(lambda: len(sink.of("device_load", device="ntp1")) > 1, "both were read")
            until(lambda: sink.of("clock_offset_s", device="web1"), "a clock was read")

    assert not sink.of("clock_offset_s", device="ntp1")
