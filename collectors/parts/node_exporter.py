# SPDX-License-Identifier: MIT
"""Reads what Debian's node_exporter tells of each server and SNMP does not."""

import http.client
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event as Flag

from prometheus_client.parser import text_string_to_metric_families

from collectors.part import Part, Sink
from tinhnet.context import Context
from tinhnet.logs import log_of
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.store.series.sample import Sample, series_of

PORT = 9100
PERIOD_S = 30.0
PATIENCE_S = 5.0
LONGEST = 4 << 20
AT_ONCE = 8
OFFSET, LOAD = "node_timex_offset_seconds", "node_load1"
WANTED = {OFFSET: "clock_offset_s", LOAD: "device_load"}
"""What is taken, and what it is called here."""
PAUSE_S = 0.2

log = log_of("node_exporter")


class ScrapeError(Exception):
    """An exporter gave nothing that can be read; the message says what."""


class Scraping:
    """The part that reads exporters."""

    def __init__(
        self, context: Context, targets: Mapping[str, tuple[str, int]], sink: Sink
    ) -> None:
        self._context = context
        self._targets = targets
        self._sink = sink
        self._silent: set[str] = set()

    def look(self, things: Sequence[str]) -> Sequence[str]:
        """Ask nothing sooner: whether a server works is not judged by its exporter."""
        del things
        return ()

    def run(self, stop: Flag) -> None:
        """Read every exporter once a period until `stop` is set."""
        pool = ThreadPoolExecutor(AT_ONCE, "scrape")
        try:
            while not stop.is_set():
                due = time.monotonic() + PERIOD_S
                for device in self._targets:
                    pool.submit(self._read, device)
                while time.monotonic() < due and not stop.is_set():
                    stop.wait(PAUSE_S)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, device: str) -> None:
        at = self._context.now
        try:
            samples = list(samples_of(device, scrape(*self._targets[device]), at))
        except ScrapeError as error:
            if device not in self._silent:
                log.warning("scrape_failed", device=device, error=str(error))
            self._silent.add(device)
            return
        self._silent.discard(device)
        self._sink.samples(samples)


def scrape(address: str, port: int) -> str:
    """Return what an exporter says.  Raises ScrapeError."""
    connection = http.client.HTTPConnection(address, port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        octets = answer.read(LONGEST + 1)
    except (OSError, http.client.HTTPException) as error:
        raise ScrapeError(f"{address}:{port}: {error}") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise ScrapeError(f"{address}:{port} answers {answer.status} {answer.reason}")
    if len(octets) > LONGEST:
        raise ScrapeError(f"{address}:{port} says more than {LONGEST} bytes")
    return octets.decode(errors="replace")


def samples_of(device: str, text: str, at: datetime) -> Iterator[Sample]:
    """Yield what is wanted of an exposition (Prometheus text format).  Raises ScrapeError."""
    try:
        for family in text_string_to_metric_families(_lines_of(text)):
            for one in family.samples:
                name = WANTED.get(one.name)
                if name is not None:
                    value = abs(one.value) if one.name == OFFSET else one.value
                    yield Sample(series_of(name, device=device), at, value)
    except (ValueError, KeyError, IndexError) as error:
        raise ScrapeError(f"{device}: no exposition: {error}") from error


def _lines_of(text: str) -> str:
    """Keep the lines that are wanted: parsing all thousand takes 20 ms."""
    return "".join(f"{one}\n" for one in text.split("\n") if one.startswith(tuple(WANTED)))


def make(context: Context, network: DeclaredNetwork, sink: Sink) -> Part:
    """Return the part for the servers of the declared network."""
    targets = {
        one.id: (str(one.management4), PORT)
        for one in network.devices.values()
        if one.role == "server"
    }
    return Scraping(context, targets, sink)


PART = make
